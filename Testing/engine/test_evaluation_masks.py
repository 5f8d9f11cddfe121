"""Masks are scored on their true grid: overlap, missed, merged and double vertebrae, surfaces."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy import ndimage

from vertebra.anatomy import LEVELS
from vertebra.errors import VertebraError
from vertebra.evaluation.nearest import distances_to_nearest
from vertebra.evaluation.overlap import (
    labelled_box,
    numbers_by_level,
    overlap,
    panoptic_quality,
    pooled,
)
from vertebra.evaluation.surface import surface_distances, surface_of, surface_voxels
from vertebra.volume import Grid, read_label_map


def stack(*numbers: int, shape: tuple[int, int, int] = (20, 20, 60)) -> np.ndarray:
    """Boxes of 12 x 12 x 8 voxels, one above the other; 0 leaves a place free."""
    voxels = np.zeros(shape, np.uint8)
    for place, number in enumerate(numbers):
        voxels[4:16, 4:16, 2 + 10 * place : 10 + 10 * place] = number
    return voxels


def test_dice_and_iou_are_those_of_counting_by_hand() -> None:
    reference, prediction = stack(1, 2), np.roll(stack(5, 2), 3, axis=0)
    shared = overlap(reference, prediction)
    assert (shared.references, shared.predictions) == ((1, 2), (2, 5))
    assert shared.dice_of(1, 5) == pytest.approx(9 / 12)
    assert shared.iou[0, 1] == pytest.approx(9 / 15)
    assert shared.dice_of(1, 2) == 0.0
    assert shared.dice_of(1, None) == 0.0
    assert (shared.largest(1), shared.largest(2)) == (5, 2)


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("axes", [(0, 1, 2), (2, 0, 1)])
def test_counts_do_not_depend_on_how_the_voxels_lie_in_memory(order: str, axes: tuple) -> None:
    rng = np.random.default_rng(5)
    reference = rng.integers(0, 6, (9, 11, 13)).astype(np.uint8)
    prediction = rng.integers(0, 9, (9, 11, 13)).astype(np.uint16) * 100
    turned = np.asarray(reference, order=order).transpose(axes)
    shared = overlap(turned, prediction.transpose(axes))
    for row, ours in enumerate(shared.references):
        assert (turned[shared.reference_boxes[ours]] == ours).sum() == shared.reference_sizes[row]
        for column, theirs in enumerate(shared.predictions):
            both = (reference == ours) & (prediction == theirs)
            assert shared.shared[row, column] == both.sum()


def test_a_large_mask_is_counted_slab_by_slab(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = overlap(stack(1, 2, 3), np.roll(stack(3, 2, 1), 2, axis=2))
    monkeypatch.setattr("vertebra.evaluation.overlap._SLAB", 500)
    slabs = overlap(stack(1, 2, 3), np.roll(stack(3, 2, 1), 2, axis=2))
    assert (slabs.shared == whole.shared).all()
    assert slabs.reference_boxes == whole.reference_boxes


def test_a_missed_a_merged_and_a_double_vertebra_are_told_apart() -> None:
    reference = stack(1, 2, 3, 4, 5)
    prediction = stack(1, 2, 2, 4, 0)  # 2 swallows 3, and 5 is missed
    upper_half = prediction[:, :, 36:40]
    upper_half[upper_half == 4] = 9  # two predictions share 4
    shared = overlap(reference, prediction)
    assert shared.merged == (2,)
    assert shared.double == (4,)
    assert shared.missed == (5,)


def test_a_crumb_beside_a_vertebra_makes_it_neither_double_nor_found() -> None:
    reference, prediction = stack(1, 2), stack(1, 0)
    prediction[4:8, 4:8, 12:14] = 3  # under 3 % of vertebra 2
    shared = overlap(reference, prediction)
    assert shared.double == ()
    assert shared.missed == (2,)
    assert shared.largest(2) == 3


def test_panoptic_quality_counts_each_vertebra_once() -> None:
    quality = panoptic_quality(overlap(stack(1, 2, 3), stack(1, 0, 7, 8)))
    assert (quality.matched, quality.invented, quality.missed) == (2, 1, 1)
    assert quality.recognition == pytest.approx(2 / 3)
    assert (quality.segmentation, quality.dice) == (1.0, 1.0)
    assert quality.panoptic == pytest.approx(2 / 3)
    twice = pooled([quality, quality])
    assert (twice.matched, twice.panoptic) == (4, quality.panoptic)


def test_quality_of_empty_masks_has_no_meaning() -> None:
    nothing = panoptic_quality(overlap(stack(), stack()))
    assert (nothing.recognition, nothing.segmentation, nothing.panoptic) == (None, None, None)
    assert nothing.dice is None
    missed = panoptic_quality(overlap(stack(1), stack()))
    assert (missed.recognition, missed.segmentation, missed.panoptic) == (0.0, None, 0.0)
    assert overlap(stack(1), stack()).missed == (1,)


def test_the_labelled_box_holds_everything_and_nothing_more() -> None:
    assert labelled_box(stack(0, 1), stack(0, 0, 2)) == (slice(4, 16), slice(4, 16), slice(12, 30))
    empty = labelled_box(stack())
    assert stack()[empty].size == 0


@pytest.mark.parametrize(
    ("reference", "prediction", "says"),
    [
        (np.zeros((2, 3, 4), np.uint8), np.zeros((2, 3, 5), np.uint8), "must match"),
        (np.full((2, 2, 2), -1, np.int16), np.ones((2, 2, 2), np.int16), "negative"),
        (np.ones((2, 2, 2), np.int32), np.full((2, 2, 2), 70_000, np.int32), "above 65535"),
    ],
)
def test_masks_that_cannot_be_compared_are_refused_with_a_sentence(
    reference: np.ndarray, prediction: np.ndarray, says: str
) -> None:
    with pytest.raises(VertebraError, match=says):
        overlap(reference, prediction)


def test_a_level_on_two_numbers_belongs_to_the_lower_one() -> None:
    levels = {7: LEVELS["C7"], 40: LEVELS["C7"], 8: LEVELS["T1"]}
    assert numbers_by_level(levels) == {LEVELS["C7"]: 7, LEVELS["T1"]: 8}


def test_the_surface_is_what_an_erosion_takes_away() -> None:
    rng = np.random.default_rng(2)
    for shape in [(8, 9, 10), (2, 7, 7), (1, 1, 1), (3, 3, 3)]:
        mask = rng.random(shape) > 0.3
        assert (surface_of(mask) == (mask & ~ndimage.binary_erosion(mask))).all()


@pytest.mark.parametrize("apart", [0, 2, 40])
@pytest.mark.parametrize("sheared", [False, True])
def test_the_nearest_voxel_is_found_near_and_far_on_any_grid(apart: int, sheared: bool) -> None:
    rng = np.random.default_rng(apart)
    affine = np.diag([0.4, 0.9, 3.0, 1.0])
    if sheared:
        affine[:3, :3] = rng.normal(0, 0.2, (3, 3)) + affine[:3, :3]
    grid = Grid((80, 80, 80), affine)
    voxels, others = rng.integers(0, 25, (300, 3)), rng.integers(0, 25, (200, 3)) + apart
    every = grid.to_world(voxels)[:, None] - grid.to_world(others)[None]
    brute = np.linalg.norm(every, axis=-1).min(axis=1)
    assert distances_to_nearest(voxels, others, grid) == pytest.approx(brute, abs=1e-9)


def test_a_slab_moved_by_a_known_length_has_that_surface_distance() -> None:
    grid = Grid.of((20, 20, 60), spacing=(0.5, 0.5, 3.0))
    flat = np.zeros(grid.shape, np.uint8)
    flat[:, :, 20] = 1
    moved = np.roll(flat, 2, axis=2)
    whole = tuple(slice(0, n) for n in grid.shape)
    distances = surface_distances(
        surface_voxels(flat, 1, whole), surface_voxels(moved, 1, whole), grid
    )
    assert distances.average == pytest.approx(6.0)
    assert distances.mean_of_directions == pytest.approx(6.0)
    assert distances.hd95 == pytest.approx(6.0)
    assert (distances.dice(5.9), distances.dice(6.0)) == (0.0, 1.0)


def test_surface_distances_stay_when_the_patient_lies_obliquely() -> None:
    straight = Grid.of((20, 20, 60), spacing=(0.7, 0.9, 2.5))
    rotation = np.linalg.qr(np.random.default_rng(4).normal(size=(3, 3)))[0]
    oblique = Grid.of((20, 20, 60), (0.7, 0.9, 2.5), (5, -80, 300), rotation)
    reference, prediction = stack(1), np.roll(stack(1), (1, 2, 1), (0, 1, 2))
    box = tuple(slice(0, n) for n in reference.shape)
    averages = [
        surface_distances(
            surface_voxels(reference, 1, box), surface_voxels(prediction, 1, box), grid
        ).average
        for grid in (straight, oblique)
    ]
    assert averages[0] > 0.5
    assert averages[1] == pytest.approx(averages[0], abs=1e-9)


def test_a_real_vertebra_worn_by_one_voxel_loses_one_voxel_of_surface(shared_data: Path) -> None:
    [path] = shared_data.glob("verse_sample/**/sub-verse010_seg-vert_msk.nii.gz")
    mask = read_label_map(path)
    worn = mask.voxels.copy()
    for number in range(20, 25):
        own = mask.voxels == number
        worn[own & ~ndimage.binary_erosion(own)] = 0
    shared = overlap(mask.voxels, worn)
    for number in shared.references:
        distances = surface_distances(
            surface_voxels(mask.voxels, number, shared.reference_boxes[number]),
            surface_voxels(worn, number, shared.prediction_boxes[number]),
            mask.grid,
        )
        assert shared.largest(number) == number
        assert 0.6 < shared.dice_of(number, number) < 0.95
        assert distances.to_reference == pytest.approx(1.0)  # the voxels are 1 mm wide
        assert distances.average > 1.0  # thin processes vanish and lie farther away
    assert shared.missed == shared.merged == shared.double == ()
