"""Random changes of training patches: what they keep, and what they may do."""

import numpy as np
import pytest
from scipy import ndimage
from scipy.optimize import brentq

from vertebra.methods.iterative import augmentation
from vertebra.methods.iterative.augmentation import (
    counted,
    cut_short,
    in_slices,
    mottled,
    recoloured,
    thickened,
    warped,
)

MARGIN = 10


def cube(low=22, high=38, size=60):
    """A bright cube, by default in the middle of a patch of 40 with its margin."""
    labels = np.zeros((size,) * 3, np.uint8)
    labels[low:high, low:high, low:high] = 3
    return np.where(labels, 1000, 0).astype(np.float32), labels


def test_voxels_and_labels_move_together():
    rng = np.random.default_rng(4)
    changes = [warped(cube(), MARGIN, 2.0, rng)[0] for _ in range(16)]
    still = cube()[1][MARGIN:-MARGIN, MARGIN:-MARGIN, MARGIN:-MARGIN]
    moved = [(new, mask) for new, mask in changes if not np.array_equal(mask, still)]
    assert 8 <= len(moved) <= 15
    for new, mask in moved:
        assert mask.shape == new.shape == (40, 40, 40)
        assert set(np.unique(mask)) == {0, 3}
        assert (new[ndimage.binary_erosion(mask == 3)] > 900).all()
        assert 0.4 < (mask == 3).sum() / (still == 3).sum() < 2.2


def test_a_turn_is_at_most_fifteen_degrees_about_each_axis_and_scale_stays_in_its_range():
    turns = [augmentation._turn(np.random.default_rng(seed)).numpy() for seed in range(200)]
    scales = [np.linalg.det(turn) ** (-1 / 3) for turn in turns]
    assert 0.85 <= min(scales) < 0.9
    assert 1.1 < max(scales) <= 1.2
    upright = [turn[2, 2] * scale for turn, scale in zip(turns, scales)]
    assert min(upright) > np.cos(np.radians(15)) ** 2 - 1e-6


def test_what_is_scaled_is_still_wholly_visible_and_what_leaves_the_patch_is_not():
    whole = (cube()[1] == 3).sum()
    inside = [warped(cube(), MARGIN, 2.0, np.random.default_rng(n))[1][3] for n in range(40)]
    assert set(inside) == {whole}
    cut = cube(4, 20)
    shares = []
    for seed in range(40):
        (_, mask), shown = warped(cut, MARGIN, 2.0, np.random.default_rng(seed))
        shares.append(shown[3] / whole)
        if shares[-1] < 0.03:
            assert (mask == 3).mean() < 0.01
    assert max(shares) < 0.8
    assert np.std(shares) > 0.02


def test_what_a_turn_brings_in_comes_from_the_scan_not_from_nowhere():
    voxels, labels = np.full((60, 60, 60), 40, np.float32), np.ones((60, 60, 60), np.uint8)
    filled = [warped((voxels, labels), MARGIN, 3.0, np.random.default_rng(n))[0] for n in range(30)]
    assert np.mean([(mask == 1).mean() for _, mask in filled]) > 0.995


def test_changes_depend_on_the_random_numbers_alone():
    one, other = (
        warped(cube(), MARGIN, 2.0, np.random.default_rng(5)),
        warped(cube(), MARGIN, 2.0, np.random.default_rng(5)),
    )
    assert np.array_equal(one[0][0], other[0][0])
    assert np.array_equal(one[0][1], other[0][1])


def test_cuts_leave_air_at_one_end_along_any_axis_but_mostly_along_z():
    rng = np.random.default_rng(2)
    voxels, labels = np.full((8, 8, 20), 50, np.float32), np.ones((8, 8, 20), np.uint8)
    cuts = [cut_short((voxels, labels), rng) for _ in range(200)]
    short = [(new, mask) for new, mask in cuts if not mask.all()]
    assert 25 < len(short) < 75
    cut_along = np.zeros(3, int)
    for new, mask in short:
        assert np.array_equal(new == -1024, mask == 0)
        ended = [(mask.take(0, axis).all(), mask.take(-1, axis).all()) for axis in range(3)]
        assert sum(one != other for one, other in ended) == 1
        cut_along += [one != other for one, other in ended]
        assert counted(mask)[1] == mask.sum()
    assert (cut_along > 0).all()
    assert cut_along[2] == cut_along.max()


