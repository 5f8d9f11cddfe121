"""From the network's probabilities to a mask on the scan's own grid."""

from __future__ import annotations

from enum import Enum
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from ...volume import Grid, Volume
from .instances import Instance, cleaned
from .windows import Index, Window

DIM = 200
"""Voxels at the surface darker than this (HU) are no bone."""
BAND = 1.5
"""The boundary is sought this far (mm) to either side of where the network puts it."""
LEAST_CONTRAST = 100.0
"""Where bone is hardly brighter than the tissue around it (HU), brightness counts less."""
LOCAL = 3.0
"""How far (mm) around a voxel bone and soft tissue are measured."""


class Boundary(str, Enum):
    """Which rule places the boundary."""

    PUBLISHED = "published"
    SHARP = "sharp"


def without_dim_surface(
    mask: NDArray[np.bool_], hounsfield: NDArray[np.generic]
) -> NDArray[np.bool_]:
    """The paper's refinement: voxels below 200 HU are removed from the surface."""
    surface = mask & ~ndimage.binary_erosion(mask)
    return np.asarray(mask & ~(surface & np.less(hounsfield, DIM)))


def sharpened(
    mask: NDArray[np.bool_], brightness: NDArray[np.float32], spacing: NDArray[np.float64]
) -> NDArray[np.bool_]:
    """The mask with its boundary moved to where the scan shows it, by up to `BAND`.

    `brightness` is -0.5 in soft tissue, 0 halfway, and 0.5 in bone. A voxel is bone if its
    brightness and its depth in the network's mask say so together.
    """
    if not mask.any():
        return mask
    inwards = ndimage.distance_transform_edt(mask, sampling=spacing)
    outwards = ndimage.distance_transform_edt(~mask, sampling=spacing)
    depth = (inwards - outwards) / (2 * BAND)
    return cleaned(np.asarray(np.clip(brightness, -0.5, 0.5) + depth > 0))


def at_home(
    instance: Instance, upright: Volume, scan: Volume, boundary: Boundary
) -> tuple[Window, NDArray[np.bool_]]:
    """An instance's mask on the scan's own grid, with the window of the scan it lies in."""
    home = _window_at_home(instance.window, upright.grid, scan.grid)
    part = scan.grid.part(home.start, home.shape)
    if boundary is Boundary.PUBLISHED:
        mask = without_dim_surface(instance.mask, instance.window.cut(upright.voxels))
        own = upright.grid.part(instance.window.start, instance.window.shape)
        return home, sampled(mask, own, part, order=0) > 0.5
    spacing = float(upright.grid.spacing[0])
    window = instance.window.grown(int(np.ceil(3 * BAND / spacing)))
    own = upright.grid.part(window.start, window.shape)
    mask, likely = (moved(each, instance.window, window) for each in _cores(instance))
    # the brightness around varies smoothly, so it is measured in the network's voxels
    bone, tissue = levels_around(mask, window.cut(upright.voxels), spacing)
    middle = sampled((bone + tissue) / 2, own, part, order=1)
    contrast = sampled(np.maximum(bone - tissue, LEAST_CONTRAST), own, part, order=1)
    brightness = (home.cut(scan.voxels) - middle) / contrast
    inside = sampled(likely, own, part, order=1) > 0.5
    return home, sharpened(inside, brightness, scan.grid.spacing)


def _cores(instance: Instance) -> tuple[NDArray[np.bool_], NDArray[np.float32]]:
    """The mask, and the probabilities of it and its border; what others hold nearby is left out."""
    border = ndimage.binary_dilation(instance.mask) & ~instance.mask
    inside = np.where(instance.mask, np.maximum(instance.probabilities, np.float32(0.501)), 0)
    likely = np.where(border, np.minimum(instance.probabilities, np.float32(0.499)), inside)
    return instance.mask, likely


def levels_around(
    mask: NDArray[np.bool_], hounsfield: NDArray[np.generic], spacing: float
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """The brightness of bone and of soft tissue around each voxel."""
    inwards = ndimage.distance_transform_edt(mask, sampling=spacing)
    outwards = ndimage.distance_transform_edt(~mask, sampling=spacing)
    values, sigma = hounsfield.astype(np.float32), LOCAL / spacing
    bone = _local_mean(values, mask & (inwards < 2 * BAND), sigma)
    tissue = _local_mean(values, (outwards >= BAND) & (outwards < 3 * BAND), sigma)
    return bone, tissue


def _local_mean(
    values: NDArray[np.float32], where: NDArray[np.bool_], sigma: float
) -> NDArray[np.float32]:
    """The mean of the values at some voxels, nearer ones counting more."""
    weight = ndimage.gaussian_filter(where.astype(np.float32), sigma)
    total = ndimage.gaussian_filter(np.where(where, values, np.float32(0)), sigma)
    overall = float(values[where].mean()) if where.any() else 0.0
    return np.asarray((total + 1e-4 * overall) / (weight + 1e-4), dtype=np.float32)


def _window_at_home(window: Window, upright: Grid, scan: Grid) -> Window:
    """The voxels of the scan that a window of the upright grid covers."""
    ends = [(start - 0.5, start + size - 0.5) for start, size in zip(window.start, window.shape)]
    corners = np.stack(np.meshgrid(*ends), axis=-1).reshape(-1, 3)
    index = scan.to_index(upright.to_world(corners))
    last = np.array(scan.shape) - 1
    low = np.clip(np.floor(index.min(axis=0)), 0, last).astype(int)
    high = np.clip(np.ceil(index.max(axis=0)), 0, last).astype(int)
    shape = high - low + 1
    start: Index = (int(low[0]), int(low[1]), int(low[2]))
    return Window(start, (int(shape[0]), int(shape[1]), int(shape[2])))


def moved(values: NDArray[Any], source: Window, target: Window) -> NDArray[Any]:
    """Values of one window in a larger one, 0 around them."""
    larger = np.zeros(target.shape, values.dtype)
    starts = [a - b for a, b in zip(source.start, target.start)]
    larger[tuple(slice(a, a + n) for a, n in zip(starts, source.shape))] = values
    return larger


def sampled(
    values: NDArray[np.generic], source: Grid, target: Grid, order: int
) -> NDArray[np.float32]:
    """Values on one grid at the voxels of another; beyond its edge they go on unchanged."""
    step = source.inverse @ target.affine
    matrix, offset = step[:3, :3], step[:3, 3]
    straight = not (matrix - np.diag(np.diag(matrix))).any()
    return np.asarray(
        ndimage.affine_transform(
            values.astype(np.float32),
            np.diag(matrix) if straight else matrix,
            offset,
            target.shape,
            order=order,
            mode="nearest",
            prefilter=False,
        ),
        dtype=np.float32,
    )
