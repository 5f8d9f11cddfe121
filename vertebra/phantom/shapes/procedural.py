"""Bones made from numbers alone: what a user of the repository has without any data."""

from __future__ import annotations

from functools import cache

import numpy as np

from ..measures import SIZES, Size
from .cervical import atlas, axis, cervical
from .lumbar import lumbar
from .pelvis import hip, sacrum
from .skull import skull
from .solids import Style
from .template import Template
from .thoracic import thoracic

STYLES = 4
"""How many different makes there are of every bone."""


class Procedural:
    """The shape source that needs no data."""

    def vertebra(self, name: str, variant: int = 0) -> tuple[Template, Size]:
        """The shape of a level, C1 to L6, and the size it was made with."""
        return _vertebra(name, variant % STYLES), SIZES[name]

    def bone(self, name: str, variant: int = 0) -> Template:
        """The sacrum, the right hip bone or the skull."""
        return _bone(name, variant % STYLES)


def _style(number: int) -> Style:
    """The first style is the usual one."""
    rng = np.random.Generator(np.random.PCG64([number, 5]))
    low, high = [0.9, 0.6, 0.5, 0.94], [1.1, 1.4, 1.5, 1.06]
    plump, waist, hollow, breadth = (float(factor) for factor in rng.uniform(low, high))
    bow, cleft = (0.0, -3.5, 3.5, 1.0)[number], number == 3
    return Style(plump, waist, hollow, breadth, bow, cleft) if number else Style()


@cache
def _vertebra(name: str, style: int) -> Template:
    size, make = SIZES[name], _style(style)
    if name == "C1":
        return atlas(size, 0.9, make).template()
    if name == "C2":
        return axis(size, 0.9, make).template()
    if name[0] == "C":
        return cervical(name, size, 0.9, make).template()
    if name[0] == "T":
        return thoracic(name, size, 1.0, make).template()
    return lumbar(name, size, 1.2, make).template()


@cache
def _bone(name: str, style: int) -> Template:
    maker, step = {"sacrum": (sacrum, 1.5), "hip": (hip, 1.8), "skull": (skull, 2.0)}[name]
    return maker(step, _style(style)).template()
