"""Resampling onto grids whose axes are turned against the scan's: SimpleITK, slab by slab."""

from __future__ import annotations

from typing import Any

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

from . import itk
from .grid import Grid

SLAB_VOXELS = 2**24
_INTERPOLATORS = {0: sitk.sitkNearestNeighbor, 1: sitk.sitkLinear, 3: sitk.sitkBSpline}
_MARGIN = {0: 1, 1: 2, 3: 14}
"""Voxels around a slab that reach its values; a B-spline's influence fades to 1e-7 over 14."""


def sampled(
    voxels: NDArray[Any],
    source: Grid,
    target: Grid,
    order: int,
    blur: NDArray[np.float64],
    outside: int,
) -> NDArray[Any]:
    """The voxels on another grid, smoothed before by `blur` (sigma in voxels for each axis)."""
    result = np.full(target.shape, outside, voxels.dtype, order="F")
    thickness = max(1, SLAB_VOXELS // (target.shape[0] * target.shape[1]))
    margin = _MARGIN[order] + np.ceil(3 * blur).astype(int)
    for start in range(0, target.shape[2], thickness):
        depth = min(thickness, target.shape[2] - start)
        slab = target.part((0, 0, start), (*target.shape[:2], depth))
        low, high = reach(slab, source, margin)
        if (low >= high).any():
            continue
        window = tuple(slice(a, b) for a, b in zip(low, high))
        part = source.part(low.tolist(), (high - low).tolist())
        values = _resliced(voxels[window], part, slab, order, blur, outside)
        result[..., start : start + depth] = as_type(values, voxels.dtype)
    return result


def as_type(values: NDArray[Any], dtype: np.dtype[Any]) -> NDArray[Any]:
    """Interpolated numbers in the type of the scan, rounded and kept within its limits."""
    if dtype.kind in "iu" and values.dtype.kind == "f":
        limits = np.iinfo(dtype)
        return np.asarray(np.rint(values).clip(limits.min, limits.max))
    return values


def reach(
    slab: Grid, source: Grid, margin: NDArray[np.int_]
) -> tuple[NDArray[np.int_], NDArray[np.int_]]:
    """Which voxels of the source a slab of the target needs."""
    corners = np.array(np.meshgrid(*[(0, n - 1) for n in slab.shape])).reshape(3, -1).T
    index = source.to_index(slab.to_world(corners))
    low = np.floor(index.min(axis=0)).astype(int) - margin
    high = np.ceil(index.max(axis=0)).astype(int) + margin + 1
    return np.maximum(low, 0), np.minimum(high, source.shape)


def _resliced(
    voxels: NDArray[Any],
    source: Grid,
    target: Grid,
    order: int,
    blur: NDArray[np.float64],
    outside: int,
) -> NDArray[Any]:
    if order:
        voxels = voxels.astype(np.float32)
    for axis, sigma in enumerate(blur):
        if sigma > 0:
            voxels = gaussian_filter1d(voxels, sigma, axis, mode="nearest", truncate=3.0)
    resample = sitk.ResampleImageFilter()
    resample.SetSize(target.shape)
    resample.SetOutputSpacing(target.spacing.tolist())
    resample.SetOutputDirection(itk.directions_of(target))
    resample.SetOutputOrigin(itk.origin_of(target))
    resample.SetInterpolator(_INTERPOLATORS[order])
    resample.SetDefaultPixelValue(outside)
    image = resample.Execute(itk.image_of(voxels, source))
    return np.asarray(sitk.GetArrayFromImage(image)).T
