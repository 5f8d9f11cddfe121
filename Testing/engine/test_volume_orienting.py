"""Turning, cropping and padding move no voxel in the patient."""

from __future__ import annotations

import numpy as np
import pytest
from geometries import grids
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation
from test_volume_grid import ORIENTATIONS

from vertebra.errors import VertebraError
from vertebra.volume import Grid, LabelMap, Volume, around, cropped, oriented, padded


@st.composite
def volumes(draw: st.DrawFn) -> Volume:
    """A CT in which every voxel has another value."""
    grid = draw(grids(largest=7))
    voxels = np.arange(np.prod(grid.shape), dtype=np.int16).reshape(grid.shape)
    return Volume(voxels, grid, "scan.nii", ("a note",))


def value_at(volume: Volume, point: np.ndarray) -> int:
    i, j, k = np.rint(volume.grid.to_index(point)).astype(int)
    return int(volume.voxels[i, j, k])


def points_and_values(volume: Volume) -> list[tuple[np.ndarray, int]]:
    corner = np.array(volume.grid.shape) - 1
    indices = [np.zeros(3, int), corner, corner // 2, corner * (1, 0, 0), corner * (0, 1, 1)]
    return [(volume.grid.to_world(n), int(volume.voxels[tuple(n)])) for n in indices]


@given(volume=volumes(), codes=st.sampled_from(ORIENTATIONS))
def test_a_turned_scan_shows_the_same_at_the_same_place(volume, codes):
    turned = oriented(volume, codes)
    assert turned.grid.codes == codes
    for point, value in points_and_values(volume):
        assert value_at(turned, point) == value


@pytest.mark.parametrize("angles", [(45, 0, 0), (0, 45, 0), (0, 0, -45), (-90, 45, 90)])
@pytest.mark.parametrize("codes", ORIENTATIONS)
def test_a_scan_at_45_degrees_is_turned_there_and_back(angles, codes):
    axes = Rotation.from_euler("xyz", angles, degrees=True).as_matrix()
    voxels = np.arange(24, dtype=np.int16).reshape(2, 3, 4)
    volume = Volume(voxels, Grid.of(voxels.shape, (1, 2, 3), (5, 6, 7), axes))
    back = oriented(oriented(volume, codes), volume.grid.codes)
    assert np.array_equal(back.voxels, voxels)
    assert back.grid.same_as(volume.grid, 1e-9)


@given(volume=volumes(), codes=st.sampled_from(ORIENTATIONS))
def test_turning_there_and_back_gives_the_same_bytes_and_place(volume, codes):
    back = oriented(oriented(volume, codes), volume.grid.codes)
    assert back.voxels.tobytes() == volume.voxels.tobytes()
    assert back.grid.same_as(volume.grid, 1e-9)
    assert (back.source, back.notes) == (volume.source, volume.notes)


@given(volume=volumes(), data=st.data())
def test_a_crop_shows_the_same_at_the_same_place(volume, data):
    start = [data.draw(st.integers(0, n - 1)) for n in volume.grid.shape]
    stop = [data.draw(st.integers(a + 1, n)) for a, n in zip(start, volume.grid.shape)]
    crop = cropped(volume, start, stop)
    for point, value in points_and_values(crop):
        assert value_at(volume, point) == value


@given(volume=volumes(), data=st.data(), reach=st.floats(0, 20))
def test_the_part_around_points_holds_all_that_is_near_them_and_little_more(volume, data, reach):
    grid = volume.grid
    inside = st.tuples(*[st.floats(-0.5, n - 0.5) for n in grid.shape])
    points = grid.to_world(data.draw(st.lists(inside, min_size=1, max_size=3)))
    part = around(volume, points, reach)
    voxels = grid.to_world(np.argwhere(np.ones(grid.shape, bool)))
    away = np.linalg.norm(voxels[:, None] - points, axis=2).min(axis=1)
    assert part.grid.contains(voxels[away <= reach]).all()
    along = np.abs(part.grid.to_index(points) - (np.array(part.grid.shape) - 1) / 2).max(axis=0)
    steps = reach * np.linalg.norm(grid.inverse[:3, :3], axis=1)
    assert (np.array(part.grid.shape) <= 2 * (along + steps) + 5).all()
    for point, value in points_and_values(part):
        assert value_at(volume, point) == value


@given(
    volume=volumes(),
    before=st.tuples(*[st.integers(0, 3)] * 3),
    after=st.tuples(*[st.integers(0, 3)] * 3),
)
def test_padding_and_cropping_again_changes_nothing(volume, before, after):
    wide = padded(volume, before, after)
    assert wide.voxels.size - volume.voxels.size == (wide.voxels == -1024).sum()
    stop = np.array(before) + volume.grid.shape
    back = cropped(wide, before, stop.tolist())
    assert np.array_equal(back.voxels, volume.voxels)
    assert back.grid.same_as(volume.grid, 1e-9)


def test_turning_and_cropping_copy_no_voxels():
    volume = Volume(np.zeros((4, 5, 6), np.int16), Grid.of((4, 5, 6)))
    assert np.shares_memory(oriented(volume, "ASL").voxels, volume.voxels)
    assert np.shares_memory(cropped(volume, (1, 1, 1), (3, 3, 3)).voxels, volume.voxels)


def test_a_label_map_is_padded_with_background_and_keeps_its_names():
    labels = LabelMap(np.ones((2, 2, 2), np.uint8), Grid.of((2, 2, 2)), {1: "L1"})
    wide = padded(oriented(labels, "LPS"), (1, 0, 0), (0, 0, 2))
    assert wide.voxels.sum() == 8
    assert wide.voxels.dtype == np.uint8
    assert wide.names == {1: "L1"}


@pytest.mark.parametrize("box", [((0, 0, 0), (5, 4, 4)), ((-1, 0, 0), (4, 4, 4)), ((2,) * 3,) * 2])
def test_a_crop_outside_the_image_is_refused(box):
    volume = Volume(np.zeros((4, 4, 4)), Grid.of((4, 4, 4)))
    with pytest.raises(VertebraError, match="does not lie inside"):
        cropped(volume, *box)


def test_padding_by_a_negative_number_is_refused():
    volume = Volume(np.zeros((4, 4, 4)), Grid.of((4, 4, 4)))
    with pytest.raises(VertebraError, match="must not be negative"):
        padded(volume, (0, -1, 0), (0, 0, 0))
