"""Where a VerSe centroid file and its mask contradict each other, in sentences."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from scipy import ndimage

from ..anatomy import level as level_of
from ..errors import BadFile
from ..spine import Spine
from ..volume import LabelMap
from . import verse

MARGIN_MM = 5.0
"""A body's centre lies within its vertebra's box; annotators may be off by this much."""


def conflicts(centroids: Path | str, masks: LabelMap) -> tuple[str, ...]:
    """What does not fit between a centroid file of voxels and the mask of the same scan."""
    name, grid = Path(centroids).name, masks.grid
    found = []
    direction = verse.direction_of(centroids)
    if direction != grid.codes:
        found.append(
            f"{name} counts along {direction}, but the mask's axes run {grid.codes}: its points "
            f"are read along {direction}."
        )
    try:
        spine = verse.read(centroids, grid, verse.Variant.VOXELS)
    except BadFile as error:
        return (*found, str(error), *_other_reading(centroids, masks, -1))
    far = _misplaced(spine, masks)
    if far:
        listed = ", ".join(f"{level} by {distance:.0f} mm" for level, distance in far.items())
        found.append(f"{name} has centroids outside their masks: {listed}.")
        found += _other_reading(centroids, masks, len(spine) - len(far))
    both = {vertebra.level.name for vertebra in spine} ^ set(masks.names.values())
    if both:
        in_order = ", ".join(sorted(both, key=lambda each: level_of(each).rank))
        found.append(f"{name} and the mask do not hold the same levels: {in_order}.")
    return tuple(found)


def _other_reading(centroids: Path | str, masks: LabelMap, fitting: int) -> tuple[str, ...]:
    """Would more centroids fit if they counted along the mask's own axes?"""
    codes = masks.grid.codes
    try:
        spine = verse.read(centroids, masks.grid, verse.Variant.VOXELS, direction=codes)
    except BadFile:
        return ()
    better = len(spine) - len(_misplaced(spine, masks))
    if better <= max(fitting, 0):
        return ()
    return (
        f"{better} of {len(spine)} centroids fit when counted along {codes}: the direction in "
        f"{Path(centroids).name} is wrong.",
    )


def _misplaced(spine: Spine, masks: LabelMap) -> dict[str, float]:
    """How far, in mm, centroids lie outside the boxes of their own masks."""
    boxes = ndimage.find_objects(masks.voxels)
    margin = MARGIN_MM / masks.grid.spacing
    far = {}
    for vertebra in spine:
        numbers = [n for n, name in masks.names.items() if name == vertebra.level.name]
        box = boxes[numbers[0] - 1] if numbers and numbers[0] <= len(boxes) else None
        if box is None:
            continue
        index = masks.grid.to_index(vertebra.centroid)
        low = np.array([span.start for span in box]) - 0.5
        high = np.array([span.stop for span in box]) - 0.5
        beyond = np.maximum(low - index, index - high)
        if (beyond > margin).any():
            far[vertebra.level.name] = float((np.maximum(beyond, 0) * masks.grid.spacing).max())
    return far
