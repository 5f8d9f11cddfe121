"""Exact line integrals through voxels of constant value (Siddon 1985): the slow reference."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ...volume import Grid
from .geometry import View

Array = NDArray[np.float64]


def exact_view(voxels: Array, grid: Grid, view: View) -> Array:
    """The view of a volume, every ray integrated exactly over the voxels it crosses."""
    pixels = np.stack(np.meshgrid(*map(np.arange, view.shape), indexing="ij"), axis=-1)
    rays = view.ray(pixels)
    return np.array(
        [[line_integral(voxels, grid, view.source, ray) for ray in row] for row in rays]
    )


def line_integral(voxels: Array, grid: Grid, start: ArrayLike, direction: ArrayLike) -> float:
    """The integral along the half-line from `start`, in the voxels' unit times mm."""
    begin = grid.to_index(start)
    onward = grid.inverse[:3, :3] @ np.asarray(direction, dtype=np.float64)
    crossings = [
        (np.arange(size + 1) - 0.5 - begin[axis]) / onward[axis]
        for axis, size in enumerate(grid.shape)
        if abs(onward[axis]) > 1e-12
    ]
    stops = np.sort(np.concatenate(crossings))
    stops = stops[stops >= 0]
    lengths = np.diff(stops)
    middles = begin + onward * ((stops[1:] + stops[:-1]) / 2)[:, None]
    cells = np.rint(middles).astype(int)
    inside = np.all((cells >= 0) & (cells < grid.shape), axis=1)
    i, j, k = cells[inside].T
    unit = float(np.linalg.norm(direction))
    return float(voxels[i, j, k] @ lengths[inside]) * unit
