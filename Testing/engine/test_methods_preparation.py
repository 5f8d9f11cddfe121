"""Bringing a scan upright: every point stays in place, and averages are averages."""

import numpy as np
import pytest

from vertebra.methods.common import preparation
from vertebra.methods.common.preparation import averaged, upright, upright_grid
from vertebra.volume import Grid, Volume
from vertebra.volume.orienting import oriented


def ball(grid: Grid, centre: np.ndarray, radius: float) -> Volume:
    """A ball of bone in air."""
    places = grid.to_world(np.indices(grid.shape).transpose(1, 2, 3, 0))
    inside = ((places - centre) ** 2).sum(-1) < radius**2
    return Volume(np.where(inside, 1000, -1000).astype(np.int16), grid)


def centre_of(volume: Volume) -> np.ndarray:
    """The middle of what is not air."""
    weight = np.maximum(np.asarray(volume.voxels, float), -1000) + 1000
    middle = [(np.indices(volume.grid.shape)[a] * weight).sum() / weight.sum() for a in range(3)]
    return volume.grid.to_world(middle)


@pytest.mark.parametrize("spacing", [(0.7, 0.7, 1.0), (1.1, 1.1, 5.0), (3.0, 3.0, 3.0)])
@pytest.mark.parametrize("angle", [0, 15])
def test_things_stay_in_place(spacing, angle):
    turn = np.radians(angle)
    about_z = np.array(
        [[np.cos(turn), -np.sin(turn), 0], [np.sin(turn), np.cos(turn), 0], [0, 0, 1]]
    )
    shape = tuple(int(90 / step) for step in spacing)
    grid = Grid.of(shape, spacing, (-40, 30, 100), about_z @ np.diag([-1, -1, 1]))
    centre = grid.to_world(np.array(shape) / 2 - 3)
    scan = ball(grid, centre, 20)
    found = upright(scan, 2.5)
    assert found.grid.codes == "RAS"
    assert np.allclose(found.grid.directions, np.eye(3))
    assert np.allclose(found.grid.spacing, 2.5)
    assert np.linalg.norm(centre_of(found) - centre_of(scan)) < 0.1


def test_the_upright_grid_covers_the_scan():
    grid = Grid.of((40, 30, 20), (1, 1.5, 3), (5, 6, 7), np.diag([-1, 1, -1]))
    around = upright_grid(grid, 2.0)
    corners = grid.to_world([[0, 0, 0], [39, 29, 19]])
    assert around.contains(corners).all()
    assert around.shape == (20, 22, 30)


def test_averaging_takes_blocks_and_what_is_left_of_them_and_moves_nothing(monkeypatch):
    rng = np.random.default_rng(0)
    voxels = rng.integers(-1000, 1000, (13, 9, 11)).astype(np.int16)
    volume = Volume(voxels, Grid.of(voxels.shape, (1, 2, 3), (4, 5, 6)))
    found = averaged(volume, (3, 2, 4))
    assert found.grid.shape == (5, 5, 3)
    blocks = voxels[:12, :8, :8].reshape(4, 3, 4, 2, 2, 4).mean((1, 3, 5))
    assert np.allclose(found.voxels[:4, :4, :2], blocks, atol=1e-3)
    last = (voxels[12, 8, 8:].sum() + voxels[12, 8, 10]) / 4
    assert found.voxels[4, 4, 2] == pytest.approx(last, abs=1e-3)
    assert np.allclose(found.grid.to_world([0, 0, 0]), volume.grid.to_world([1, 0.5, 1.5]))
    assert np.allclose(found.grid.spacing, [3, 4, 12])
    monkeypatch.setattr(preparation, "_SLAB_VOXELS", 1)
    assert np.array_equal(averaged(volume, (3, 2, 4)).voxels, found.voxels)


def test_padding_below_air_counts_as_air():
    volume = Volume(np.full((4, 4, 4), -3024, np.int16), Grid.of((4, 4, 4)))
    assert (averaged(volume, (2, 2, 2)).voxels == -1024).all()


@pytest.mark.parametrize("slices", range(20, 28))
@pytest.mark.parametrize("codes", ["RAS", "LPI"])
def test_bone_in_the_last_slices_is_seen_however_many_slices_there_are(slices, codes):
    voxels = np.full((12, 12, slices), 40, np.int16)
    voxels[..., :2] = voxels[..., -2:] = 900
    turned = oriented(Volume(voxels, Grid.of(voxels.shape, (1, 1, 0.8))), codes)
    for spacing in (2.5, 3.0):
        small = upright(turned, spacing).voxels
        assert small[2, 2, 0] > 300
        assert small[2, 2, -1] > 300


def test_scans_in_large_voxels_are_not_averaged():
    volume = Volume(np.zeros((4, 4, 2), np.int16), Grid.of((4, 4, 2)))
    assert averaged(volume, (1, 1, 1)) is volume
    assert averaged(volume, (2, 2, 3)).grid.shape == (2, 2, 1)
    assert upright(oriented(volume, "LPS"), 2.5).grid.codes == "RAS"
