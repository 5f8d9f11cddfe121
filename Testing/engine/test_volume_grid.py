"""Grids put voxels where they belong, whatever their axes."""

from __future__ import annotations

import numpy as np
import pytest
from geometries import grids
from hypothesis import given
from hypothesis import strategies as st

from vertebra.errors import VertebraError
from vertebra.volume import Grid, LabelMap, Volume

CODES = [a + b + c for a in "RL" for b in "AP" for c in "SI"]
ORIENTATIONS = [
    "".join(code[axis] for axis in order)
    for code in CODES
    for order in [(0, 1, 2), (0, 2, 1), (1, 0, 2), (1, 2, 0), (2, 0, 1), (2, 1, 0)]
]


@given(grid=grids(), index=st.tuples(*[st.floats(-20, 20)] * 3))
def test_world_and_index_are_inverse(grid, index):
    assert np.allclose(grid.to_index(grid.to_world(index)), index, atol=1e-6)


@given(grid=grids(), codes=st.sampled_from(ORIENTATIONS))
def test_reorienting_moves_no_voxel_and_points_the_axes_the_right_way(grid, codes):
    order, flips = grid.steps_to(codes)
    turned = grid.permuted(order, flips)
    assert turned.codes == codes
    world = np.stack(np.meshgrid(*[np.arange(n) for n in grid.shape], indexing="ij"), -1)
    positions = grid.to_world(world).transpose(*order, 3)
    for axis, flip in enumerate(flips):
        positions = np.flip(positions, axis) if flip else positions
    new = np.stack(np.meshgrid(*[np.arange(n) for n in turned.shape], indexing="ij"), -1)
    assert np.allclose(turned.to_world(new), positions, atol=1e-6)


@given(grid=grids(), spacing=st.floats(0.3, 5))
def test_a_resampled_grid_covers_the_same_box(grid, spacing):
    fine = grid.resampled(spacing)
    assert np.allclose(fine.spacing, spacing)
    assert np.allclose(fine.to_world([-0.5] * 3), grid.to_world([-0.5] * 3), atol=1e-6)
    far = np.array(fine.shape) - 0.5
    missing = grid.to_world(np.array(grid.shape) - 0.5) - fine.to_world(far)
    along_axes = np.linalg.solve(grid.directions, missing)
    assert ((np.abs(along_axes) <= spacing / 2 + 1e-6) | (np.array(fine.shape) == 1)).all()


@given(grid=grids(), start=st.tuples(*[st.integers(-5, 5)] * 3))
def test_a_part_of_a_grid_keeps_its_place(grid, start):
    part = grid.part(start, (2, 3, 4))
    assert np.allclose(part.to_world([1, 1, 1]), grid.to_world(np.array(start) + 1), atol=1e-6)


@given(grid=grids())
def test_the_grid_contains_its_voxels_and_nothing_beyond_their_edges(grid):
    last = np.array(grid.shape) - 1
    assert grid.contains(grid.to_world([np.zeros(3), last])).all()
    assert not grid.contains(grid.to_world([np.full(3, -0.6), last + 0.6])).any()


def test_equal_grids_are_recognized_within_a_tolerance():
    grid = Grid.of((10, 10, 10), spacing=(1, 1, 3), origin=(5, 5, 5))
    assert grid.same_as(Grid.of((10, 10, 10), (1, 1, 3), (5.0005, 5, 5)))
    assert not grid.same_as(Grid.of((10, 10, 10), (1, 1, 3.001), (5, 5, 5)))
    assert not grid.same_as(Grid.of((10, 10, 11), (1, 1, 3), (5, 5, 5)))


def test_the_axes_of_an_oblique_grid_have_three_different_codes():
    axes = np.array([[0.7, 0.6, 0.4], [0.7, -0.6, -0.4], [0.1, 0.52, -0.82]])
    grid = Grid.of((2, 2, 2), directions=axes)
    assert sorted("RLAPSI".index(code) // 2 for code in grid.codes) == [0, 1, 2]


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: Grid((2, 2, 2), np.zeros((4, 4))), "flat"),
        (lambda: Grid((2, 2, 2), np.full((4, 4), np.nan)), "not a finite"),
        (lambda: Grid((2, 2, 2), np.eye(3)), "not a finite 4x4"),
        (lambda: Grid((2, 2), np.eye(4)), "three dimensions"),
        (lambda: Grid((2, 0, 2), np.eye(4)), "three dimensions"),
        (lambda: Grid((2, 2, 2), np.eye(4)).resampled(0), "larger than 0"),
        (lambda: Grid((2, 2, 2), np.eye(4)).steps_to("RRS"), "not an orientation"),
        (lambda: Volume(np.zeros((2, 2, 3)), Grid((2, 2, 2), np.eye(4))), "the geometry"),
        (lambda: LabelMap(np.zeros((2, 2, 2)), Grid((2, 2, 2), np.eye(4))), "whole numbers"),
    ],
)
def test_impossible_geometry_is_refused_with_a_sentence(make, sentence):
    with pytest.raises(VertebraError, match=sentence):
        make()


def test_the_affine_cannot_be_changed_behind_the_grids_back():
    affine = np.eye(4)
    grid = Grid((2, 2, 2), affine)
    affine[0, 3] = 100
    assert grid.origin[0] == 0
    with pytest.raises(ValueError, match="read-only"):
        grid.affine[0, 3] = 1


def test_a_label_map_is_renumbered_in_one_pass_and_keeps_its_names():
    grid = Grid((2, 2, 1), np.eye(4))
    mask = LabelMap(np.array([[[0], [1]], [[2], [7]]]), grid, {1: "T4", 2: "T5"})
    renumbered = mask.renumbered({1: 11, 2: 300})
    assert renumbered.voxels.ravel().tolist() == [0, 11, 300, 0]
    assert renumbered.names == {11: "T4", 300: "T5"}
    assert mask.voxels.ravel().tolist() == [0, 1, 2, 7]
