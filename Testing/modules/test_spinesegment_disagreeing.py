"""Points that say other levels than the masks: the points are right, and the segments follow."""

from __future__ import annotations

import pytest
from bench import NAMES, Bench, BenchFor, paint, point_names, segment_names
from SpineLabelLib.scene import createSpineNode, keptSpine, showSpine

from vertebra.spine import Spine

DOWN = ["T12", "L1", "L2", "L3", "L4", "L5", "S1"]


@pytest.fixture
def bench(bench_for: BenchFor) -> Bench:
    return bench_for("SpineSegment")


def test_levels_of_points_chosen_over_masks_of_other_levels_survive_the_next_stroke(
    bench: Bench,
) -> None:
    scan = bench.choose_scan()
    bench.run()
    masks, points = bench.panel.correction.node, createSpineNode(scan)
    showSpine(keptSpine(bench.panel.correction.points).shifted(+1), points)
    bench.window.choose(bench.ui.spineSelector, points)
    assert bench.rows() == segment_names(masks) == DOWN
    assert not bench.ui.undoButton.enabled, "nobody has edited anything"
    paint(bench, "vertebra-4", (5, 5, 5))
    assert bench.rows() == segment_names(masks) == point_names(points) == DOWN
    bench.window.click(bench.ui.undoButton)
    assert bench.rows() == segment_names(masks) == point_names(points) == DOWN
    assert not bench.ui.undoButton.enabled


def test_levels_that_were_corrected_during_a_run_survive_the_next_edit(bench: Bench) -> None:
    points = createSpineNode(bench.choose_scan("slow"))
    levels = dict(zip(NAMES[:4], ((0, 0, 60), (0, 0, 30), (0, 0, 0), (0, 0, -30))))
    showSpine(Spine.of(levels), points)
    bench.window.choose(bench.ui.spineSelector, points)
    bench.start()
    bench.half_way()
    label = bench.window.select_module("SpineLabel")
    bench.window.choose(label.ui.spineSelector, points)
    bench.window.click(label.ui.allDownButton)
    bench.window.select_module("SpineSegment")
    bench.finish()
    masks = bench.panel.correction.node
    assert bench.rows() == segment_names(masks) == point_names(points) == DOWN[:4]
    points.SetNthControlPointPositionWorld(0, 1, 0, 60)
    bench.window.settle()
    assert bench.rows() == segment_names(masks) == point_names(points) == DOWN[:4]


def test_segments_of_the_same_levels_keep_the_names_that_another_program_gave_them(
    bench: Bench,
) -> None:
    bench.choose_scan()
    bench.run()
    masks = bench.panel.correction.node
    bench.window.choose(bench.ui.segmentationSelector, None)
    masks.GetSegmentation().GetSegment("vertebra-4").SetName("vertebrae_L2")
    bench.window.choose(bench.ui.segmentationSelector, masks)
    assert segment_names(masks)[3] == "vertebrae_L2"
    assert bench.rows() == NAMES
