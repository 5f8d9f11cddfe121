"""A spine whose voxels tell by their brightness which vertebra they belong to, and its reader.

So a patch can be segmented exactly, and the geometry of a traversal tested without a network.
"""

from __future__ import annotations

import numpy as np

from vertebra.methods.iterative.rules import Direction
from vertebra.volume import Grid, LabelMap, Volume

FIRST, APART = 1000, 10
"""The brightness (HU) of vertebra 1, and the difference to the next."""


def coded(labels: np.ndarray) -> np.ndarray:
    """The voxels of a scan with these vertebrae."""
    return np.where(labels > 0, FIRST + APART * labels.astype(int), 0).astype(np.int16)


def decoded(voxels: np.ndarray) -> np.ndarray:
    """The vertebrae of voxels."""
    return np.where(voxels >= FIRST, np.rint((voxels - FIRST) / APART), 0).astype(int)


class ExactReader:
    """Segments the first vertebra of a patch that is not in the memory, without a mistake."""

    def __init__(self, labels: np.ndarray, direction: Direction = Direction.DOWN) -> None:
        self.sizes = np.bincount(labels.ravel(), minlength=60)
        self.down = direction is Direction.DOWN
        cut = [labels.take(end, axis) for axis in range(3) for end in (0, -1)]
        self.cut = {int(number) for side in cut for number in np.unique(side)}
        self.looks = 0

    def __call__(self, patch: np.ndarray, memory: np.ndarray) -> tuple[np.ndarray, float]:
        """Probabilities 0 and 1, and whether the patch and the scan show the vertebra whole."""
        self.looks += 1
        seen = decoded(patch)
        left = [int(number) for number in np.unique(seen[(seen > 0) & ~memory])]
        if not left:
            return np.zeros(patch.shape, np.float32), 0.0
        number = min(left) if self.down else max(left)
        mask = seen == number
        whole = mask.sum() >= 0.97 * self.sizes[number] and number not in self.cut
        return mask.astype(np.float32), float(whole)


def spine_labels(
    shape: tuple[int, int, int], count: int, rng: np.random.Generator, step: int = 9
) -> np.ndarray:
    """Vertebrae of a block and a spinous process, one below the other, along a bent line."""
    labels = np.zeros(shape, np.uint8)
    i, j = shape[0] / 2, shape[1] / 2
    for number in range(1, count + 1):
        i, j = i + rng.normal(0, 1), j + rng.normal(0, 1)
        a, b, top = round(i), round(j), shape[2] - 2 - (number - 1) * step
        for di, dj, low, high in ((4, 4, 6, 0), (1, 9, 7, 3)):
            behind = b - dj if dj > 4 else b - 4
            box = (
                slice(max(0, a - di), max(0, a + di)),
                slice(max(0, behind), max(0, b + 4)),
                slice(max(0, top - low), max(0, top - high)),
            )
            labels[box][labels[box] == 0] = number
    return labels


def scan_of(labels: np.ndarray, spacing: float = 1.0) -> tuple[Volume, LabelMap]:
    """A coded scan and its label map."""
    grid = Grid.of(labels.shape, (spacing,) * 3, (-20, 30, 5))
    return Volume(coded(labels), grid, "coded"), LabelMap(labels, grid)
