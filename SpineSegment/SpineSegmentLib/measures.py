"""What is measured of each mask."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from vertebra.volume import LabelMap


@dataclass(frozen=True)
class Measure:
    """The volume of a mask, whether the edge of the scan cuts it, and its middle (RAS mm)."""

    millilitres: float
    cut: bool
    middle: tuple[float, float, float]


def measure(labelMap: LabelMap) -> dict[int, Measure]:
    """The measures of every number of a label map.

    >>> from vertebra.volume import Grid
    >>> voxels = np.zeros((10, 10, 10), np.uint8)
    >>> voxels[2:4, 2:4, 0:5] = 7
    >>> measure(LabelMap(voxels, Grid.of(voxels.shape, (10, 10, 1))))
    {7: Measure(millilitres=2.0, cut=True, middle=(25.0, 25.0, 2.0))}
    """
    counts = _counts(labelMap.voxels)
    boxes = ndimage.find_objects(labelMap.voxels)
    return {
        number: Measure(
            float(counts[number]) * labelMap.grid.voxel_volume / 1000,
            any(
                span.start == 0 or span.stop == length
                for span, length in zip(box, labelMap.grid.shape)
            ),
            tuple(labelMap.grid.to_world([(s.start + s.stop - 1) / 2 for s in box]).tolist()),
        )
        for number, box in enumerate(boxes, start=1)
        if box is not None
    }


def _counts(voxels: np.ndarray) -> np.ndarray:
    """How many voxels each number has; slab by slab, since counting needs eight bytes a voxel."""
    length = int(voxels.max(initial=0)) + 1
    slabs = np.moveaxis(voxels, 2, 0)
    return sum(
        (np.bincount(slab.ravel(order="K"), minlength=length) for slab in slabs),
        start=np.zeros(length, dtype=np.int64),
    )
