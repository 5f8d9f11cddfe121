"""Names for masks that come without a point: from their places alone, or from their neighbours."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ...anatomy import LEVELS, Level
from ...chain import Candidate, decode
from ...spine import Flag, Point, Spine, Vertebra

SURELY_THERE = 0.98


def named(centres: Sequence[Point]) -> Spine:
    """A spine of these body centres, whose spacing alone tells the levels: doubtful, so flagged.

    Instances number the centres from head to tail.
    """
    candidates = [Candidate.unnamed(np.array(each), SURELY_THERE) for each in centres]
    spine = decode(candidates).spine
    known = set(spine.centroids)
    for centre in centres:
        if centre not in known:
            spine = with_one_more(spine, centre, frozenset({Flag.AMBIGUOUS}))
    ordered = enumerate(spine.vertebrae, start=1)
    return Spine(
        tuple(
            Vertebra(
                number,
                each.level,
                each.centroid,
                each.confidence,
                flags=each.flags | {Flag.AMBIGUOUS},
            )
            for number, each in ordered
        ),
        anchored_count=False,
    )


def with_one_more(spine: Spine, centre: Point, flags: frozenset[Flag]) -> Spine:
    """The spine with one more vertebra at its height; no other is renamed."""
    place = sum(each.centroid[2] > centre[2] for each in spine)
    instance = max((each.instance for each in spine), default=0) + 1
    added = Vertebra(instance, _level_at(spine, place), centre, flags=flags)
    vertebrae = (*spine.vertebrae[:place], added, *spine.vertebrae[place:])
    return Spine(vertebrae, spine.anchored_count, None, spine.provenance)


def _level_at(spine: Spine, place: int) -> Level:
    """The level below the upper neighbour, else above the lower one; a duplicate shows as such."""
    if not len(spine):
        return LEVELS["L1"]
    if place == 0:
        below = spine.levels[0]
        return below.previous(spine.anomalies) or below
    above = spine.levels[place - 1]
    return above.next(spine.anomalies) or above
