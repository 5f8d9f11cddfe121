"""Turns, crops and pads images; voxels are never changed and keep their place in the patient."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TypeVar

import numpy as np
from numpy.typing import ArrayLike

from ..errors import VertebraError
from .resampling import AIR
from .volume import LabelMap, Volume

Image = TypeVar("Image", Volume, LabelMap)


def oriented(image: Image, codes: str) -> Image:
    """The image with its axes pointing towards `codes`, such as "RAS"; a view, not a copy."""
    order, flips = image.grid.steps_to(codes)
    turned = image.voxels.transpose(order)[tuple(slice(None, None, -1 if f else 1) for f in flips)]
    return replace(image, voxels=turned, grid=image.grid.permuted(order, flips))


def cropped(image: Image, start: Sequence[int], stop: Sequence[int]) -> Image:
    """The voxels from index `start` up to, not including, `stop`; a view, not a copy."""
    if not all(0 <= a < b <= n for a, b, n in zip(start, stop, image.grid.shape)):
        raise VertebraError(
            f"A crop from {tuple(start)} to {tuple(stop)} does not lie inside the image "
            f"of {image.grid.shape} voxels."
        )
    window = tuple(slice(a, b) for a, b in zip(start, stop))
    size = [b - a for a, b in zip(start, stop)]
    return replace(image, voxels=image.voxels[window], grid=image.grid.part(start, size))


def around(image: Image, points: ArrayLike, reach: float) -> Image:
    """The part that holds some points (RAS) and all within `reach` mm of them; a view, not a copy.

    At least one of the points must lie in the image.
    """
    grid = image.grid
    index = np.atleast_2d(grid.to_index(points))
    pad = reach * np.linalg.norm(grid.inverse[:3, :3], axis=1)
    low = np.clip(np.floor(index.min(axis=0) - pad), 0, grid.shape).astype(int)
    high = np.clip(np.ceil(index.max(axis=0) + pad) + 1, 0, grid.shape).astype(int)
    return cropped(image, low.tolist(), high.tolist())


def padded(image: Image, before: Sequence[int], after: Sequence[int]) -> Image:
    """The image with voxels added on both sides of each axis: air around a CT, 0 around labels."""
    if min(*before, *after) < 0:
        raise VertebraError("Padding adds voxels, so its numbers must not be negative.")
    fill = AIR if isinstance(image, Volume) else 0
    voxels = np.pad(image.voxels, list(zip(before, after)), constant_values=fill)
    return replace(image, voxels=voxels, grid=image.grid.part([-n for n in before], voxels.shape))
