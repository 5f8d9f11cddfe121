"""What is measured of a body whose shape is known."""

from __future__ import annotations

import numpy as np
import pytest
from SpineLabelLib.scene import Mask
from SpineSegmentLib.measures import measured, upwards

from vertebra.spine import Spine
from vertebra.volume import Grid, Volume

UP = np.array([0.0, 0.0, 1.0])


def vertebra(spacing: float, front: float = 24.0, waist: float = 24.0) -> tuple[Mask, Volume]:
    """A body 40 mm wide and 30 mm deep, 24 mm high behind, and a process 10 mm behind it."""
    shape = np.ceil(np.array([60, 90, 50]) / spacing).astype(int)
    affine = np.diag([spacing, spacing, spacing, 1.0])
    affine[:3, 3] = (-30, -60, -25)
    grid = Grid(tuple(shape.tolist()), affine)
    x, y, z = np.moveaxis(grid.to_world(np.indices(shape).reshape(3, -1).T), -1, 0)
    middle = np.clip(1 - np.abs(y) / 4, 0, 1)
    height = 24 + (front - 24) * (y > 4) + (waist - 24) * middle
    body = (np.abs(x) < 20) & (np.abs(y) < 15) & (np.abs(z) < height / 2)
    process = (np.abs(x) < 4) & (y > -50) & (y < -25) & (np.abs(z) < 6)
    bone = (body | process).reshape(shape)
    voxels = np.where(bone, 180, -50).astype(np.int16)
    return Mask((0, 0, 0), bone).cropped(), Volume(voxels, grid)


@pytest.mark.parametrize("spacing", [0.7, 1.0, 2.0])
def test_heights_are_those_of_the_body_within_a_voxel(spacing: float) -> None:
    mask, scan = vertebra(spacing)
    body = measured(mask, (0, 0, 0), UP, scan)
    for height in (body.anterior, body.middle, body.posterior):
        assert height == pytest.approx(24, abs=spacing + 0.5)
    assert body.wedge == pytest.approx(1, abs=0.02)
    assert body.hounsfield == 180


def test_a_wedge_and_a_hollow_body_are_told_apart() -> None:
    mask, scan = vertebra(0.7, front=16)
    body = measured(mask, (0, 0, 0), UP, scan)
    assert body.wedge == pytest.approx(16 / 24, abs=0.06)
    mask, scan = vertebra(0.7, waist=16)
    body = measured(mask, (0, 0, 0), UP, scan)
    assert body.concavity == pytest.approx(16 / 24, abs=0.08)
    assert body.wedge == pytest.approx(1, abs=0.02)


def test_a_tilted_body_has_the_heights_of_an_upright_one() -> None:
    mask, scan = vertebra(0.7, front=16)
    c, s = np.cos(0.5), np.sin(0.5)
    turn = np.array([[1, 0, 0, 0], [0, c, -s, 0], [0, s, c, 0], [0, 0, 0, 1.0]])
    turned = Volume(scan.voxels, Grid(scan.grid.shape, turn @ scan.grid.affine))
    straight = measured(mask, (0, 0, 0), UP, scan)
    tilted = measured(mask, (0, 0, 0), turn[:3, :3] @ UP, turned)
    assert tilted.anterior == pytest.approx(straight.anterior, abs=0.5)
    assert tilted.posterior == pytest.approx(straight.posterior, abs=0.5)


def test_a_point_outside_the_body_measures_nothing() -> None:
    mask, scan = vertebra(1.0)
    assert measured(mask, (0, -20, 0), UP, scan) is None


def test_the_direction_of_a_spine_is_that_of_its_neighbours() -> None:
    spine = Spine.of({"L1": (0, 0, 60), "L2": (0, 10, 30), "L3": (0, 30, 0)})
    np.testing.assert_allclose(upwards(spine, 1), np.array([0, -30, 60]) / np.hypot(30, 60))
    np.testing.assert_allclose(upwards(Spine.of({"L1": (0, 0, 0)}), 0), UP)


@pytest.mark.parametrize("spacing", [0.7, 1.0, 2.0, 3.5])
def test_the_thickest_part_of_a_mask_is_in_the_middle_of_its_body(spacing: float) -> None:
    mask, scan = vertebra(spacing)
    np.testing.assert_allclose(mask.body_centre(scan.grid), (0, 0, 0), atol=2.5)
