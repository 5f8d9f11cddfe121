"""How much reference and predicted masks share: Dice, missed, merged and double vertebrae, quality.

Everything comes from one count of how many voxels each pair of numbers shares.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from ..anatomy import Level
from ..errors import VertebraError

Voxels = NDArray[np.integer]
Box = tuple[slice, slice, slice]

MATCH = 0.5
"""Panoptic quality pairs a reference and a predicted vertebra from this IoU on."""

CRUMB = 0.1
"""A share of a vertebra (or an IoU) below this is no finding of it."""

_SLAB = 4_000_000


@dataclass(frozen=True, eq=False)
class Overlap:
    """Voxels shared by each reference number (rows) and predicted number (columns)."""

    references: tuple[int, ...]
    predictions: tuple[int, ...]
    shared: NDArray[np.int64]
    reference_sizes: NDArray[np.int64]
    prediction_sizes: NDArray[np.int64]
    reference_boxes: Mapping[int, Box]
    prediction_boxes: Mapping[int, Box]

    @property
    def dice(self) -> NDArray[np.float64]:
        """Dice of each pair of numbers."""
        sizes = self.reference_sizes[:, None] + self.prediction_sizes[None, :]
        return np.asarray(2 * self.shared / sizes, dtype=np.float64)

    @property
    def iou(self) -> NDArray[np.float64]:
        """Intersection over union of each pair of numbers."""
        sizes = self.reference_sizes[:, None] + self.prediction_sizes[None, :]
        return np.asarray(self.shared / (sizes - self.shared), dtype=np.float64)

    def largest(self, reference: int) -> int | None:
        """The predicted number with the largest overlap; `None` where there is none."""
        row = self.shared[self.references.index(reference)]
        return self.predictions[int(row.argmax())] if row.any() else None

    def dice_of(self, reference: int, prediction: int | None) -> float:
        """Dice of two numbers; 0 for a vertebra that has no partner."""
        if prediction not in self.predictions:
            return 0.0
        row, column = self.references.index(reference), self.predictions.index(prediction)
        return float(self.dice[row, column])

    @property
    def missed(self) -> tuple[int, ...]:
        """Reference vertebrae of which no predicted one reaches an IoU of 10 %."""
        best = self.iou.max(axis=1, initial=0.0)
        return tuple(each for each, iou in zip(self.references, best) if iou < CRUMB)

    @property
    def merged(self) -> tuple[int, ...]:
        """Predicted vertebrae that hold more than half of each of two or more reference ones."""
        swallowed = self.shared > 0.5 * self.reference_sizes[:, None]
        return tuple(np.array(self.predictions, dtype=int)[swallowed.sum(axis=0) > 1].tolist())

    @property
    def double(self) -> tuple[int, ...]:
        """Reference vertebrae that two or more predicted ones share.

        Each of these lies for more than half of itself in the vertebra and takes at least 10 % of
        it.
        """
        inside = self.shared > 0.5 * self.prediction_sizes[None, :]
        worth = self.shared >= CRUMB * self.reference_sizes[:, None]
        several = (inside & worth).sum(axis=1) > 1
        return tuple(np.array(self.references, dtype=int)[several].tolist())


@dataclass(frozen=True)
class PanopticQuality:
    """Matched, invented and missed vertebrae, with the sums over the matched ones."""

    matched: int
    invented: int
    missed: int
    iou_sum: float
    dice_sum: float

    @property
    def recognition(self) -> float | None:
        """F1 of finding vertebrae at an IoU of at least 50 %."""
        judged = self.matched + 0.5 * (self.invented + self.missed)
        return self.matched / judged if judged else None

    @property
    def segmentation(self) -> float | None:
        """Mean IoU of the matched vertebrae."""
        return self.iou_sum / self.matched if self.matched else None

    @property
    def dice(self) -> float | None:
        """Mean Dice of the matched vertebrae."""
        return self.dice_sum / self.matched if self.matched else None

    @property
    def panoptic(self) -> float | None:
        """Recognition times segmentation quality; 0 where nothing matched."""
        if self.recognition is None:
            return None
        return self.recognition * (self.segmentation or 0.0)


def panoptic_quality(overlap: Overlap) -> PanopticQuality:
    """The quality of one scan; each vertebra is matched once, best pairs first."""
    iou, dice = overlap.iou.copy(), overlap.dice
    matched, iou_sum, dice_sum = 0, 0.0, 0.0
    while iou.size and iou.max() >= MATCH:
        row, column = np.unravel_index(iou.argmax(), iou.shape)
        matched, iou_sum = matched + 1, iou_sum + float(iou[row, column])
        dice_sum += float(dice[row, column])
        iou[row, :], iou[:, column] = 0, 0
    return PanopticQuality(
        matched=matched,
        invented=len(overlap.predictions) - matched,
        missed=len(overlap.references) - matched,
        iou_sum=iou_sum,
        dice_sum=dice_sum,
    )


def pooled(qualities: Iterable[PanopticQuality]) -> PanopticQuality:
    """The quality over several scans, each vertebra counting the same."""
    every = list(qualities)
    return PanopticQuality(
        matched=sum(each.matched for each in every),
        invented=sum(each.invented for each in every),
        missed=sum(each.missed for each in every),
        iou_sum=sum(each.iou_sum for each in every),
        dice_sum=sum(each.dice_sum for each in every),
    )


def numbers_by_level(levels: Mapping[int, Level]) -> dict[Level, int]:
    """Which number holds each level; a level used twice goes to its lowest number."""
    return {levels[number]: number for number in sorted(levels, reverse=True)}


def overlap(reference: Voxels, prediction: Voxels) -> Overlap:
    """Count what two label arrays of one grid share.

    Only the box around everything labelled is looked at, slab by slab, so that no copy of a scan is
    made.
    """
    if reference.shape != prediction.shape:
        raise VertebraError(
            f"The masks have the shapes {reference.shape} and {prediction.shape}; they must match."
        )
    box = labelled_box(reference, prediction)
    order = _memory_order(reference)
    ours, theirs = reference[box].transpose(order), prediction[box].transpose(order)
    reference_boxes = _boxes(ours, order, box)
    prediction_boxes = _boxes(theirs, order, box)
    references, predictions = tuple(reference_boxes), tuple(prediction_boxes)
    counts = _joint_counts(ours, theirs, references, predictions)
    return Overlap(
        references=references,
        predictions=predictions,
        shared=counts[1:, 1:],
        reference_sizes=counts[1:].sum(axis=1),
        prediction_sizes=counts[:, 1:].sum(axis=0),
        reference_boxes=reference_boxes,
        prediction_boxes=prediction_boxes,
    )


def boxes_of(voxels: Voxels) -> dict[int, Box]:
    """The box of each number."""
    box, order = labelled_box(voxels), _memory_order(voxels)
    return _boxes(voxels[box].transpose(order), order, box)


def labelled_box(*maps: Voxels) -> Box:
    """The box around everything that is labelled in any of the maps."""
    low, high = np.full(3, np.iinfo(int).max), np.zeros(3, dtype=int)
    for voxels in maps:
        slowest = int(np.argmax(np.abs(voxels.strides)))
        flat = np.maximum.reduce(voxels, axis=slowest) > 0  # reads memory in its order: quick
        if not flat.any():
            continue
        box = [slice(None)] * 3
        others = [axis for axis in range(3) if axis != slowest]
        for axis, other in zip(others, (1, 0)):
            box[axis] = _extent(flat.any(axis=other))
        box[slowest] = _extent(voxels[tuple(box)].max(axis=tuple(others)) > 0)
        low = np.minimum(low, [each.start for each in box])
        high = np.maximum(high, [each.stop for each in box])
    first, second, third = (slice(min(int(a), int(b)), int(b)) for a, b in zip(low, high))
    return first, second, third


def _extent(line: NDArray[np.bool_]) -> slice:
    places = np.flatnonzero(line)
    return slice(int(places[0]), int(places[-1]) + 1)


def _memory_order(voxels: Voxels) -> tuple[int, int, int]:
    """The axes with the longest stride first: reading in this order is several times faster."""
    first, second, third = np.argsort(-np.abs(np.array(voxels.strides)), kind="stable").tolist()
    return first, second, third


def _boxes(part: Voxels, order: tuple[int, int, int], offset: Box) -> dict[int, Box]:
    """The box of each number, in the whole grid's indices; `part` has its axes in `order`."""
    if not part.size:
        return {}
    if part.min() < 0:
        raise VertebraError("A mask has negative numbers; they must be 0 or larger.")
    if part.max() > np.iinfo(np.uint16).max:
        raise VertebraError("A mask has numbers above 65535; renumber its vertebrae.")
    boxes = {}
    for number, found in enumerate(ndimage.find_objects(part), start=1):
        if found is not None:
            i, j, k = (
                slice(offset[axis].start + place.start, offset[axis].start + place.stop)
                for axis, place in sorted(zip(order, found), key=lambda pair: pair[0])
            )
            boxes[number] = (i, j, k)
    return boxes


def _joint_counts(
    reference: Voxels, prediction: Voxels, references: tuple[int, ...], predictions: tuple[int, ...]
) -> NDArray[np.int64]:
    """Voxels by (reference row, prediction column); row and column 0 are background."""
    rows, columns = _table(references), _table(predictions)
    width = len(predictions) + 1
    counts = np.zeros((len(references) + 1) * width, dtype=np.int64)
    thickness = max(1, _SLAB // max(1, int(np.prod(reference.shape[1:]))))
    for start in range(0, reference.shape[0], thickness):
        ours, theirs = reference[start : start + thickness], prediction[start : start + thickness]
        labelled = (ours != 0) | (theirs != 0)
        pairs = rows[ours[labelled]] * width + columns[theirs[labelled]]
        counts += np.bincount(pairs, minlength=counts.size)
    return counts.reshape(-1, width)


def _table(numbers: tuple[int, ...]) -> NDArray[np.int64]:
    """From a number to its place, 1 for the first."""
    table = np.zeros(max(numbers, default=0) + 1, dtype=np.int64)
    table[list(numbers)] = np.arange(1, len(numbers) + 1)
    return table