@pytest.mark.parametrize("spacing", [1.0, 2.0])
@pytest.mark.parametrize("more", [-0.8, 1.0, 3.0])
def test_the_surface_of_bone_moves_by_as_much_as_it_is_said_to(spacing, more, monkeypatch):
    monkeypatch.setattr(augmentation, "THICKER", (more, more))
    monkeypatch.setattr(augmentation, "_patchy", lambda shape, *_: np.ones(shape, np.float32))
    labels = np.zeros((40, 20, 20), np.uint8)
    labels[20:] = 5
    voxels = np.where(labels, 1000, 0).astype(np.float32)
    changed, mask = thickened((voxels, labels), spacing, np.random.default_rng(0))
    thickness = spacing * (mask[:, 10, 10] == 5).sum() - spacing * 20
    # bone comes to a place from where the surface was, by less the further away that is
    expected = brentq(lambda x: x - more * np.exp(-((x / augmentation.SKIN) ** 2) / 2), -5, 5)
    assert abs(thickness - expected) < 0.75 * spacing
    assert ((changed > 500) == (mask == 5)).mean() > 0.97


def test_a_thin_process_thickens_in_places_and_nothing_far_from_bone_changes():
    labels = np.zeros((60, 60, 60), np.uint8)
    labels[27:33, 10:50, 10:50] = 7
    voxels = np.where(labels, 600, 40).astype(np.float32)
    rng = np.random.default_rng(3)
    changed = [thickened((voxels, labels), 1.0, rng) for _ in range(30)]
    sizes = np.array([(mask == 7).sum() / (labels == 7).sum() for _, mask in changed])
    assert sizes.min() < 0.98
    assert sizes.max() > 1.2
    assert all(set(np.unique(mask)) == {0, 7} for _, mask in changed)
    far = ndimage.distance_transform_edt(labels == 0) > 18
    assert all(np.allclose(new[far], 40, atol=0.5) for new, _ in changed)


def test_bone_of_one_scan_is_denser_here_than_there():
    rng = np.random.default_rng(3)
    bone = np.full((80, 8, 80), 550, np.float32)
    spreads = [np.ptp(ndimage.gaussian_filter(recoloured(bone, 1.0, rng), 8)) for _ in range(30)]
    assert min(spreads) < 20
    assert max(spreads) > 200


def test_marrow_becomes_fat_or_hard_in_places_and_cortex_and_soft_tissue_stay():
    voxels, labels = cube(low=10, high=40, size=50)
    rng = np.random.default_rng(5)
    changed = [mottled((voxels, labels), 1.0, rng) for _ in range(40)]
    marrow = ndimage.binary_erosion(labels > 0)
    assert all(image.dtype == np.float32 for image in changed)
    assert all(np.array_equal(image[~marrow], voxels[~marrow]) for image in changed)
    shares = [(np.abs(image - voxels)[marrow] > 50).mean() for image in changed]
    assert 0 < min(shares) < 0.2 < max(shares) < 1
    assert min(image.min() for image in changed) < -50
    assert any(image[marrow].min() > 250 for image in changed)


def test_the_cortex_is_one_to_three_millimetres_thick_in_voxels_of_any_size():
    voxels, labels = cube(low=10, high=40, size=50)
    for spacing, most in ((0.5, 6), (1.0, 3), (3.0, 1)):
        rng = np.random.default_rng(6)
        images = [mottled((voxels, labels), spacing, rng) for _ in range(60)]
        changed = np.any([image != voxels for image in images], axis=0)
        assert not changed[~ndimage.binary_erosion(labels > 0)].any()
        assert changed[ndimage.binary_erosion(labels > 0, iterations=most + 1)].mean() > 0.9


def test_noise_and_calibration_keep_soft_tissue_near_its_brightness():
    rng = np.random.default_rng(2)
    tissue = np.full((8, 8, 20), 50, np.float32)
    changed = [recoloured(tissue, 1.0, rng) for _ in range(40)]
    assert max(image.std() for image in changed) > 10
    assert all(abs(image.mean() - 50) < 33 for image in changed)
    assert max(abs(image.mean() - 50) for image in changed) > 12


def test_bone_becomes_denser_or_thinner():
    rng = np.random.default_rng(3)
    bone = np.full((8, 8, 20), 550, np.float32)
    means = [recoloured(bone, 1.0, rng).mean() for _ in range(60)]
    assert 370 < min(means) < 450
    assert 650 < max(means) < 790


@pytest.mark.parametrize("thickness", [1.7, 3.0, 4.6])
def test_thick_slices_keep_even_tissue_and_smear_along_z_alone(thickness):
    even = np.full((4, 4, 30), 70, np.float32)
    assert np.allclose(in_slices(even, thickness, 0.3), 70, atol=1e-3)
    line = np.zeros((4, 4, 30), np.float32)
    line[1, 2, 15] = 900
    smeared = in_slices(line, thickness, 0.3)
    assert set(zip(*np.nonzero(smeared.any(axis=2)))) == {(1, 2)}
    assert 1 < np.count_nonzero(smeared[1, 2] > 1) <= 2 * thickness + 2
    assert 0.4 < smeared.sum() / 900 < 1.6


def test_slices_thinner_than_a_voxel_change_nothing():
    voxels = np.random.default_rng(0).normal(size=(3, 3, 9)).astype(np.float32)
    assert np.array_equal(in_slices(voxels, 0.8, 0.5), voxels)
