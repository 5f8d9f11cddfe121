"""Coarse to fine: vertebrae are found in large voxels, and only looked at again in small ones."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from math import dist

import numpy as np
from numpy.typing import NDArray

from ...runtime import Progress
from ...spine import Spine
from ...volume import LabelMap, Volume
from .configuration import Configuration
from .events import Dropped, Listener, Step
from .guided import Place, segment_places
from .inference import Segmenter
from .instances import Instance
from .misfits import misfits
from .result import Canvas, drawn_without_points
from .traversal import Traversal
from .windows import Index, bounds

AROUND = 12.0
"""So far (mm) around what was found in large voxels a vertebra is looked at in small ones."""
WIDE = 1.6
"""Between neighbours so many times further apart than usual there may be another one."""
DOUBLE = 1.3
"""A place so many times further than usual from both of its neighbours may be two vertebrae."""
NEARBY = 3
"""Usual is the median of so many distances on either side, without its own."""


def segment_coarse_to_fine(
    coarse: Segmenter,
    fine: Segmenter,
    volume: Volume,
    progress: Progress | None = None,
    on_event: Listener | None = None,
) -> tuple[LabelMap, Spine]:
    """As `fine.segment(volume)`, but few voxels are looked at, and most vertebrae once."""
    progress = progress or Progress()
    large = fine.upright(volume, progress.part(0.0, 0.1))
    places = places_from_afar(coarse, fine, large, progress.part(0.1, 0.4), on_event)
    traversal = fine.traversal(large, progress.part(0.4, 1.0), on_event)
    canvas = Canvas.empty(volume, large, fine.drawing(volume, large), on_event)
    labels, spine = drawn_without_points(canvas, at_places_and_between(traversal, places))
    return labels, replace(spine, provenance=fine.provenance(volume))


def at_places_and_between(traversal: Traversal, places: Sequence[Place]) -> Iterator[Instance]:
    """The vertebrae of the places, then what the coarse search left out where there is room."""
    for _, instance in segment_places(traversal, single(places)):
        yield instance
    if len(traversal.instances) < 2:
        yield from traversal.run()
        return
    centres = np.array([each.centre for each in traversal.instances], dtype=np.float64)
    for start in rooms(centres):
        number = len(traversal.instances) + 1
        shown = traversal.look(start, number, 1, shape=nearest(places, start).shape)
        if shown is not None:
            yield from traversal.follow(shown.centre, slack=1)


def single(places: Sequence[Place]) -> list[Place]:
    """The places without those where two vertebrae may have been taken for one."""
    line = sorted(places, key=lambda place: -place.point[2])
    points = np.array([place.point for place in line]).reshape(-1, 3)
    lengths = np.linalg.norm(np.diff(points, axis=0), axis=1)
    double = set[int]()
    for i in range(1, len(line) - 1):
        around = [*lengths[max(0, i - 1 - NEARBY) : i - 1], *lengths[i + 1 : i + 1 + NEARBY]]
        if len(around) >= NEARBY and min(lengths[i - 1 : i + 1]) > DOUBLE * np.median(around):
            double.add(line[i].key)
    return [place for place in places if place.key not in double]


def nearest(places: Sequence[Place], start: Index) -> Place:
    """The place that lies nearest to an index."""
    return min(places, key=lambda place: dist(place.start, start))


def rooms(centres: NDArray[np.float64]) -> list[Index]:
    """Where there is room for another vertebra: before the first, in wide gaps, after the last.

    Beyond an end of the scan, too: part of the one there may be in view.
    """
    line = centres[np.argsort(-centres[:, 2])]
    steps = np.diff(line, axis=0)
    lengths = np.linalg.norm(steps, axis=1)
    wide = np.flatnonzero(lengths > WIDE * np.median(lengths))
    middles = [line[place] + steps[place] / 2 for place in wide]
    places = np.rint([line[0] - steps[0], *middles, line[-1] + steps[-1]]).astype(int)
    return [(i, j, k) for i, j, k in places.tolist()]


def places_from_afar(
    coarse: Segmenter,
    fine: Segmenter,
    large: Volume,
    progress: Progress,
    on_event: Listener | None = None,
) -> list[Place]:
    """Where a coarse search finds vertebrae in an upright scan in the fine segmenter's voxels."""
    tell: Listener = on_event or (lambda _: None)
    # what is found in large voxels is found again in small ones, and only then there to be shown
    small, search = coarse.begin(
        large, progress, lambda each: tell(each) if isinstance(each, Step) else None
    )
    found = list(search.run(brief=True))
    strays = misfits(found, small.grid, large.grid)
    for why in strays.values():
        tell(Dropped(None, why))
    settings = fine.configuration
    return [place_in(each, small, large, settings) for each in found if each.number not in strays]


def place_in(
    instance: Instance, coarse: Volume, fine: Volume, configuration: Configuration
) -> Place:
    """Where an instance of the coarse scan lies in the fine one, and the box that shows it."""
    spacing = float(coarse.grid.spacing[0])
    ends = np.array([instance.centre, instance.body_centre(spacing)], dtype=np.float64)
    centre, body = fine.grid.to_index(coarse.grid.to_world(ends))
    i, j, k = (int(value) for value in np.rint(centre))
    low, high = bounds(instance.mask)
    sides = [(b - a + 1) * spacing + 2 * AROUND for a, b in zip(low, high)]
    width, depth, height = map(configuration.box_side, sides)
    return Place(instance.number, (i, j, k), body, (width, depth, height))
