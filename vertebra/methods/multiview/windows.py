"""Tall scans are seen through overlapping windows along the spine, blended without seams.

Sideways the windows follow the spine, so a scan may be wider than a frame: each looks at the middle
of its own bone, near which the spine mostly lies. Where the bone leads away from that middle, as in
oblique scans and crooked spines, the windows are made shorter until they follow it. Where the
vertebrae turn out to lie at a side, because other bone led astray, the window moves to them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from ...anatomy import LEVELS
from ...volume import Grid
from .configuration import Optics
from .geometry import Array, View, views_around
from .networks import MULTIPLE

MARGIN = 20.0
"""This much (mm) is seen beyond both ends of a scan."""
ASTRAY = 60.0
"""The bone may lead this far (mm) away from a window's middle; a frame leaves room for the rest."""
ASIDE = 0.25
"""A window moves to vertebrae that lie farther from its middle than this share of its width."""
SHORTEST = 150.0
"""No window is made shorter than this to follow the bone, mm."""
BAND = 40.0
SAME = 9.0
"""Points of two windows that lie this near (mm) are one vertebra."""
COUNTED = LEVELS["T5"].rank
"""From here on a name is counted from ribs and pelvis rather than known by shape: decision 0016."""


@dataclass(frozen=True)
class Window:
    """A stretch of the scan, from `low` to `high` (mm), seen from all sides."""

    low: float
    high: float
    views: tuple[View, ...]

    @property
    def pixel(self) -> float:
        """Side of the views' pixels, mm."""
        return self.views[0].pixel

    def weight(self, heights: Array) -> Array:
        """How much the window's word counts at a height: most in its middle, nearly 0 at its ends.

        Finer pixels count more, as places are the more exact the finer they are.
        """
        half = (self.high - self.low) / 2
        away = np.abs(heights - (self.low + self.high) / 2) / half
        return np.clip(1 - away, 0.02, 1.0) / self.pixel**2

    def reaches(self, position: Array) -> bool:
        """Whether the window's stretch holds a place."""
        return bool(self.low <= position[2] <= self.high)

    def moved_to(self, positions: Array) -> Window | None:
        """The window around vertebrae that it shows at a side; none if they are near its middle.

        Half of the views still show a spine that lies 1.5 frames away, enough to find it by.
        """
        if not len(positions):
            return None
        view = self.views[0]
        middle = np.median(positions[:, :2], axis=0)
        if np.linalg.norm(middle - view.pivot[:2]) <= ASIDE * view.shape[1] * view.pixel:
            return None
        pivot = (float(middle[0]), float(middle[1]), view.pivot[2])
        return replace(self, views=tuple(replace(view, pivot=pivot) for view in self.views))


@dataclass(frozen=True, eq=False)
class Sighting:
    """A vertebra as the views show it: place, level probabilities, and how much is sure."""

    position: Array
    probabilities: Array
    existence: float


def windows(skeleton: Tensor, grid: Grid, optics: Optics) -> Iterator[Window]:
    """The windows that a scan needs; `skeleton` is its volume mapped to bone."""
    low = float(grid.origin[2] - grid.spacing[2] / 2)
    high = low + float(grid.shape[2] * grid.spacing[2])
    tallest = optics.frame[0] * optics.pixel - 2 * MARGIN
    for bottom, top in followed(skeleton, grid, low, high, min(tallest, high - low)):
        rows = np.ceil((top - bottom + 2 * MARGIN) / optics.pixel / MULTIPLE) * MULTIPLE
        pivot = (*bone_middle(skeleton, grid, bottom, top), (bottom + top) / 2)
        views = views_around(
            pivot,
            optics.views,
            distance=optics.distance,
            pixel=optics.pixel,
            shape=(int(rows), optics.frame[1]),
        )
        yield Window(bottom, top, tuple(views))


def followed(
    skeleton: Tensor, grid: Grid, low: float, high: float, tallest: float
) -> list[tuple[float, float]]:
    """The stretches in which the bone stays near the middle, at most `tallest`."""
    while True:
        found = stretches(low, high, tallest)
        strays = max(straying(skeleton, grid, *each) for each in found)
        if strays <= ASTRAY or tallest / 2 < SHORTEST:
            return found
        tallest /= 2


