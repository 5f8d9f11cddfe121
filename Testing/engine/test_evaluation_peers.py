"""Our figures agree with the published tools they are compared with, to 1e-6."""

from __future__ import annotations

import numpy as np
import pytest

from vertebra.anatomy import VERTEBRAE
from vertebra.evaluation.identification import identify, verse_hits
from vertebra.evaluation.overlap import overlap, panoptic_quality
from vertebra.evaluation.surface import SurfaceDistances, surface_distances, surface_voxels
from vertebra.spine import Spine
from vertebra.volume import Grid

SPACINGS = [(1.0, 1.0, 1.0), (0.4, 0.7, 2.5), (0.98, 0.98, 4.25)]


def blobs(rng: np.random.Generator, shape: tuple[int, int, int], count: int) -> np.ndarray:
    """Touching, overlapping and border-crossing ellipsoids with ragged surfaces."""
    voxels = np.zeros(shape, np.uint8)
    places = np.indices(shape).transpose(1, 2, 3, 0)
    for number in range(1, count + 1):
        centre = rng.uniform(0, shape)
        radii = rng.uniform(4, 9, 3)
        inside = (((places - centre) / radii) ** 2).sum(-1) + rng.normal(0, 0.1, shape) < 1
        voxels[inside] = number
    return voxels


