"""A segmented vertebra, and the fragment of one that a patch shows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from ...volume import Grid
from .pointers import body_centre
from .windows import Index, Window, bounds

COMPLETE = 0.5
"""From this probability on a vertebra counts as completely visible."""
SMALL_PIECE = 0.1
"""A piece smaller than this share of the largest is noise."""
MARGIN = 2


@dataclass(frozen=True, eq=False)
class Fragment:
    """What the network newly found in a window of the scan."""

    window: Window
    mask: NDArray[np.bool_]
    probabilities: NDArray[np.float32]
    completeness: float

    @property
    def centre(self) -> Index:
        """The centre b_t of the bounding box, rounded, in voxels of the scan."""
        low, high = bounds(self.mask)
        i, j, k = (s + (a + b + 1) // 2 for s, a, b in zip(self.window.start, low, high))
        return i, j, k

    @property
    def cut(self) -> list[bool]:
        """Along which axes does it reach the window's sides, so that there may be more of it?"""
        low, high = bounds(self.mask)
        return [a == 0 or b + 1 == size for a, b, size in zip(low, high, self.mask.shape)]


@dataclass(frozen=True, eq=False)
class Instance:
    """One vertebra: its mask and probabilities in a window of the scan.

    `converged` is off where the iteration limit decided; `steps` counts the patches looked at.
    """

    number: int
    window: Window
    mask: NDArray[np.bool_]
    probabilities: NDArray[np.float32]
    completeness: float
    centre: Index
    converged: bool
    steps: int

    @classmethod
    def of(cls, number: int, fragment: Fragment, *, converged: bool, steps: int) -> Instance:
        """The vertebra of a final fragment, cut to its bounding box and a margin."""
        low, high = bounds(fragment.mask)
        start = [max(0, a - MARGIN) for a in low]
        stop = [min(n, b + 1 + MARGIN) for b, n in zip(high, fragment.mask.shape)]
        part = tuple(slice(a, b) for a, b in zip(start, stop))
        i, j, k = (s + a for s, a in zip(fragment.window.start, start))
        mask = fragment.mask[part].copy()
        shape: Index = (mask.shape[0], mask.shape[1], mask.shape[2])
        return cls(
            number,
            Window((i, j, k), shape),
            mask,
            fragment.probabilities[part].copy(),
            fragment.completeness,
            fragment.centre,
            converged,
            steps,
        )

    @property
    def complete(self) -> bool:
        """Is the vertebra completely visible?"""
        return self.completeness >= COMPLETE

    @property
    def fragmented(self) -> bool:
        """Is the mask in pieces?"""
        return int(ndimage.label(self.mask)[1]) > 1

    def reaches_out(self, upright: Grid, scan: Grid) -> bool:
        """Does the mask, with a voxel around it, reach out of the scan, which may lie askew?"""
        around = ndimage.binary_dilation(np.pad(self.mask, 1), np.ones((3, 3, 3)))
        voxels = np.argwhere(around) + self.window.start - 1
        return not bool(scan.contains(upright.to_world(voxels)).all())

    def body_centre(self, spacing: float) -> NDArray[np.float64]:
        """Where its label's point is, in voxels of the scan, which are `spacing` mm wide."""
        return body_centre(self.mask, spacing) + self.window.start

    def holds(self, point: NDArray[np.float64]) -> bool:
        """Does a point, in voxels of the scan, lie in the mask?"""
        i, j, k = (np.rint(point).astype(int) - self.window.start).tolist()
        inside = all(0 <= at < size for at, size in zip((i, j, k), self.mask.shape))
        return inside and bool(self.mask[i, j, k])


def cleaned(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The mask without pieces that are small against its largest one."""
    pieces, count = ndimage.label(mask)
    if count < 2:
        return mask
    sizes = np.bincount(pieces.ravel())
    sizes[0] = 0
    kept: NDArray[np.bool_] = (sizes >= SMALL_PIECE * sizes.max())[pieces] & mask
    return kept
