"""From instances to what a user gets: one label map on the scan's grid, and a spine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ...runtime import Progress
from ...spine import Flag, Point, Spine, Vertebra
from ...volume import LabelMap, Volume
from .instances import Instance
from .naming import named, with_one_more
from .refinement import Boundary, at_home


def without_points(
    instances: Sequence[Instance], upright: Volume
) -> tuple[Spine, dict[int, Instance]]:
    """A spine that names instances found without points, and the instance of each vertebra."""
    places = {body_point(each, upright): each for each in instances}
    spine = named(list(places))
    return spine, {vertebra.instance: places[vertebra.centroid] for vertebra in spine}


def with_others(
    spine: Spine, found: Mapping[int, Instance], others: Sequence[Instance], upright: Volume
) -> tuple[Spine, dict[int, Instance]]:
    """The spine with a vertebra, flagged as without a point, for each instance that has none."""
    masks = dict(found)
    for instance in others:
        spine = with_one_more(spine, body_point(instance, upright), frozenset({Flag.NO_POINT}))
        masks[max(each.instance for each in spine)] = instance
    return spine, masks


def drawn(
    scan: Volume,
    upright: Volume,
    spine: Spine,
    masks: Mapping[int, Instance],
    boundary: Boundary,
    progress: Progress,
) -> tuple[LabelMap, Spine]:
    """All masks as one label map by instance number, and the spine with what they tell.

    Partial vertebrae are in the map, too; `complete_only` leaves them out.
    """
    highest = max((vertebra.instance for vertebra in spine), default=0)
    dtype = np.uint8 if highest < 256 else np.uint16
    voxels = np.zeros(scan.grid.shape, dtype, order="F")
    vertebrae = []
    for place, vertebra in enumerate(spine):
        progress.report(place / len(spine), f"Drawing {vertebra.level}")
        instance = masks.get(vertebra.instance)
        voxel_count = 0
        if instance is not None:
            voxel_count = draw(voxels, instance, vertebra.instance, scan, upright, boundary)
        vertebrae.append(judged(vertebra, instance if voxel_count else None))
    progress.report(1.0, "Segmented")
    names = {vertebra.instance: vertebra.level.name for vertebra in spine}
    labels = LabelMap(voxels, scan.grid, names, scan.source)
    return labels, replace(spine, vertebrae=tuple(vertebrae))


def draw(
    voxels: NDArray[np.integer],
    instance: Instance,
    number: int,
    scan: Volume,
    upright: Volume,
    boundary: Boundary,
) -> int:
    """Write a mask where nothing is yet; gives how many voxels it got."""
    window, mask = at_home(instance, upright, scan, boundary)
    there, here = window.overlap(voxels.shape)
    free = mask[here] & (voxels[there] == 0)
    voxels[there][free] = number
    return int(free.sum())


def judged(vertebra: Vertebra, instance: Instance | None) -> Vertebra:
    """The vertebra with completeness and flags from its mask."""
    flags = vertebra.flags - {Flag.NO_MASK, Flag.FRAGMENTED}
    if instance is None:
        return replace(vertebra, completeness=None, flags=flags | {Flag.NO_MASK})
    flags -= {Flag.PARTIAL}
    if not instance.complete:
        flags |= {Flag.PARTIAL}
    if instance.fragmented:
        flags |= {Flag.FRAGMENTED}
    return replace(vertebra, completeness=instance.completeness, flags=flags)


def complete_only(labels: LabelMap, spine: Spine) -> LabelMap:
    """The label map as published: without the vertebrae that are only partially visible."""
    whole = [each.instance for each in spine if Flag.PARTIAL not in each.flags]
    return labels.renumbered({number: number for number in whole})


def body_point(instance: Instance, upright: Volume) -> Point:
    """The middle of an instance's body, RAS mm."""
    x, y, z = (float(value) for value in upright.grid.to_world(instance.body_centre()))
    return x, y, z
