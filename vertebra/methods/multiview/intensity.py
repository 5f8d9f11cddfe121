"""From Hounsfield units to what X-rays sum up, and from such sums to a network's input."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

WATER, BONE_FROM = 1000.0, 150.0
METAL = 2000.0
"""Metal counts as no denser than this (HU), or its shadow would be all there is to see."""


def attenuation(hounsfield: Tensor) -> Tensor:
    """How much X-rays are weakened, in units of water."""
    return (hounsfield.clamp(-WATER, METAL) + WATER) / WATER


def bone(hounsfield: Tensor) -> Tensor:
    """The share of the attenuation that lies above that of soft tissue."""
    return (hounsfield.clamp(BONE_FROM, METAL) - BONE_FROM) / WATER


MAPPINGS: dict[str, Callable[[Tensor], Tensor]] = {"attenuation": attenuation, "bone": bone}
"""What a view can sum up, by name."""


def network_input(views: Tensor, channels: Sequence[str]) -> Tensor:
    """Line integrals (views, channels, rows, columns; mm) as numbers of about -1 to 1."""
    scaled = [
        views[:, place] / 150 - 1 if name == "attenuation" else views[:, place].sqrt() / 4 - 1
        for place, name in enumerate(channels)
    ]
    return torch.stack(scaled, dim=1)
