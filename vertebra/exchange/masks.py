"""Which vertebra each number of a label map is."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from scipy import ndimage

from ..anatomy import LEVELS, SACRUM_CODE, VERTEBRA_CODE, Level
from ..anatomy import level as level_of
from ..errors import VertebraError
from ..spine import Flag, Spine
from ..volume import Algorithm, Grid, LabelMap, cropped, oriented

_BY_CODE = {
    **{level.code.value: level for level in LEVELS.values() if level.code is not VERTEBRA_CODE},
    SACRUM_CODE.value: LEVELS["S1"],
}


def instances_in(masks: LabelMap) -> list[int]:
    """The numbers that occur in a label map, without the background."""
    voxels = masks.voxels
    counts = np.zeros(int(voxels.max(initial=0)) + 1, dtype=bool)
    for k in range(voxels.shape[2]):
        counts[voxels[..., k].ravel()] = True
    return [int(number) for number in np.flatnonzero(counts) if number]


def levels_of(masks: LabelMap, spine: Spine | None = None) -> dict[int, Level]:
    """The level of each number: as the spine says or, without one, the map's own names."""
    if spine is not None:
        known = {vertebra.instance: vertebra.level for vertebra in spine}
    else:
        known = {number: level_of(name) for number, name in masks.names.items()}
    found = {}
    for number in instances_in(masks):
        if number not in known:
            raise VertebraError(
                f"The mask's number {number} belongs to no vertebra; name it or remove it first."
            )
        found[number] = known[number]
    return found


def algorithm_of(instance: int, masks: LabelMap, spine: Spine | None) -> Algorithm | None:
    """What drew a mask: as the spine says or, without one, the map itself; `None`: a person."""
    if spine is None:
        return masks.algorithms.get(instance)
    if not spine.provenance.method:
        return None
    corrected = Flag.CORRECTED in spine.find(instance).flags
    kind = "SEMIAUTOMATIC" if corrected else "AUTOMATIC"
    return Algorithm(kind, f"Vertebra {spine.provenance.method}")


def structure_level(name: str, code: str = "") -> Level | None:
    """The level of a segment by its name or else by its SNOMED code; `None` for other structures.

    >>> structure_level("L1 vertebra").name, structure_level("a bone", "66794005").name
    ('L1', 'L1')
    """
    try:
        return level_of(re.sub(r"\s*vertebra\s*$", "", name, flags=re.IGNORECASE))
    except VertebraError:
        return _BY_CODE.get(code)


def on_grid(masks: LabelMap, grid: Grid) -> LabelMap:
    """The same voxels on an image's grid: axes turned, cropped or padded, never interpolated."""
    if masks.grid.same_as(grid):
        return masks
    turned = oriented(masks, grid.codes)
    start = np.rint(grid.to_index(turned.grid.origin)).astype(int)
    if not grid.part(start.tolist(), turned.grid.shape).same_as(turned.grid, tolerance=0.01):
        raise VertebraError(
            "The masks and the image do not share their voxels; give the image that the masks "
            "were made from."
        )
    target = np.zeros(grid.shape, dtype=masks.voxels.dtype, order="F")
    low, high = np.maximum(start, 0), np.minimum(start + turned.grid.shape, grid.shape)
    if (low < high).all():
        window = tuple(slice(a, b) for a, b in zip(low, high))
        target[window] = cropped(turned, (low - start).tolist(), (high - start).tolist()).voxels
    return replace(masks, voxels=target, grid=grid)


def in_others_masks(spine: Spine, masks: LabelMap) -> dict[int, int]:
    """The vertebrae whose centres lie in a mask that is not theirs, by instance, and in which.

    So it is where points and masks are of two runs, which number vertebrae differently. A mask
    that was merged with a neighbour's is passed over: its vertebra has none, or one around it.
    """
    boxes = ndimage.find_objects(masks.voxels)
    known = {vertebra.instance for vertebra in spine}
    found = {}
    for vertebra in spine:
        index = np.rint(masks.grid.to_index(vertebra.centroid)).astype(int)
        if (index < 0).any() or (index >= masks.grid.shape).any():
            continue
        at = int(masks.voxels[tuple(index)])
        own = boxes[vertebra.instance - 1] if vertebra.instance <= len(boxes) else None
        away = own and any(not span.start <= n < span.stop for n, span in zip(index, own))
        if at not in (0, vertebra.instance) and (away or at not in known):
            found[vertebra.instance] = at
    return found


def named(levels: Mapping[int, Level]) -> dict[int, str]:
    """The names of a label map."""
    return {number: level.name for number, level in levels.items()}
