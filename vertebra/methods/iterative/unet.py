"""The U-net that the networks of this method share."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ..common.convolution import NormalizedConvolution

RARE = -3.0
"""The logit to start from: almost no voxel of a patch belongs to the wanted vertebra."""


class UNet(nn.Module):
    """Two convolutions a resolution, max pooling, and transposed convolutions back up."""

    def __init__(self, channels: int, widths: tuple[int, ...], dropout: float = 0.0) -> None:
        super().__init__()
        fine = widths[:-1]
        self.down = nn.ModuleList(
            _pair(inputs, width, dropout) for inputs, width in zip((channels, *widths), widths)
        )
        self.pool = nn.MaxPool3d(2)
        self.up = nn.ModuleList(
            nn.ConvTranspose3d(below, width, 2, stride=2)
            for width, below in reversed(list(zip(fine, widths[1:])))
        )
        self.joined = nn.ModuleList(_pair(2 * width, width, dropout) for width in reversed(fine))
        self.segmentation = nn.Conv3d(widths[0], 1, 1)
        with torch.no_grad():
            self.segmentation.bias.fill_(RARE)  # type: ignore[union-attr]

    def read(self, patch: Tensor) -> tuple[Tensor, Tensor]:
        """The logits of the voxels (batch, x, y, z), and the deepest features."""
        skips = []
        features = patch
        for number, stage in enumerate(self.down):
            features = stage(self.pool(features) if number else features)
            skips.append(features)
        deepest = skips.pop()
        for up, joined in zip(self.up, self.joined):
            features = joined(torch.cat([skips.pop(), up(features)], dim=1))
        return self.segmentation(features)[:, 0], deepest


def _pair(inputs: int, width: int, dropout: float) -> nn.Sequential:
    """Two convolutions; the paper drops out between each pair of consecutive ones."""
    return nn.Sequential(
        NormalizedConvolution(inputs, width, dimensions=3),
        nn.Dropout(dropout),
        NormalizedConvolution(width, width, dimensions=3),
        nn.Dropout(dropout),
    )
