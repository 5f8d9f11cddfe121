"""How far apart the surfaces of two masks lie, in true millimetres.

A surface is the voxels of a mask that have a face in common with something else, as in MONAI and
panoptica. Distances are measured between voxel centres in the patient, so that anisotropic,
oblique and sheared grids (gantry tilt) need no resampling.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..volume import Grid
from .nearest import Indices, distances_to_nearest
from .overlap import Box, Voxels

TOLERANCE = 1.0
"""Surface Dice counts what lies within this distance of the other surface, mm."""


@dataclass(frozen=True, eq=False)
class SurfaceDistances:
    """From each surface voxel of the reference to the nearest predicted one, and back, mm."""

    to_prediction: NDArray[np.float64]
    to_reference: NDArray[np.float64]

    @property
    def average(self) -> float:
        """Average surface distance (symmetric): the mean over the voxels of both surfaces."""
        total = self.to_prediction.sum() + self.to_reference.sum()
        return float(total / (self.to_prediction.size + self.to_reference.size))

    @property
    def mean_of_directions(self) -> float:
        """The mean of the two directed averages, which panoptica calls ASSD."""
        return float((self.to_prediction.mean() + self.to_reference.mean()) / 2)

    @property
    def hd95(self) -> float:
        """95th percentile of the Hausdorff distance: the larger of both directions."""
        return float(
            max(np.quantile(self.to_prediction, 0.95), np.quantile(self.to_reference, 0.95))
        )

    def dice(self, tolerance: float = TOLERANCE) -> float:
        """Surface Dice: the share of both surfaces within `tolerance` of the other."""
        near = (self.to_prediction <= tolerance).sum() + (self.to_reference <= tolerance).sum()
        return float(near / (self.to_prediction.size + self.to_reference.size))


def surface_voxels(voxels: Voxels, number: int, box: Box) -> Indices:
    """The surface voxels of one number, which lies within `box`."""
    surface = np.argwhere(surface_of(voxels[box] == number))
    return np.asarray(surface + [each.start for each in box], dtype=np.int64)


def surface_of(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The voxels of a mask with a face on the outside; beyond the array is outside.

    >>> int(surface_of(np.ones((3, 3, 3), bool)).sum())
    26
    """
    inside = np.zeros_like(mask)
    if min(mask.shape) > 2:
        core = mask[1:-1, 1:-1, 1:-1].copy()
        for axis in range(3):
            for side in (slice(None, -2), slice(2, None)):
                neighbour = [slice(1, -1)] * 3
                neighbour[axis] = side
                core &= mask[tuple(neighbour)]
        inside[1:-1, 1:-1, 1:-1] = core
    return mask & ~inside


def surface_distances(reference: Indices, prediction: Indices, grid: Grid) -> SurfaceDistances:
    """The distances between two surfaces of voxels on one grid; neither may be empty."""
    return SurfaceDistances(
        to_prediction=distances_to_nearest(reference, prediction, grid),
        to_reference=distances_to_nearest(prediction, reference, grid),
    )
