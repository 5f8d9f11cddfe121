"""A bone as a lattice of signed distances in its own millimetres, sampled at any points."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import ndimage
from torch import Tensor

UNITS = 256.0
"""Distances are kept as whole 1/256 mm, so that they are the same numbers on every machine."""

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Template:
    """Distances of one bone at `origin + step * (i, j, k)`; negative inside."""

    distances: NDArray[np.int16]
    origin: Array
    step: float

    @classmethod
    def of(cls, field: NDArray[np.floating], origin: Array, step: float) -> Template:
        """A template from distances in mm."""
        whole = np.clip(np.round(np.asarray(field) * UNITS), -32000, 32000).astype(np.int16)
        return cls(whole, np.asarray(origin, dtype=np.float64), step)

    @cached_property
    def box(self) -> Array:
        """The lowest and the highest corner, mm, as rows."""
        return np.stack([self.origin, self.origin + self.step * (np.array(self.shape) - 1)])

    @property
    def shape(self) -> tuple[int, ...]:
        return self.distances.shape

    def surface_extent(self, axis: int) -> Array:
        """The lowest and the highest coordinate of the bone along an axis, mm."""
        others = tuple(other for other in range(3) if other != axis)
        inside = np.flatnonzero((self.distances < 0).any(axis=others))
        return np.asarray(self.origin[axis] + self.step * inside[[0, -1]])

    def surface_towards(self, point: Array) -> Array:
        """Where the line from the origin through an edge point leaves the bone."""
        shares = np.linspace(0.5, 1.2, 141)
        index = (np.outer(shares, point) - self.origin) / self.step
        field = ndimage.map_coordinates(self.distances.astype(np.float64), index.T, order=1)
        inside = np.flatnonzero(np.cumprod(field < 0))
        return np.asarray(point * shares[inside[-1] if len(inside) else 0])

    @cached_property
    def _on_device(self) -> dict[torch.device, Tensor]:
        return {}

    def _values(self, device: torch.device) -> Tensor:
        if device not in self._on_device:
            self._on_device[device] = torch.from_numpy(self.distances).to(device).reshape(-1)
        return self._on_device[device]

    def sample(self, x: Tensor, y: Tensor, z: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Distance (mm) and its gradient at points in the template's millimetres.

        Only + - * and floor on float32: exactly rounded, hence the same on every CPU.
        """
        values = self._values(x.device)
        base = None
        fractions = []
        for axis, coordinate in enumerate((x, y, z)):
            index = (coordinate - float(self.origin[axis])) * (1.0 / self.step)
            index = index.clamp(0.0, self.shape[axis] - 1.001)
            whole = index.floor()
            fractions.append(index - whole)
            part = whole.to(torch.int32)
            base = part if base is None else base * self.shape[axis] + part
        assert base is not None
        u, v, w = fractions
        row, plane = self.shape[2], self.shape[1] * self.shape[2]

        def corner(offset: int) -> Tensor:
            return values.take((base + offset).long()).to(torch.float32)

        c00, c01 = corner(0), corner(1)
        c10, c11 = corner(row), corner(row + 1)
        z00, z10 = c01 - c00, c11 - c10
        a0, a1 = c00 + w * z00, c10 + w * z10
        dy0, dz0 = a1 - a0, z00 + v * (z10 - z00)
        near = a0 + v * dy0
        c00, c01 = corner(plane), corner(plane + 1)
        c10, c11 = corner(plane + row), corner(plane + row + 1)
        z00, z10 = c01 - c00, c11 - c10
        a0, a1 = c00 + w * z00, c10 + w * z10
        dy1, dz1 = a1 - a0, z00 + v * (z10 - z00)
        far = a0 + v * dy1
        dx = far - near
        distance = near + u * dx
        scale = 1.0 / (UNITS * self.step)
        return (
            distance * (1.0 / UNITS),
            dx * scale,
            (dy0 + u * (dy1 - dy0)) * scale,
            (dz0 + u * (dz1 - dz0)) * scale,
        )
