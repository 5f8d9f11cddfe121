"""One vertebra of a result, and what made the result."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from ..anatomy import Level

Point = tuple[float, float, float]
"""A place in the patient, RAS millimetres."""


class Flag(Enum):
    """Something a person should look at."""

    PARTIAL = "partial"
    ANOMALY = "anomaly"
    AMBIGUOUS = "ambiguous"
    SPACING = "spacing"
    METAL = "metal"
    FRAGMENTED = "fragmented"
    HEIGHT_LOSS = "height loss"
    NO_MASK = "no mask"
    NO_POINT = "no point"
    CORRECTED = "corrected"

    @property
    def sentence(self) -> str:
        """What to tell the user."""
        return _SENTENCES[self]


_SENTENCES = {
    Flag.PARTIAL: "Cut by the edge of the scan.",
    Flag.ANOMALY: "11 or 13 thoracic or 4 or 6 lumbar vertebrae suspected: check the count.",
    Flag.AMBIGUOUS: "Another level is nearly as likely.",
    Flag.SPACING: "Unusual distance to its neighbour.",
    Flag.METAL: "Metal nearby: position and mask are less sure.",
    Flag.FRAGMENTED: "Its mask is in pieces.",
    Flag.HEIGHT_LOSS: "Its body is low: fracture?",
    Flag.NO_MASK: "A point without a mask.",
    Flag.NO_POINT: "A mask without a point.",
    Flag.CORRECTED: "Set by a person.",
}


@dataclass(frozen=True)
class Provenance:
    """What made a result, so that it can be made again."""

    software: str = ""
    method: str = ""
    weights: str = ""
    created: str = ""
    source: str = ""


@dataclass(frozen=True)
class Vertebra:
    """Which vertebra it is, where its body's centre lies, and how sure we are.

    `instance` identifies it through all edits and in label maps. `confidence` is the probability
    that the level is right, `completeness` that it lies completely in view; `None` means unknown.
    """

    instance: int
    level: Level
    centroid: Point
    confidence: float | None = None
    completeness: float | None = None
    flags: frozenset[Flag] = frozenset()
    locked: bool = False
