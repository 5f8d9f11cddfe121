"""Names, places, confidence, anomalies and completeness are scored as docs/metrics.md says."""

from __future__ import annotations

from dataclasses import replace

import pytest

from vertebra.anatomy import LEVELS, Anomaly
from vertebra.errors import VertebraError
from vertebra.evaluation.anomalies import anomaly_scores, any_anomaly_score
from vertebra.evaluation.completeness import completeness, pooled
from vertebra.evaluation.confidence import reliability
from vertebra.evaluation.detection import Detection, average_precision, detect, detection_score
from vertebra.evaluation.identification import identify, verse_hits
from vertebra.spine import Flag, Spine

LUMBAR = Spine.of({f"L{i}": (0, 0, -30.0 * i) for i in range(1, 6)})


def sure(spine: Spine, *confidences: float | None) -> Spine:
    each = [replace(one, confidence=c) for one, c in zip(spine, confidences)]
    return replace(spine, vertebrae=tuple(each))


def test_a_spine_named_one_level_too_low_has_nothing_identified() -> None:
    named = identify(LUMBAR, LUMBAR.shifted(1))
    assert [each.identified for each in named] == [False] * 5
    assert [each.called for each in named] == [LEVELS[n] for n in ("L2", "L3", "L4", "L5", "S1")]
    # L1 is claimed nowhere; the others are claimed one vertebra, 30 mm, higher
    assert [each.error for each in named] == [None, 30.0, 30.0, 30.0, 30.0]


def test_a_prediction_exactly_20_mm_away_still_counts_and_one_a_little_farther_does_not() -> None:
    truth = Spine.of({"C4": (0, 0, 0)})
    at_limit, beyond = Spine.of({"C4": (20, 0, 0)}), Spine.of({"C4": (20.001, 0, 0)})
    assert identify(truth, at_limit)[0].identified
    assert verse_hits(truth, at_limit) == {LEVELS["C4"]}
    [far] = identify(truth, beyond)
    assert (far.identified, far.verse_hit, far.called) == (False, False, None)
    assert far.error == pytest.approx(20.001)


def test_a_false_prediction_nearer_than_the_right_one_spoils_glockers_rule_only() -> None:
    truth = Spine.of({"T4": (0, 0, 0)})
    found = Spine.of({"T4": (0, 0, 8), "T5": (0, 0, -5)})
    [named] = identify(truth, found)
    assert (named.identified, named.verse_hit, named.called) == (False, True, LEVELS["T5"])


def test_an_empty_prediction_identifies_nothing_and_has_no_errors() -> None:
    named = identify(LUMBAR, Spine())
    assert not any(each.identified or each.verse_hit for each in named)
    assert {each.error for each in named} == {None}


def test_a_reference_that_uses_a_level_twice_is_refused_with_a_sentence() -> None:
    twice = LUMBAR.relabelled(LEVELS["L5"], LEVELS["L4"])
    with pytest.raises(VertebraError, match="uses L4 2 times"):
        identify(twice, LUMBAR)


def test_two_predictions_at_one_vertebra_are_one_find_and_one_false_alarm() -> None:
    truth = Spine.of({"L1": (0, 0, 0)})
    found = sure(Spine.of({"L1": (0, 0, 6), "L2": (0, 0, -2)}), 0.6, 0.9)
    first, second = detect(truth, found)
    assert (first.at, first.hit) == (None, True)  # the surer one took the place ...
    assert (second.at, second.hit) == (LEVELS["L1"], False)  # ... but not the name
    score = detection_score([(truth.levels, detect(truth, found))])
    assert (score.agnostic.precision, score.agnostic.recall) == (0.5, 1.0)
    assert (score.labelled.precision, score.labelled.recall) == (0.5, 1.0)


def test_without_confidence_the_nearest_prediction_takes_the_vertebra() -> None:
    truth = Spine.of({"L1": (0, 0, 0)})
    found = Spine.of({"T12": (0, 0, 9), "L1": (0, 0, 4)})
    assert [each.at for each in detect(truth, found)] == [None, LEVELS["L1"]]


def test_average_precision_is_the_area_under_the_monotone_curve() -> None:
    # recall 1/3 at precision 1, 2/3 at 2/3 (made monotone: 3/4 from four draws), 1 at 3/4
    hits, confidences = [True, False, True, True], [0.9, 0.8, 0.7, 0.6]
    assert average_precision(hits, confidences, 3) == pytest.approx(1 / 3 + 2 / 3 * 3 / 4)
    assert average_precision(hits, confidences, 6) == pytest.approx(1 / 6 + 2 / 6 * 3 / 4)
    # of equal confidence, none comes first
    assert average_precision([True, False], [0.5, 0.5], 1) == average_precision(
        [False, True], [0.5, 0.5], 1
    )


