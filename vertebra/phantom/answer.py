"""The spine that a perfect reader would report for a scan of a subject."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from ..anatomy import Anomaly, Level
from ..spine import Flag, Provenance, Spine, Vertebra
from .protocol import View
from .shapes.source import ShapeSource
from .subject import Subject
from .truth import COMPLETE, bone_points

_ODD = {"T13": Anomaly.T13, "L6": Anomaly.L6, "L1": Anomaly.NO_T12, "S1": Anomaly.NO_L5}


def answer(
    subject: Subject, view: View, labels: NDArray[np.integer], shapes: ShapeSource | None
) -> Spine:
    """Every vertebra whose body's centre is in view, with its visible share and flags."""
    points = view.to_world(subject.pose.centres)
    inside = view.grid.contains(points)
    cut = _touching(labels)
    whole = set(np.unique(labels).tolist())
    vertebrae = []
    for level, point, seen in zip(subject.levels, points, inside):
        if not seen:
            continue
        share = 1.0 if level.verse in whole - cut else 0.0
        if level.verse in cut:
            bone = view.to_world(bone_points(subject, level.name, shapes))
            share = float(view.grid.contains(bone).mean())
        centre = (float(point[0]), float(point[1]), float(point[2]))
        flags = frozenset(_flags(subject, level, share))
        vertebrae.append(Vertebra(level.verse, level, centre, 1.0, share, flags))
    names = {vertebra.level.name for vertebra in vertebrae}
    anchored = bool(names & {"C1", "C2", "S1"})
    return Spine(tuple(vertebrae), anchored, provenance=Provenance(method="phantom"))


def _touching(labels: NDArray[np.integer]) -> set[int]:
    """Numbers on the border of the volume; all others are wholly in view."""
    found: set[int] = set()
    for axis in range(3):
        for end in (0, -1):
            found |= set(np.unique(labels.take(end, axis)).tolist())
    return found - {0}


def _flags(subject: Subject, level: Level, share: float) -> Iterable[Flag]:
    if share < COMPLETE:
        yield Flag.PARTIAL
    if _ODD.get(level.name) in subject.anomalies:
        yield Flag.ANOMALY
    findings = subject.findings
    if findings.fracture_of(level.name) is not None:
        yield Flag.HEIGHT_LOSS
    fusion = findings.fusion
    if fusion is not None:
        first, last = subject.index(fusion.upper), subject.index(fusion.lower)
        if first <= subject.index(level.name) <= last:
            yield Flag.METAL
