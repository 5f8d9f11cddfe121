"""The network: a U-net over patch and memory, with a completeness branch.

The paper's figure gives the sizes of its feature maps, not the layers between them. Chosen here:
two convolutions a resolution, max pooling, and transposed convolutions back up.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn

from ..common.convolution import NormalizedConvolution
from .configuration import Configuration

RARE = -3.0
"""The logit to start from: almost no voxel of a patch belongs to the wanted vertebra."""
WINDOW = (-500.0, 1500.0)
"""What the network sees of Hounsfield units."""


class Reading(NamedTuple):
    """Logits of the voxels (batch, x, y, z) and of complete visibility (batch)."""

    voxels: Tensor
    complete: Tensor


class MemoryNetwork(nn.Module):
    """Segments the first vertebra of a patch that is not in the memory."""

    def __init__(self, configuration: Configuration) -> None:
        super().__init__()
        widths, dropout = configuration.widths, configuration.dropout
        fine, deepest = widths[:-1], widths[-1]
        channels = 3 if configuration.pointed else 2
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
        self.completeness = _compression(deepest, configuration.patch >> len(fine), dropout)

    def forward(self, patch: Tensor) -> Reading:
        """Read patches (batch, channels, x, y, z) made by `network_input`."""
        skips = []
        features = patch
        for number, stage in enumerate(self.down):
            features = stage(self.pool(features) if number else features)
            skips.append(features)
        complete = self.completeness(skips.pop()).flatten()
        for up, joined in zip(self.up, self.joined):
            features = joined(torch.cat([skips.pop(), up(features)], dim=1))
        return Reading(self.segmentation(features)[:, 0], complete)


def network_input(patch: Tensor, memory: Tensor, pointer: Tensor | None = None) -> Tensor:
    """The channels (batch, channels, x, y, z) from Hounsfield units, memory, and pointer if any."""
    low, high = WINDOW
    scaled = (patch.float().clamp(low, high) - low) / (high - low) * 2 - 1
    further = [] if pointer is None else [pointer.float()]
    return torch.stack([scaled, memory.float(), *further], dim=1)


def _pair(inputs: int, width: int, dropout: float) -> nn.Sequential:
    """Two convolutions; the paper drops out between each pair of consecutive ones."""
    return nn.Sequential(
        NormalizedConvolution(inputs, width, dimensions=3),
        nn.Dropout(dropout),
        NormalizedConvolution(width, width, dimensions=3),
        nn.Dropout(dropout),
    )


def _compression(width: int, size: int, dropout: float) -> nn.Sequential:
    """Further steps of the contracting path, down to a single value."""
    layers: list[nn.Module] = []
    while size > 3:
        layers += [nn.MaxPool3d(2), NormalizedConvolution(width, width, dimensions=3)]
        layers += [nn.Dropout(dropout)]
        size //= 2
    # the last map is too small for statistics of a single patch, so it has no normalization
    return nn.Sequential(*layers, nn.Conv3d(width, 1, size))
