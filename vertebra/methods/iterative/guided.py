"""Segmenting from points: labels are carried from them, and no other vertebra is touched."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from .ends import End, cut_off, shows_at
from .instances import Instance
from .rules import Direction
from .traversal import Traversal
from .windows import Index

MOST_PASSED = 6
"""So many other vertebrae at most are passed over in the patch around a point."""
WELL_SHOWN = 8
"""A patch shows a vertebra well so many times delta_max off its middle, if it shows all of it."""
APART = 10.0
"""A mask further (mm) from a point does not belong to it."""


@dataclass(frozen=True, eq=False)
class Place:
    """Where to start (voxels), and a point in the body of the vertebra that is wanted."""

    key: int
    start: Index
    point: NDArray[np.float64]
    shape: Index | None = None
    """The part of the patch there that shows all of it, if its size is known."""


def segment_places(
    traversal: Traversal,
    places: Sequence[Place],
    *,
    wanted: Sequence[int] | None = None,
    ends: Sequence[End] = (),
) -> Iterator[tuple[int | None, Instance]]:
    """Segment the vertebra of each place, or of the `wanted` ones, in the traversal's direction.

    What comes before a wanted vertebra in its patch goes into the memory and is passed over. Given
    are the vertebrae with the key of their place, or `None` for one that belongs to no place.
    """
    points, left = [place.point for place in places], list(ends)
    for owner, found in _of_places(traversal, places, wanted):
        # a network that goes by memory alone meets the upper end's before the first place's
        met = [end for end in left if owner is None and shows_at(end, found, traversal, points)]
        left = [end for end in left if end not in met]
        yield (met[0].key if met else owner), found
    # last, so that nothing that shows only in part is taken for what is before a place
    for end in left:
        extra = cut_off(traversal, end, points)
        if extra is not None:
            traversal.keep(extra)
            yield end.key, extra


def _of_places(
    traversal: Traversal, places: Sequence[Place], wanted: Sequence[int] | None
) -> Iterator[tuple[int | None, Instance]]:
    down = traversal.rules.direction is Direction.DOWN
    done: set[int] = set()
    for place in sorted(places, key=lambda each: -each.point[2] if down else each.point[2]):
        if wanted is not None and place.key not in wanted:
            continue
        for _ in range(MOST_PASSED):
            if place.key in done:
                break
            instance = _at(traversal, place)
            if instance is None:
                break
            traversal.keep(instance)
            owner = owner_of(instance, places, done, traversal)
            if owner is not None:
                done.add(owner)
            yield owner, instance


def _at(traversal: Traversal, place: Place) -> Instance | None:
    if place.shape is None:
        return traversal.track(place.start, slack=WELL_SHOWN, point=place.point)
    return traversal.glance(place.start, place.shape, place.point)


def owner_of(
    instance: Instance, places: Sequence[Place], taken: set[int], traversal: Traversal
) -> int | None:
    """The place that a vertebra belongs to: the nearest one that has none yet, if near enough."""
    spacing = float(traversal.volume.grid.spacing[0])
    surface = np.argwhere(instance.mask & ~ndimage.binary_erosion(instance.mask))
    free = [place for place in places if place.key not in taken]
    away = [spacing * distance_to(instance, surface, place.point) for place in free]
    near = [(way, place) for way, place in zip(away, free) if way <= APART]
    if len(near) < 2:
        return near[0][1].key if near else None
    centre = instance.body_centre(spacing)

    def mismatch(one: tuple[float, Place]) -> float:
        # C1's point lies in the dens of C2, so the way to the body's centre counts, too
        return one[0] + spacing * float(np.linalg.norm(one[1].point - centre))

    return min(near, key=mismatch)[1].key


def distance_to(instance: Instance, surface: NDArray[np.int_], point: NDArray[np.float64]) -> float:
    """How far a point lies from a mask with these surface voxels, in voxels; 0 inside."""
    if instance.holds(point):
        return 0.0
    away = np.rint(point).astype(int) - instance.window.start
    return float(np.linalg.norm(surface - away, axis=1).min())
