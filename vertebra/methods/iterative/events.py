"""What happens during a traversal, for a viewer to show."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...spine import Point
from .instances import Instance
from .windows import Index


@dataclass(frozen=True)
class Step:
    """The network looked at a patch: where (RAS mm), its sides (mm), and what it found."""

    centre: Point
    size: tuple[float, float, float]
    seeking: int
    """The number of the vertebra that is being sought, from 1."""
    iteration: int
    """Which look for this vertebra it is, from 1."""
    voxels: int
    """How many voxels of it were found; 0 if too few."""


@dataclass(frozen=True, eq=False)
class Found:
    """A vertebra was segmented and went into the memory."""

    centre: Point
    instance: Instance


@dataclass(frozen=True, eq=False)
class Drawn:
    """A vertebra's mask was drawn on the scan's own grid, in a box of voxels from `start`."""

    number: int
    """Its instance in the result."""
    name: str
    """Its level where points tell it, else nothing."""
    start: Index
    mask: NDArray[np.bool_]


@dataclass(frozen=True)
class Dropped:
    """A mask that was found is left out of the result; one that was drawn has a number."""

    number: int | None
    why: str


Event = Step | Found | Drawn | Dropped
Listener = Callable[[Event], None]
