"""The network: a U-net over patch and memory, with a completeness branch.

The paper's figure gives the sizes of its feature maps, not the layers between them. Chosen here:
two convolutions a resolution, max pooling, and transposed convolutions back up.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.functional import pad

from ...runtime.devices import exact
from ..common.convolution import NormalizedConvolution
from .configuration import Configuration
from .unet import UNet

WINDOW = (-500.0, 1500.0)
"""What the network sees of Hounsfield units."""


class Reading(NamedTuple):
    """Logits of the voxels (batch, x, y, z) and of complete visibility (batch)."""

    voxels: Tensor
    complete: Tensor


class MemoryNetwork(UNet):
    """Segments the first vertebra of a patch that is not in the memory."""

    def __init__(self, configuration: Configuration) -> None:
        widths, dropout = configuration.widths, configuration.dropout
        super().__init__(3 if configuration.pointed else 2, widths, dropout)
        self.smallest = configuration.patch // configuration.divisor
        self.completeness = _compression(widths[-1], self.smallest, dropout)

    def forward(self, patch: Tensor) -> Reading:
        """Read patches (batch, channels, x, y, z) made by `network_input`."""
        voxels, deepest = self.read(patch)
        # on processors, PyTorch 2.13 takes memory that nobody wrote for part of the gradient of
        # 3x3x3 kernels over 2x2x2 voxels in bfloat16; the branch is so small that float32 is free
        with exact(deepest.device):
            return Reading(voxels, self.completeness(self._as_of_patch(deepest.float())).flatten())

    def _as_of_patch(self, deepest: Tensor) -> Tensor:
        """The features of a part of a patch, taken to go on around it as they are at its sides."""
        missing = [self.smallest - size for size in deepest.shape[:1:-1]]
        around = [each for size in missing for each in (size // 2, size - size // 2)]
        return pad(deepest, around, "replicate") if any(missing) else deepest


def network_input(patch: Tensor, memory: Tensor, pointer: Tensor | None = None) -> Tensor:
    """The channels (batch, channels, x, y, z) from Hounsfield units, memory, and pointer if any."""
    further = [] if pointer is None else [pointer.float()]
    return torch.stack([scaled(patch), memory.float(), *further], dim=1)


def scaled(hounsfield: Tensor) -> Tensor:
    """Hounsfield units in the window that networks see, from -1 to 1."""
    low, high = WINDOW
    return (hounsfield.float().clamp(low, high) - low) / (high - low) * 2 - 1


def _compression(width: int, size: int, dropout: float) -> nn.Sequential:
    """Further steps of the contracting path, down to a single value."""
    layers: list[nn.Module] = []
    while size > 3:
        layers += [nn.MaxPool3d(2), NormalizedConvolution(width, width, dimensions=3)]
        layers += [nn.Dropout(dropout)]
        size //= 2
    # the last map is too small for statistics of a single patch, so it has no normalization
    return nn.Sequential(*layers, nn.Conv3d(width, 1, size))
