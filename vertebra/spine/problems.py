"""What is wrong or doubtful in a spine, as sentences that say where."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from ..anatomy import adjacent
from ..spacing import between, room_for_another, skips, subject_scale
from .vertebra import Vertebra

if TYPE_CHECKING:
    from .spine import Spine

SPACING_TOLERANCE = 0.35
"""A step may differ by this share from the mean spine scaled to the subject; spreads are 3-8 %."""


class Kind(Enum):
    """What sort of problem it is."""

    DUPLICATE = "duplicate"
    GAP = "gap"
    ORDER = "order"
    SPACING = "spacing"
    NOT_ANCHORED = "not anchored"


@dataclass(frozen=True)
class Problem:
    """One problem: its kind, the instances concerned, and a sentence for the user."""

    kind: Kind
    instances: tuple[int, ...]
    sentence: str


def problems_of(spine: Spine) -> tuple[Problem, ...]:
    """All problems of a spine, from head to tail within each kind."""
    found = [*_duplicates(spine), *_wrong_order(spine), *_gaps(spine), *_odd_spacing(spine)]
    if len(spine) and spine.anchored_count is False:
        sentence = (
            "The count is not anchored: neither C2 nor the sacrum is surely in view; "
            "check one level and anchor it."
        )
        found.append(Problem(Kind.NOT_ANCHORED, (), sentence))
    return tuple(found)


def _duplicates(spine: Spine) -> Iterator[Problem]:
    for level, count in Counter(spine.levels).items():
        if count > 1:
            instances = tuple(each.instance for each in spine if each.level is level)
            yield Problem(Kind.DUPLICATE, instances, f"{level} is used {count} times.")


def _wrong_order(spine: Spine) -> Iterator[Problem]:
    for upper, lower in pairwise(spine.vertebrae):
        if lower.level < upper.level:
            sentence = f"{lower.level} lies below {upper.level}."
            yield Problem(Kind.ORDER, (upper.instance, lower.instance), sentence)


def missing_between(spine: Spine) -> Iterator[tuple[Vertebra, Vertebra]]:
    """Neighbours between which a level is missing.

    T11 and L1, or L4 and S1, may follow each other; they are a gap when they lie two steps apart.
    """
    scale = subject_scale(spine.levels, spine.centroids)
    for upper, lower in pairwise(spine.vertebrae):
        above, below = upper.level, lower.level
        missed = skips(above, below) and room_for_another(above, below, _apart(upper, lower), scale)
        if missed or (above < below and not adjacent(above, below)):
            yield upper, lower


def _gaps(spine: Spine) -> Iterator[Problem]:
    for upper, lower in missing_between(spine):
        sentence = f"Between {upper.level} and {lower.level} a level is missing."
        yield Problem(Kind.GAP, (upper.instance, lower.instance), sentence)


def _odd_spacing(spine: Spine) -> Iterator[Problem]:
    scale = subject_scale(spine.levels, spine.centroids)
    gaps = {upper.instance for upper, _ in missing_between(spine)}
    for upper, lower in pairwise(spine.vertebrae):
        if upper.instance in gaps and adjacent(upper.level, lower.level):
            continue
        expected = scale * between(upper.level, lower.level)
        distance = _apart(upper, lower)
        if expected and abs(distance / expected - 1) > SPACING_TOLERANCE:
            sentence = (
                f"{upper.level} and {lower.level} lie {distance:.0f} mm apart; "
                f"about {expected:.0f} mm is usual for this spine."
            )
            yield Problem(Kind.SPACING, (upper.instance, lower.instance), sentence)


def _apart(upper: Vertebra, lower: Vertebra) -> float:
    return float(np.linalg.norm(np.subtract(upper.centroid, lower.centroid)))