def random_pair(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """A reference and a prediction that shifts, renumbers, adds and loses a little of it."""
    rng = np.random.default_rng(seed)
    reference = blobs(rng, (40, 36, 30), 6)
    prediction = np.roll(reference, rng.integers(-1, 2, 3), axis=(0, 1, 2))
    prediction = np.append(0, 1 + rng.permutation(6)).astype(np.uint8)[prediction]
    prediction[prediction == rng.integers(1, 7)] = 0
    extra = blobs(rng, reference.shape, 1) > 0
    prediction[extra & (prediction == 0)] = 9
    return reference, prediction


def partners(reference: np.ndarray, prediction: np.ndarray) -> list[tuple[int, int]]:
    shared = overlap(reference, prediction)
    pairs = [(number, shared.largest(number)) for number in shared.references]
    return [(ours, theirs) for ours, theirs in pairs if theirs is not None]


def distances_of(
    reference: np.ndarray, prediction: np.ndarray, pair: tuple[int, int], grid: Grid
) -> SurfaceDistances:
    shared = overlap(reference, prediction)
    ours, theirs = pair
    return surface_distances(
        surface_voxels(reference, ours, shared.reference_boxes[ours]),
        surface_voxels(prediction, theirs, shared.prediction_boxes[theirs]),
        grid,
    )


@pytest.mark.parametrize("seed", range(3))
def test_average_surface_distance_hd95_and_surface_dice_are_those_of_monai(seed: int) -> None:
    metrics = pytest.importorskip("monai.metrics")
    utils = pytest.importorskip("monai.metrics.utils")
    torch = pytest.importorskip("torch")
    reference, prediction = random_pair(seed)
    spacing = SPACINGS[seed]
    grid = Grid.of(reference.shape, spacing)
    for ours, theirs in partners(reference, prediction):
        measured = distances_of(reference, prediction, (ours, theirs), grid)
        one = torch.from_numpy(reference == ours)[None, None]
        other = torch.from_numpy(prediction == theirs)[None, None]
        kwargs = {"include_background": True, "spacing": list(spacing)}
        asd = metrics.compute_average_surface_distance(other, one, symmetric=True, **kwargs)
        hd95 = metrics.compute_hausdorff_distance(other, one, percentile=95, **kwargs)
        _, both_ways, _ = utils.get_edge_surface_distance(
            other[0, 0].float(), one[0, 0].float(), spacing=list(spacing), symmetric=True
        )
        percentiles = [np.quantile(each.double().numpy(), 0.95) for each in both_ways]
        dice = metrics.compute_surface_dice(other, one, [1.0], **kwargs)
        assert measured.average == pytest.approx(asd.item(), rel=1e-6, abs=1e-6)
        assert measured.hd95 == pytest.approx(max(percentiles), rel=1e-6, abs=1e-6)
        # torch interpolates the percentile in single precision
        assert measured.hd95 == pytest.approx(hd95.item(), abs=1e-3)
        assert measured.dice(1.0) == pytest.approx(dice.item(), abs=1e-6)


@pytest.mark.parametrize("seed", range(4))
def test_recognition_segmentation_panoptic_quality_dice_and_assd_are_those_of_panoptica(
    seed: int,
) -> None:
    panoptica = pytest.importorskip("panoptica")
    panoptica.disable_citation_reminder()
    reference, prediction = random_pair(seed)
    spacing = SPACINGS[seed % 3]
    metric = panoptica.Metric
    evaluator = panoptica.Panoptica_Evaluator(
        expected_input=panoptica.InputType.UNMATCHED_INSTANCE,
        instance_matcher=panoptica.NaiveThresholdMatching(matching_threshold=0.5),
        instance_metrics=[metric.DSC, metric.IOU, metric.ASSD],
    )
    theirs = evaluator.evaluate(prediction, reference, voxelspacing=spacing)["ungrouped"]

    shared = overlap(reference, prediction)
    quality = panoptic_quality(shared)
    assert (quality.matched, quality.invented, quality.missed) == (theirs.tp, theirs.fp, theirs.fn)
    assert quality.matched > 0
    assert quality.recognition == pytest.approx(theirs.rq, abs=1e-6)
    assert quality.segmentation == pytest.approx(theirs.sq, abs=1e-6)
    assert quality.panoptic == pytest.approx(theirs.pq, abs=1e-6)
    assert quality.dice == pytest.approx(theirs.sq_dsc, abs=1e-6)

    grid = Grid.of(reference.shape, spacing)
    rows, columns = np.nonzero(shared.iou >= 0.5)
    assd = [
        distances_of(
            reference, prediction, (shared.references[row], shared.predictions[column]), grid
        ).mean_of_directions
        for row, column in zip(rows, columns)
    ]
    assert np.mean(assd) == pytest.approx(theirs.sq_assd, abs=1e-6)


def verse_rule(reference: dict[int, np.ndarray], prediction: dict[int, np.ndarray]) -> set[int]:
    """VerSe's rule written down again, without a matrix: who is my nearest among the shared?"""
    both = sorted(set(reference) & set(prediction))
    hits = set()
    for number in both:
        nearest, least = None, np.inf
        for other in both:
            distance = float(((prediction[number] - reference[other]) ** 2).sum()) ** 0.5
            if distance < least:
                nearest, least = other, distance
        if nearest == number and least <= 20.0:
            hits.add(number)
    return hits


def glocker_rule(reference: dict[int, np.ndarray], prediction: dict[int, np.ndarray]) -> set[int]:
    """Glocker's rule written down again: the nearest prediction carries the right label."""
    hits = set()
    for number, place in reference.items():
        if not prediction:
            continue
        nearest = min(prediction, key=lambda other: np.linalg.norm(prediction[other] - place))
        if nearest == number and np.linalg.norm(prediction[nearest] - place) <= 20.0:
            hits.add(number)
    return hits


def random_points(rng: np.random.Generator) -> tuple[dict[int, np.ndarray], dict[int, np.ndarray]]:
    chain = [level.verse for level in VERTEBRAE if level.name not in ("T13", "L6", "S2")]
    first = rng.integers(0, 15)
    seen = chain[first : first + rng.integers(1, 11)]
    reference = {
        number: np.array([0.0, 0.0, -25.0 * index]) + rng.normal(0, 3, 3)
        for index, number in enumerate(seen)
    }
    shift = int(rng.integers(-1, 2)) if rng.random() < 0.3 else 0
    prediction = {
        chain[max(chain.index(number) + shift, 0)]: place + rng.normal(0, rng.choice([2, 15]), 3)
        for number, place in reference.items()
        if rng.random() > 0.15
    }
    return reference, prediction


def as_spine(points: dict[int, np.ndarray]) -> Spine:
    names = {level.verse: level.name for level in VERTEBRAE}
    return Spine.of({names[number]: place for number, place in points.items()})


def test_verse_and_glocker_hits_are_those_of_the_rules_written_down_again() -> None:
    rng = np.random.default_rng(11)
    disagreements = 0
    for _ in range(400):
        reference, prediction = random_points(rng)
        truth, found = as_spine(reference), as_spine(prediction)
        named = identify(truth, found)
        assert {level.verse for level in verse_hits(truth, found)} == verse_rule(
            reference, prediction
        )
        assert {each.level.verse for each in named if each.identified} == glocker_rule(
            reference, prediction
        )
        disagreements += any(each.identified != each.verse_hit for each in named)
    assert disagreements > 20  # the random cases do tell the two rules apart
