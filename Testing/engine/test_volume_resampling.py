"""Resampling keeps what is there where it is, in any geometry and in slabs."""

from __future__ import annotations

import numpy as np
import pytest
from geometries import grids
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import map_coordinates
from scipy.spatial.transform import Rotation
from test_volume_grid import ORIENTATIONS

from vertebra.volume import (
    Grid,
    LabelMap,
    Volume,
    oblique,
    onto,
    resampled,
    separable,
    straightened,
)
from vertebra.volume.resampling import AIR, is_straight, straight

SLOPE = np.array([0.9, -0.7, 0.4])


def indices(grid: Grid) -> np.ndarray:
    return np.stack(np.meshgrid(*[np.arange(n) for n in grid.shape], indexing="ij"), -1)


def ramp(grid: Grid) -> Volume:
    """A CT that rises evenly across the patient."""
    values = (grid.to_world(indices(grid)) - grid.to_world((0, 0, 0))) @ SLOPE
    return Volume(values.astype(np.float32), grid)


def inside(grid: Grid, source: Grid, margin: float) -> np.ndarray:
    """Which voxels lie inside another grid, `margin` of its voxels from its outermost centres."""
    index = source.to_index(grid.to_world(indices(grid)))
    return ((index >= margin) & (index <= np.array(source.shape) - 1 - margin)).all(-1)


@settings(max_examples=30, deadline=None)
@given(source=grids(largest=14), target=grids(largest=14), order=st.sampled_from((1, 3)))
def test_an_even_slope_stays_exact_on_any_finer_grid(source, target, order):
    centre = source.to_world((np.array(source.shape) - 1) / 2)
    spacing = np.minimum(target.spacing, source.spacing.min() * 0.57)
    target = Grid.of(target.shape, spacing, (0, 0, 0), target.directions)
    middle = target.to_world((np.array(target.shape) - 1) / 2)
    target = Grid.of(target.shape, spacing, centre - middle, target.directions)
    result = resampled(ramp(source), target, order)
    expected = (target.to_world(indices(target)) - source.to_world((0, 0, 0))) @ SLOPE
    valid = inside(target, source, 0 if order == 1 else 6)
    scale = 1 + np.abs(expected).max()
    assert np.allclose(result.voxels[valid], expected[valid], atol=2e-5 * scale)


@settings(max_examples=20, deadline=None)
@given(factor=st.floats(1.1, 3.0), order=st.sampled_from((1, 3)))
def test_an_even_slope_stays_exact_when_smoothed_for_a_coarser_grid(factor, order):
    source = Grid.of((40, 36, 34), (0.8, 1.0, 1.2), (3, -5, 8))
    result = resampled(ramp(source), (source.spacing * factor).tolist(), order)
    expected = (result.grid.to_world(indices(result.grid)) - source.origin) @ SLOPE
    valid = inside(result.grid, source, 9)
    assert valid.any()
    assert np.allclose(result.voxels[valid], expected[valid], atol=1e-3)


@settings(max_examples=30, deadline=None)
@given(grid=grids(largest=9), order=st.sampled_from((1, 3)), seed=st.integers(0, 99))
def test_onto_its_own_grid_a_scan_stays_as_it_is(grid, order, seed):
    voxels = np.random.default_rng(seed).integers(-1000, 3000, grid.shape).astype(np.int16)
    again = resampled(Volume(voxels, grid), grid, order)
    assert again.voxels.dtype == np.int16
    assert np.abs(again.voxels.astype(int) - voxels).max() <= (0 if order == 1 else 1)


@settings(max_examples=30, deadline=None)
@given(source=grids(largest=9), target=grids(largest=9), seed=st.integers(0, 99))
def test_a_label_map_takes_the_nearest_label_and_invents_none(source, target, seed):
    voxels = np.random.default_rng(seed).choice([0, 3, 20, 28], source.shape).astype(np.uint8)
    target = Grid.of(target.shape, target.spacing, source.origin, target.directions)
    result = resampled(LabelMap(voxels, source), target).voxels
    assert result.dtype == np.uint8
    index = source.to_index(target.to_world(indices(target)))
    clear = (np.abs(index - np.floor(index) - 0.5) > 1e-3).all(-1)
    known = ((np.rint(index) >= 0) & (np.rint(index) < source.shape)).all(-1)
    nearest = voxels[tuple(np.rint(index[clear & known]).astype(int).T)]
    assert np.array_equal(result[clear & known], nearest)
    assert not result[clear & ~known].any()


@settings(max_examples=20, deadline=None)
@given(grid=grids(largest=9), data=st.data())
def test_a_label_map_comes_back_unchanged_from_a_finer_grid(grid, data):
    seed = data.draw(st.integers(0, 99))
    voxels = np.random.default_rng(seed).integers(0, 26, grid.shape).astype(np.uint8)
    labels = LabelMap(voxels, grid, {20: "L1"})
    fine = grid.resampled((grid.spacing / 3).tolist())
    back = onto(resampled(labels, fine), grid)
    assert np.array_equal(back.voxels, voxels)
    assert back.names == labels.names


@pytest.mark.parametrize("order", [1, 3])
def test_slabs_join_without_a_seam(order, monkeypatch):
    rng = np.random.default_rng(3)
    source = Volume(rng.normal(0, 300, (30, 28, 60)).astype(np.float32), Grid.of((30, 28, 60)))
    axes = Rotation.from_euler("xyz", (10, 20, 30), degrees=True).as_matrix()
    target = Grid.of((25, 25, 40), (1.4, 1.2, 1.7), (2, 3, -4), axes)
    whole = resampled(source, target, order).voxels
    monkeypatch.setattr("vertebra.volume.oblique.SLAB_VOXELS", 25 * 25 * 3)
    assert np.allclose(resampled(source, target, order).voxels, whole, atol=2e-3)


