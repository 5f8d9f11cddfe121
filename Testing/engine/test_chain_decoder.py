"""What the decoder promises about single cases, one behaviour a test."""

from __future__ import annotations

import numpy as np
import pytest
from simulated_candidates import Localizer, draw_spine, localize

from vertebra.anatomy import LEVELS, VERTEBRAE, Anomaly, chain, level
from vertebra.chain import Candidate, Settings, decode
from vertebra.errors import VertebraError
from vertebra.spine import Flag

SURE = Localizer(missed=0.0, false=0.0, noise=1.0, right=0.95, knows_existence=False)


def whole(seed: int = 0, localizer: Localizer = SURE, **options) -> tuple[list[Candidate], list]:
    random = np.random.default_rng(seed)
    scan = localize(random, draw_spine(random, **options), localizer)
    return scan.candidates, scan.truth


def names(levels) -> list[str]:
    return [each.name for each in levels]


def test_a_whole_spine_is_named_from_head_to_tail_whatever_the_order_of_candidates() -> None:
    candidates, _ = whole()
    found = decode(candidates)
    assert names(found.spine.levels) == [str(each) for each in chain()[:-2]]
    assert found.spine.levels == found.naming.levels
    assert found.rejected == ()
    assert [vertebra.instance for vertebra in found.spine] == list(range(1, 26))
    for index, vertebra in zip(found.naming.candidates, found.spine):
        assert np.allclose(vertebra.centroid, candidates[index].position)
        assert vertebra.confidence is not None
        assert vertebra.confidence > 0.95


def test_nothing_in_gives_an_empty_unanchored_spine() -> None:
    found = decode([])
    assert (len(found.spine), found.spine.anchored_count, found.runner_up) == (0, False, None)


def test_candidates_that_are_hardly_vertebrae_are_all_rejected() -> None:
    points = [(0, 0, 0), (150, 0, -5), (-150, 80, -9)]
    found = decode([Candidate.unnamed(point, existence=0.001) for point in points])
    assert len(found.spine) == 0
    assert found.rejected == (0, 1, 2)
    assert found.log_evidence < np.log(1.2)


def test_a_single_clear_vertebra_is_kept() -> None:
    found = decode([Candidate.at_level((3, 4, 5), LEVELS["L3"], spread=0.3)])
    assert names(found.spine.levels) == ["L3"]


@pytest.mark.parametrize("scoliosis", [20, 30])
def test_a_scoliotic_spine_of_up_to_60_degrees_is_followed(scoliosis: float) -> None:
    for seed in range(8):
        candidates, truth = whole(seed, scoliosis=scoliosis)
        found = decode(candidates)
        assert [truth[i] for i in found.naming.candidates] == list(found.naming.levels)
        assert found.rejected == ()


def test_ribs_and_hips_beside_the_spine_are_rejected() -> None:
    candidates, _ = whole()
    beside = [
        Candidate(each.position + (side * 45, -15, -5), each.probabilities)
        for each in candidates[::2]
        for side in (-1, 1)
    ]
    found = decode([*candidates, *beside])
    assert found.rejected == tuple(range(len(candidates), len(candidates) + len(beside)))


def test_missed_vertebrae_leave_a_gap_and_do_not_shift_the_count() -> None:
    candidates, truth = whole()
    seen = [i for i, each in enumerate(truth) if each.name not in ("T4", "T8", "T9", "L2")]
    found = decode([candidates[i] for i in seen])
    expected = [each.name for each in chain()[:-2]]
    assert names(found.spine.levels) == [n for n in expected if n not in ("T4", "T8", "T9", "L2")]


@pytest.mark.parametrize("anomaly", list(Anomaly))
def test_an_anomaly_is_found_named_and_flagged(anomaly: Anomaly) -> None:
    candidates, _ = whole(3, anomalies=frozenset({anomaly}))
    found = decode(candidates)
    assert found.spine.levels == chain([anomaly])[:-2]
    assert found.anomaly_probabilities[anomaly] > 0.7
    assert found.suspected == {anomaly}
    flagged = {each.level.name for each in found.spine if Flag.ANOMALY in each.flags}
    borders = {"no T12": {"T11", "L1"}, "T13": {"T12", "T13"}, "no L5": {"L4", "S1"}}
    assert flagged == borders.get(anomaly.value, {"L5", "L6"})


def test_a_usual_spine_raises_no_suspicion() -> None:
    found = decode(whole()[0])
    assert found.suspected == frozenset()
    assert not any(Flag.ANOMALY in each.flags for each in found.spine)


