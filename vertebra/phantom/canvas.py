"""Painting tissues onto a grid, each over what is there, with soft edges (partial volume)."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

from ..volume import Grid
from .random import ORIGIN, Shape, child_seed, smooth
from .shapes.tubes import Tube, nearest_tube

Array = NDArray[np.float64]
Box = tuple[slice, slice, slice]
WHOLE: Box = (slice(None), slice(None), slice(None))
_Z_STEP = 0.5


class Canvas:
    """Hounsfield units in the making on a grid in subject space (axes roughly R, A, S).

    `start` says where this grid begins in the whole scan, so that random fields of neighbouring
    slabs fit together.
    """

    def __init__(self, grid: Grid, seed: int, device: torch.device, start: Shape = ORIGIN) -> None:
        self.grid, self.seed, self.device, self.start = grid, seed, device, start
        self.edge = 0.5 * float(np.prod(grid.spacing) ** (1 / 3))
        """Half the width (mm) over which one tissue gives way to the next."""
        self.hu = torch.full(grid.shape, -1000.0, device=device)

    def coordinates(self, matrix: ArrayLike | None = None, box: Box = WHOLE) -> list[Tensor]:
        """The rows of `matrix` (3x4, from subject mm) at a box's voxels; subject mm if None."""
        rows = np.eye(4)[:3] if matrix is None else np.asarray(matrix, dtype=np.float64)
        steps = rows @ self.grid.affine
        ranges = [np.arange(n)[where] for n, where in zip(self.grid.shape, box)]
        result = []
        for row in steps:
            a, b, c = (
                torch.from_numpy((row[axis] * ranges[axis]).astype(np.float32)).to(self.device)
                for axis in range(3)
            )
            a = a + float(row[3])
            result.append((a[:, None] + b[None, :])[..., None] + c)
        return result

    @cached_property
    def heights(self) -> Array:
        """The z values (mm) of the entries that `by_height` reads."""
        corners = np.array(np.meshgrid(*[(0, n - 1) for n in self.grid.shape])).reshape(3, -1).T
        z = self.grid.to_world(corners)[:, 2]
        first, last = np.floor(z.min() / _Z_STEP) - 1, np.ceil(z.max() / _Z_STEP) + 1
        return np.asarray(np.arange(first, last + 1) * _Z_STEP)

    @cached_property
    def _height_index(self) -> Tensor:
        index = self.coordinates([[0, 0, 1 / _Z_STEP, 0.5 - self.heights[0] / _Z_STEP]])[0]
        return index.clamp_(0, len(self.heights) - 1).to(torch.int32)

    def by_height(self, table: Array) -> Tensor:
        """The entry of a table over `heights` for every voxel."""
        values = torch.from_numpy(np.ascontiguousarray(table, dtype=np.float32)).to(self.device)
        return values[self._height_index]

    def noise(self, name: str, scale: float | Sequence[float], box: Box = WHOLE) -> Tensor:
        """A smooth random field of spread 1 with features of `scale` mm."""
        shape = tuple(len(range(n)[where]) for n, where in zip(self.grid.shape, box))
        first = tuple(s + (where.start or 0) for s, where in zip(self.start, box))
        seed = child_seed(self.seed, name)
        return smooth(shape, self.grid.spacing, scale, seed, self.device, first)  # type: ignore[arg-type]

    def cover(self, distance: Tensor) -> Tensor:
        """The share of each voxel inside a surface, from the distance (mm, negative inside)."""
        return (0.5 - distance * (0.5 / self.edge)).clamp_(0.0, 1.0)

    def paint(self, distance: Tensor, hu: float | Tensor, box: Box = WHOLE) -> None:
        """Fills the inside of a surface with a tissue."""
        self.mix(self.cover(distance), hu, box)

    def mix(self, share: Tensor, hu: float | Tensor, box: Box = WHOLE) -> None:
        """Puts a tissue over what is there, where `share` is 1 wholly, where it is 0 not at all."""
        under = self.hu[box]
        under += (hu - under) * share

    def box_of(self, corners: Array, margin: float) -> Box | None:
        """The voxels around some points (mm) with a margin; `None` when out of view."""
        index = self.grid.to_index(corners)
        pad = margin * np.linalg.norm(self.grid.inverse[:3, :3], axis=1)
        low = np.clip(np.ceil(index.min(0) - pad), 0, self.grid.shape).astype(int)
        high = np.clip(np.floor(index.max(0) + pad) + 1, 0, self.grid.shape).astype(int)
        if (high <= low).any():
            return None
        a, b, c = (slice(int(first), int(last)) for first, last in zip(low, high))
        return a, b, c

    def ellipsoid(
        self,
        centre: ArrayLike,
        radii: ArrayLike,
        axes: ArrayLike | None = None,
        rough: float = 0.0,
        margin: float = 0.0,
    ) -> tuple[Box, Tensor] | None:
        """A box (`margin` mm wider) and in it the distance to an ellipsoid; None out of view.

        `rough` is the height (mm) of bumps on its surface.
        """
        centre, radii = np.asarray(centre, dtype=np.float64), np.asarray(radii, dtype=np.float64)
        turn = np.eye(3) if axes is None else np.asarray(axes, dtype=np.float64)  # columns
        reach = np.sqrt(((turn * radii) ** 2).sum(1)) + 2 * rough
        corners = np.array(np.meshgrid(*zip(centre - reach, centre + reach))).reshape(3, -1).T
        box = self.box_of(corners, 2 * self.edge + margin)
        if box is None:
            return None
        rows = np.concatenate([turn.T, -(turn.T @ centre)[:, None]], 1) / radii[:, None]
        a, b, c = self.coordinates(rows, box)
        distance = (a.mul_(a).add_(b.mul_(b)).add_(c.mul_(c)).sqrt_() - 1.0).mul_(
            float(np.prod(radii) ** (1 / 3))
        )
        if rough:
            name = f"rough {centre.round(1).tolist()}"
            distance += self.noise(name, float(radii.min()) * 0.6, box).mul_(rough)
        return box, distance

    def nearest(self, tubes: Sequence[Tube], margin: float = 0.0) -> tuple[Tensor, Tensor]:
        """Distance (mm) to the nearest tube, and its code.

        The distance is right up to `margin` mm and a little more; beyond it is large.
        """
        distance = torch.full(self.grid.shape, 20.0 + margin, device=self.device)
        code = torch.zeros(self.grid.shape, dtype=torch.int16, device=self.device)
        nearest_tube(tubes, self.grid, distance, code, 3 * self.edge + 1.0 + margin)
        return distance, code
