"""Names for masks that come without a point: from their places alone, or from their neighbours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from ...anatomy import LEVELS, VERTEBRAE, Level, Region
from ...chain import Candidate, decode
from ...spine import Flag, Point, Spine, Vertebra

SURELY_THERE = 0.98
ASIDE = 40.0
"""So far (mm) to the side of the nearest one with a name, what does not fit in is a rib or hip."""
ANY_VERTEBRA = np.array([float(level.region is not Region.SACRAL) for level in VERTEBRAE])
"""All levels are as likely, but for the sacrum, which is not segmented."""


def named(centres: Mapping[int, Point]) -> Spine:
    """A spine of body centres by instance, named by their spacing alone: doubtful, so flagged.

    What does not fit in becomes a second one of its neighbour's level, if none is left; it is left
    out if it lies far to the side.
    """
    candidates = [
        Candidate(np.array(each), ANY_VERTEBRA, SURELY_THERE) for each in centres.values()
    ]
    decoded = decode(candidates).spine.vertebrae
    spine = Spine(tuple(each for each in decoded if each.level.region is not Region.SACRAL))
    fitting = spine
    for centre in centres.values():
        if centre not in fitting.centroids and not _far_aside(centre, fitting):
            spine = with_one_more(spine, centre, frozenset())
    instances = {centre: number for number, centre in centres.items()}
    vertebrae = (
        replace(each, instance=instances[each.centroid], flags=each.flags | {Flag.AMBIGUOUS})
        for each in spine
    )
    return Spine(tuple(vertebrae), anchored_count=False)


def _far_aside(centre: Point, spine: Spine) -> bool:
    """Does a place lie far to the side of the vertebra that is nearest in height?"""
    if not len(spine):
        return False
    nearest = min(spine, key=lambda each: abs(each.centroid[2] - centre[2]))
    return abs(nearest.centroid[0] - centre[0]) > ASIDE


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
    found = above.next(spine.anomalies)
    return above if found is None or found.region is Region.SACRAL else found
