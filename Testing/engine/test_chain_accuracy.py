"""The acceptance figures on simulated scans, with seeds on which nothing was tuned.

How the criterion is read (docs/decisions/0004-chain-decoder.md): "right" means that every detected
true vertebra carries its level and every false candidate is rejected; "anchored" that the decoder
says so, in views of 4 to all vertebrae; an anomaly of a whole spine is recalled when it is
suspected, which is what a person is shown.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from simulated_candidates import Localizer

from vertebra.anatomy import Anomaly

sys.path.append(str(Path(__file__).resolve().parents[1] / "benchmarks"))
import chain_decoding as benchmark


@pytest.fixture(scope="module")
def population() -> list[benchmark.Decoded]:
    """Views of 4 to all vertebrae of spines with anomalies as common as in people."""
    return benchmark.decode_many(4000, seed=7001)


def test_at_least_95_percent_of_anchored_spines_are_all_right(
    population: list[benchmark.Decoded],
) -> None:
    anchored = [case for case in population if case.found.spine.anchored_count]
    assert len(anchored) > 1000
    assert benchmark.share(anchored, "right") >= 0.95


def test_the_confidence_is_calibrated(population: list[benchmark.Decoded]) -> None:
    error, points = benchmark.calibration(population)
    assert error < 0.02
    assert sum(count for _, _, count in points) > 40000
    unsure = [(said, was) for said, was, count in points if count > 200 and said < 0.9]
    assert all(abs(said - was) < 0.15 for said, was in unsure)


def test_a_spine_said_to_be_anchored_shows_a_landmark(population: list[benchmark.Decoded]) -> None:
    says = [case for case in population if case.found.spine.anchored_count]
    assert sum(case.scan.anchored for case in says) / len(says) > 0.97


def test_anomalies_of_whole_spines_are_suspected_in_90_percent_and_falsely_in_under_3() -> None:
    rates = {Anomaly.NO_T12: 0.25, Anomaly.T13: 0.25, Anomaly.L6: 0.4}
    enriched = benchmark.decode_many(400, seed=7002, rates=rates, whole=True)
    usual = benchmark.decode_many(400, seed=7003, rates={}, whole=True)
    for anomaly in rates:
        rate, count = benchmark.recall(enriched, anomaly)
        assert count > 70
        assert rate >= 0.9, anomaly
        assert benchmark.false_alarms(usual, anomaly)[0] < 0.03, anomaly


def test_scoliosis_of_60_degrees_is_followed_in_spite_of_misses_and_false_candidates() -> None:
    cases = benchmark.decode_many(60, seed=7004, rates={}, whole=True, scoliosis=30.0)
    assert benchmark.share(cases, "right") >= 0.9


def test_real_chains_of_body_centres_are_named_with_honest_confidence(shared_data: Path) -> None:
    cases = benchmark.decode_real(shared_data / "verse_centroids", 226)
    assert benchmark.calibration(cases)[0] < 0.05
    good = benchmark.decode_real(shared_data / "verse_centroids", 113, Localizer(right=0.9))
    assert benchmark.share(good, "right") > 0.8
