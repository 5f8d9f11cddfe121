"""What is measured of a vertebral body: its heights and how dense its inside is.

The body is looked at in the plane that halves it: upwards is the direction from the next vertebra
to the one before, forwards is where the body lies seen from the middle of the whole mask, whose
processes point backwards. Heights are those of the mask along upright lines at 15, 50 and 85 % of
the body's depth, each the mean of five lines 2 mm apart from left to right.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from SpineLabelLib.scene import Mask

from vertebra.spine import Point, Spine
from vertebra.volume import Grid

ACROSS = np.arange(-4.0, 4.1, 2.0)
ALONG = np.arange(-35.0, 35.1, 1.0)
UP = np.arange(-40.0, 40.1, 0.5)
"""Where the mask is looked at around the body's centre, mm: from left to right, from back to front,
upwards."""
PLACES = (0.85, 0.5, 0.15)
CORE = 0.3
"""Density is that of a ball in the body's middle whose radius is this share of height or depth."""


@dataclass(frozen=True)
class Body:
    """Heights of a vertebral body (mm) and the mean density of its inside (HU)."""

    anterior: float
    middle: float
    posterior: float
    hounsfield: float | None

    @property
    def wedge(self) -> float:
        """Anterior through posterior height: below 1 where the front is low."""
        return self.anterior / self.posterior

    @property
    def concavity(self) -> float:
        """Middle through posterior height: below 1 where the endplates are hollow."""
        return self.middle / self.posterior


def measured(mask: Mask, centre: Point, up: NDArray[np.float64], scan) -> Body | None:
    """The body of a mask in a scan, a Volume; None where no body can be told."""
    grid = scan.grid
    axes = _axes(mask, centre, up, grid)
    lines = _looked_at(mask, grid, centre, axes)
    depth = _depth(lines)
    if depth is None:
        return None
    back, front = depth
    heights = [_height(lines, back + place * (front - back)) for place in PLACES]
    if min(heights) == 0:
        return None
    middle = np.add(centre, ((ALONG[front] + ALONG[back]) / 2) * axes[1])
    radius = CORE * min(ALONG[front] - ALONG[back], heights[1])
    return Body(*heights, _density(mask, scan, middle, radius))


def upwards(spine: Spine, place: int) -> NDArray[np.float64]:
    """The spine's direction at a vertebra, towards the head."""
    points = np.array(spine.centroids)
    above, below = points[max(place - 1, 0)], points[min(place + 1, len(points) - 1)]
    length = float(np.linalg.norm(above - below))
    return (above - below) / length if length > 0 else np.array([0.0, 0.0, 1.0])


def _axes(
    mask: Mask, centre: Point, up: NDArray[np.float64], grid: Grid
) -> tuple[NDArray[np.float64], ...]:
    """Unit vectors to the side, forwards and upwards."""
    coarse = tuple(slice(None, None, max(1, round(2 / size))) for size in grid.spacing)
    steps = [part.step for part in coarse]
    inside = np.argwhere(mask.voxels[coarse]) * steps
    whole = grid.to_world(inside.mean(axis=0) + mask.start) if len(inside) else np.array(centre)
    forwards = _across(np.subtract(centre, whole), up)
    if np.linalg.norm(forwards) < 3:
        forwards = _across(np.array([0.0, 1.0, 0.0]), up)
    forwards = forwards / np.linalg.norm(forwards)
    return np.cross(forwards, up), forwards, up


def _across(vector: NDArray[np.float64], up: NDArray[np.float64]) -> NDArray[np.float64]:
    return vector - np.dot(vector, up) * up


def _looked_at(
    mask: Mask, grid: Grid, centre: Point, axes: tuple[NDArray[np.float64], ...]
) -> NDArray[np.bool_]:
    """Bone or not at every place around the centre: to the side, forwards, upwards."""
    steps = [np.multiply.outer(each, axis) for each, axis in zip((ACROSS, ALONG, UP), axes)]
    places = (
        np.array(centre) + steps[0][:, None, None] + steps[1][None, :, None] + steps[2][None, None]
    )
    index = grid.to_index(places.reshape(-1, 3)) - mask.start
    bone = mask.voxels.astype(np.float32)
    values = ndimage.map_coordinates(bone, index.T, order=1, mode="grid-constant")
    return values.reshape(places.shape[:3]) > 0.5


def _depth(lines: NDArray[np.bool_]) -> tuple[int, int] | None:
    """From where to where along the middle the body reaches, at its centre's height."""
    level = lines[len(ACROSS) // 2, :, len(UP) // 2]
    start = len(ALONG) // 2
    if not level[start]:
        return None
    back = start - int(np.argmin(level[start::-1])) + 1 if not level[: start + 1].all() else 0
    front = start + int(np.argmin(level[start:])) - 1 if not level[start:].all() else len(level) - 1
    return (back, front) if front - back >= 5 else None


def _height(lines: NDArray[np.bool_], along: float) -> float:
    """The mean height of the lines at a place, each counted without a break from the centre's."""
    column = lines[:, round(along), :]
    centre = len(UP) // 2
    upper = np.logical_and.accumulate(column[:, centre:], axis=1).sum(axis=1)
    lower = np.logical_and.accumulate(column[:, centre::-1], axis=1).sum(axis=1)
    heights = (upper + lower - 1)[upper > 0] * (UP[1] - UP[0])
    return float(heights.mean()) if len(heights) else 0.0


def _density(mask: Mask, scan, middle: NDArray[np.float64], radius: float) -> float | None:
    """The mean of the scan in a ball, as far as the mask reaches."""
    grid = scan.grid
    reach = np.ceil(radius / grid.spacing).astype(int)
    index = np.rint(grid.to_index(middle)).astype(int)
    low = np.maximum(index - reach, mask.start)
    high = np.minimum(index + reach + 1, np.add(mask.start, mask.voxels.shape))
    if (low >= high).any():
        return None
    box = tuple(slice(a, b) for a, b in zip(low, high))
    inside = tuple(slice(a - s, b - s) for a, b, s in zip(low, high, mask.start))
    places = np.stack(np.meshgrid(*(np.arange(a, b) for a, b in zip(low, high)), indexing="ij"), -1)
    apart = grid.to_world(places.reshape(-1, 3)) - middle
    ball = (np.linalg.norm(apart, axis=1) <= radius).reshape(places.shape[:3])
    values = scan.voxels[box][ball & mask.voxels[inside]]
    return float(values.mean()) if values.size else None
