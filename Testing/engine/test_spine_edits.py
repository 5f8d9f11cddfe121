"""What a person does to a spine."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vertebra.anatomy import LEVELS, USUAL, Anomaly, chain, level
from vertebra.errors import BadEdit
from vertebra.spacing import between
from vertebra.spine import Flag, Kind, Spine


def spine_of(*names: str, scale: float = 1.0) -> Spine:
    """A straight spine with the usual distances between these levels."""
    levels = [level(name) for name in names]
    heights = [0.0]
    for upper, lower in pairwise(levels):
        heights.append(heights[-1] - scale * between(upper, lower))
    return Spine.of({each.name: (0.0, 0.0, z) for each, z in zip(levels, heights)})


def names(spine: Spine) -> str:
    return " ".join(str(each) for each in spine.levels)


def test_shifting_all_renumbers_all():
    assert names(spine_of("T10", "T11", "T12", "L1").shifted(+1)) == "T11 T12 L1 L2"
    assert names(spine_of("T10", "T11", "T12", "L1").shifted(-2)) == "T8 T9 T10 T11"


def test_shifting_from_here_down_or_up_leaves_the_rest():
    spine = spine_of("T10", "T11", "T12", "L1")
    assert names(spine.shifted(+1, below=LEVELS["T12"])) == "T10 T11 L1 L2"
    assert names(spine.shifted(-1, above=LEVELS["T11"])) == "T9 T10 T12 L1"


def test_shifting_follows_an_anomaly_in_the_spine():
    assert names(spine_of("T12", "T13", "L1").shifted(-1)) == "T11 T12 T13"


def test_a_shift_beyond_the_ends_of_the_spine_is_refused():
    with pytest.raises(BadEdit, match="above C1"):
        spine_of("C1", "C2").shifted(-1)
    with pytest.raises(BadEdit, match="below the coccyx"):
        spine_of("S1", "S2").shifted(+2)


def test_anchoring_one_level_renumbers_the_others():
    anchored = spine_of("T4", "T5", "T6").anchored(LEVELS["T5"], LEVELS["T7"])
    assert names(anchored) == "T6 T7 T8"
    assert anchored.anchored_count is True
    assert Flag.CORRECTED in anchored.find(LEVELS["T7"]).flags
    assert anchored.find(LEVELS["T7"]).confidence == 1.0
    assert anchored.find(LEVELS["T6"]).confidence is None


def test_anchoring_keeps_a_gap_that_the_distance_bears_out():
    assert names(spine_of("T4", "T6", "T7").anchored(LEVELS["T4"], LEVELS["T5"])) == "T5 T7 T8"


def test_anchoring_closes_a_gap_that_is_only_in_the_names():
    close = Spine.of({"T4": (0, 0, 44), "T6": (0, 0, 22), "T7": (0, 0, 0)})
    assert names(close.anchored(LEVELS["T4"], LEVELS["T4"])) == "T4 T5 T6"


def test_anchoring_on_t13_makes_the_spine_have_one():
    anchored = spine_of("T12", "L1", "L2").anchored(LEVELS["L1"], LEVELS["T13"])
    assert names(anchored) == "T12 T13 L1"
    assert anchored.anomalies == {Anomaly.T13}


@pytest.mark.parametrize(
    ("before", "anomaly", "after"),
    [
        ("T11 T12 L1 L2", Anomaly.T13, "T11 T12 T13 L1"),
        ("T11 T12 L1 L2", Anomaly.NO_T12, "T11 L1 L2 L3"),
        ("L4 L5 S1 S2", Anomaly.L6, "L4 L5 L6 S1"),
        ("L4 L5 S1", Anomaly.NO_L5, "L4 S1 S2"),
        ("T12 L1 L2 L3 L4 L5 S1", Anomaly.T13, "T12 T13 L1 L2 L3 L4 S1"),
        ("T12 L1 L2 L3 L4 L5 L6 S1", Anomaly.T13, "T12 T13 L1 L2 L3 L4 L5 S1"),
    ],
)
def test_an_anomaly_renumbers_what_lies_below_and_can_be_taken_back(before, anomaly, after):
    spine = spine_of(*before.split())
    changed = spine.with_anomaly(anomaly)
    assert names(changed) == after
    assert anomaly in changed.anomalies
    assert names(changed.with_anomaly(anomaly, present=False)) == before


def test_an_anomaly_out_of_view_is_refused():
    with pytest.raises(BadEdit, match="not in view"):
        spine_of("T3", "T4").with_anomaly(Anomaly.L6)
    with pytest.raises(BadEdit, match="not in view"):
        spine_of("T11", "T12").with_anomaly(Anomaly.T13)


def test_a_missing_last_level_is_refused_where_the_scan_ends_above_it():
    with pytest.raises(BadEdit, match="does not end with T12"):
        spine_of("C7", "T1", "T2", "T3").with_anomaly(Anomaly.NO_T12)
    with pytest.raises(BadEdit, match="does not end with L5"):
        spine_of("T12", "L1", "L2").with_anomaly(Anomaly.NO_L5)


def test_an_anomaly_that_is_there_already_changes_nothing():
    spine = spine_of("T12", "T13")
    assert spine.with_anomaly(Anomaly.T13) is spine


def test_a_missed_vertebra_fills_the_gap_it_lies_in():
    spine = spine_of("T4", "T6", "T7")
    filled = spine.inserted((0, 0, spine.centroids[0][2] - 22))
    assert names(filled) == "T4 T5 T6 T7"
    assert filled.find(LEVELS["T5"]).instance == 4


def test_without_a_gap_an_inserted_vertebra_moves_the_lower_ones_down():
    spine = spine_of("T4", "T5", "T6")
    assert names(spine.inserted((0, 0, spine.centroids[1][2] + 11))) == "T4 T5 T6 T7"
    assert names(spine.inserted((0, 0, spine.centroids[2][2] - 24))) == "T4 T5 T6 T7"
    assert names(spine.inserted((0, 0, 22))) == "T3 T4 T5 T6"


def test_the_first_vertebra_needs_a_level():
    with pytest.raises(BadEdit, match="Say which level"):
        Spine().inserted((0, 0, 0))
    assert names(Spine().inserted((0, 0, 0), LEVELS["L3"])) == "L3"


def test_nothing_is_inserted_beyond_the_ends_of_the_spine():
    with pytest.raises(BadEdit, match="give the level yourself"):
        spine_of("C1", "C2").inserted((0, 0, 20))


def test_a_second_point_goes_above_or_below_the_first():
    one = spine_of("T4")
    assert names(one.inserted((0, 0, 20))) == "T3 T4"
    assert names(one.inserted((0, 0, -20))) == "T4 T5"


def test_removing_leaves_a_gap_unless_asked_to_close_it():
    spine = spine_of("T4", "T5", "T6")
    assert names(spine.removed(LEVELS["T5"])) == "T4 T6"
    assert names(spine.removed(LEVELS["T5"], close_gap=True)) == "T4 T5"
    assert names(spine.removed(LEVELS["T6"], close_gap=True)) == "T4 T5"


def test_a_missed_t12_or_l5_can_be_removed_and_put_back():
    for name, around in (("T12", "T11 T12 L1 L2"), ("L5", "L4 L5 S1")):
        spine = spine_of(*around.split())
        point = spine.find(LEVELS[name]).centroid
        assert names(spine.removed(LEVELS[name]).inserted(point)) == around
    closed = spine_of("T11", "T12", "L1", "L2").removed(LEVELS["T12"], close_gap=True)
    assert names(closed) == "T11 T12 L1"


def test_swapping_exchanges_two_levels():
    spine = spine_of("T4", "T5")
    assert [vertebra.instance for vertebra in spine.swapped(1, 2)] == [1, 2]
    assert names(spine.swapped(1, 2)) == "T5 T4"


def test_relabelling_touches_one_vertebra_only():
    assert names(spine_of("T4", "T5", "T6").relabelled(2, LEVELS["T9"])) == "T4 T9 T6"


def test_a_moved_vertebra_is_marked_as_set_by_a_person():
    moved = spine_of("T4", "T5").moved(LEVELS["T5"], (1, 2, 3))
    assert moved.find(2).centroid == (1.0, 2.0, 3.0)
    assert Flag.CORRECTED in moved.find(2).flags


@pytest.mark.parametrize("point", [(0, 0, float("nan")), (0, float("inf"), 0), (0, 0)])
def test_a_point_must_be_three_finite_numbers(point):
    with pytest.raises(BadEdit, match="three finite"):
        spine_of("T4").moved(LEVELS["T4"], point)


@pytest.mark.parametrize(
    "edit",
    [
        lambda spine: spine.shifted(1),
        lambda spine: spine.moved(2, (0, 0, 0)),
        lambda spine: spine.removed(2),
        lambda spine: spine.relabelled(2, LEVELS["C3"]),
        lambda spine: spine.swapped(1, 2),
        lambda spine: spine.anchored(1, LEVELS["C3"]),
    ],
)
def test_a_locked_vertebra_resists_every_edit_until_it_is_unlocked(edit):
    spine = spine_of("T4", "T5", "T6").locked(LEVELS["T5"])
    with pytest.raises(BadEdit, match="T5 is locked"):
        edit(spine)
    assert edit(spine.locked(LEVELS["T5"], on=False)) != spine


def test_an_unknown_vertebra_is_named_in_the_refusal():
    with pytest.raises(BadEdit, match="no vertebra L3"):
        spine_of("T4").removed(LEVELS["L3"])
    with pytest.raises(BadEdit, match="number 7"):
        spine_of("T4").removed(7)


def test_a_vertebra_is_found_by_level_number_or_an_older_self():
    spine = spine_of("T4", "T5")
    old = spine.find(LEVELS["T5"])
    assert spine.shifted(1).find(old).level is LEVELS["T6"]


@given(
    start=st.integers(0, 20),
    length=st.integers(1, 6),
    steps=st.integers(-6, 6),
    anomalies=st.sampled_from([(), (Anomaly.T13,), (Anomaly.L6,), (Anomaly.NO_T12,)]),
)
def test_shifting_there_and_back_gives_the_same_levels(start, length, steps, anomalies):
    spine = spine_of(*(each.name for each in chain(anomalies)[start : start + length]))
    try:
        there = spine.shifted(steps)
        back = there.shifted(-steps)
    except BadEdit:
        return
    if there.anomalies == spine.anomalies:
        assert back.levels == spine.levels


@given(start=st.integers(0, 15), length=st.integers(2, 9), index=st.integers(0, 8), to=st.data())
def test_after_anchoring_a_gapless_spine_has_no_problem_and_the_level_asked_for(
    start, length, index, to
):
    spine = spine_of(*(each.name for each in USUAL[start : start + length]))
    index %= len(spine)
    wanted = to.draw(st.sampled_from(USUAL))
    try:
        anchored = spine.anchored(index + 1, wanted)
    except BadEdit:
        return
    assert anchored.levels[index] is wanted
    kinds = {problem.kind for problem in anchored.problems()}
    assert kinds <= {Kind.SPACING}
