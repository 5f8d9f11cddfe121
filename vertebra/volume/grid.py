"""Where voxels lie in the patient: a shape and an affine from indices to RAS millimetres."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import permutations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import VertebraError

LPS_FROM_RAS = np.diag([-1.0, -1.0, 1.0, 1.0])
"""Turns RAS into LPS and back; the two differ in the sign of x and y."""

_ENDS = ("LR", "PA", "IS")


@dataclass(frozen=True, eq=False)
class Grid:
    """A regular grid of voxels: index (i, j, k) lies at `affine @ (i, j, k, 1)`, RAS millimetres.

    >>> Grid.of((4, 4, 4), spacing=(2, 2, 3)).to_world([1, 1, 1]).tolist()
    [2.0, 2.0, 3.0]
    """

    shape: tuple[int, int, int]
    affine: NDArray[np.float64]

    def __post_init__(self) -> None:
        affine = np.array(self.affine, dtype=np.float64)
        shape = tuple(int(n) for n in self.shape)
        if affine.shape != (4, 4) or not np.isfinite(affine).all():
            raise VertebraError("The image's geometry is not a finite 4x4 matrix.")
        if len(shape) != 3 or min(shape) < 1:
            raise VertebraError(f"The image has the shape {shape}; three dimensions are needed.")
        if abs(np.linalg.det(affine[:3, :3])) < 1e-9:
            raise VertebraError("The image's geometry is flat: an axis has no length.")
        affine.setflags(write=False)
        object.__setattr__(self, "affine", affine)
        object.__setattr__(self, "shape", shape)

    @classmethod
    def of(
        cls,
        shape: Sequence[int],
        spacing: Sequence[float] = (1, 1, 1),
        origin: Sequence[float] = (0, 0, 0),
        directions: ArrayLike | None = None,
    ) -> Grid:
        """A grid from spacing (mm), origin (RAS mm) and the axes' directions as columns."""
        affine = np.eye(4)
        axes = np.eye(3) if directions is None else np.asarray(directions, dtype=np.float64)
        affine[:3, :3] = axes * np.asarray(spacing, dtype=np.float64)
        affine[:3, 3] = origin
        return cls(tuple(shape), affine)  # type: ignore[arg-type]

    @cached_property
    def spacing(self) -> NDArray[np.float64]:
        """The length of one step along each axis, mm."""
        return np.asarray(np.linalg.norm(self.affine[:3, :3], axis=0), dtype=np.float64)

    @cached_property
    def directions(self) -> NDArray[np.float64]:
        """Unit vectors of the axes in RAS, as columns."""
        return np.asarray(self.affine[:3, :3] / self.spacing, dtype=np.float64)

    @property
    def origin(self) -> NDArray[np.float64]:
        """Where voxel (0, 0, 0) lies, RAS mm."""
        return self.affine[:3, 3]

    @cached_property
    def inverse(self) -> NDArray[np.float64]:
        """The affine from RAS millimetres to indices."""
        return np.asarray(np.linalg.inv(self.affine), dtype=np.float64)

    @cached_property
    def codes(self) -> str:
        """Which way each axis points, such as "RAS" or "LPS" (the nearest, when oblique)."""
        return "".join(
            _ENDS[world][int(self.directions[world, axis] > 0)]
            for axis, world in enumerate(self._nearest_axes)
        )

    @cached_property
    def _nearest_axes(self) -> tuple[int, ...]:
        """The world axis nearest to each voxel axis; each world axis is used once.

        Where two choices are as near, as at 45 degrees, it does not matter in which order or which
        way the axes of the grid are: turned there and back, it is as it was.
        """

        def nearness(worlds: tuple[int, ...]) -> tuple[float, ...]:
            along = self.directions * np.sign(self.directions[worlds, range(3)])
            total = along[worlds, range(3)].sum()
            in_order = along[:, np.argsort(worlds)].T.ravel()
            return tuple(np.round([total, *in_order], 9).tolist())

        return max(permutations(range(3)), key=nearness)

    @property
    def voxel_volume(self) -> float:
        """The volume of one voxel, cubic millimetres."""
        return float(abs(np.linalg.det(self.affine[:3, :3])))

    def to_world(self, indices: ArrayLike) -> NDArray[np.float64]:
        """RAS millimetres of (fractional) indices; the last dimension is 3."""
        return np.asarray(indices, dtype=np.float64) @ self.affine[:3, :3].T + self.affine[:3, 3]

    def to_index(self, points: ArrayLike) -> NDArray[np.float64]:
        """Fractional indices of RAS points; the last dimension is 3."""
        return np.asarray(points, dtype=np.float64) @ self.inverse[:3, :3].T + self.inverse[:3, 3]

    def contains(self, points: ArrayLike) -> NDArray[np.bool_]:
        """Which RAS points lie inside the grid, voxel edges included."""
        index = self.to_index(points)
        inside: NDArray[np.bool_] = np.all(
            (index >= -0.5 - 1e-9) & (index <= np.array(self.shape) - 0.5 + 1e-9), axis=-1
        )
        return inside

    def same_as(self, other: Grid, tolerance: float = 1e-3) -> bool:
        """Do both grids put every voxel at the same place, within `tolerance` millimetres?"""
        if self.shape != other.shape:
            return False
        corners = np.array(np.meshgrid(*[(0, n - 1) for n in self.shape])).reshape(3, -1).T
        return bool(np.abs(self.to_world(corners) - other.to_world(corners)).max() <= tolerance)

    def part(self, start: Sequence[int], shape: Sequence[int]) -> Grid:
        """The grid of a crop (or, where it reaches outside, of a pad) that begins at `start`."""
        affine = self.affine.copy()
        affine[:3, 3] = self.to_world(np.asarray(start, dtype=np.float64))
        return Grid(tuple(shape), affine)  # type: ignore[arg-type]

    def permuted(self, order: Sequence[int], flips: Sequence[bool]) -> Grid:
        """The same voxels with axes in another order, then flipped along the marked new axes."""
        affine = np.eye(4)
        affine[:3, :3] = self.affine[:3, list(order)]
        shape = tuple(self.shape[axis] for axis in order)
        start = [shape[axis] - 1 if flip else 0 for axis, flip in enumerate(flips)]
        affine[:3, 3] = self.affine[:3, 3] + affine[:3, :3] @ np.array(start, dtype=float)
        affine[:3, :3] *= np.where(flips, -1.0, 1.0)
        return Grid(shape, affine)  # type: ignore[arg-type]

    def steps_to(self, codes: str) -> tuple[tuple[int, ...], tuple[bool, ...]]:
        """The axis order and flips that turn this grid's axes towards `codes`, such as "RAS"."""
        wanted = [next(w for w in range(3) if letter in _ENDS[w]) for letter in codes.upper()]
        if sorted(wanted) != [0, 1, 2]:
            raise VertebraError(f"'{codes}' is not an orientation; write it like RAS or LPI.")
        order = tuple(self._nearest_axes.index(world) for world in wanted)
        flips = tuple(self.codes[axis] != letter for axis, letter in zip(order, codes.upper()))
        return order, flips

    def resampled(self, spacing: Sequence[float] | float) -> Grid:
        """A grid over the same box with another spacing; the outer voxel edges stay in place."""
        target = np.broadcast_to(np.asarray(spacing, dtype=np.float64), 3)
        if (target <= 0).any():
            raise VertebraError("A voxel spacing must be larger than 0 mm.")
        extent = np.array(self.shape) * self.spacing
        shape = np.maximum(1, np.round(extent / target)).astype(int)
        affine = np.eye(4)
        affine[:3, :3] = self.directions * target
        first_edge = self.to_world([-0.5, -0.5, -0.5])
        affine[:3, 3] = first_edge + affine[:3, :3] @ np.full(3, 0.5)
        return Grid(tuple(shape), affine)