def test_T13_needs_more_evidence_than_T12() -> None:
    heights = {"T11": 62, "T12": 32, "X": 0, "L2": -66}
    even = np.zeros(28)
    even[[LEVELS["T13"].rank, LEVELS["L1"].rank]] = 0.5
    candidates = [
        Candidate((0, 0, z), even) if n == "X" else Candidate.at_level((0, 0, z), level(n), 0.4)
        for n, z in heights.items()
    ]
    assert "T13" not in names(decode(candidates).spine.levels)


def test_a_short_view_without_landmark_is_not_anchored_and_its_runner_up_is_shifted() -> None:
    looks = np.zeros(28)
    looks[LEVELS["T5"].rank : LEVELS["T8"].rank + 1] = 0.25
    found = decode([Candidate((0, 0, -24.0 * i), looks) for i in range(3)])
    assert found.spine.anchored_count is False
    assert found.runner_up is not None
    assert found.spine.runner_up is not None
    assert found.spine.runner_up.levels == found.runner_up.levels != found.naming.levels
    assert found.margin == found.spine.runner_up.margin < 0.5
    assert all(Flag.AMBIGUOUS in each.flags for each in found.spine)
    assert any(problem.kind.value == "not anchored" for problem in found.spine.problems())


@pytest.mark.parametrize(
    "points",
    [{"C1": 0, "C2": -17, "C3": -36, "C4": -52}, {"L3": 0, "L4": -34, "L5": -66, "S1": -97}],
)
def test_a_landmark_in_view_anchors_the_count(points: dict[str, float]) -> None:
    at = [Candidate.at_level((0, 0, z), level(name), 0.4) for name, z in points.items()]
    assert decode(at).spine.anchored_count is True
    unnamed = [Candidate.unnamed(each.position) for each in at]
    assert decode(unnamed).spine.anchored_count is False


def test_a_cut_vertebra_keeps_its_flag() -> None:
    candidates, _ = whole()
    cut = Candidate(candidates[4].position, candidates[4].probabilities, partial=True)
    found = decode([*candidates[:4], cut, *candidates[5:]])
    assert [Flag.PARTIAL in each.flags for each in found.spine].count(True) == 1


def test_an_odd_distance_is_flagged_at_both_ends() -> None:
    drop = dict(zip(("T10", "T11", "T12", "L1", "L2"), (0, 28, 58, 76, 110)))
    at = [Candidate.at_level((0, 0, -z), level(n), 0.3) for n, z in drop.items()]
    found = decode(at)
    assert names(found.spine.levels) == list(drop)
    odd = {each.level.name for each in found.spine if Flag.SPACING in each.flags}
    assert odd == {"T12", "L1"}


def test_directions_tell_the_spine_from_what_lies_beside_it() -> None:
    def scene(directions: bool) -> float:
        spine = [(0.0, 0.0, -24.0 * i) for i in range(4)]
        down, across = np.array((0, 0, -1.0)), np.array((1.0, 0, 0))
        looks = np.ones(28)
        at = [Candidate(p, looks, direction=down if directions else None) for p in spine]
        rib = Candidate((5, 0, -97), looks, direction=across if directions else None)
        found = decode([*at, rib])
        return found.log_evidence

    assert scene(True) != scene(False)
    spine = [(0.0, 0.0, -24.0 * i) for i in range(4)]
    looks = np.ones(28)
    along = [Candidate(p, looks, direction=(0, 0, -2)) for p in spine]
    against = [Candidate(p, looks, direction=(1, 0, 0)) for p in spine]
    assert decode(along).log_evidence > decode(against).log_evidence + 5


def test_a_regressed_number_names_the_nearest_levels() -> None:
    candidate = Candidate.at_number((0, 0, 0), 10.4, spread=0.5)
    best = np.argsort(candidate.probabilities)[::-1][:2]
    assert [VERTEBRAE[i].name for i in best] == ["T3", "T4"]
    assert candidate.probabilities.sum() == pytest.approx(1)


def test_only_the_ratios_of_level_probabilities_count() -> None:
    candidates, _ = whole(1)
    scaled = [Candidate(c.position, 7 * c.probabilities, c.existence) for c in candidates]
    one, other = decode(candidates), decode(scaled)
    assert one.naming == other.naming
    assert one.log_evidence == pytest.approx(other.log_evidence)


def test_no_evidence_at_all_is_no_error() -> None:
    at = [Candidate((0, 0, -25.0 * i), np.zeros(28)) for i in range(5)]
    found = decode(at)
    assert found.spine.anchored_count is False
    assert np.isfinite(found.log_evidence)


