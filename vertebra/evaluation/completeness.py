"""Is each vertebra rightly called complete or cut by the edge of the scan?"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ..spine import Flag, Spine, Vertebra
from .detection import detect


@dataclass(frozen=True)
class CompletenessScore:
    """Counts over vertebrae whose completeness both sides state; positive means complete."""

    scans: int
    right: int
    false_positives: int
    false_negatives: int
    partial: int
    """How many of those judged are incomplete in the reference."""

    @property
    def accuracy(self) -> float | None:
        """The share of vertebrae judged as in the reference."""
        judged = self.right + self.false_positives + self.false_negatives
        return self.right / judged if judged else None

    @property
    def partial_found(self) -> float | None:
        """The share of the incomplete ones that are called so."""
        return 1 - self.false_positives / self.partial if self.partial else None

    @property
    def false_positives_a_scan(self) -> float | None:
        """Incomplete vertebrae called complete, for each scan."""
        return self.false_positives / self.scans if self.scans else None

    @property
    def false_negatives_a_scan(self) -> float | None:
        """Complete vertebrae called incomplete, for each scan."""
        return self.false_negatives / self.scans if self.scans else None


def completeness(reference: Spine, prediction: Spine) -> CompletenessScore:
    """The counts of one scan; vertebrae are paired by place, whatever they are called."""
    truths = {vertebra.level: is_complete(vertebra) for vertebra in reference}
    judged = []
    for found, detection in zip(prediction, detect(reference, prediction)):
        truth = truths.get(detection.at) if detection.at is not None else None
        claim = is_complete(found)
        if truth is not None and claim is not None:
            judged.append((truth, claim))
    return CompletenessScore(
        scans=int(bool(judged)),
        right=sum(truth == claim for truth, claim in judged),
        false_positives=sum(claim and not truth for truth, claim in judged),
        false_negatives=sum(truth and not claim for truth, claim in judged),
        partial=sum(not truth for truth, _ in judged),
    )


def pooled(scores: Iterable[CompletenessScore]) -> CompletenessScore:
    """The counts of several scans together."""
    every = list(scores)
    return CompletenessScore(
        scans=sum(each.scans for each in every),
        right=sum(each.right for each in every),
        false_positives=sum(each.false_positives for each in every),
        false_negatives=sum(each.false_negatives for each in every),
        partial=sum(each.partial for each in every),
    )


def is_complete(vertebra: Vertebra) -> bool | None:
    """Does it lie completely in view? `None` where nobody said."""
    if vertebra.completeness is not None:
        return vertebra.completeness >= 0.5
    return False if Flag.PARTIAL in vertebra.flags else None
