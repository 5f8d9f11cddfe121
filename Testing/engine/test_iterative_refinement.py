"""Where the boundary of a mask is placed, by the published rule and at the scan's resolution."""

import numpy as np
import pytest
from scipy import ndimage

from vertebra.methods.iterative.instances import Fragment, Instance, cleaned
from vertebra.methods.iterative.refinement import (
    Boundary,
    at_home,
    depth_in,
    levels_around,
    sharpened,
    without_dim_surface,
)
from vertebra.methods.iterative.windows import Window, bounds
from vertebra.volume import Grid, Volume, resampled


def ball(shape, radius, spacing=1.0):
    places = (np.indices(shape) - (np.array(shape).reshape(3, 1, 1, 1) - 1) / 2) * spacing
    return np.sqrt((places**2).sum(axis=0)) - radius


def instance_of(probabilities):
    shape = probabilities.shape
    mask = probabilities > 0.5
    window = Window((0, 0, 0), shape)
    return Instance.of(1, Fragment(window, mask, probabilities, 1.0), converged=True, steps=2)


def drawn(instance, upright, scan, boundary):
    window, mask = at_home(instance, upright, scan, boundary)
    full = np.zeros(scan.grid.shape, bool)
    there, here = window.overlap(full.shape)
    full[there] = mask[here]
    return full


def test_the_published_rule_removes_dim_voxels_from_the_surface_only():
    mask = np.zeros((7, 7, 7), bool)
    mask[1:6, 1:6, 1:6] = True
    hounsfield = np.full(mask.shape, 300)
    hounsfield[1, 3, 3], hounsfield[3, 3, 3], hounsfield[1, 2, 2] = 199, 100, 200
    refined = without_dim_surface(mask, hounsfield)
    assert np.argwhere(mask & ~refined).tolist() == [[1, 3, 3]]


@pytest.mark.parametrize("seed", range(3))
def test_the_scan_corrects_a_boundary_that_the_network_misplaced(seed):
    """Also where bone is dim, which the published rule takes for soft tissue."""
    rng = np.random.default_rng(seed)
    distance = ball((44, 44, 44), 10.0, 0.7)
    truth = distance < 0
    bone = 350 if seed else 170
    scan = np.where(truth, bone, 40) + rng.normal(0, 25, truth.shape)
    scan = ndimage.gaussian_filter(scan, 0.6)
    wavy = ndimage.gaussian_filter(rng.standard_normal(truth.shape), 5)
    guess = distance + 0.8 * wavy / wavy.std() < 0

    def wrong(mask):
        return (mask != truth).sum() / truth.sum()

    inside, around = levels_around(guess, scan, 0.7)
    brightness = (scan - (inside + around) / 2) / (inside - around)
    better = sharpened(depth_in(guess, 0.7), brightness)
    assert wrong(better) < 0.6 * wrong(guess)
    assert wrong(better) < wrong(without_dim_surface(guess, scan))


def test_where_the_scan_shows_no_boundary_the_network_decides():
    mask = ball((30, 30, 30), 9) < 0
    flat = np.zeros(mask.shape, np.float32)
    assert np.array_equal(sharpened(depth_in(mask, 1.0), flat), mask)
    nothing = np.zeros_like(mask)
    assert not sharpened(depth_in(nothing, 1.0), flat).any()


@pytest.mark.parametrize("boundary", [Boundary.PUBLISHED, Boundary.SMOOTH, Boundary.SHARP])
@pytest.mark.parametrize("spacing", [(0.7, 0.7, 0.7), (0.6, 0.9, 2.0), (2.8, 2.1, 2.5)])
def test_a_mask_keeps_its_place_and_size_on_the_grid_of_the_scan(boundary, spacing):
    grid = Grid.of((30, 30, 30), (1.5,) * 3, (5, 5, 5))
    distance = ball(grid.shape, 14, 1.5)
    upright = Volume(np.where(distance < 0, 500, 0).astype(np.int16), grid)
    probabilities = (1 / (1 + np.exp(2 * distance))).astype(np.float32)
    scan = resampled(upright, grid.resampled(spacing))
    full = drawn(instance_of(probabilities), upright, scan, boundary)
    centre = scan.grid.to_world(np.argwhere(full).mean(axis=0))
    assert np.allclose(centre, grid.to_world([14.5] * 3), atol=0.35)
    assert full.sum() * scan.grid.voxel_volume == pytest.approx(4 / 3 * np.pi * 14**3, rel=0.08)


def test_between_the_voxels_of_the_network_probabilities_place_the_boundary():
    """By nearest neighbours it would have steps as large as the network's voxels."""
    grid = Grid.of((30, 30, 30), (1.0,) * 3)
    probabilities = (1 / (1 + np.exp(2 * ball(grid.shape, 9)))).astype(np.float32)
    upright = Volume(np.full(grid.shape, 500, np.int16), grid)
    scan = Volume(np.full((90, 90, 90), 500, np.int16), grid.resampled(1 / 3))
    truth = ball(scan.grid.shape, 9, 1 / 3) < 0
    wrong = {}
    for boundary in (Boundary.PUBLISHED, Boundary.SMOOTH):
        mask = drawn(instance_of(probabilities), upright, scan, boundary)
        wrong[boundary] = np.mean(mask != truth)
    assert wrong[Boundary.SMOOTH] < 0.25 * wrong[Boundary.PUBLISHED]


def test_smooth_boundaries_leave_out_what_a_neighbour_has():
    probabilities = (ball((30, 30, 30), 9) < 0).astype(np.float32)
    mask = probabilities > 0.5
    mask[15:] = False
    window = Window((0, 0, 0), mask.shape)
    instance = Instance.of(1, Fragment(window, mask, probabilities, 1.0), converged=True, steps=2)
    grid = Grid.of(mask.shape, (1.0,) * 3)
    scan = Volume(np.zeros(mask.shape, np.int16), grid)
    assert np.array_equal(drawn(instance, scan, scan, Boundary.SMOOTH), mask)


def test_the_body_is_the_thickest_part_in_front_and_small_pieces_are_noise():
    mask = np.zeros((40, 60, 40), bool)
    mask[10:30, 30:50, 12:28] = True
    mask[18:22, 5:30, 18:22] = True
    mask[2, 2, 2] = True
    assert np.array_equal(np.argwhere(mask & ~cleaned(mask)), [[2, 2, 2]])
    instance = instance_of(cleaned(mask).astype(np.float32))
    assert np.allclose(instance.body_centre(1.0), [19.5, 39.5, 19.5], atol=0.6)
    assert instance.centre == (20, 27, 20)
    assert not instance.fragmented
    assert bounds(cleaned(mask)) == ((10, 5, 12), (29, 49, 27))


def test_a_window_beside_the_image_shows_nothing_of_it():
    image = np.ones((4, 4, 4))
    beside = Window((10, 0, 0), (3, 3, 3))
    assert (beside.cut(image, -7) == -7).all()
    assert image[beside.overlap(image.shape)[0]].size == 0
    part = Window((-1, 2, 0), (3, 3, 3)).cut(image, -7)
    assert (part == 1).sum() == 2 * 2 * 3
