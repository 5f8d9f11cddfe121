"""Closer looks see all of the spine and nothing of what lies around it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vertebra.errors import Cancelled
from vertebra.methods.multiview.closer import (
    ALONG,
    BEHIND,
    BESIDE,
    BEYOND,
    IN_FRONT,
    near,
    spine_alone,
)
from vertebra.runtime import Progress
from vertebra.volume import Grid, Volume
from vertebra.volume.resampling import AIR

BONE = 700


@pytest.fixture
def solid() -> Volume:
    """Bone everywhere, 200 x 200 x 300 mm, from the left, from the front and from above."""
    grid = Grid.of((50, 50, 75), (4.0, 4.0, 4.0), (98.0, 98.0, -2.0), np.diag([-1.0, -1.0, 1.0]))
    return Volume(np.full(grid.shape, BONE, np.int16), grid)


def at(volume: Volume, place: np.ndarray) -> float:
    return float(volume.voxels[tuple(np.rint(volume.grid.to_index(place)).astype(int))])


PLACES = np.array([[0.0, 0.0, 200.0], [4.0, 8.0, 180.0], [0.0, 12.0, 160.0]])


@pytest.mark.parametrize("aside", [(BESIDE, 0, 0), (-BESIDE, 0, 0), (0, IN_FRONT, 0)])
def test_what_lies_beside_or_in_front_of_the_spine_is_air(solid, aside):
    shown = spine_alone(solid, PLACES, 4.0)
    middle = PLACES.mean(axis=0)
    assert at(shown, middle + 0.6 * np.array(aside)) == BONE
    assert at(shown, middle + 1.5 * np.array(aside)) == AIR


def test_processes_are_seen_far_behind_the_bodies(solid):
    shown = spine_alone(solid, PLACES, 4.0)
    assert at(shown, PLACES[1] - (0, BEHIND - 16, 0)) == BONE


def test_beyond_the_outermost_bodies_that_were_found_the_next_ones_are_seen(solid):
    shown = spine_alone(solid, PLACES, 4.0)
    assert at(shown, PLACES[0] + (0, 0, BEYOND - 6)) == BONE
    assert at(shown, PLACES[-1] - (0, 0, BEYOND - 6)) == BONE


def test_more_room_shows_more(solid):
    narrow, wide = (spine_alone(solid, PLACES, 4.0, room).voxels for room in (0.8, 1.3))
    assert (narrow == BONE).sum() < 0.8 * (wide == BONE).sum()


@given(
    st.lists(st.tuples(*[st.floats(-250, 250)] * 3), min_size=1, max_size=6),
    st.floats(0.5, 2),
)
def test_whatever_places_are_given_each_that_lies_in_the_scan_is_shown(places, room):
    grid = Grid.of((20, 20, 40), (10.0, 10.0, 10.0), (-95.0, -95.0, -195.0))
    kept = near(grid, np.array(places), room)
    inside = [place for place in places if grid.contains(place)]
    assert all(kept[tuple(np.rint(grid.to_index(place)).astype(int))] for place in inside)
    far = np.array(places)[:, 2]
    heights = grid.to_world([(0, 0, k) for k in range(40)])[:, 2]
    reach = BEYOND + ALONG * room + 10
    beyond = (heights > far.max() + reach) | (heights < far.min() - reach)
    assert not kept[:, :, beyond].any()


def test_bringing_the_spine_alone_upright_can_be_cancelled(solid):
    progress = Progress()
    progress.cancel()
    with pytest.raises(Cancelled):
        spine_alone(solid, PLACES, 8.0, progress=progress)
