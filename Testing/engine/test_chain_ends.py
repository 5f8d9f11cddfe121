"""What lies beyond the ends of a spine is judged more kindly than what lies within."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from vertebra.anatomy import LEVELS
from vertebra.chain import Candidate, Settings, decode, decode_with_ends

WITHIN, BEYOND = Settings(false_volume=2000.0), Settings()
THORACIC = ["T4", "T5", "T6", "T7", "T8", "T9"]


def column(existence: float = 0.99) -> list[Candidate]:
    return [
        Candidate.at_level((0, 0, -24.0 * i), LEVELS[name], existence=existence)
        for i, name in enumerate(THORACIC)
    ]


def weak(height: float, name: str) -> Candidate:
    return Candidate.at_level((0, 0, height), LEVELS[name], existence=0.15)


@pytest.mark.parametrize(("height", "name"), [(24.0, "T3"), (-24.0 * 6, "T10")])
def test_a_weak_place_that_prolongs_the_spine_is_named(height: float, name: str) -> None:
    candidates = [*column(), weak(height, name)]
    assert len(decode(candidates, WITHIN).spine) == 6
    found = decode_with_ends(candidates, WITHIN, BEYOND)
    assert sorted(each.level.name for each in found.spine) == sorted([*THORACIC, name])
    assert found.rejected == ()


def test_a_weak_place_between_vertebrae_stays_out() -> None:
    names = ["C2", "C3", "C4", "C5", "C6", "C7", "T1"]
    heights = [0, -25, -42, -59, -76, -93, -110]  # the axis is rather far from C3
    stretched = [
        Candidate.at_level((0, 0, z), LEVELS[name], existence=0.99)
        for z, name in zip(heights, names)
    ]
    between = weak(-12.0, "C3")
    candidates = [between, *stretched]
    assert len(decode(candidates, BEYOND).spine) == 8
    found = decode_with_ends(candidates, WITHIN, BEYOND)
    assert [each.level.name for each in found.spine] == names
    assert found.rejected == (0,)
    assert found.naming.candidates == (1, 2, 3, 4, 5, 6, 7)


def test_an_end_at_which_prolonging_would_rename_the_spine_stays_and_the_other_is_prolonged() -> (
    None
):
    names, heights = ["L2", "L3", "L4", "L5", "S1"], [0, -33, -66, -98, -128]
    spine = [
        Candidate.at_level(
            (0, -8 if name == "S1" else 0, z), LEVELS[name], spread=0.5, existence=0.99
        )
        for name, z in zip(names, heights)
    ]
    sacrum = Candidate.at_level((0, -20, -156), LEVELS["S1"], spread=0.5, existence=0.3)
    within, beyond = replace(WITHIN, independence=0.35), replace(BEYOND, independence=0.35)
    tempting = decode([*spine, sacrum], beyond).spine
    assert [each.level.name for each in tempting] == ["L2", "L3", "L4", "L5", "L6", "S1"]
    found = decode_with_ends([*spine, sacrum], within, beyond)
    assert [each.level.name for each in found.spine] == names
    above = Candidate.at_level((0, 0, 32), LEVELS["L1"], spread=0.5, existence=0.15)
    found = decode_with_ends([*spine, sacrum, above], within, beyond)
    assert [each.level.name for each in found.spine] == ["L1", *names]
    assert found.rejected == (5,)


def test_numbers_of_candidates_are_those_of_the_list_that_was_given() -> None:
    candidates = [weak(-36.0, "T6"), *reversed(column()), weak(-24.0 * 6, "T10")]
    found = decode_with_ends(candidates, WITHIN, BEYOND)
    for index, vertebra in zip(found.naming.candidates, found.spine):
        assert np.allclose(vertebra.centroid, candidates[index].position)
    named = {*found.naming.candidates, *found.rejected}
    assert named == set(range(len(candidates)))
    assert found.runner_up is not None
    assert max(found.runner_up.candidates) < len(candidates)


def test_where_nothing_is_found_within_nothing_is_found_beyond() -> None:
    few = [Candidate.unnamed((0, 0, 40.0 * i), existence=0.02) for i in range(2)]
    assert len(decode_with_ends(few, WITHIN, BEYOND).spine) == 0
    assert len(decode_with_ends([], WITHIN, BEYOND).spine) == 0
