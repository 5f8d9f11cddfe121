"""Are the vertebrae found at all, and how well does the confidence rank them?"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..anatomy import Level
from ..spine import Spine
from .identification import NEAR, distances_between


@dataclass(frozen=True)
class Detection:
    """One prediction: the level it claims, its confidence, and the reference vertebra it hit.

    `at` comes from matching without regard to levels, `hit` from matching within its own level.
    """

    level: Level
    confidence: float | None
    at: Level | None
    hit: bool


@dataclass(frozen=True)
class Scored:
    """Precision, recall and average precision of one kind of hit; `None` without a meaning."""

    precision: float | None
    recall: float | None
    average_precision: float | None


@dataclass(frozen=True)
class DetectionScore:
    """Vertebrae found whatever they are called, and found with the right name.

    `labelled.average_precision` is the mean over the levels that the references have (mAP).
    """

    agnostic: Scored
    labelled: Scored


def detect(reference: Spine, prediction: Spine) -> tuple[Detection, ...]:
    """What each prediction of a scan hit, in the order of the prediction.

    The surest prediction chooses first (without confidence: the nearest one); it takes the nearest
    reference vertebra within 20 mm that is still free.
    """
    distances = distances_between(reference, prediction)
    nearest = distances.min(axis=0) if len(reference) else np.zeros(len(prediction))
    ranked = sorted(
        range(len(prediction)),
        key=lambda i: (-(prediction.vertebrae[i].confidence or 0.0), float(nearest[i])),
    )
    at: dict[int, Level] = {}
    hits: set[int] = set()
    free, free_by_name = set(range(len(reference))), set(range(len(reference)))
    for i in ranked:
        level = prediction.levels[i]
        place = _nearest_of(free, distances[:, i])
        if place is not None:
            free.discard(place)
            at[i] = reference.levels[place]
        own = {row for row in free_by_name if reference.levels[row] is level}
        named = _nearest_of(own, distances[:, i])
        if named is not None:
            free_by_name.discard(named)
            hits.add(i)
    return tuple(
        Detection(vertebra.level, vertebra.confidence, at.get(i), i in hits)
        for i, vertebra in enumerate(prediction)
    )


def detection_score(
    scans: Iterable[tuple[Sequence[Level], Sequence[Detection]]],
) -> DetectionScore:
    """The score over scans, each given as its reference levels and its detections."""
    levels: list[Level] = []
    detections: list[Detection] = []
    for reference, found in scans:
        levels.extend(reference)
        detections.extend(found)
    agnostic = [each.at is not None for each in detections]
    named = [each.hit for each in detections]
    confidences = [each.confidence for each in detections]
    by_level = [
        average_precision(
            [each.hit for each in detections if each.level is level],
            [each.confidence for each in detections if each.level is level],
            levels.count(level),
        )
        for level in sorted(set(levels))
    ]
    known = [value for value in by_level if value is not None]
    mean = sum(known) / len(known) if known and None not in confidences else None
    return DetectionScore(
        Scored(
            _share(sum(agnostic), len(detections)),
            _share(sum(agnostic), len(levels)),
            average_precision(agnostic, confidences, len(levels)),
        ),
        Scored(_share(sum(named), len(detections)), _share(sum(named), len(levels)), mean),
    )


def average_precision(
    hits: Sequence[bool], confidences: Sequence[float | None], references: int
) -> float | None:
    """The area under the precision-recall curve, precision made monotone (PASCAL VOC 2010).

    Predictions of equal confidence enter the curve together. `None` where a prediction has no
    confidence or there is no reference.

    >>> average_precision([True, False, True], [0.9, 0.8, 0.7], references=2)
    0.8333333333333333
    """
    if references == 0 or any(confidence is None for confidence in confidences):
        return None
    if not hits:
        return 0.0
    scores = np.array(confidences, dtype=np.float64)
    order = np.argsort(-scores, kind="stable")
    right = np.cumsum(np.asarray(hits, dtype=np.float64)[order])
    last_of_tie = np.append(np.diff(scores[order]) != 0, True)
    right, drawn = right[last_of_tie], (np.arange(len(hits)) + 1.0)[last_of_tie]
    precision = np.maximum.accumulate((right / drawn)[::-1])[::-1]
    return float(np.sum(np.diff(right / references, prepend=0.0) * precision))


def _nearest_of(rows: set[int], distances: NDArray[np.float64]) -> int | None:
    near = [row for row in rows if distances[row] <= NEAR]
    return min(near, key=lambda row: float(distances[row])) if near else None


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None
