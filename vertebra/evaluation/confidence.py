"""Does a confidence of 80 % mean that 80 % are right?"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from .detection import Detection

BINS = 10


@dataclass(frozen=True)
class Bin:
    """Predictions of similar confidence: how many, how sure on average, how often right."""

    count: int
    confidence: float
    right: float


@dataclass(frozen=True)
class Reliability:
    """Expected calibration error, Brier score, and the bins of the reliability diagram."""

    count: int
    calibration_error: float
    brier: float
    bins: tuple[Bin, ...]


def reliability(detections: Iterable[Detection]) -> Reliability | None:
    """The reliability of the level confidence; `None` without any confidence.

    Only predictions that lie at a reference vertebra are judged: of others the reference does not
    say what they are.
    """
    judged = [
        (each.confidence, each.at is each.level)
        for each in detections
        if each.confidence is not None and each.at is not None
    ]
    if not judged:
        return None
    filled: dict[int, list[tuple[float, bool]]] = {}
    for sure, right in judged:
        filled.setdefault(min(int(sure * BINS), BINS - 1), []).append((sure, right))
    bins = tuple(
        Bin(
            len(members),
            sum(sure for sure, _ in members) / len(members),
            sum(right for _, right in members) / len(members),
        )
        for _, members in sorted(filled.items())
    )
    return Reliability(
        count=len(judged),
        calibration_error=sum(b.count * abs(b.confidence - b.right) for b in bins) / len(judged),
        brier=sum((sure - right) ** 2 for sure, right in judged) / len(judged),
        bins=bins,
    )
