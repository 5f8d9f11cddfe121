"""What a spine says is wrong with itself, and its JSON form."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vertebra.anatomy import LEVELS, VERTEBRAE
from vertebra.errors import BadFile
from vertebra.spine import (
    Flag,
    Kind,
    Provenance,
    RunnerUp,
    Spine,
    Vertebra,
    from_json,
    to_json,
)

USUAL = Spine.of({"T11": (0, 0, 61), "T12": (0, 0, 31), "L1": (0, 0, 0), "L2": (0, 0, -33)})


def kinds(spine: Spine) -> list[Kind]:
    return [problem.kind for problem in spine.problems()]


def test_a_usual_spine_has_no_problems():
    assert USUAL.problems() == ()
    assert Spine().problems() == ()


def test_a_level_used_twice_is_a_problem_of_both():
    spine = USUAL.relabelled(LEVELS["L1"], LEVELS["T12"])
    duplicate = next(p for p in spine.problems() if p.kind is Kind.DUPLICATE)
    assert duplicate.instances == (2, 3)
    assert duplicate.sentence == "T12 is used 2 times."


def test_a_wrong_order_is_a_problem():
    assert Kind.ORDER in kinds(USUAL.swapped(LEVELS["T12"], LEVELS["L1"]))


def test_a_missing_level_is_a_gap():
    gap = USUAL.removed(LEVELS["L1"]).problems()[0]
    assert (gap.kind, gap.instances) == (Kind.GAP, (2, 4))
    assert gap.sentence == "Between T12 and L2 a level is missing."


def test_a_missed_t12_is_a_gap_and_no_anomaly():
    spine = USUAL.removed(LEVELS["T12"])
    assert spine.anomalies == frozenset()
    assert [problem.sentence for problem in spine.problems()] == [
        "Between T11 and L1 a level is missing."
    ]


def test_t13_l6_and_eleven_thoracic_vertebrae_are_no_gaps():
    spine = Spine.of({"T11": (0, 0, 29), "L1": (0, 0, 0)})
    assert spine.problems() == ()
    spine = Spine.of({"L4": (0, 0, 63), "L5": (0, 0, 31), "L6": (0, 0, 0), "S1": (0, 0, -31)})
    assert spine.problems() == ()


def test_an_unusual_distance_is_named_in_millimetres():
    far = USUAL.moved(LEVELS["L2"], (0, 0, -60))
    problem = next(p for p in far.problems() if p.kind is Kind.SPACING)
    assert "60 mm apart" in problem.sentence
    assert problem.instances == (3, 4)


@given(scale=st.floats(0.75, 1.3))
def test_small_and_tall_people_have_no_spacing_problem(scale):
    points = {v.level.name: tuple(scale * x for x in v.centroid) for v in USUAL}
    assert Spine.of(points).problems() == ()


def test_a_count_that_nothing_anchors_is_a_problem_until_a_person_anchors_it():
    floating = replace(USUAL, anchored_count=False)
    assert kinds(floating) == [Kind.NOT_ANCHORED]
    assert kinds(floating.anchored(LEVELS["L1"], LEVELS["L1"])) == []


levels = st.sampled_from(VERTEBRAE)
coordinate = st.floats(-2000, 2000)
probability = st.none() | st.floats(0, 1)
vertebrae = st.lists(
    st.builds(
        Vertebra,
        instance=st.integers(1, 10_000),
        level=levels,
        centroid=st.tuples(coordinate, coordinate, coordinate),
        confidence=probability,
        completeness=probability,
        flags=st.frozensets(st.sampled_from(Flag)),
        locked=st.booleans(),
    ),
    max_size=6,
    unique_by=lambda vertebra: vertebra.instance,
)
spines = st.builds(
    Spine,
    vertebrae=vertebrae.map(tuple),
    anchored_count=st.none() | st.booleans(),
    runner_up=st.none()
    | st.builds(RunnerUp, st.lists(levels, max_size=4).map(tuple), st.floats(0, 1)),
    provenance=st.builds(Provenance, *[st.text(max_size=20)] * 5),
)


@given(spine=spines)
def test_a_spine_survives_json_without_any_loss(spine):
    assert from_json(to_json(spine)) == spine


def broken(change) -> str:
    document = json.loads(to_json(USUAL))
    change(document)
    return json.dumps(document)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "damaged"),
        ("[1, 2]", "does not hold a spine"),
        ('{"format": "other"}', "does not hold a spine"),
        (broken(lambda d: d.update(version=99)), "version 99"),
        (broken(lambda d: d.pop("vertebrae")), "damaged"),
        (broken(lambda d: d["vertebrae"][0].update(level="T44")), "not a vertebral level"),
        (broken(lambda d: d["vertebrae"][0].update(centroid=[1, 2])), "damaged"),
        (broken(lambda d: d["vertebrae"][0].update(centroid=[1, 2, 1e300])), "not a finite"),
        (broken(lambda d: d["vertebrae"][0].update(confidence=1.5)), "not a probability"),
        (broken(lambda d: d["vertebrae"][0].update(flags=["odd"])), "damaged"),
        (broken(lambda d: d["vertebrae"][0].update(instance=2)), "share an instance"),
        (broken(lambda d: d.update(made_by={"who": "x"})), "damaged"),
        (broken(lambda d: d.update(vertebrae=[None])), "damaged"),
    ],
)
def test_a_damaged_spine_file_is_refused_with_a_sentence(text, sentence):
    with pytest.raises(BadFile, match=sentence) as caught:
        from_json(text)
    assert str(caught.value).endswith(".")
