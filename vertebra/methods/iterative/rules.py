"""The numbers of the traversal, in voxels, and its direction."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from .windows import Index


class Direction(str, Enum):
    """Which end of the spine comes first."""

    DOWN = "down"
    UP = "up"


@dataclass(frozen=True)
class Rules:
    """How patches move: their size, n_min, delta_max, the iteration limit, and the direction."""

    patch: int = 128
    least: int = 1000
    tolerance: int = 2
    iterations: int = 20
    direction: Direction = Direction.DOWN
    strayed: float | None = None
    """So far from the body of what it found, or told none, a network is told that body's place."""

    @property
    def whole(self) -> Index:
        """The shape of a patch."""
        return self.patch, self.patch, self.patch

    @property
    def step(self) -> int:
        """Delta x of the search: half a patch."""
        return max(1, self.patch // 2)
