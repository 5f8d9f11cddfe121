"""One vertebra's voxels in a box of the scan; knows neither MRML nor Qt."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from vertebra.errors import BadEdit
from vertebra.spine import Point
from vertebra.volume import Grid

SMALL_PIECE = 0.02
"""A piece below this share of its mask is a crumb and no vertebra of its own."""
BODY = 0.6
"""The body is where the bone is at least this share of its greatest thickness."""
COARSE = 2.0
"""Thickness is measured in voxels of about this size, mm."""


@dataclass(frozen=True, eq=False)
class Mask:
    """Voxels in a box that starts at an index (i, j, k) of the scan."""

    start: tuple[int, int, int]
    voxels: NDArray[np.bool_]

    @property
    def box(self) -> tuple[slice, slice, slice]:
        """Where in the scan it lies."""
        i, j, k = (slice(a, a + n) for a, n in zip(self.start, self.voxels.shape))
        return i, j, k

    def same_as(self, other: Mask | None) -> bool:
        """Are these the same voxels of the scan?"""
        return (
            other is not None
            and self.start == other.start
            and self.voxels.shape == other.voxels.shape
            and bool((self.voxels == other.voxels).all())
        )

    def contains(self, grid: Grid, point: Point) -> bool:
        """Does a point of the patient (RAS mm) lie in it?"""
        index = np.rint(grid.to_index(point)).astype(int) - self.start
        inside = bool(((index >= 0) & (index < self.voxels.shape)).all())
        return inside and bool(self.voxels[tuple(index)])

    def millilitres(self, grid: Grid) -> float:
        """Its volume."""
        return float(np.count_nonzero(self.voxels)) * grid.voxel_volume / 1000

    def is_cut(self, grid: Grid) -> bool:
        """Does it reach the edge of the scan?"""
        ends = zip(self.start, self.voxels.shape, grid.shape)
        return any(a == 0 or a + n == length for a, n, length in ends)

    def joined(self, other: Mask) -> Mask:
        """This mask with another one's voxels."""
        low = np.minimum(self.start, other.start)
        high = np.maximum(_end(self), _end(other))
        voxels = np.zeros(high - low, dtype=bool)
        for each in (self, other):
            voxels[_inside(each, low)] |= each.voxels
        return Mask(_index(low), voxels)

    def without(self, other: Mask) -> Mask:
        """This mask without the voxels that another one has."""
        low = np.maximum(self.start, other.start)
        high = np.minimum(_end(self), _end(other))
        if (low >= high).any():
            return self
        mine, theirs = (
            tuple(slice(a - s, b - s) for a, b, s in zip(low, high, each.start))
            for each in (self, other)
        )
        if not (self.voxels[mine] & other.voxels[theirs]).any():
            return self
        voxels = self.voxels.copy()
        voxels[mine] &= ~other.voxels[theirs]
        return Mask(self.start, voxels)

    def cropped(self) -> Mask | None:
        """The same without empty margins; None where nothing is left."""
        found = ndimage.find_objects(self.voxels.view(np.uint8))
        if not found:
            return None
        start = _index(np.add(self.start, [span.start for span in found[0]]))
        return Mask(start, self.voxels[found[0]].copy())

    def within(self, grid: Grid) -> Mask | None:
        """The part of it that lies in the scan; None for no part."""
        low = np.clip(self.start, 0, grid.shape)
        high = np.clip(_end(self), low, grid.shape)
        part = tuple(slice(a - s, b - s) for a, b, s in zip(low, high, self.start))
        voxels = self.voxels[part]
        if voxels.shape == self.voxels.shape:
            return self
        return Mask(_index(low), voxels).cropped() if voxels.any() else None

    def pieces(self) -> list[Mask]:
        """Its separate parts, the largest first, crumbs with the part that is nearest."""
        labels, _ = ndimage.label(self.voxels)
        sizes = np.bincount(labels.ravel())[1:]
        order = np.argsort(-sizes)
        parts = [n + 1 for n in order if sizes[n] >= SMALL_PIECE * sizes.sum()]
        if len(parts) < 2:
            raise BadEdit("This mask is in one piece; cut it in the Segment Editor first.")
        crumbs = self.voxels & ~np.isin(labels, parts)
        if crumbs.any():
            nearest = ndimage.distance_transform_edt(
                ~(self.voxels & ~crumbs), return_distances=False, return_indices=True
            )
            labels = labels[tuple(nearest)]
        found = [Mask(self.start, self.voxels & (labels == part)).cropped() for part in parts]
        return [piece for piece in found if piece is not None]

    def body_centre(self, grid: Grid) -> Point:
        """The middle of its thickest part, which is the vertebral body (RAS mm)."""
        steps = np.maximum(1, np.floor(COARSE / grid.spacing)).astype(int)
        coarse = np.pad(self.voxels[tuple(slice(n // 2, None, n) for n in steps)], 1)
        depth = ndimage.distance_transform_edt(coarse, sampling=steps * grid.spacing)
        if not depth.any():
            coarse, steps = np.pad(self.voxels, 1), np.ones(3, dtype=int)
            depth = coarse.astype(float)
        parts, _ = ndimage.label(depth >= BODY * depth.max())
        body = np.argwhere(parts == parts.flat[int(depth.argmax())]).mean(axis=0) - 1
        x, y, z = grid.to_world(self.start + body * steps + steps // 2).tolist()
        return x, y, z


def _end(mask: Mask) -> NDArray[np.int_]:
    return np.add(mask.start, mask.voxels.shape)


def _inside(mask: Mask, low: NDArray[np.int_]) -> tuple[slice, ...]:
    """Where a mask lies in a box that starts at `low`."""
    return tuple(slice(a - s, b - s) for a, b, s in zip(mask.start, _end(mask), low))


def _index(values: NDArray[np.int_]) -> tuple[int, int, int]:
    i, j, k = (int(value) for value in values)
    return i, j, k