def test_extremely_sure_candidates_neither_overflow_nor_vanish() -> None:
    candidates, truth = whole(2)
    at = []
    for candidate, true in zip(candidates, truth):
        looks = np.zeros(28)
        looks[true.rank] = 1.0
        at.append(Candidate(candidate.position, looks, existence=1.0))
    found = decode(at)
    assert [truth[i] for i in found.naming.candidates] == list(found.naming.levels)
    assert np.isfinite(found.log_evidence)
    assert all(each.confidence == pytest.approx(1, abs=1e-3) for each in found.spine)


def test_two_candidates_at_one_place_are_never_two_vertebrae() -> None:
    candidates, _ = whole()
    twin = Candidate(candidates[0].position + (0, 0, 1), candidates[0].probabilities)
    found = decode([*candidates, twin])
    assert len(found.spine) == 25


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"position": (0, 0)}, "position"),
        ({"position": (0, 0, np.nan)}, "position"),
        ({"probabilities": np.ones(5)}, "28 level probabilities"),
        ({"probabilities": -np.ones(28)}, "28 level probabilities"),
        ({"existence": 1.5}, "existence"),
        ({"direction": (0, 0, 0)}, "direction"),
        ({"direction": (0, 1)}, "direction"),
    ],
)
def test_a_wrong_candidate_is_refused_with_a_sentence(change: dict, sentence: str) -> None:
    good = {"position": (0, 0, 0), "probabilities": np.ones(28)}
    with pytest.raises(VertebraError, match=sentence):
        Candidate(**{**good, **change})


def test_a_level_number_needs_a_spread() -> None:
    with pytest.raises(VertebraError, match="spread"):
        Candidate.at_number((0, 0, 0), 5, spread=0)


def test_other_priors_change_the_answer() -> None:
    candidates, _ = whole(5, anomalies=frozenset({Anomaly.L6}))
    usual = decode(candidates).anomaly_probabilities[Anomaly.L6]
    rare = decode(candidates, Settings(l6=0.0001)).anomaly_probabilities[Anomaly.L6]
    assert rare < usual


def test_one_displaced_vertebra_keeps_its_place_in_the_chain() -> None:
    for seed in range(4):
        candidates, truth = whole(seed)
        off = candidates[12]
        moved = Candidate(off.position + (6, -5, 3), off.probabilities, off.existence)
        found = decode([*candidates[:12], moved, *candidates[13:]])
        assert [truth[i] for i in found.naming.candidates] == list(found.naming.levels)
        assert found.rejected == ()


def test_lower_independence_makes_the_same_looks_say_less() -> None:
    shifted = [
        Candidate.at_number((0, 0, -26.0 * i), LEVELS["T6"].rank + 1 + i, spread=0.6)
        for i in range(6)
    ]
    trusting, doubting = (decode(shifted, Settings(independence=power)) for power in (1, 0.1))
    assert trusting.naming == doubting.naming
    assert min(each.confidence or 0 for each in trusting.spine) > 0.99
    assert max(each.confidence or 0 for each in doubting.spine) < 0.9


def test_a_doubt_leaves_the_names_and_takes_confidence() -> None:
    shifted = [
        Candidate.at_number((0, 0, -26.0 * i), LEVELS["T6"].rank + 1 + i, spread=0.6)
        for i in range(6)
    ]
    trusting, doubting = Settings(), Settings(independence=0.1)
    sure, unsure = decode(shifted, trusting), decode(shifted, trusting, doubting)
    assert unsure.naming == sure.naming
    said = [each.confidence for each in decode(shifted, doubting).spine]
    assert [each.confidence for each in unsure.spine] == pytest.approx(said)
    assert unsure.margin < 0.8 < sure.margin
    assert all(Flag.AMBIGUOUS in each.flags for each in unsure.spine if each.confidence < 0.8)
    surer = decode(shifted, doubting, trusting)
    assert [each.confidence for each in surer.spine] == pytest.approx(said)


def test_without_independence_only_the_geometry_speaks() -> None:
    points = [(0, 0, -26.0 * i) for i in range(6)]
    looks = [Candidate.at_number(p, 10 + i, spread=0.6) for i, p in enumerate(points)]
    mute = decode(looks, Settings(independence=0))
    unnamed = decode([Candidate.unnamed(point) for point in points])
    assert mute.naming == unnamed.naming
    assert mute.log_evidence == pytest.approx(unnamed.log_evidence)
