"""The figures of one scan."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from ..anatomy import Level
from ..errors import VertebraError
from ..runtime import Progress
from ..spine import Spine
from ..volume import LabelMap, onto
from . import overlap as overlaps
from .cases import Annotation, Case
from .completeness import completeness
from .detection import detect
from .identification import identify, refuse_duplicates
from .scores import MaskScore, ScanScore, VertebraScore
from .surface import surface_distances, surface_voxels
from .views import view_of

Scores = dict[Level, VertebraScore]


def score(case: Case, progress: Progress | None = None) -> ScanScore:
    """The figures of one case."""
    progress = progress or Progress()
    scan = ScanScore(case.name, notes=case.notes)
    scores: Scores = {}
    if case.reference.spine is not None and case.prediction.spine is not None:
        scores, scan = _points(case.reference.spine, case.prediction.spine, scan)
    if case.reference.mask is not None and case.prediction.mask is not None:
        scores, scan = _masks(
            case, case.reference.mask, case.prediction.mask, scores, scan, progress
        )
    if (scan.extra is None and scan.masks is None) or _unnamed(case.reference):
        raise VertebraError(
            f"'{case.name}' cannot be compared: reference and prediction need points or masks with "
            "levels on both sides."
        )
    ordered = tuple(scores[level] for level in sorted(scores))
    return replace(scan, vertebrae=ordered, view=view_of(case))


def _unnamed(reference: Annotation) -> bool:
    """Are there masks of vertebrae, but no levels for any of them?"""
    mask = reference.mask
    return mask is not None and not reference.levels_of_mask() and bool(mask.voxels.any())


def _points(truth: Spine, found: Spine, scan: ScanScore) -> tuple[Scores, ScanScore]:
    """The figures of the points."""
    refuse_duplicates(truth)
    scores = {
        each.level: VertebraScore(
            each.level, each.called, each.identified, each.verse_hit, each.error
        )
        for each in identify(truth, found)
    }
    detections = detect(truth, found)
    return scores, replace(
        scan,
        all_right=all(each.identified for each in scores.values()) if scores else None,
        extra=sum(each.at is None for each in detections),
        detections=detections,
        made_by=found.provenance,
        anomalies=truth.anomalies,
        predicted_anomalies=found.anomalies,
        completeness=completeness(truth, found),
    )


def _masks(
    case: Case,
    truth: LabelMap,
    predicted: LabelMap,
    scores: Scores,
    scan: ScanScore,
    progress: Progress,
) -> tuple[Scores, ScanScore]:
    """The figures of the masks, added to those of the points."""
    found = onto(predicted, truth.grid)
    notes = scan.notes
    if found is not predicted:
        notes = (*notes, "The predicted mask was brought onto the reference's grid.")
    ours, theirs = case.reference.levels_of_mask(), case.prediction.levels_of_mask()
    shared = overlaps.overlap(truth.voxels, found.voxels)
    same_level = overlaps.numbers_by_level(theirs)
    scores = dict(scores)
    for level, number in overlaps.numbers_by_level(ours).items():
        progress.check()
        if number in shared.references:
            dice = shared.dice_of(number, same_level.get(level))
            before = scores.get(level, VertebraScore(level))
            partner = shared.largest(number)
            if partner is not None:
                before = replace(before, mask_called=theirs.get(partner))
            scores[level] = replace(
                _against(before, number, partner, shared, truth, found), dice=dice
            )
    masks = MaskScore(
        missed=_names(shared.missed, ours),
        merged=_names(shared.merged, theirs),
        double=_names(shared.double, ours),
        quality=overlaps.panoptic_quality(shared),
    )
    return scores, replace(scan, masks=masks, notes=notes)


def _against(
    score: VertebraScore,
    number: int,
    partner: int | None,
    shared: overlaps.Overlap,
    truth: LabelMap,
    found: LabelMap,
) -> VertebraScore:
    """The figures against the predicted vertebra with the largest overlap, if there is one."""
    if partner is None:
        return replace(score, instance_dice=0.0)
    distances = surface_distances(
        surface_voxels(truth.voxels, number, shared.reference_boxes[number]),
        surface_voxels(found.voxels, partner, shared.prediction_boxes[partner]),
        truth.grid,
    )
    return replace(
        score,
        instance_dice=shared.dice_of(number, partner),
        surface_distance=distances.average,
        hd95=distances.hd95,
        surface_dice=distances.dice(),
    )


def _names(numbers: Iterable[int], levels: Mapping[int, Level]) -> tuple[str, ...]:
    return tuple(levels[n].name if n in levels else f"number {n}" for n in numbers)