@settings(max_examples=30, deadline=None)
@given(source=grids(largest=12), order=st.sampled_from((0, 1, 3)), data=st.data())
def test_the_quick_way_for_parallel_axes_gives_what_the_general_way_gives(source, order, data):
    codes = data.draw(st.sampled_from(ORIENTATIONS))
    shift = [data.draw(st.floats(-3, 3)) for _ in range(3)]
    scale = [data.draw(st.floats(0.4, 2.5)) for _ in range(3)]
    turned = source.permuted(*source.steps_to(codes))
    target = turned.resampled((turned.spacing * scale).tolist()).part(shift, (6, 7, 8))
    axes = separable.parallel_axes(source, target)
    assert axes is not None
    rng = np.random.default_rng(data.draw(st.integers(0, 99)))
    voxels = rng.integers(0, 900, source.shape).astype(np.float32)
    blur = np.array([data.draw(st.sampled_from((0.0, 0.8))) for _ in range(3)]) * (order > 0)
    index = source.to_index(target.to_world(indices(target)))
    clear = (np.abs(index - np.floor(index) - 0.5) > 1e-3).all(-1)
    if order == 3:
        clear &= inside(target, source, 0)
    quick = separable.sampled(voxels, source, target, axes, order, blur, AIR)
    general = oblique.sampled(voxels, source, target, order, blur, AIR)
    assert np.allclose(quick[clear], general[clear], atol=0.05)


def test_linear_resampling_agrees_with_scipy():
    rng = np.random.default_rng(4)
    source = Volume(rng.normal(0, 300, (20, 22, 24)).astype(np.float32), Grid.of((20, 22, 24)))
    axes = Rotation.from_euler("xyz", (10, -20, 30), degrees=True).as_matrix()
    target = Grid.of((30, 30, 30), (0.5, 0.6, 0.7), (3, 2, 1), axes)
    index = source.grid.to_index(target.to_world(indices(target)))
    expected = map_coordinates(source.voxels, np.moveaxis(index, -1, 0), order=1, cval=np.nan)
    valid = inside(target, source.grid, 0)
    assert valid.mean() > 0.5
    assert np.allclose(resampled(source, target).voxels[valid], expected[valid], atol=1e-2)


def test_down_sampling_removes_what_the_coarse_grid_cannot_show():
    stripes = np.zeros((60, 60, 60), np.int16)
    stripes[::2] = 1000
    coarse = resampled(Volume(stripes, Grid.of((60, 60, 60))), (3.0, 3.0, 3.0)).voxels
    assert np.abs(coarse[3:-3] - 500).max() < 100


def test_outside_the_scan_is_air_and_no_value_wraps_around():
    bright = Volume(np.full((8, 8, 8), 32767, np.int16), Grid.of((8, 8, 8)))
    moved = resampled(bright, Grid.of((8, 8, 8), origin=(4, 0, 0)), 3).voxels
    assert (moved[:4] >= 32766).all()
    assert (moved[5:] == AIR).all()


def test_a_scan_far_away_leaves_only_air():
    volume = Volume(np.zeros((4, 4, 4), np.int16), Grid.of((4, 4, 4)))
    assert (resampled(volume, Grid.of((3, 3, 3), origin=(0, 900, 0))).voxels == AIR).all()


def test_a_mask_on_the_scans_own_grid_is_handed_back_itself():
    labels = LabelMap(np.ones((4, 4, 4), np.uint8), Grid.of((4, 4, 4)))
    assert onto(labels, Grid.of((4, 4, 4))) is labels


@settings(max_examples=40, deadline=None)
@given(grid=grids(), shear=st.tuples(*[st.floats(-0.4, 0.4)] * 3))
def test_a_straight_grid_covers_the_sheared_one_at_right_angles(grid, shear):
    affine = grid.affine.copy()
    affine[:3, :3] = affine[:3, :3] @ [[1, shear[0], shear[1]], [0, 1, shear[2]], [0, 0, 1]]
    sheared = Grid(grid.shape, affine)
    result = straight(sheared)
    assert np.allclose(result.directions.T @ result.directions, np.eye(3), atol=1e-9)
    assert np.isclose(result.voxel_volume, sheared.voxel_volume)
    corners = np.array(np.meshgrid(*[(0, n - 1) for n in grid.shape])).reshape(3, -1).T
    assert result.contains(sheared.to_world(corners)).all()
    depths = result.to_index(sheared.to_world([[0, 0, k] for k in range(grid.shape[2])]))[:, 2]
    assert np.allclose(depths, np.rint(depths), atol=1e-6)


def test_a_tilted_scan_is_straightened_with_every_tissue_in_its_place():
    affine = np.diag([1.0, 1.0, 2.0, 1.0])
    affine[1, 2] = 2 * np.tan(np.radians(15))
    tilted = ramp(Grid((20, 20, 15), affine))
    result = straightened(tilted)
    assert result.notes == (
        "The slices were tilted by 15.0 degrees and were brought onto a straight grid.",
    )
    expected = result.grid.to_world(indices(result.grid)) @ SLOPE
    valid = inside(result.grid, tilted.grid, 0)
    assert valid.mean() > 0.6
    assert np.allclose(result.voxels[valid], expected[valid], atol=1e-3)


def test_a_straight_scan_is_not_touched():
    axes = Rotation.from_euler("xyz", (5, 10, 15), degrees=True).as_matrix()
    volume = ramp(Grid.of((9, 9, 9), (0.5, 0.5, 2), (1, 2, 3), axes))
    assert is_straight(volume.grid)
    assert straightened(volume) is volume
