"""Brings any scan upright: axes along R, A and S, voxels of one size, in little memory and time."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn.functional import avg_pool3d

from ...runtime import Progress
from ...volume import Grid, Volume
from ...volume.orienting import oriented
from ...volume.resampling import AIR, resampled

_SLAB_VOXELS = 2**24


def upright(volume: Volume, spacing: float, progress: Progress | None = None) -> Volume:
    """The scan on a RAS grid with cubic voxels that covers it; air where the scan is not."""
    progress = progress or Progress()
    turned = oriented(volume, "RAS")
    i, j, k = (max(1, int(spacing / step + 1e-6)) for step in turned.grid.spacing)
    reduced = averaged(turned, (i, j, k), progress.part(0, 0.8))
    return resampled(reduced, upright_grid(turned.grid, spacing))


def upright_grid(grid: Grid, spacing: float) -> Grid:
    """The RAS grid with cubic voxels around another one; outer voxel edges meet."""
    ends = [(-0.5, n - 0.5) for n in grid.shape]
    corners = grid.to_world(np.array(np.meshgrid(*ends)).reshape(3, -1).T)
    low, high = corners.min(axis=0), corners.max(axis=0)
    shape = np.maximum(1, np.round((high - low) / spacing)).astype(int)
    middle = (low + high) / 2
    return Grid.of(shape.tolist(), (spacing,) * 3, (middle - (shape - 1) / 2 * spacing).tolist())


def averaged(
    volume: Volume, factors: tuple[int, int, int], progress: Progress | None = None
) -> Volume:
    """The scan with every `factors` voxels averaged to one: the quick part of a reduction.

    A block at the far ends that is not filled repeats its last voxels.
    """
    if factors == (1, 1, 1):
        return volume
    shape = tuple(-(-size // factor) for size, factor in zip(volume.grid.shape, factors))
    affine = volume.grid.affine.copy()
    affine[:3, :3] *= factors
    affine[:3, 3] = volume.grid.to_world((np.array(factors) - 1) / 2)
    grid = Grid(shape, affine)  # type: ignore[arg-type]
    return replace(
        volume, voxels=_block_means(volume.voxels, factors, grid.shape, progress), grid=grid
    )


def _block_means(
    voxels: NDArray[np.generic],
    factors: tuple[int, int, int],
    shape: tuple[int, int, int],
    progress: Progress | None,
) -> NDArray[np.float32]:
    means = np.empty(shape, np.float32, order="F")
    depth = max(1, _SLAB_VOXELS // (voxels.shape[0] * voxels.shape[1] * factors[2]))
    for start in range(0, shape[2], depth):
        if progress:
            progress.report(start / shape[2], "Bringing the scan upright")
        stop = min(start + depth, shape[2])
        # slices lie one after the other in memory, so they come first here, lest all be shuffled
        slab = voxels[..., start * factors[2] : stop * factors[2]].T
        lacking = [(0, -size % factor) for size, factor in zip(slab.shape, factors[::-1])]
        filled = np.pad(slab, lacking, mode="edge") if np.any(lacking) else slab
        block = torch.from_numpy(np.ascontiguousarray(filled, dtype=np.float32))
        pooled = avg_pool3d(block.clamp_(min=AIR)[None], kernel_size=factors[::-1])[0]
        means[..., start:stop] = pooled.numpy().T
    return means
