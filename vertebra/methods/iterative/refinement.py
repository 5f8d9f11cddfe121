"""From the network's probabilities to a mask on the scan's own grid."""

from __future__ import annotations

from enum import Enum

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
    mask: NDArray[np.bool_], hounsfield: NDArray[np.generic], spacing: NDArray[np.float64]
) -> NDArray[np.bool_]:
    """The mask with its boundary moved to where the scan shows it, by up to `BAND`.

    A voxel is bone if its depth in the network's mask and its brightness say so together;
    brightness is measured from halfway between the bone and the soft tissue nearby.
    """
    if not mask.any():
        return mask
    inwards = ndimage.distance_transform_edt(mask, sampling=spacing)
    outwards = ndimage.distance_transform_edt(~mask, sampling=spacing)
    depth = np.asarray(inwards - outwards, dtype=np.float32)
    values = hounsfield.astype(np.float32)
    sigma = LOCAL / spacing
    bone = _local_mean(values, (depth > 0) & (depth < 2 * BAND), sigma)
    tissue = _local_mean(values, (depth <= -BAND) & (depth > -3 * BAND), sigma)
    contrast = np.maximum(bone - tissue, LEAST_CONTRAST)
    brightness = np.clip((values - (bone + tissue) / 2) / contrast, -0.5, 0.5)
    return cleaned(np.asarray(brightness + depth / (2 * BAND) > 0))


def at_home(
    instance: Instance, upright: Volume, scan: Volume, boundary: Boundary
) -> tuple[Window, NDArray[np.bool_]]:
    """An instance's mask on the scan's own grid, with the window of the scan it lies in."""
    window = _window_at_home(instance.window, upright.grid, scan.grid)
    part = scan.grid.part(window.start, window.shape)
    if boundary is Boundary.PUBLISHED:
        near = instance.window.cut(upright.voxels)
        mask = without_dim_surface(instance.mask, near)
        return window, _sampled(mask, instance, upright.grid, part, order=0) > 0.5
    # what other vertebrae hold in the same window is not of this one
    likely = np.where(instance.mask, np.maximum(instance.probabilities, 0.51), 0)
    soft = np.where(_around(instance.mask), np.minimum(instance.probabilities, 0.49), 0)
    both = np.where(instance.mask, likely, soft)
    mask = _sampled(both, instance, upright.grid, part, order=1) > 0.5
    return window, sharpened(mask, window.cut(scan.voxels), scan.grid.spacing)


def _around(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    return np.asarray(ndimage.binary_dilation(mask) & ~mask)


def _local_mean(
    values: NDArray[np.float32], where: NDArray[np.bool_], sigma: NDArray[np.float64]
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


def _sampled(
    values: NDArray[np.generic], instance: Instance, upright: Grid, part: Grid, order: int
) -> NDArray[np.float32]:
    """Values of an instance's window at the voxels of a part of the scan; 0 outside the window."""
    own = upright.part(instance.window.start, instance.window.shape)
    step = own.inverse @ part.affine
    padded = np.pad(values.astype(np.float32), 1)
    offset = step[:3, 3] + 1
    return np.asarray(
        ndimage.affine_transform(
            padded, step[:3, :3], offset, part.shape, order=order, mode="constant", prefilter=False
        ),
        dtype=np.float32,
    )
