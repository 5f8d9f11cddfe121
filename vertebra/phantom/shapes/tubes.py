"""Ribs, canal and rods: bent tubes of elliptic section, worked out near their own line only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ...volume import Grid

Array = NDArray[np.float64]
_CHUNK = 1_500_000


@dataclass(frozen=True, eq=False)
class Tube:
    """A line of points with, at each, the direction of the section's first axis and both radii."""

    points: Array
    ups: Array
    radii: Array
    code: int
    """What the caller knows this tube by."""


def nearest_tube(
    tubes: Sequence[Tube], grid: Grid, distance: Tensor, code: Tensor, margin: float
) -> None:
    """Lowers `distance` (mm) where a tube is nearer than what is there, and notes its code.

    Voxels farther than `margin` from a tube stay as they are.
    """
    if not tubes:
        return
    rows = np.concatenate([_segments(tube) for tube in tubes])
    device = distance.device
    reach = np.maximum(rows[:, 9:13].max(1), 0) + margin
    ends = np.stack([grid.to_index(rows[:, 0:3]), grid.to_index(rows[:, 3:6])])
    pad = reach[:, None] * np.linalg.norm(grid.inverse[:3, :3], axis=1)
    shape = np.array(grid.shape)
    low = np.clip(np.ceil(ends.min(0) - pad), 0, shape).astype(np.int64)
    high = np.clip(np.floor(ends.max(0) + pad) + 1, 0, shape).astype(np.int64)
    size = high - low
    seen = np.flatnonzero((size > 0).all(1))
    seen = seen[np.argsort(size[seen].prod(1), kind="stable")]
    start = 0
    while start < len(seen):
        stop, box = start, np.zeros(3, dtype=np.int64)
        while stop < len(seen):
            grown = np.maximum(box, size[seen[stop]])
            if stop > start and grown.prod() * (stop + 1 - start) > _CHUNK:
                break
            box, stop = grown, stop + 1
        chosen = seen[start:stop]
        _render(rows[chosen], low[chosen], high[chosen], box, grid, distance, code, device)
        start = stop


def _segments(tube: Tube) -> Array:
    """Start, end, up, radii at start and end, code: one row a segment."""
    up = (tube.ups[:-1] + tube.ups[1:]) / 2
    axis = tube.points[1:] - tube.points[:-1]
    axis = axis / np.maximum(np.linalg.norm(axis, axis=1, keepdims=True), 1e-9)
    up = up - axis * (up * axis).sum(1, keepdims=True)
    up = up / np.maximum(np.linalg.norm(up, axis=1, keepdims=True), 1e-9)
    codes = np.full((len(up), 1), float(tube.code))
    return np.concatenate(
        [tube.points[:-1], tube.points[1:], up, tube.radii[:-1], tube.radii[1:], codes], 1
    )


def _render(
    rows: Array,
    low: NDArray[np.int64],
    high: NDArray[np.int64],
    box: NDArray[np.int64],
    grid: Grid,
    distance: Tensor,
    code: Tensor,
    device: torch.device,
) -> None:
    count = len(rows)
    ranges = [low[:, axis, None] + np.arange(box[axis]) for axis in range(3)]
    inside = [torch.from_numpy(ranges[axis] < high[:, axis, None]).to(device) for axis in range(3)]
    index = [torch.from_numpy(np.minimum(r, n - 1)).to(device) for r, n in zip(ranges, grid.shape)]
    start, axis = rows[:, 0:3], rows[:, 3:6] - rows[:, 0:3]
    length = np.linalg.norm(axis, axis=1)
    along = axis / np.maximum(length, 1e-9)[:, None]
    up = rows[:, 6:9]
    across = np.cross(along, up)

    def column(values: Array) -> Tensor:
        return torch.from_numpy(np.asarray(values, dtype=np.float32)).to(device).view(-1, 1, 1, 1)

    def component(direction: Array) -> Tensor:
        """Millimetres from the segment's start along its own direction, over its box."""
        steps = direction @ grid.affine[:3, :3]
        offset = (direction * (grid.origin - start)).sum(1)
        a, b, c = (
            torch.from_numpy((steps[:, i, None] * ranges[i]).astype(np.float32)).to(device)
            for i in range(3)
        )
        a = a + column(offset).view(-1, 1)
        return (a[:, :, None] + b[:, None, :])[..., None] + c[:, None, None, :]

    t, u, v = component(along), component(up), component(across)
    share = (t * column(1 / np.maximum(length, 1e-6))).clamp(0.0, 1.0)
    beyond = t - share * column(length)
    ru = column(rows[:, 9]) + share * column(rows[:, 11] - rows[:, 9])
    rv = column(rows[:, 10]) + share * column(rows[:, 12] - rows[:, 10])
    mean = torch.minimum(ru, rv)
    a, b, c = u / ru, v / rv, beyond / mean
    r = (a * a + b * b + c * c).sqrt() + 1e-6
    a, b, c = a / ru, b / rv, c / mean
    slope = (a * a + b * b + c * c).sqrt() / r
    d = (r - 1.0) / torch.maximum(slope, 1.0 / torch.maximum(ru, rv))

    valid = (inside[0][:, :, None] & inside[1][:, None, :])[..., None] & inside[2][:, None, None]
    flat = (index[0][:, :, None] * grid.shape[1] + index[1][:, None, :])[..., None]
    flat = (flat * grid.shape[2] + index[2][:, None, None, :]).expand(count, *box.tolist())
    flat, d = flat[valid], d[valid]
    codes = torch.from_numpy(rows[:, 13].astype(np.int16)).to(device).view(-1, 1, 1, 1)
    codes = codes.expand(count, *box.tolist())[valid]
    target, labels = distance.view(-1), code.view(-1)
    nearer = d < target[flat]
    flat, d, codes = flat[nearer], d[nearer], codes[nearer]
    target.scatter_reduce_(0, flat, d, "amin")
    won = d == target[flat]
    labels[flat[won]] = codes[won]
