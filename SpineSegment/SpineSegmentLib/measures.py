"""What is measured of each mask."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from vertebra.volume import LabelMap


@dataclass(frozen=True)
class Measure:
    """The volume of a mask in millilitres, and whether the edge of the scan cuts it."""

    millilitres: float
    cut: bool


def measure(labelMap: LabelMap) -> dict[int, Measure]:
    """The measures of every number of a label map.

    >>> from vertebra.volume import Grid
    >>> voxels = np.zeros((10, 10, 10), np.uint8)
    >>> voxels[2:4, 2:4, 0:5] = 7
    >>> measure(LabelMap(voxels, Grid.of(voxels.shape, (10, 10, 1))))
    {7: Measure(millilitres=2.0, cut=True)}
    """
    counts = np.bincount(labelMap.voxels.ravel(order="K"))
    boxes = ndimage.find_objects(labelMap.voxels)
    return {
        number: Measure(
            float(counts[number]) * labelMap.grid.voxel_volume / 1000,
            any(
                span.start == 0 or span.stop == length
                for span, length in zip(box, labelMap.grid.shape)
            ),
        )
        for number, box in enumerate(boxes, start=1)
        if box is not None
    }
