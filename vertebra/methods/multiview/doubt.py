"""How far the views of a scan are to be believed: looks from afar and from closer must agree.

Of a scan that looks as the training's do, both put a vertebra at the same place. Where they
do not, the network sees something it has not learned, and may be wrong however sure it is.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .geometry import Array
from .windows import Window

USUAL = 3.0
"""Median distance (mm) up to which nothing is odd; unseen phantoms have 0.7 to 2.1 mm."""


def apart(seen: Sequence[tuple[Window, Array]]) -> float:
    """How far the vertebrae seen from closer lie from those seen from afar: the median, mm.

    It is 0 where there is only one kind of looks.
    """
    coarsest = max((window.pixel for window, _ in seen), default=0.0)
    far = [each for window, found in seen if window.pixel == coarsest for each in found]
    close = [each for window, found in seen if window.pixel != coarsest for each in found]
    if not far or not close:
        return 0.0
    away = np.linalg.norm(np.array(close)[:, None] - np.array(far), axis=2)
    return float(np.median(away.min(axis=1)))


def belief(distance: float) -> float:
    """The share of their usual weight that the views have at such a distance (mm)."""
    return min(1.0, (USUAL / max(distance, USUAL)) ** 2)
