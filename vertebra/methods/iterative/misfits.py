"""Which masks found without points cannot be vertebrae of the spine that the others make.

A network that searches the whole scan also takes ribs, hips or the skull for vertebrae. Vertebrae
are of a certain size and follow one another downwards in a line that bends slowly; the chain of
masks that does so best is the spine.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ...volume import Grid
from .instances import Instance

OFF_LINE = "off the line of the spine"
LARGEST = 200_000.0
"""No vertebra is larger, mm^3."""
SMALLEST = 2000.0
"""No vertebra that is completely visible is smaller, mm^3."""
USUAL = 10_000.0
"""From this size on (mm^3) a mask counts in full; a fragment may well be that of a rib."""
LEAST_WEIGHT = 0.3
CLOSEST = 8.0
"""Neighbours are at least so far apart, mm."""
NEIGHBOURLY = 50.0
"""Further apart than this (mm), a vertebra has been missed between two."""
OFF = 20.0
"""So far (mm), and half of the way between two, a vertebra may lie off the line of those above."""

DWARF = 0.4
"""Completely visible vertebrae have at least so much of the size of the last few above them."""
FEW = 3
"""So many above are compared with."""

NEAR = 45.0
MIDLINE = 15.0
"""What is so near to a vertebra of the chain, and hardly to its side (mm), is kept: of a vertebra
at the scan's edge only the spinous process may show."""


def misfits(instances: Sequence[Instance], upright: Grid, scan: Grid) -> dict[int, str]:
    """What is wrong, by number, with each instance of a scan that is no vertebra of its spine."""
    spacing = float(upright.spacing[0])
    wrong = {each.number: why for each in instances if (why := wrong_size(each, spacing))}
    others = [each for each in instances if each.number not in wrong]
    points = np.array([middle(each) for each in others]).reshape(-1, 3) * spacing
    sizes = np.array([each.mask.sum() for each in others]) * spacing**3
    chain = line_of(points, np.clip(sizes / USUAL, LEAST_WEIGHT, 1))
    for place, each in enumerate(others):
        if not _beside(points[place], points[chain]):
            wrong[each.number] = OFF_LINE
    # networks do not always see that a scan ends within a vertebra
    whole = [
        (others[n], float(sizes[n]))
        for n in np.argsort(-points[:, 2], kind="stable")
        if others[n].number not in wrong
        and others[n].complete
        and not others[n].reaches_out(upright, scan)
    ]
    return wrong | dict.fromkeys(dwarfs(whole), "too small beside the vertebrae above it")


def dwarfs(downwards: Sequence[tuple[Instance, float]]) -> list[int]:
    """The numbers of those much smaller than what is above them, as parts of the sacrum are."""
    small, above = list[int](), list[float]()
    for instance, size in downwards:
        if above and size < DWARF * float(np.median(above[-FEW:])):
            small.append(instance.number)
        else:
            above.append(size)
    return small


def wrong_size(instance: Instance, spacing: float) -> str:
    """What is wrong with a mask's size, or nothing."""
    size = instance.mask.sum() * spacing**3
    if size > LARGEST:
        return "too large for a vertebra"
    return "too small for a vertebra" if instance.complete and size < SMALLEST else ""


def middle(instance: Instance) -> NDArray[np.float64]:
    """The mean of a mask's voxels: bodies cannot be told in the neck, where others are thicker."""
    return np.asarray(np.argwhere(instance.mask).mean(axis=0) + instance.window.start)


def _beside(point: NDArray[np.float64], chain: NDArray[np.float64]) -> bool:
    """Does a point lie in the midline near one of a chain?"""
    away = np.abs(chain - point)
    return bool(((away[:, 0] <= MIDLINE) & (np.linalg.norm(away, axis=1) <= NEAR)).any())


def line_of(points: NDArray[np.float64], weights: NDArray[np.float64]) -> list[int]:
    """The points (mm, z upwards) of the heaviest chain from top to bottom.

    A step costs what it strays from the line of the one before, or from straight down, and what it
    passes over; `best[i, j]` is the weight of the best chain that ends with the step from i to j.
    """
    if len(points) < 2:
        return list(range(len(points)))
    order = np.argsort(-points[:, 2], kind="stable")
    points, weights = points[order], weights[order]
    count = len(points)
    best, before = np.full((count, count), -np.inf), np.full((count, count), -1)
    for j in range(1, count):
        for i in range(j):
            if np.linalg.norm(points[j] - points[i]) < CLOSEST:
                continue
            chains = best[:i, i]
            scores = [weights[i], *chains] - _costs(points[:i], points[i], points[j])
            winner = int(np.argmax(scores))
            best[i, j], before[i, j] = scores[winner] + weights[j], winner - 1
    i, j = (int(place) for place in np.unravel_index(np.argmax(best), best.shape))
    if best[i, j] < weights.max():
        return [int(order[np.argmax(weights)])]
    chain = [j]
    while i >= 0:
        chain.append(i)
        i, j = int(before[i, j]), i
    return [int(order[place]) for place in chain]


def _costs(
    firsts: NDArray[np.float64], second: NDArray[np.float64], third: NDArray[np.float64]
) -> NDArray[np.float64]:
    """What the step from the second to the third costs: first of all, then after each of others."""
    step = third - second
    length = float(np.linalg.norm(step))
    ways = np.vstack([[0.0, 0.0, -1.0], second - firsts])
    ways /= np.linalg.norm(ways, axis=1, keepdims=True) + 1e-9
    strayed = np.linalg.norm(step - length * ways, axis=1) / (OFF + length / 2)
    return np.asarray(strayed**2 + max(0.0, length / NEIGHBOURLY - 1) / 2)
