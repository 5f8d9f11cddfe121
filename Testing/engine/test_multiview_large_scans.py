"""Scans larger than a frame: the windows follow the spine, and their seams move no vertebra."""

import numpy as np
import pytest

from vertebra.methods.multiview.inference import Localizer, label
from vertebra.phantom.scan import make_case
from vertebra.volume import Volume

AIR, BONE = -1000, 900
CLOSE = 2.0
"""The same vertebra in two looks, mm."""


@pytest.fixture(scope="module")
def localizer():
    return Localizer.load("multiview-compact")


@pytest.fixture(scope="module")
def volume():
    return make_case(5_900_004, region="lumbar", spacing=2.5, codes="RAS").volume


@pytest.fixture(scope="module")
def usual(localizer, volume):
    """The points of the scan as it is."""
    spine = label(volume, localizer)
    assert len(spine) >= 5
    return spine


def widened(volume: Volume, before: tuple[int, int, int], after: tuple[int, int, int]) -> Volume:
    """The scan with air around it, in its place in the world."""
    voxels = np.pad(volume.voxels, tuple(zip(before, after)), constant_values=AIR)
    return Volume(voxels, volume.grid.part(tuple(-count for count in before), voxels.shape))


def assert_same_points(spine, usual):
    assert spine.levels == usual.levels
    away = np.linalg.norm(np.subtract(spine.centroids, usual.centroids), axis=1)
    assert away.max() < CLOSE


@pytest.mark.parametrize("side", ["left", "right"])
def test_a_spine_at_the_side_of_a_wide_scan_is_found_though_other_bone_leads_astray(
    localizer, volume, usual, side
):
    room = 220 - volume.grid.shape[0]
    before, after = ((0, 0, 0), (room, 0, 0)) if side == "left" else ((room, 0, 0), (0, 0, 0))
    wide = widened(volume, before, after)
    assert wide.grid.shape[0] * wide.grid.spacing[0] > 500
    far = slice(-25, -5) if side == "left" else slice(5, 25)
    wide.voxels[far, 40:60] = BONE
    assert_same_points(label(wide, localizer), usual)


@pytest.mark.parametrize("above", [20, 80, 140])
def test_no_seam_between_windows_moves_a_vertebra(localizer, volume, usual, above):
    room = 280 - volume.grid.shape[2]
    tall = widened(volume, (0, 0, room - above), (0, 0, above))
    assert_same_points(label(tall, localizer), usual)
