"""Bones made from numbers alone: what a user of the repository has without any data."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from ..measures import SIZES, Size
from .solids import Clay, Field, Solid
from .template import Template


def body(size: Size, waist: float = 0.09, dent: float = 0.08, hollow: float = 1.6) -> Solid:
    """A vertebral body: two endplates, a waist, a dented back and hollow endplates."""
    low, high = (size.width_lower, size.depth_lower), (size.width_upper, size.depth_upper)

    def distance(x: Field, y: Field, z: Field) -> Field:
        t = np.clip(z / size.height + 0.5, 0, 1)
        narrow = 1 - waist * (1 - (2 * t - 1) ** 2)
        rx = (low[0] + t * (high[0] - low[0])) / 2 * narrow
        ry = (low[1] + t * (high[1] - low[1])) / 2 * narrow
        u = np.abs(x) / rx
        back = np.where(y < 0, 1 - dent * np.clip(1 - u * u, 0, 1), 1)
        v = np.abs(y) / (ry * back)
        k = 2.5
        r = (u**k + v**k + 1e-6) ** (1 / k)
        side = (r - 1) * np.minimum(rx, ry) * np.where(u > v, rx / np.minimum(rx, ry), 1)
        end = np.abs(z) - size.height / 2 + hollow * np.clip(1 - r * r, 0, 1)
        width = 3.0
        near = np.maximum(width - np.abs(side - end), 0)
        return np.asarray(np.maximum(side, end) + near * near * 0.25 / width, dtype=np.float32)

    return distance


def _rough_vertebra(name: str, size: Size) -> Clay:
    back = -size.depth / 2
    lamina = back - size.canal_depth
    reach = size.transverse_span / 2 + 6
    tip = back - size.spinous_length
    clay = Clay(
        (-reach - 6, tip - 10, -size.height - 20),
        (reach + 6, size.depth / 2 + 9, size.height + 16),
        1.1,
    )
    half = np.array([size.width, size.depth, size.height]) / 2 + 1
    clay.add(body(size), -half, half)
    thick = 2.4 + 0.1 * size.height
    inner = size.canal_width / 2
    px = inner + size.pedicle_width / 2
    h = size.height
    pedicle = np.array([size.pedicle_height, size.pedicle_width]) / 2
    clay.mirrored([[px, back + 4, h * 0.2], [px, lamina + 5, h * 0.2]], [pedicle, pedicle])
    clay.mirrored([[px, lamina + 5, h * 0.1], [0, lamina - 3, -h * 0.1]], [[h * 0.4, thick]] * 2)
    clay.mirrored([[px, lamina + 3, -h * 0.5], [px, lamina + 3, h * 0.6]], [[thick, thick]] * 2)
    span = size.transverse_span / 2 - 3
    clay.mirrored(
        [[px, lamina + 4, h * 0.15], [span, lamina + 2, h * 0.15]],
        [[thick * 1.2, thick], [thick, thick * 0.8]],
    )
    slope = 0.6 if name[0] == "T" else 0.15
    drop = -(size.spinous_length - size.canal_depth) * slope
    clay.limb([[0, lamina - 3, -h * 0.1], [0, tip + 3, -h * 0.1 + drop]], [[h * 0.35, thick]] * 2)
    return clay


class Procedural:
    """The shape source that needs no data."""

    def bone(self, name: str) -> tuple[Template, Size]:
        """The shape of a bone by level name ("C1" to "L6", "S1") and the size it was made with."""
        return _template(name), SIZES[name]


@lru_cache(maxsize=64)
def _template(name: str) -> Template:
    return _rough_vertebra(name, SIZES[name]).template()
