"""How far apart the centres of neighbouring vertebral bodies lie, from VerSe's public centroids.

Means of 113 VerSe'20 scans (recumbent CT). A subject is larger or smaller as a whole by 6.6 %,
a single step differs from the subject's size by 3 % only.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike

from .anatomy import STEP_ANOMALIES, USUAL, Anomaly, Level, adjacent

SUBJECT_SPREAD = 0.066
STEP_SPREAD = 0.03

_TO_NEXT = {
    **{"C1": 17.1, "C2": 18.5, "C3": 15.9, "C4": 16.1, "C5": 16.1, "C6": 17.7, "C7": 18.8},
    **{"T1": 20.9, "T2": 22.2, "T3": 22.3, "T4": 22.8, "T5": 23.5, "T6": 24.0, "T7": 24.3},
    **{"T8": 24.9, "T9": 25.7, "T10": 27.6, "T11": 29.8, "T12": 31.5, "T13": 32.0},
    **{"L1": 33.4, "L2": 34.1, "L3": 33.8, "L4": 31.7, "L5": 31.0, "L6": 31.0},
    **{"S1": 27.0, "S2": 24.0},
}


def to_next(level: Level) -> float:
    """The mean distance (mm) from this level's body centre to the next one's."""
    return _TO_NEXT.get(level.name, 20.0)


def between(upper: Level, lower: Level) -> float:
    """The mean distance (mm) along the spine between two levels; 0 for the same level.

    Neighbours in any legal spine (T11 and L1 without T12) lie one step apart.
    """
    first, last = sorted((upper, lower))
    if adjacent(first, last):
        return to_next(first)
    path = sorted({*USUAL, first, last})
    return sum(to_next(level) for level in path[path.index(first) : path.index(last)])


def skips(upper: Level, lower: Level) -> bool:
    """Is it a step that is legal only where T12 or L5 is absent?"""
    anomaly = STEP_ANOMALIES.get((upper.name, lower.name))
    return anomaly in (Anomaly.NO_T12, Anomaly.NO_L5)


def subject_scale(levels: Sequence[Level], centroids: ArrayLike) -> float:
    """The size of this subject against the mean one, from neighbours in the order given.

    Steps that skip T12 or L5 are left out: whether they are one step or two is not known.
    """
    points = np.asarray(centroids, dtype=float).reshape(-1, 3)
    ratios = [
        float(np.linalg.norm(b - a)) / between(upper, lower)
        for (upper, lower), (a, b) in zip(pairwise(levels), pairwise(points))
        if upper < lower and not skips(upper, lower)
    ]
    return float(np.median(ratios)) if ratios else 1.0


def room_for_another(upper: Level, lower: Level, distance: float, scale: float) -> bool:
    """Do two levels that can be neighbours lie so far apart (mm) that one between was missed?"""
    return adjacent(upper, lower) and distance > 1.5 * scale * to_next(upper)
