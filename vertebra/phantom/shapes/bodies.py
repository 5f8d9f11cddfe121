"""Vertebral bodies and other solids that are more than rods."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ..measures import Size
from .solids import Field, Solid

Array = NDArray[np.float64]


def body(
    size: Size,
    *,
    waist: float = 0.09,
    dent: float = 0.10,
    hollow: float = 1.6,
    taper: float = 0.0,
    saddle: float = 0.0,
) -> Solid:
    """A vertebral body: two endplates, a waist, a back wall dented in the midline.

    `hollow` mm deepens the endplates, `taper` narrows the front (thoracic hearts), `saddle` mm
    lifts the sides of the upper endplate and lowers the front of the lower one (cervical).
    """
    low, high = (size.width_lower, size.depth_lower), (size.width_upper, size.depth_upper)

    def distance(x: Field, y: Field, z: Field) -> Field:
        t = np.clip(z / size.height + 0.5, 0, 1)
        narrow = 1 - waist * (1 - (2 * t - 1) ** 2)
        rx = (low[0] + t * (high[0] - low[0])) / 2 * narrow
        ry = (low[1] + t * (high[1] - low[1])) / 2 * narrow
        front = np.clip(y / ry, -1, 1)
        rx = rx * (1 - taper * np.clip(front + 0.3, 0, None) ** 2)
        u = np.abs(x) / rx
        back = np.where(y < 0, 1 + dent * np.clip(u, 0, 0.9) ** 2, 1)
        v = np.abs(y) / (ry * back)
        k = np.where(y < 0, 2.8, 2.1)
        r = (u**k + v**k + 1e-6) ** (1 / k)
        slope = np.sqrt((u / rx) ** 2 + (v / ry) ** 2) / np.maximum(np.sqrt(u * u + v * v), 1e-3)
        side = (r - 1) / np.maximum(slope, 1 / np.maximum(rx, ry))
        bowl = hollow * np.clip(1 - r * r, 0, 1)
        upper = z - size.height / 2 + bowl - saddle * np.clip(u - 0.35, 0, 0.8) ** 2 * 1.6
        lower = -z - size.height / 2 + bowl * 0.8 + saddle * 0.45 * -front
        end = np.maximum(upper, lower)
        width = min(2.5, 0.13 * size.height)
        near = np.maximum(width - np.abs(side - end), 0)
        return np.asarray(np.maximum(side, end) + near * near * 0.25 / width, dtype=np.float32)

    return distance


def block(
    centre: Sequence[float],
    half: Sequence[float],
    axes: Array | None = None,
    rounded: float = 1.5,
) -> Solid:
    """A box with rounded edges; `axes` holds its own directions as columns."""
    turn = np.eye(3) if axes is None else axes
    sizes = np.maximum(np.asarray(half) - rounded, 0.05)

    def distance(x: Field, y: Field, z: Field) -> Field:
        dx, dy, dz = x - np.float32(centre[0]), y - np.float32(centre[1]), z - np.float32(centre[2])
        local = [
            np.abs(
                np.float32(turn[0, i]) * dx
                + np.float32(turn[1, i]) * dy
                + np.float32(turn[2, i]) * dz
            )
            - np.float32(sizes[i])
            for i in range(3)
        ]
        outside = np.sqrt(sum(np.maximum(q, 0) ** 2 for q in local))
        inside = np.minimum(np.maximum(np.maximum(local[0], local[1]), local[2]), 0)
        return np.asarray(outside + inside - rounded, dtype=np.float32)

    return distance


def pillar(
    centre: Sequence[float], half: Sequence[float], slope: float, rounded: float = 1.5
) -> Solid:
    """An upright block whose upper and lower faces fall backwards by `slope` mm a mm."""
    steep = np.float32(1 / np.sqrt(1 + slope * slope))
    upright = block((0, 0, 0), (half[0], half[1], half[2] * float(steep)), None, rounded)

    def distance(x: Field, y: Field, z: Field) -> Field:
        dy = y - np.float32(centre[1])
        dz = (z - np.float32(centre[2]) - np.float32(slope) * dy) * steep
        return upright(x - np.float32(centre[0]), dy, dz)

    return distance


def ellipsoid(
    centre: Sequence[float] | Array, radii: Sequence[float], axes: Array | None = None
) -> Solid:
    """An ellipsoid; `axes` holds its own directions as columns."""
    turn = np.eye(3) if axes is None else axes

    def distance(x: Field, y: Field, z: Field) -> Field:
        dx, dy, dz = x - np.float32(centre[0]), y - np.float32(centre[1]), z - np.float32(centre[2])
        a, b, c = (
            (
                np.float32(turn[0, i]) * dx
                + np.float32(turn[1, i]) * dy
                + np.float32(turn[2, i]) * dz
            )
            / np.float32(radii[i])
            for i in range(3)
        )
        r = np.sqrt(a * a + b * b + c * c) + np.float32(1e-6)
        slope = np.sqrt((a / radii[0]) ** 2 + (b / radii[1]) ** 2 + (c / radii[2]) ** 2) / r
        return np.asarray((r - 1) / np.maximum(slope, 1 / max(radii)), dtype=np.float32)

    return distance


def shell(outer: Solid, thickness: float) -> Solid:
    """The wall of a solid, reaching `thickness` mm inwards."""

    def distance(x: Field, y: Field, z: Field) -> Field:
        d = outer(x, y, z)
        return np.asarray(np.abs(d + np.float32(thickness / 2)) - np.float32(thickness / 2))

    return distance