def straying(skeleton: Tensor, grid: Grid, low: float, high: float) -> float:
    """How far (mm) the bone leads away from its stretch's middle, where there is enough of it."""
    bottoms = np.arange(low, max(low + 1, high - BAND / 2), BAND)
    bands = [(float(bottom), min(float(bottom) + BAND, high)) for bottom in bottoms]
    amounts = np.array([float(skeleton[..., _slices(grid, *band)].sum()) for band in bands])
    middles = np.array([bone_middle(skeleton, grid, *band) for band in bands])
    away = np.linalg.norm(middles - bone_middle(skeleton, grid, low, high), axis=1)
    return float(away[amounts >= 0.2 * np.median(amounts)].max())


def stretches(low: float, high: float, tallest: float) -> list[tuple[float, float]]:
    """Stretches of equal height, at most `tallest`, each reaching to its neighbour's middle.

    >>> stretches(0, 100, 60)
    [(0.0, 50.0), (25.0, 75.0), (50.0, 100.0)]
    """
    if high - low <= tallest:
        return [(float(low), float(high))]
    count = int(np.ceil(2 * (high - low) / tallest)) - 1
    height = (high - low) / (count + 1) * 2
    return [(low + n * height / 2, low + n * height / 2 + height) for n in range(count)]


def bone_middle(skeleton: Tensor, grid: Grid, low: float, high: float) -> tuple[float, float]:
    """The x and y of the middle of the bone between two heights, else of the scan."""
    flat = skeleton[..., _slices(grid, low, high)].sum(dim=2)
    total = float(flat.sum())
    if total <= 0:
        middle = (np.array(grid.shape[:2]) - 1) / 2
    else:
        i = torch.arange(grid.shape[0]).to(flat) @ flat.sum(dim=1)
        j = torch.arange(grid.shape[1]).to(flat) @ flat.sum(dim=0)
        middle = np.array([float(i), float(j)]) / total
    x, y = grid.origin[:2] + middle * grid.spacing[:2]
    return float(x), float(y)


def _slices(grid: Grid, low: float, high: float) -> slice:
    span = (np.array([low, high]) - grid.origin[2]) / grid.spacing[2]
    first, last = (int(k) for k in np.clip(np.rint(span), 0, grid.shape[2]))
    return slice(first, last)


def blended(seen: Sequence[tuple[Window, Sequence[Sighting]]]) -> list[Sighting]:
    """The sightings of all windows as one list; what two windows show becomes one, weighted.

    Whether there is a vertebra say the windows with the finest pixels that reach there: one that
    shows nothing speaks against what another one shows. Where it is, and the name of a vertebra
    down to T4, all of them say; farther down a name is counted from ribs and pelvis, which only
    those with the largest pixels show.
    """
    flat = [(window, sighting) for window, sightings in seen for sighting in sightings]
    groups: list[list[tuple[Window, Sighting]]] = []
    for window, sighting in sorted(flat, key=lambda pair: -_say(*pair) * pair[1].existence):
        for group in groups:
            if np.linalg.norm(group[0][1].position - sighting.position) < SAME:
                group.append((window, sighting))
                break
        else:
            groups.append([(window, sighting)])
    everywhere = [window for window, _ in seen]
    means = (_mean(group, everywhere) for group in groups)
    return [mean for mean in means if mean is not None]


def _say(window: Window, sighting: Sighting) -> float:
    return float(window.weight(sighting.position[2]))


def _mean(group: Sequence[tuple[Window, Sighting]], windows: Sequence[Window]) -> Sighting | None:
    """A group as one sighting; none if closer looks that reach there show nothing."""
    there = [each for each in windows if each.reaches(group[0][1].position)]
    finest = min((each.pixel for each in there), default=group[0][0].pixel)
    closest = [pair for pair in group if pair[0].pixel <= finest]
    if not closest:
        return None
    silent = [w for w in there if w.pixel <= finest and all(w is not own for own, _ in closest)]
    against = sum(float(each.weight(group[0][1].position[2])) for each in silent)
    certain = sum(_say(*each) * each[1].existence for each in closest)
    share = np.array([_say(*each) * each[1].existence for each in group])
    looks = np.array([each.probabilities for _, each in group])
    name = _weighted(looks, share)
    if name[:COUNTED].sum() < name[COUNTED:].sum():
        pixels = np.array([window.pixel for window, _ in group])
        name = _weighted(looks, np.where(pixels == pixels.max(), share, 0))
    return Sighting(
        _weighted(np.array([each.position for _, each in group]), share),
        name,
        certain / (sum(_say(*each) for each in closest) + against),
    )


def _weighted(rows: Array, weights: Array) -> Array:
    return np.asarray(weights @ rows / weights.sum())
