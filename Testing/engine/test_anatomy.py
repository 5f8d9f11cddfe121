"""Levels, their numbers and codes, and the legal sequences."""

from __future__ import annotations

import colorsys
from itertools import pairwise

import pytest

from vertebra.anatomy import (
    LEVELS,
    SCHEMES,
    USUAL,
    VERTEBRAE,
    Anomaly,
    Region,
    adjacent,
    anomalies_of,
    chain,
    level,
)
from vertebra.errors import VertebraError


def names(levels):
    return " ".join(each.name for each in levels)


def test_the_levels_run_from_c1_to_the_coccyx_in_craniocaudal_order():
    assert names(sorted(LEVELS.values())) == (
        "C1 C2 C3 C4 C5 C6 C7 T1 T2 T3 T4 T5 T6 T7 T8 T9 T10 T11 T12 T13 L1 L2 L3 L4 L5 L6 S1 S2 Co"
    )


@pytest.mark.parametrize(
    ("name", "number"),
    [("C1", 1), ("C7", 7), ("T1", 8), ("T12", 19), ("L1", 20), ("L6", 25), ("S1", 26), ("T13", 28)],
)
def test_verse_numbers_are_those_of_the_challenge(name, number):
    assert LEVELS[name].verse == number
    assert level(number) is LEVELS[name]


def test_totalsegmentator_counts_upwards_from_the_sacrum():
    numbers = SCHEMES["totalsegmentator"]
    assert (numbers["S1"], numbers["L5"], numbers["T12"], numbers["C7"], numbers["C1"]) == (
        26,
        27,
        32,
        44,
        50,
    )


def test_within_a_scheme_no_number_is_used_twice():
    for numbers in SCHEMES.values():
        assert len(set(numbers.values())) == len(numbers)


@pytest.mark.parametrize(
    ("written", "name"),
    [("Th4", "T4"), (" l5 ", "L5"), ("vertebrae_T12", "T12"), ("D7", "T7"), ("sacrum", "S1"),
     ("T04", "T4"), ("coccyx", "Co"), ("vertebra C2", "C2")],
)  # fmt: skip
def test_a_level_is_recognized_however_it_is_written(written, name):
    assert level(written) is LEVELS[name]


@pytest.mark.parametrize("written", ["", "T14", "X1", "L", "C0", "4T", "L77", 0, 30, -1])
def test_what_is_not_a_level_is_refused_with_a_sentence(written):
    with pytest.raises(VertebraError, match=r"\.$"):
        level(written)


def test_codes_are_snomed_where_snomed_has_one():
    assert LEVELS["C1"].code.value == "14806007"
    assert LEVELS["T12"].code.value == "23215003"
    assert LEVELS["L5"].code.value == "49668003"
    assert LEVELS["S1"].code.value == "65985001"
    assert {LEVELS[name].code.value for name in ("T13", "L6")} == {"51282000"}
    own = [each.code.value for each in VERTEBRAE if each.code.value != "51282000"]
    assert len(set(own)) == len(own)


def test_neighbours_differ_clearly_in_colour():
    for upper, lower in pairwise(USUAL):
        light = [colorsys.rgb_to_hls(*(c / 255 for c in each.colour))[1] for each in (upper, lower)]
        distance = sum((a - b) ** 2 for a, b in zip(upper.colour, lower.colour)) ** 0.5
        assert distance > 60, (upper, lower)
        assert abs(light[0] - light[1]) > 0.1 or upper.region is not lower.region


def test_the_usual_spine_has_twelve_thoracic_and_five_lumbar_vertebrae():
    count = {region: sum(each.region is region for each in USUAL) for region in Region}
    assert [count[region] for region in Region] == [7, 12, 5, 3]


@pytest.mark.parametrize(
    ("anomaly", "path"),
    [
        (Anomaly.NO_T12, "T11 L1"),
        (Anomaly.T13, "T12 T13 L1"),
        (Anomaly.NO_L5, "L4 S1"),
        (Anomaly.L6, "L5 L6 S1"),
    ],
)
def test_each_anomaly_changes_the_chain_in_one_place(anomaly, path):
    assert path in names(chain({anomaly}))
    assert path not in names(USUAL)
    assert anomalies_of(chain({anomaly})) == {anomaly}


def test_contradicting_anomalies_are_refused():
    with pytest.raises(VertebraError, match="both lack T12"):
        chain({Anomaly.NO_T12, Anomaly.T13})
    with pytest.raises(VertebraError, match="both lack L5"):
        chain({Anomaly.NO_L5, Anomaly.L6})


def test_next_and_previous_follow_the_anomalies():
    t13, l6 = frozenset({Anomaly.T13}), frozenset({Anomaly.L6})
    assert LEVELS["T12"].next() is LEVELS["L1"]
    assert LEVELS["T12"].next(t13) is LEVELS["T13"]
    assert LEVELS["S1"].previous(l6) is LEVELS["L6"]
    assert LEVELS["C1"].previous() is None
    assert LEVELS["Co"].next() is None


def test_a_level_outside_the_chain_still_has_neighbours():
    assert LEVELS["T13"].next() is LEVELS["L1"]
    assert LEVELS["L6"].previous() is LEVELS["L5"]


def test_two_levels_are_adjacent_exactly_when_some_legal_chain_has_them_side_by_side():
    combinations = [set(), {Anomaly.T13}, {Anomaly.NO_T12}, {Anomaly.L6}, {Anomaly.NO_L5}]
    legal = {pair for anomalies in combinations for pair in pairwise(chain(anomalies))}
    for upper in LEVELS.values():
        for lower in LEVELS.values():
            assert adjacent(upper, lower) == ((upper, lower) in legal), (upper, lower)
