"""Resampling onto grids with axes parallel to the scan's: one small matrix an axis.

Several times quicker than the general way, with the same result.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d, spline_filter1d
from scipy.sparse import csr_array

from .grid import Grid
from .oblique import as_type

_NEGLIGIBLE = 1e-7
_LARGEST_DRIFT = 1e-4
"""How far, in voxels over the whole grid, axes may part and still count as parallel."""


def parallel_axes(source: Grid, target: Grid) -> tuple[int, ...] | None:
    """Which source axis runs along each target axis, or nothing where they are not parallel."""
    drift = np.abs(source.inverse[:3, :3] @ target.affine[:3, :3]) * target.shape
    axes = tuple(int(axis) for axis in drift.argmax(axis=0))
    drift[axes, (0, 1, 2)] = 0
    return axes if sorted(axes) == [0, 1, 2] and drift.max() < _LARGEST_DRIFT else None


def sampled(
    voxels: NDArray[Any],
    source: Grid,
    target: Grid,
    axes: tuple[int, ...],
    order: int,
    blur: NDArray[np.float64],
    outside: int,
) -> NDArray[Any]:
    """The voxels on another grid, smoothed before by `blur` (sigma in voxels for each axis)."""
    affine = source.inverse @ target.affine
    places = [
        affine[axis, own] * np.arange(target.shape[own]) + affine[axis, 3]
        for own, axis in enumerate(axes)
    ]
    voxels = voxels.transpose(axes)
    known = [_known(x, n) for x, n in zip(places, voxels.shape)]
    result = np.full(target.shape, outside, voxels.dtype, order="F")
    if not all(part.stop > part.start for part in known):
        return result
    places = [x[part] for x, part in zip(places, known)]
    if order == 0:
        i, j, k = (np.rint(x).astype(int).clip(0, n - 1) for x, n in zip(places, voxels.shape))
        for at, n in zip(range(*known[2].indices(target.shape[2])), k):
            result[known[0], known[1], at] = voxels[..., n].T[j][:, i].T
        return result
    weights = [_weights(x, n, order, blur[axis]) for x, n, axis in zip(places, voxels.shape, axes)]
    _fill(result[tuple(known)], voxels, weights)
    return result


def _known(places: NDArray[np.float64], count: int) -> slice:
    """Which of the places, all in a row, lie within the outer edges of an axis of voxels."""
    inside = np.flatnonzero((places >= -0.5) & (places <= count - 0.5))
    return slice(int(inside[0]), int(inside[-1]) + 1) if len(inside) else slice(0, 0)


def _weights(places: NDArray[np.float64], count: int, order: int, sigma: float) -> Any:
    """The matrix that takes a row of voxels to its smoothed and interpolated values at places."""
    rows = np.eye(count)
    if sigma > 0:
        rows = gaussian_filter1d(rows, sigma, axis=0, mode="nearest", truncate=3.0)
    if order == 3 and count > 1:
        rows = spline_filter1d(rows, order=3, axis=0, mode="mirror")
    x = places if order == 3 else places.clip(0, count - 1)
    first = np.floor(x).astype(int)
    t = x - first
    if order == 3:
        u = 1 - t
        shares = {-1: u**3, 0: 4 - 6 * t**2 + 3 * t**3, 1: 4 - 6 * u**2 + 3 * u**3, 2: t**3}
        shares = {offset: share / 6 for offset, share in shares.items()}
    else:
        shares = {0: 1 - t, 1: t}
    matrix = np.zeros((len(places), count))
    for offset, share in shares.items():
        matrix += share[:, None] * rows[_mirrored(first + offset, count)]
    matrix[np.abs(matrix) < _NEGLIGIBLE] = 0
    return csr_array(matrix.astype(np.float32))


def _mirrored(index: NDArray[np.int_], count: int) -> NDArray[np.int_]:
    """Indices beyond the ends folded back about the outermost voxels."""
    if count == 1:
        return np.zeros_like(index)
    index = np.abs(index) % (2 * count - 2)
    return np.minimum(index, 2 * count - 2 - index)


def _fill(result: NDArray[Any], voxels: NDArray[Any], weights: list[Any]) -> None:
    """Each slice is resampled in its plane once and kept while slices of the result use it."""
    along_i, along_j, along_k = weights
    planes: dict[int, NDArray[np.float32]] = {}
    for k in range(result.shape[2]):
        row = slice(along_k.indptr[k], along_k.indptr[k + 1])
        needed = dict(zip(along_k.indices[row].tolist(), along_k.data[row]))
        planes = {n: plane for n, plane in planes.items() if n in needed}
        values = np.zeros((result.shape[1], result.shape[0]), np.float32)
        for n, share in needed.items():
            if n not in planes:
                flat = np.ascontiguousarray(voxels[..., n].T, dtype=np.float32)
                planes[n] = (along_i @ (along_j @ flat).T).T
            values += share * planes[n]
        result[..., k] = as_type(values, result.dtype).T
