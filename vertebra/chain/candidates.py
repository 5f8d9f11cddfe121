"""What any localizer hands to the decoder: a place and what it looks like."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..anatomy import VERTEBRAE, Level
from ..errors import VertebraError

Vector = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Candidate:
    """A place that may be the centre of a vertebral body.

    `position` is RAS mm. `probabilities` weighs the levels of `VERTEBRAE` (C1 to S2) by how much
    the image speaks for each; only their ratios count. `existence` is the probability that a
    vertebra is there at all. `direction` points along the spine towards the tail. `partial` says
    that the edge of the scan cuts it, so that its position is less exact.

    >>> from vertebra.anatomy import level
    >>> candidate = Candidate.at_level((0, 0, 0), level("T12"))
    >>> str(VERTEBRAE[candidate.probabilities.argmax()])
    'T12'
    """

    position: Vector
    probabilities: Vector
    existence: float = 0.85
    direction: Vector | None = None
    partial: bool = False

    def __post_init__(self) -> None:
        position = np.asarray(self.position, dtype=float)
        weights = np.asarray(self.probabilities, dtype=float)
        if position.shape != (3,) or not np.isfinite(position).all():
            raise VertebraError("A candidate needs a position of three finite coordinates in mm.")
        if weights.shape != (len(VERTEBRAE),) or not (np.isfinite(weights) & (weights >= 0)).all():
            raise VertebraError(
                f"A candidate needs {len(VERTEBRAE)} level probabilities of 0 or more, C1 to S2."
            )
        if not 0 <= self.existence <= 1:
            raise VertebraError("A candidate's existence is a probability between 0 and 1.")
        object.__setattr__(self, "position", position)
        object.__setattr__(self, "probabilities", weights)
        if self.direction is not None:
            object.__setattr__(self, "direction", _unit(self.direction))

    @classmethod
    def at_level(
        cls, position: ArrayLike, level: Level, spread: float = 0.7, existence: float = 0.85
    ) -> Candidate:
        """A candidate from a named level, right to within `spread` levels."""
        return cls.at_number(position, level.rank + 1, spread, existence)

    @classmethod
    def at_number(
        cls, position: ArrayLike, number: float, spread: float = 0.7, existence: float = 0.85
    ) -> Candidate:
        """A candidate from a regressed number: 1 is C1, 28 is S2, in the order of `VERTEBRAE`."""
        if not spread > 0:
            raise VertebraError("The spread of a level number must be larger than 0.")
        away = (np.arange(1, len(VERTEBRAE) + 1) - number) / spread
        weights = np.exp(-0.5 * (away**2 - (away**2).min()))
        return cls(np.asarray(position, dtype=float), weights / weights.sum(), existence)

    @classmethod
    def unnamed(cls, position: ArrayLike, existence: float = 0.85) -> Candidate:
        """A candidate of which nothing but the place is known."""
        return cls(np.asarray(position, dtype=float), np.ones(len(VERTEBRAE)), existence)


def _unit(direction: ArrayLike) -> Vector:
    vector = np.asarray(direction, dtype=float)
    length = float(np.linalg.norm(vector)) if vector.shape == (3,) else 0.0
    if not 0 < length < np.inf:
        raise VertebraError("A candidate's direction needs three finite numbers, not all zero.")
    return vector / length
