"""Arithmetic on a craniocaudal list of levels: what the edits of a spine have in common."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise

import numpy as np

from ..anatomy import LEVELS, Anomaly, Level, Region, chain
from ..errors import BadEdit
from ..spacing import between, subject_scale
from .vertebra import Point

_LUMBAR = tuple(LEVELS[f"L{n}"] for n in range(1, 7))
_SACRAL = (LEVELS["S1"], LEVELS["S2"], LEVELS["Co"])
_BELOW: dict[tuple[Anomaly, bool], tuple[Level, ...]] = {
    (Anomaly.T13, True): (LEVELS["T13"], *_LUMBAR),
    (Anomaly.T13, False): _LUMBAR,
    (Anomaly.NO_T12, True): _LUMBAR,
    (Anomaly.NO_T12, False): (LEVELS["T12"], *_LUMBAR),
    (Anomaly.L6, True): (LEVELS["L6"], *_SACRAL),
    (Anomaly.L6, False): _SACRAL,
    (Anomaly.NO_L5, True): _SACRAL,
    (Anomaly.NO_L5, False): (LEVELS["L5"], *_SACRAL),
}
"""What follows at the border of a region once an anomaly is set or cleared."""


def step(level: Level, steps: int, anomalies: Iterable[Anomaly]) -> Level:
    """The level that lies `steps` below (or, negative, above) in a spine with these anomalies."""
    path = sorted({*chain(anomalies), level})
    index = path.index(level) + steps
    if not 0 <= index < len(path):
        end = "above C1" if index < 0 else "below the coccyx"
        raise BadEdit(f"{level} cannot be shifted by {steps:+d}: that would be {end}.")
    return path[index]


def steps_between(
    levels: Sequence[Level], points: Sequence[Point], anomalies: Iterable[Anomaly]
) -> list[int]:
    """How many levels each vertebra lies below the one before it: one, or more across a gap.

    A gap in the names counts only where the distance bears it out.
    """
    path = sorted({*chain(anomalies), *levels})
    scale = subject_scale(levels, points)
    steps = []
    for (upper, lower), (a, b) in zip(pairwise(levels), pairwise(points)):
        count = path.index(lower) - path.index(upper)
        if count > 1:
            one = between(upper, path[path.index(upper) + 1])
            distance = float(np.linalg.norm(np.subtract(b, a)))
            count = count if distance > 1.5 * scale * one else 1
        steps.append(max(count, 1))
    return steps


def around_anchor(
    steps: Sequence[int], index: int, level: Level, anomalies: Iterable[Anomaly]
) -> list[Level]:
    """The levels of all vertebrae once the one at `index` is fixed."""
    known = {*anomalies} | {Anomaly(level.name)} if level.name in ("T13", "L6") else {*anomalies}
    levels = [level] * (len(steps) + 1)
    for lower in range(index + 1, len(levels)):
        levels[lower] = step(levels[lower - 1], steps[lower - 1], known)
    for upper in range(index - 1, -1, -1):
        levels[upper] = step(levels[upper + 1], -steps[upper], known)
    return levels


def under_anomaly(
    levels: Sequence[Level], steps: Sequence[int], anomaly: Anomaly, present: bool
) -> list[Level]:
    """The levels once an anomaly is set or cleared.

    What lies above keeps its level; a sacrum in view stays the sacrum after a thoracic change.
    """
    thoracic = anomaly in (Anomaly.NO_T12, Anomaly.T13)
    region = Region.THORACIC if thoracic else Region.LUMBAR
    inside = [index for index, level in enumerate(levels) if level.region is region]
    lengthens = (anomaly in (Anomaly.T13, Anomaly.L6)) == present
    border = inside[-1] + 1 if inside and lengthens else inside[-1] if inside else len(levels)
    if border >= len(levels):
        raise BadEdit(
            f"{anomaly.value}: the lower end of the {region.value} spine is not in view, "
            "so there is nothing to renumber."
        )
    lost = LEVELS["T12" if thoracic else "L5"]
    if present and not lengthens and levels[border] is not lost:
        raise BadEdit(
            f"{anomaly.value}: the {region.value} spine in view does not end with {lost}, so there "
            "is nothing to renumber."
        )
    path = _BELOW[anomaly, present]
    changed = list(levels)
    position = 0
    for index in range(border, len(levels)):
        position += steps[index - 1] if index > border else 0
        if thoracic and levels[index].region is Region.SACRAL:
            break
        if position >= len(path):
            raise BadEdit(f"{anomaly.value}: too many vertebrae follow below to renumber them.")
        changed[index] = path[position]
    return changed


def least_detour(points: Sequence[Point], point: Point) -> int:
    """The place in the order where a new point lengthens the path along the spine the least."""
    if len(points) < 2:
        return 0 if points and point[2] > points[0][2] else len(points)
    to_new = [float(np.linalg.norm(np.subtract(point, each))) for each in points]
    steps = [float(np.linalg.norm(np.subtract(b, a))) for a, b in pairwise(points)]
    inner = [to_new[i] + to_new[i + 1] - length for i, length in enumerate(steps)]
    return int(np.argmin([to_new[0], *inner, to_new[-1]]))
