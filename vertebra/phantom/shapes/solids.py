"""Modelling clay: solids put onto a lattice of signed distances, blended, and cut."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .template import Template

Field = NDArray[np.float32]
Rows = Sequence[Any] | NDArray[Any]
"""Points or radii, one a row."""

Solid = Callable[[Field, Field, Field], Field]
FAR = 30.0
MARGIN = 7.0
"""Around a part, its distance is worked out this far, mm."""


@dataclass(frozen=True)
class Style:
    """What distinguishes one maker's bones from another's, as factors on the usual."""

    plump: float = 1.0
    """Thickness of processes and rods."""
    waist: float = 1.0
    hollow: float = 1.0
    """Depth of the endplates' hollows."""
    breadth: float = 1.0
    """Width of the sacrum's wings."""
    bow: float = 0.0
    """How far the middle of the sacrum lies behind its usual place, mm."""
    cleft: bool = False
    """The arch of S1 is open behind (spina bifida occulta)."""


class Clay:
    """A bone in the making; parts are added in order, each only inside its own box."""

    def __init__(
        self, low: ArrayLike, high: ArrayLike, step: float, style: Style | None = None
    ) -> None:
        self.style = style or Style()
        self.origin = np.asarray(low, dtype=np.float64)
        self.step = step
        shape = np.ceil((np.asarray(high, dtype=np.float64) - self.origin) / step).astype(int) + 1
        self.field: Field = np.full(shape, FAR, dtype=np.float32)

    def _region(
        self, low: ArrayLike, high: ArrayLike
    ) -> tuple[tuple[slice, ...], tuple[Field, Field, Field]]:
        first = np.floor((np.asarray(low) - MARGIN - self.origin) / self.step).astype(int)
        last = np.ceil((np.asarray(high) + MARGIN - self.origin) / self.step).astype(int) + 1
        first = np.clip(first, 0, self.field.shape)
        last = np.clip(last, first, self.field.shape)
        slices = tuple(slice(int(a), int(b)) for a, b in zip(first, last))
        axes = [
            (self.origin[axis] + self.step * np.arange(first[axis], last[axis])).astype(np.float32)
            for axis in range(3)
        ]
        x, y, z = axes[0][:, None, None], axes[1][None, :, None], axes[2][None, None, :]
        return slices, (x, y, z)

    def add(self, solid: Solid, low: ArrayLike, high: ArrayLike, blend: float = 2.0) -> None:
        """Joins a solid; a fillet of about `blend` mm rounds the joint."""
        where, points = self._region(low, high)
        self.field[where] = smooth_minimum(self.field[where], solid(*points), blend)

    def cut(self, solid: Solid, low: ArrayLike, high: ArrayLike, blend: float = 1.0) -> None:
        """Takes a solid away."""
        where, points = self._region(low, high)
        self.field[where] = -smooth_minimum(-self.field[where], solid(*points), blend)

    def limb(
        self, points: Rows, radii: Rows, flat: ArrayLike = (0, 0, 1), blend: float = 2.0
    ) -> None:
        """Adds a bent rod: points as rows, radii as rows (along `flat`, across it)."""
        path = np.asarray(points, dtype=np.float64)
        sizes = np.broadcast_to(np.asarray(radii, dtype=np.float64), (len(path), 2))
        sizes = sizes * self.style.plump
        widest = sizes.max()
        solid = rod(path, sizes, np.asarray(flat, dtype=np.float64))
        self.add(solid, path.min(0) - widest, path.max(0) + widest, blend)

    def template(self) -> Template:
        """The finished bone; distances are evened out so that they grow by 1 mm a mm."""
        slopes = np.gradient(self.field, self.step)
        steepness = np.sqrt(sum(slope * slope for slope in slopes))
        return Template.of(self.field / np.clip(steepness, 0.7, 1.6), self.origin, self.step)


def smooth_minimum(a: Field, b: Field, blend: float) -> Field:
    """The smaller of two distances with a rounded transition of width `blend`."""
    if blend <= 0:
        return np.minimum(a, b)
    near = np.maximum(np.float32(blend) - np.abs(a - b), np.float32(0))
    return np.asarray(np.minimum(a, b) - near * near * np.float32(0.25 / blend), dtype=np.float32)


def rod(path: NDArray[np.float64], radii: NDArray[np.float64], flat: NDArray[np.float64]) -> Solid:
    """A bent rod with an elliptic section: radius along `flat` and across it, at every point."""

    def distance(x: Field, y: Field, z: Field) -> Field:
        result: Field | None = None
        for start, end, first, last in zip(path, path[1:], radii, radii[1:]):
            d = _segment(x, y, z, start, end, first, last, flat)
            result = d if result is None else np.minimum(result, d)
        assert result is not None
        return result

    return distance


def _segment(
    x: Field,
    y: Field,
    z: Field,
    start: NDArray[np.float64],
    end: NDArray[np.float64],
    first: NDArray[np.float64],
    last: NDArray[np.float64],
    flat: NDArray[np.float64],
) -> Field:
    axis = end - start
    length = float(np.linalg.norm(axis))
    along = axis / max(length, 1e-6)
    up = np.asarray(flat - along * (flat @ along), dtype=np.float64)
    if np.linalg.norm(up) < 0.05:
        up = np.asarray(np.cross(along, np.roll(along, 1)), dtype=np.float64)
    up = np.asarray(up / np.linalg.norm(up), dtype=np.float64)
    across = np.asarray(np.cross(along, up), dtype=np.float64)
    px, py, pz = (np.float32(v) for v in start)
    dx, dy, dz = x - px, y - py, z - pz

    def component(v: NDArray[np.float64]) -> Field:
        a, b, c = (np.float32(n) for n in v)
        return np.asarray(a * dx + b * dy + c * dz)

    t = component(along)
    u = component(up)
    v = component(across)
    share = np.clip(t * np.float32(1 / max(length, 1e-6)), 0, 1)
    beyond = t - share * np.float32(length)
    ru = np.float32(first[0]) + share * np.float32(last[0] - first[0])
    rv = np.float32(first[1]) + share * np.float32(last[1] - first[1])
    mean = np.minimum(ru, rv)
    # first-order distance to an ellipse: f / |grad f| with f = |(u/ru, v/rv, w/mean)| - 1
    a, b, c = u / ru, v / rv, beyond / mean
    r = np.sqrt(a * a + b * b + c * c) + np.float32(1e-6)
    slope = np.sqrt((a / ru) ** 2 + (b / rv) ** 2 + (c / mean) ** 2) / r
    return np.asarray((r - 1) / np.maximum(slope, 1 / np.maximum(ru, rv)), dtype=np.float32)
