"""Digitally reconstructed radiographs: sums of an upright volume along the rays of a view.

The rays of a view are cut by planes across its axis, one voxel apart. On such a plane the rays
form a rectangular grid, and those of one image column lie in one vertical plane. So sampling a
plane splits into a horizontal part, the same for every height (four neighbouring columns of voxels
are mixed), and a vertical part, the same for every image column (two heights are mixed). Both are
sums of long contiguous runs of memory, which processors do fast.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import embedding_bag

from ...errors import VertebraError
from ...volume import Grid
from .geometry import Array, View

BLOCK_VALUES = 2**22
"""How many intermediate values are held at a time."""


def render(volume: Tensor, grid: Grid, views: Sequence[View]) -> Tensor:
    """Line integrals of a volume, (views, rows, columns), in the volume's unit times mm.

    The volume is contiguous and indexed (i, j, k) like its grid, whose axes are those of RAS.
    Between voxel centres it is interpolated linearly; outside there is nothing.
    """
    if not np.allclose(grid.directions, np.eye(3), atol=1e-6):
        raise VertebraError("Views can be rendered of a volume in RAS orientation only.")
    return torch.stack([_render(volume, grid, view) for view in views])


def _render(volume: Tensor, grid: Grid, view: View) -> Tensor:
    step = float(grid.spacing.min())
    planes = _planes(grid, view, step)
    low, high = _heights(grid, view, planes)
    image = torch.zeros(view.shape, device=volume.device)
    if low >= high:
        return image
    grid = grid.part((0, 0, low), (*grid.shape[:2], high - low))
    width, depth, height = grid.shape
    table = volume[..., low:high].float().reshape(width * depth, height)
    columns = view.shape[1]
    for block in _blocks(planes, height * columns):
        mixed = _mix(table, *_horizontal(grid, view, block))
        runs = mixed.view(len(block), columns, height).transpose(1, 2).reshape(-1, columns)
        image += _mix(runs, *_vertical(grid, view, block))
    image *= torch.from_numpy(_slant(view) * step).to(image)
    return image


def _mix(table: Tensor, taps: NDArray[np.int64], weights: Array) -> Tensor:
    """Weighted sums of rows of a table: one for each row of `taps`."""
    return embedding_bag(
        torch.from_numpy(taps).to(table.device),
        table,
        mode="sum",
        per_sample_weights=torch.from_numpy(weights).to(table),
    )


def _planes(grid: Grid, view: View, step: float) -> Array:
    """The distances from the source of all planes that cross the grid."""
    corners = grid.to_world(list(product(*[(-1, n) for n in grid.shape])))
    reach = (corners - view.source) @ view.forward
    first = np.floor(max(reach.min(), step) / step)
    return np.arange(first, np.ceil(reach.max() / step) + 1) * step


def _heights(grid: Grid, view: View, planes: Array) -> tuple[int, int]:
    """The slices of the grid that the view's rays can reach."""
    reach = np.array([view.row_offsets[-1], view.row_offsets[0]]) * planes[-1] / view.distance
    low, high = (view.pivot[2] + reach - grid.origin[2]) / grid.spacing[2]
    return max(0, int(np.floor(low)) - 1), min(grid.shape[2], int(np.ceil(high)) + 2)


def _blocks(planes: Array, values: int) -> Iterator[Array]:
    size = max(1, BLOCK_VALUES // values)
    for start in range(0, len(planes), size):
        yield planes[start : start + size]


def _horizontal(grid: Grid, view: View, planes: Array) -> tuple[NDArray[np.int64], Array]:
    """For each plane and image column: the four columns of voxels to mix, and their shares."""
    across = view.column_offsets * planes[:, None] / view.distance
    points = (
        view.source + planes[:, None, None] * view.forward + across[..., None] * view.along_columns
    )
    index = grid.to_index(points)
    (i, share_i), (j, share_j) = (_neighbours(index[..., a], grid.shape[a]) for a in (0, 1))
    taps = i[..., :, None] * grid.shape[1] + j[..., None, :]
    weights = share_i[..., :, None] * share_j[..., None, :]
    return taps.reshape(-1, 4), weights.reshape(-1, 4)


def _vertical(grid: Grid, view: View, planes: Array) -> tuple[NDArray[np.int64], Array]:
    """For each image row: the two heights to mix on every plane, and their shares."""
    up = view.row_offsets[:, None] * planes / view.distance
    height = grid.shape[2]
    index = (up + view.pivot[2] - grid.origin[2]) / grid.spacing[2]
    k, share = _neighbours(index, height)
    taps = k + np.arange(len(planes))[:, None] * height
    return taps.reshape(len(up), -1), share.reshape(len(up), -1)


def _neighbours(index: Array, size: int) -> tuple[NDArray[np.int64], Array]:
    """The two whole indices around each fractional one, and their shares; none outside."""
    low = np.floor(index).astype(np.int64)
    pair = np.stack([low, low + 1], axis=-1)
    share = np.stack([low + 1 - index, index - low], axis=-1)
    inside = (pair >= 0) & (pair < size)
    return np.where(inside, pair, 0), np.where(inside, share, 0.0)


def _slant(view: View) -> Array:
    """How much longer each ray is between two planes than the axis."""
    rise, run = view.row_offsets / view.distance, view.column_offsets / view.distance
    return np.sqrt(1 + rise[:, None] ** 2 + run**2)
