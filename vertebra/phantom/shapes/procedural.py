"""Bones made from numbers alone: what a user of the repository has without any data."""

from __future__ import annotations

from functools import lru_cache

from ..measures import SIZES, Size
from .cervical import atlas, axis, cervical
from .lumbar import lumbar
from .pelvis import hip, sacrum
from .skull import skull
from .template import Template
from .thoracic import thoracic


class Procedural:
    """The shape source that needs no data."""

    def vertebra(self, name: str, variant: int = 0) -> tuple[Template, Size]:  # noqa: ARG002
        """The shape of a level, C1 to L6, and the size it was made with."""
        return _vertebra(name), SIZES[name]

    def bone(self, name: str, variant: int = 0) -> Template:  # noqa: ARG002
        """The sacrum, the right hip bone or the skull."""
        return _bone(name)


@lru_cache(maxsize=64)
def _vertebra(name: str) -> Template:
    size = SIZES[name]
    if name == "C1":
        return atlas(size, 0.9).template()
    if name == "C2":
        return axis(size, 0.9).template()
    if name[0] == "C":
        return cervical(name, size, 0.9).template()
    if name[0] == "T":
        return thoracic(name, size, 1.0).template()
    return lumbar(name, size, 1.2).template()


@lru_cache(maxsize=8)
def _bone(name: str) -> Template:
    if name == "sacrum":
        return sacrum(1.5).template()
    if name == "hip":
        return hip(1.8).template()
    return skull(2.0).template()
