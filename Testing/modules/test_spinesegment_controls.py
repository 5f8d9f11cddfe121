"""Controls of SpineSegment that follow what happens without being touched."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from bench import Bench, BenchFor

from vertebra.anatomy import LEVELS


@pytest.fixture
def bench(bench_for: BenchFor) -> Bench:
    return bench_for("SpineSegment")


@pytest.fixture
def display(bench: Bench) -> Any:
    """How a segmented scan is shown, whose first vertebra is cut."""
    bench.choose_scan()
    bench.run()
    return bench.panel.correction.node.GetDisplayNode()


def complete_the_first(bench: Bench) -> None:
    """Segment it again, and find it complete."""
    correction = bench.panel.correction
    judged = replace(correction.spine.find(1), completeness=0.95, flags=frozenset())
    mask = replace(correction.case.masks[1])
    correction.edit(lambda case: case.segmentedAnew(judged, mask))
    bench.window.settle()


def test_a_vertebra_that_becomes_complete_is_shown_again(bench: Bench, display: Any) -> None:
    bench.window.click(bench.ui.partialCheckBox)
    assert not display.GetSegmentVisibility("vertebra-1")
    complete_the_first(bench)
    assert display.GetSegmentVisibility("vertebra-1")
    bench.window.click(bench.ui.undoButton)
    assert not display.GetSegmentVisibility("vertebra-1"), "it is cut as before"
    bench.window.click(bench.ui.partialCheckBox)
    assert display.GetSegmentVisibility("vertebra-1")


def test_cut_vertebrae_of_masks_that_were_put_aside_are_shown_when_they_are_chosen_again(
    bench: Bench, display: Any
) -> None:
    node = bench.panel.correction.node
    bench.window.click(bench.ui.partialCheckBox)
    bench.window.choose(bench.ui.segmentationSelector, None)
    bench.window.click(bench.ui.partialCheckBox)
    bench.window.choose(bench.ui.segmentationSelector, node)
    assert display.GetSegmentVisibility("vertebra-1")


@pytest.mark.parametrize("segment", ["vertebra-1", "vertebra-4"])
def test_what_a_person_hides_stays_hidden_after_an_edit(
    bench: Bench, display: Any, segment: str
) -> None:
    display.SetSegmentVisibility(segment, False)
    bench.window.click(bench.ui.allDownButton)
    assert not display.GetSegmentVisibility(segment)


def test_a_level_that_a_person_picks_stays_while_bodies_are_measured(
    bench: Bench, display: Any
) -> None:
    box = bench.ui.levelBox
    bench.window.click_row(bench.table, 2)
    assert box.currentText == "L1"
    box.currentIndex = LEVELS["T4"].rank
    bench.panel.measuring.changed.emit()
    assert box.currentText == "T4"
    bench.window.click(bench.ui.renameButton)
    assert bench.rows()[2] == box.currentText == "T4"
    bench.window.click(bench.ui.undoButton)
    assert box.currentText == "L1"
    box.currentIndex = LEVELS["T4"].rank
    bench.window.click_row(bench.table, 3)
    assert box.currentText == "L2"


@pytest.mark.parametrize("cancelled", [True, False])
def test_after_a_run_has_ended_a_vertebra_can_be_segmented_again(
    bench: Bench, cancelled: bool
) -> None:
    scan = bench.choose_scan("slow")
    bench.run()
    scan.SetName("slow" if cancelled else "crash")
    bench.start()
    bench.window.click_row(bench.table, 3)
    if cancelled:
        assert not bench.ui.resegmentButton.enabled
        bench.half_way()
        bench.window.click(bench.button)
    bench.finish()
    assert bench.ui.resegmentButton.enabled