def test_average_precision_has_no_meaning_without_confidence_or_references() -> None:
    assert average_precision([True], [None], 1) is None
    assert average_precision([True], [0.5], 0) is None
    assert average_precision([], [], 2) == 0.0
    score = detection_score([(LUMBAR.levels, detect(LUMBAR, LUMBAR))])
    assert score.labelled.average_precision is None
    assert score.labelled.precision == 1.0


def test_map_is_the_mean_over_levels_and_a_shift_leaves_the_agnostic_one_alone() -> None:
    found = sure(LUMBAR.shifted(1), 0.9, 0.8, 0.7, 0.6, 0.5)
    score = detection_score([(LUMBAR.levels, detect(LUMBAR, found))])
    assert score.agnostic.average_precision == 1.0
    assert score.labelled.average_precision == 0.0
    half = sure(LUMBAR, 0.9, 0.8, 0.7, 0.6, 0.5)
    half = half.moved(LEVELS["L5"], (90, 0, 0)).moved(LEVELS["L4"], (-90, 0, 0))
    score = detection_score([(LUMBAR.levels, detect(LUMBAR, half))])
    assert score.labelled.average_precision == pytest.approx(3 / 5)


def test_no_detection_figures_without_predictions_or_references() -> None:
    assert detection_score([(LUMBAR.levels, ())]).agnostic.precision is None
    assert detection_score([(LUMBAR.levels, ())]).agnostic.recall == 0.0
    assert detection_score([]).agnostic.recall is None
    assert detect(Spine(), LUMBAR)[0].at is None


def test_anomalies_are_recalled_where_they_are_and_alarms_are_false_elsewhere() -> None:
    t13, l6 = frozenset({Anomaly.T13}), frozenset({Anomaly.L6})
    none = frozenset[Anomaly]()
    scans = [(t13, t13), (t13, none), (none, none), (none, l6), (l6, l6)]
    scores = anomaly_scores(scans)
    assert scores[Anomaly.T13].recall == 0.5
    assert scores[Anomaly.T13].false_alarm_rate == 0.0
    assert (scores[Anomaly.L6].recall, scores[Anomaly.L6].false_alarm_rate) == (1.0, 0.25)
    assert scores[Anomaly.NO_T12].recall is None
    overall = any_anomaly_score(scans)
    assert (overall.present, overall.seen, overall.absent, overall.false_alarms) == (3, 2, 2, 1)
    assert any_anomaly_score([(t13, t13)]).false_alarm_rate is None


def test_completeness_counts_as_in_the_iterative_paper() -> None:
    truth = replace(
        LUMBAR,
        vertebrae=tuple(
            replace(each, completeness=c) for each, c in zip(LUMBAR, (0.0, 1.0, 1.0, 1.0, None))
        ),
    )
    claims = (0.8, 0.9, 0.3, 1.0, 1.0)
    found = replace(
        LUMBAR.shifted(1),  # completeness is judged by place, whatever the names
        vertebrae=tuple(
            replace(each, completeness=c) for each, c in zip(LUMBAR.shifted(1), claims)
        ),
    )
    score = completeness(truth, found)
    assert (score.right, score.false_positives, score.false_negatives) == (2, 1, 1)
    assert score.accuracy == 0.5
    assert (score.partial, score.partial_found) == (1, 0.0)
    both = pooled([score, completeness(LUMBAR, LUMBAR)])  # the second says nothing at all
    assert (both.scans, both.false_positives_a_scan, both.false_negatives_a_scan) == (1, 1.0, 1.0)
    assert (both.partial, pooled([both, both]).partial) == (1, 2)
    assert pooled([]).accuracy is None
    assert pooled([]).partial_found is None
    assert pooled([]).false_positives_a_scan is None
    assert pooled([]).false_negatives_a_scan is None


def test_a_vertebra_flagged_as_partial_counts_as_incomplete() -> None:
    flagged = LUMBAR.with_vertebra(replace(LUMBAR.vertebrae[0], flags=frozenset({Flag.PARTIAL})))
    score = completeness(flagged, flagged)
    assert (score.right, score.scans) == (1, 1)


def test_reliability_compares_what_was_promised_with_what_was_right() -> None:
    l1, l2 = LEVELS["L1"], LEVELS["L2"]
    detections = [
        *[Detection(l1, 0.75, l1, True)] * 3,
        Detection(l1, 0.75, l2, False),
        *[Detection(l2, 1.0, l2, True)] * 4,
        Detection(l2, 0.9, None, False),  # at no reference vertebra: not judged
        Detection(l2, None, l2, True),
    ]
    measured = reliability(detections)
    assert measured is not None
    assert measured.count == 8
    assert measured.calibration_error == pytest.approx(0.0)
    assert measured.brier == pytest.approx((3 * 0.25**2 + 0.75**2) / 8)
    assert [(b.count, b.confidence, b.right) for b in measured.bins] == [
        (4, 0.75, 0.75),
        (4, 1.0, 1.0),
    ]
    assert reliability([Detection(l2, None, l2, True)]) is None
