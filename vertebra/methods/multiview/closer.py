"""Closer looks see the spine alone: where jaws, ribs and shoulders are in view, networks learn to
tell places from them, and in patients these lie elsewhere than in phantoms.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ...runtime import Progress
from ...volume import Grid, Volume, around
from ...volume.resampling import AIR
from ..common.preparation import upright

Points = NDArray[np.float64]

BESIDE = 35.0
"""So far to the sides of the middle of a body the spine is shown, mm."""
IN_FRONT = 22.0
BEHIND = 60.0
ALONG = 35.0
"""So far up and down from each body, mm; nothing is left out between two that are found."""
BEYOND = 70.0
"""So far beyond the outermost ones, which may not be the last."""


def spine_alone(
    volume: Volume,
    places: Points,
    pixel: float,
    room: float = 1.0,
    progress: Progress | None = None,
) -> Volume:
    """The upright scan around bodies (RAS, mm), with air in place of what is not near the spine.

    `room` stretches how much is shown around the line of the bodies.
    """
    shown = upright(around(volume, places, BEYOND * max(room, 1.0)), pixel, progress)
    kept = near(shown.grid, places, room)
    return replace(shown, voxels=np.where(kept, shown.voxels, np.float32(AIR)))


def near(grid: Grid, places: Points, room: float) -> NDArray[np.bool_]:
    """Which voxels of an upright grid are near one of the places."""
    places = np.asarray(places, dtype=np.float64)
    reach = room * np.array([[BESIDE, BEHIND, ALONG], [BESIDE, IN_FRONT, ALONG]])
    lowest, highest = places[:, 2].argmin(), places[:, 2].argmax()
    kept = np.zeros(grid.shape, np.bool_)
    for number, place in enumerate(places):
        low, high = place - reach[0], place + reach[1]
        if number == lowest:
            low[2] = place[2] - BEYOND
        if number == highest:
            high[2] = place[2] + BEYOND
        first = np.clip(np.rint(grid.to_index(low)), 0, grid.shape).astype(int)
        last = np.clip(np.rint(grid.to_index(high)) + 1, 0, grid.shape).astype(int)
        kept[tuple(slice(a, b) for a, b in zip(first, last))] = True
    return kept
