"""Names for masks without points."""

import numpy as np
import pytest

from vertebra.anatomy import LEVELS, Region
from vertebra.methods.iterative.naming import named, with_one_more
from vertebra.spine import Flag, Spine


def line(steps, first=0.0):
    return [(0.0, 0.0, first - z) for z in np.cumsum([0, *steps])]


def test_every_mask_gets_a_name_in_order_and_is_flagged_as_doubtful():
    centres = line([24.9, 25.7, 27.6, 29.8, 31.5, 33.4])
    spine = named(dict(zip([3, 5, 7, 9, 1, 2, 4], centres)))
    assert spine.centroids == tuple(centres)
    assert [each.instance for each in spine] == [3, 5, 7, 9, 1, 2, 4]
    assert list(spine.levels) == sorted(spine.levels)
    assert all(Flag.AMBIGUOUS in each.flags for each in spine)
    assert spine.anchored_count is False


@pytest.mark.parametrize("count", [1, 2, 4, 17, 24])
def test_no_mask_is_taken_for_the_sacrum(count):
    spine = named(dict(enumerate(line([36.0] * (count - 1)), 1)))
    assert len(spine) == count
    assert all(level.region is not Region.SACRAL for level in spine.levels)


@pytest.mark.parametrize("seed", range(20))
def test_no_mask_near_the_midline_is_left_out_however_odd_its_place(seed):
    rng = np.random.default_rng(seed)
    places = rng.uniform(-200, 200, (int(rng.integers(0, 34)), 3)) * (0.09, 1, 1)
    centres = [tuple(point) for point in places]
    spine = named(dict(enumerate(centres, 1)))
    assert {each.instance: each.centroid for each in spine} == dict(enumerate(centres, 1))
    assert len(spine) == len(centres)


@pytest.mark.parametrize("tilt", [-45, 45])
def test_a_crooked_spine_is_named_whole(tilt):
    angles = np.radians(np.linspace(-tilt, tilt, 10))
    steps = np.stack([np.sin(angles), 0 * angles, -np.cos(angles)], axis=1)
    centres = [tuple(place) for place in 30 * np.cumsum(steps, axis=0)]
    assert named(dict(enumerate(centres, 1))).centroids == tuple(centres)


@pytest.mark.parametrize("side", [-1, 1])
def test_hips_far_to_the_side_of_the_spine_get_no_name(side):
    spine = line([31.0, 32.0, 33.0, 34.0, 35.0])
    hips = [(side * 75.0, 10.0, -190.0), (side * 85.0, 20.0, -215.0), (side * 95.0, 25.0, -240.0)]
    beside = (side * 20.0, 0.0, -205.0)
    found = named(dict(enumerate([*hips, *spine, beside], 1)))
    assert {each.instance for each in found} == {4, 5, 6, 7, 8, 9, 10}


def test_one_more_vertebra_renames_no_other():
    spine = Spine.of({"T11": (0, 0, 60), "L1": (0, 0, 0), "L2": (0, 0, -33)})
    for height, level in ((90, "T10"), (30, "T12"), (-20, "L2"), (-70, "L3")):
        more = with_one_more(spine, (0, 0, height), frozenset({Flag.NO_POINT}))
        added = more.find(4)
        assert added.level is LEVELS[level]
        assert added.flags == {Flag.NO_POINT}
        assert [each for each in more if each.instance != 4] == list(spine)
        heights = [each.centroid[2] for each in more]
        assert heights == sorted(heights, reverse=True)


def test_the_first_vertebra_of_an_empty_spine_gets_some_name():
    assert len(with_one_more(Spine(), (0, 0, 0), frozenset())) == 1
