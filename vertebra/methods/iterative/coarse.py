"""Coarse to fine: vertebrae are found in large voxels, and only looked at again in small ones."""

from __future__ import annotations

from dataclasses import replace
from math import ceil

import numpy as np

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
from .windows import bounds

AROUND = 12.0
"""So far (mm) around what was found in large voxels a vertebra is looked at in small ones."""


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
    instances = (instance for _, instance in segment_places(traversal, places))
    canvas = Canvas.empty(volume, large, fine.drawing(volume, large), on_event)
    labels, spine = drawn_without_points(canvas, instances)
    return labels, replace(spine, provenance=fine.provenance(volume))


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
    strays = misfits(found, small)
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
    width, depth, height = (_voxels(side, configuration) for side in sides)
    return Place(instance.number, (i, j, k), body, (width, depth, height))


def _voxels(side: float, configuration: Configuration) -> int:
    """So many voxels show a side (mm) and are read by the network; a patch's side at most."""
    step = configuration.divisor
    needed = ceil(side / configuration.spacing / step) * step
    return min(needed, configuration.patch)
