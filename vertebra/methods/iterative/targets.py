"""What is to be learned from a patch: the next vertebra, given a memory taken from the truth."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from .configuration import Configuration
from .rules import Direction
from .windows import bounds

TOLERATED = 0.03
"""A vertebra counts as completely visible if no more than this share of it is outside."""
FAR = 3.0
"""Beyond this many sigma the surface has no weight left."""


@dataclass(frozen=True, eq=False)
class Target:
    """Memory, the vertebra to segment, and whether that is completely visible."""

    memory: NDArray[np.bool_]
    truth: NDArray[np.bool_]
    complete: bool


def visible(labels: NDArray[np.integer], direction: Direction, least: int = 1) -> list[int]:
    """The vertebrae that show at least so many voxels, in the order of their segmentation."""
    sizes = np.bincount(labels.ravel())
    numbers = [int(number) for number in np.flatnonzero(sizes >= least) if number]
    return numbers if direction is Direction.DOWN else numbers[::-1]


def completely_visible(
    shown: NDArray[np.number], volumes: NDArray[np.integer], complete: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """Which of the scan's vertebrae, from head to tail, a patch shows completely.

    `shown` are their voxels in the patch, `volumes` those in the whole scan; `complete` tells which
    of them the whole scan shows completely.
    """
    return np.asarray(complete & (shown >= (1 - TOLERATED) * volumes))


def target(
    labels: NDArray[np.integer],
    wanted: int | None,
    complete: NDArray[np.bool_],
    direction: Direction,
) -> Target:
    """The target `wanted` with all before it in the memory; everything is there for `None`."""
    if wanted is None:
        return Target(labels > 0, np.zeros(labels.shape, np.bool_), False)
    before = labels < wanted if direction is Direction.DOWN else labels > wanted
    return Target(before & (labels > 0), labels == wanted, bool(complete[wanted - 1]))


def surface_weights(truth: NDArray[np.bool_], configuration: Configuration) -> NDArray[np.float32]:
    """w = gamma exp(-d^2 / sigma^2) + 1 with the distance d (mm) to the vertebra's surface."""
    weights = np.ones(truth.shape, np.float32)
    if not truth.any():
        return weights
    reach = int(np.ceil(FAR * configuration.sigma / configuration.spacing))
    low, high = bounds(truth)
    near = tuple(slice(max(0, a - reach), b + reach + 1) for a, b in zip(low, high))
    surface = truth[near] & ~ndimage.binary_erosion(truth[near])
    distance = ndimage.distance_transform_edt(~surface) * configuration.spacing
    weights[near] += configuration.gamma * np.exp(-((distance / configuration.sigma) ** 2))
    return weights
