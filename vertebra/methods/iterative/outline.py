"""A light network that draws the outline of a vertebra that was found, in voxels of 1 mm.

Not in the paper, whose network works at 1 mm throughout. Where finding is done in large voxels,
their network knows which vertebra is meant but not where exactly it ends; this one is told which,
and looks only there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import ndimage
from torch import Tensor, nn

from ...runtime.devices import quick
from ...volume import Grid, Volume, cropped, resampled
from ..common.convolution import folded
from .instances import Instance, cleaned
from .network import scaled
from .refinement import moved, sampled, window_at_home
from .unet import UNet
from .windows import Window, bounds

SPACING = 1.0
"""Side of a voxel, mm."""
MARGIN = 9.0
"""The outline may lie this far (mm) outside of what was found."""
AROUND = 2
"""Probabilities count up to so many voxels around what was found."""
WIDTHS = (8, 16, 32, 64)
PREFIX = "outline."
"""What the names of its weights begin with in a model's file."""


class OutlineNetwork(UNet):
    """Segments the vertebra that was found, given the scan, where it was found, and the others."""

    def __init__(self, widths: tuple[int, ...] = WIDTHS) -> None:
        super().__init__(3, widths)
        self.blocks = 2 ** (len(widths) - 1)

    def forward(self, patch: Tensor) -> Tensor:
        """The logits (batch, x, y, z) of patches made by `outline_input`."""
        return self.read(patch)[0]


def draws_itself(spacing: float) -> bool:
    """Are a network's voxels so small (mm) that an outline network has nothing to add?"""
    return spacing <= SPACING


def split(weights: Mapping[str, Tensor]) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """The weights of a model's first network, and those of its outline network."""
    first = {name: tensor for name, tensor in weights.items() if not name.startswith(PREFIX)}
    second = {name[len(PREFIX) :]: weights[name] for name in weights if name not in first}
    return first, second


def joined(first: Mapping[str, Tensor], second: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The weights of a model of both networks; the first's may hold another outline network's."""
    return {**split(first)[0], **{f"{PREFIX}{name}": tensor for name, tensor in second.items()}}


def outline_input(hounsfield: Tensor, likely: Tensor, others: Tensor) -> Tensor:
    """The channels (batch, 3, x, y, z) from HU, the probabilities found, and what others hold."""
    return torch.stack([scaled(hounsfield), likely.float(), others.float()], dim=1)


def likely_part(instance: Instance) -> NDArray[np.float32]:
    """An instance's probabilities, in its window: what else its patch showed is left out."""
    near = ndimage.binary_dilation(instance.mask, iterations=AROUND)
    return np.asarray(np.where(near, instance.probabilities, np.float32(0)))


@dataclass(frozen=True, eq=False)
class Outliner:
    """A trained network that draws outlines."""

    network: nn.Module
    blocks: int
    device: torch.device

    @classmethod
    def of(cls, network: OutlineNetwork, device: torch.device) -> Outliner:
        """An outliner with a trained network, made quick."""
        ready = folded(network).to(device, memory_format=torch.channels_last_3d)  # type: ignore[call-overload]
        return cls(ready, network.blocks, device)

    def at_home(
        self, instance: Instance, upright: Volume, scan: Volume, taken: NDArray[np.integer]
    ) -> tuple[Window, NDArray[np.bool_]]:
        """An instance's mask on the scan's own grid, with the window of the scan it lies in.

        `taken` is not 0 where other vertebrae are in the scan.
        """
        window = instance.window.grown(int(np.ceil(MARGIN / upright.grid.spacing[0])))
        home = window_at_home(window, upright.grid, scan.grid)
        part = scan.grid.part(home.start, home.shape)
        own = upright.grid.part(window.start, window.shape)
        fine = whole_blocks(own.resampled(SPACING), self.blocks)
        likely = moved(likely_part(instance), instance.window, window)
        others = (home.cut(taken) > 0).astype(np.float32)
        probabilities = self._probabilities(
            _seen(scan, home, fine),
            sampled(likely, own, fine, order=1),
            sampled(others, part, fine, order=1),
        )
        if not (probabilities > 0.5).any():
            return home, np.zeros(home.shape, np.bool_)
        tight = window_of(probabilities > 0.5).grown(1)
        home = window_at_home(tight, fine, scan.grid)
        part = scan.grid.part(home.start, home.shape)
        return home, cleaned(sampled(probabilities, fine, part, order=1) > 0.5)

    def _probabilities(self, *channels: NDArray[np.float32]) -> NDArray[np.float32]:
        inputs = outline_input(*(torch.from_numpy(each)[None] for each in channels))
        inputs = inputs.to(self.device, memory_format=torch.channels_last_3d)
        with torch.inference_mode(), quick(self.device):
            logits = self.network(inputs)
        found: NDArray[np.float32] = logits[0].float().sigmoid().cpu().numpy()
        return found


def window_of(mask: NDArray[np.bool_]) -> Window:
    """The box around a mask, which must not be empty."""
    low, high = bounds(mask)
    i, j, k = (b - a + 1 for a, b in zip(low, high))
    return Window(low, (i, j, k))


def whole_blocks(grid: Grid, block: int) -> Grid:
    """The grid made larger at its far ends, to whole blocks of voxels."""
    i, j, k = (-(-size // block) * block for size in grid.shape)
    return grid.part((0, 0, 0), (i, j, k))


def _seen(scan: Volume, home: Window, fine: Grid) -> NDArray[np.float32]:
    """The scan in voxels of 1 mm; air where it ends."""
    rim = np.ceil(2 * SPACING / scan.grid.spacing).astype(int) + 1
    low = np.clip(np.array(home.start) - rim, 0, None)
    high = np.clip(np.add(home.start, home.shape) + rim, None, scan.grid.shape)
    near = cropped(scan, low.tolist(), high.tolist())
    return np.ascontiguousarray(resampled(near, fine).voxels, dtype=np.float32)
