"""Boxes of voxels around a centre, which may reach beyond the image."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Index = tuple[int, int, int]
Slices = tuple[slice, slice, slice]


@dataclass(frozen=True)
class Window:
    """A box of voxels from `start`.

    >>> Window.around((0, 2, 2), (4, 4, 2)).start
    (-2, 0, 1)
    """

    start: Index
    shape: Index

    @classmethod
    def around(cls, centre: Sequence[int], shape: Index) -> Window:
        """The box of this shape whose middle is `centre`."""
        i, j, k = (int(c) - size // 2 for c, size in zip(centre, shape))
        return cls((i, j, k), shape)

    def grown(self, voxels: int) -> Window:
        """The window with so many voxels more on every side."""
        i, j, k = (a - voxels for a in self.start)
        x, y, z = (n + 2 * voxels for n in self.shape)
        return Window((i, j, k), (x, y, z))

    def cut(self, image: NDArray[Any], outside: float = 0) -> NDArray[Any]:
        """A copy of the image's voxels in this window, `outside` where it reaches beyond."""
        values = np.full(self.shape, outside, image.dtype)
        there, here = self.overlap(image.shape)
        values[here] = image[there]
        return values

    def overlap(self, shape: Sequence[int]) -> tuple[Slices, Slices]:
        """Where the window meets an image: slices of the image, and of the window."""
        low = [min(max(0, a), n) for a, n in zip(self.start, shape)]
        high = [min(max(a + s, b), n) for a, s, n, b in zip(self.start, self.shape, shape, low)]
        there = [slice(a, b) for a, b in zip(low, high)]
        here = [slice(a - s, b - s) for a, b, s in zip(low, high, self.start)]
        empty = any(a == b for a, b in zip(low, high))
        if empty:
            return (slice(0, 0),) * 3, (slice(0, 0),) * 3
        return (there[0], there[1], there[2]), (here[0], here[1], here[2])


def bounds(mask: NDArray[np.bool_]) -> tuple[Index, Index]:
    """First and last index of a mask along each axis; the mask must not be empty."""
    low, high = [], []
    for axis in range(3):
        others = tuple(other for other in range(3) if other != axis)
        filled = np.flatnonzero(mask.any(axis=others))
        low.append(int(filled[0]))
        high.append(int(filled[-1]))
    return (low[0], low[1], low[2]), (high[0], high[1], high[2])
