"""Brings CTs and label maps onto other grids, slab by slab so that little memory is needed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, TypeVar, overload

import numpy as np
from numpy.typing import NDArray

from ..errors import VertebraError
from . import oblique, separable
from .grid import Grid
from .volume import LabelMap, Volume

AIR = -1024
"""What lies outside a CT, HU."""

Image = TypeVar("Image", Volume, LabelMap)


@overload
def resampled(image: Volume, to: Grid | Sequence[float] | float, order: int = 1) -> Volume: ...
@overload
def resampled(image: LabelMap, to: Grid | Sequence[float] | float, order: int = 0) -> LabelMap: ...
def resampled(
    image: Volume | LabelMap, to: Grid | Sequence[float] | float, order: int = 1
) -> Volume | LabelMap:
    """The image on another grid, or over the same box with another spacing.

    A CT is interpolated linearly (`order` 1) or cubically (3), smoothed before where the new
    voxels are larger, and is air outside; a label map keeps its numbers (nearest), 0 outside.
    """
    grid = to if isinstance(to, Grid) else image.grid.resampled(to)
    if isinstance(image, LabelMap):
        return replace(image, voxels=_sampled(image.voxels, image.grid, grid, 0, 0), grid=grid)
    return replace(image, voxels=_sampled(image.voxels, image.grid, grid, order, AIR), grid=grid)


def onto(labels: LabelMap, grid: Grid) -> LabelMap:
    """The label map on the grid of the scan it belongs to; refused where the two do not meet."""
    if labels.grid.same_as(grid):
        return labels
    low, high = oblique.reach(grid, labels.grid, np.zeros(3, dtype=np.int_))
    if (low >= high).any():
        raise VertebraError(
            "The mask and the scan lie at different places; choose the mask of this scan."
        )
    return resampled(labels, grid)


def straight(grid: Grid) -> Grid:
    """The grid with axes at right angles that covers a sheared one; its slices stay in place."""
    directions, steps = np.linalg.qr(grid.affine[:3, :3])
    signs = np.sign(np.diag(steps))
    directions, spacing = directions * signs, np.abs(np.diag(steps))
    corners = np.array(np.meshgrid(*[(0, n - 1) for n in grid.shape])).reshape(3, -1).T
    along = (grid.to_world(corners) - grid.origin) @ directions / spacing
    low, high = along.min(axis=0), along.max(axis=0)
    shape = np.ceil(high - low - 1e-6).astype(int) + 1
    origin = grid.origin + directions @ (low * spacing)
    return Grid.of(shape.tolist(), spacing.tolist(), origin.tolist(), directions)


def is_straight(grid: Grid) -> bool:
    """Are the axes at right angles, so that nowhere in the scan it matters?"""
    steps = np.linalg.qr(grid.affine[:3, :3], mode="r")
    drift = np.abs(steps - np.diag(np.diag(steps))) @ (np.array(grid.shape) - 1.0)
    return bool((drift <= 0.1 * grid.spacing).all())


def straightened(volume: Volume) -> Volume:
    """The CT on a grid with right angles, with a note, if it was sheared (by a tilted gantry)."""
    if is_straight(volume.grid):
        return volume
    normal = np.cross(volume.grid.directions[:, 0], volume.grid.directions[:, 1])
    cosine = float(abs(normal @ volume.grid.directions[:, 2]) / np.linalg.norm(normal))
    tilt = float(np.degrees(np.arccos(min(1.0, cosine))))
    note = f"The slices were tilted by {tilt:.1f} degrees and were brought onto a straight grid."
    result = resampled(volume, straight(volume.grid))
    return replace(result, notes=(*volume.notes, note))


def _sampled(
    voxels: NDArray[Any], source: Grid, target: Grid, order: int, outside: int
) -> NDArray[Any]:
    step = source.inverse[:3, :3] @ target.affine[:3, :3]
    blur = np.zeros(3) if order == 0 else _blur(np.abs(step).max(axis=1))
    axes = separable.parallel_axes(source, target)
    if axes is None:
        return oblique.sampled(voxels, source, target, order, blur, outside)
    return separable.sampled(voxels, source, target, axes, order, blur, outside)


def _blur(ratio: NDArray[np.float64]) -> NDArray[np.float64]:
    """The Gaussian's sigma, in source voxels, that makes a voxel as wide as a step of `ratio`.

    Full widths at half maximum add up in squares.
    """
    sigma: NDArray[np.float64] = np.sqrt(np.maximum(0.0, ratio**2 - 1 - 1e-6) / (8 * np.log(2)))
    return sigma
