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
BAND = 1.0
"""The boundary is sought this far (mm) to either side of where the network puts it."""
LEAST_CONTRAST = 100.0
"""Where bone is hardly brighter than the tissue around it (HU), brightness counts less."""
LOCAL = 3.0
"""How far (mm) around a voxel bone and soft tissue are measured."""


class Boundary(str, Enum):
    """What places it: the paper's rule, probabilities alone, brightness, the outline network."""

    PUBLISHED = "published"
    SMOOTH = "smooth"
    SHARP = "sharp"
    LEARNED = "learned"


def without_dim_surface(
    mask: NDArray[np.bool_], hounsfield: NDArray[np.generic]
) -> NDArray[np.bool_]:
    """The paper's refinement: voxels below 200 HU are removed from the surface."""
    surface = mask & ~ndimage.binary_erosion(mask)
    return np.asarray(mask & ~(surface & np.less(hounsfield, DIM)))


def sharpened(depth: NDArray[np.float32], brightness: NDArray[np.float32]) -> NDArray[np.bool_]:
    """The mask whose boundary lies where the scan shows it, within `BAND` of the network's.

    `depth` is the way (mm) inwards from the network's boundary, `brightness` -0.5 in soft tissue,
    0 halfway, and 0.5 in bone. A voxel is bone if the two say so together.
    """
    return cleaned(np.asarray(np.clip(brightness, -0.5, 0.5) + depth / (2 * BAND) > 0))


def depth_in(mask: NDArray[np.bool_], spacing: float) -> NDArray[np.float32]:
    """How deep (mm) voxels lie in a mask; negative outside."""
    inwards = ndimage.distance_transform_edt(mask)
    outwards = ndimage.distance_transform_edt(~mask)
    depth = np.where(mask, inwards - 0.5, 0.5 - outwards) * spacing
    return np.asarray(depth, dtype=np.float32)


def at_home(
    instance: Instance, upright: Volume, scan: Volume, boundary: Boundary
) -> tuple[Window, NDArray[np.bool_]]:
    """An instance's mask on the scan's own grid, with the window of the scan it lies in."""
    home = window_at_home(instance.window, upright.grid, scan.grid)
    part = scan.grid.part(home.start, home.shape)
    own = upright.grid.part(instance.window.start, instance.window.shape)
    if boundary is Boundary.PUBLISHED:
        mask = without_dim_surface(instance.mask, instance.window.cut(upright.voxels))
        return home, sampled(mask, own, part, order=0) > 0.5
    if boundary is Boundary.SMOOTH:
        return home, cleaned(sampled(_cores(instance)[1], own, part, order=1) > 0.5)
    return home, _by_brightness(instance, upright, home.cut(scan.voxels), part)


def _by_brightness(
    instance: Instance, upright: Volume, hounsfield: NDArray[Any], part: Grid
) -> NDArray[np.bool_]:
    """The mask on part of the scan's own grid whose boundary lies where the HU there show it."""
    spacing = float(upright.grid.spacing[0])
    window = instance.window.grown(int(np.ceil(3 * BAND / spacing)))
    own = upright.grid.part(window.start, window.shape)
    mask, likely = (moved(each, instance.window, window) for each in _cores(instance))
    # what varies smoothly is measured in the network's voxels, however fine the scan is
    bone, tissue = levels_around(mask, window.cut(upright.voxels), spacing)
    middle = sampled((bone + tissue) / 2, own, part, order=1)
    contrast = sampled(np.maximum(bone - tissue, LEAST_CONTRAST), own, part, order=1)
    brightness = (hounsfield - middle) / contrast
    finer = own.resampled(spacing / 2)
    depth = depth_in(sampled(likely, own, finer, order=1) > 0.5, spacing / 2)
    return sharpened(sampled(depth, finer, part, order=1), brightness)


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
    depth = depth_in(mask, spacing)
    values, sigma = hounsfield.astype(np.float32), LOCAL / spacing
    bone = _local_mean(values, mask & (depth < 2 * BAND), sigma)
    tissue = _local_mean(values, (depth <= -BAND) & (depth > -3 * BAND), sigma)
    return bone, tissue


def _local_mean(
    values: NDArray[np.float32], where: NDArray[np.bool_], sigma: float
) -> NDArray[np.float32]:
    """The mean of the values at some voxels, nearer ones counting more."""
    weight = ndimage.gaussian_filter(where.astype(np.float32), sigma)
    total = ndimage.gaussian_filter(np.where(where, values, np.float32(0)), sigma)
    overall = float(values[where].mean()) if where.any() else 0.0
    return np.asarray((total + 1e-4 * overall) / (weight + 1e-4), dtype=np.float32)


def window_at_home(window: Window, upright: Grid, scan: Grid) -> Window:
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
    return np.asarray(
        ndimage.affine_transform(
            values.astype(np.float32),
            matrix,
            offset,
            target.shape,
            order=order,
            mode="nearest",
            prefilter=False,
        ),
        dtype=np.float32,
    )
