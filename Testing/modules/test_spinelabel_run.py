"""Label spine with real clicks, before a real worker process that only pretends to look."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from bench import NAMES, Bench, BenchFor, point_names, segment_names
from SpineLabelLib.scene import geometryFromNode, keptSpine

from vertebra.anatomy import LEVELS
from vertebra.errors import VertebraError

DOWN = ["T12", "L1", "L2", "L3", "L4", "L5", "S1"]


@pytest.fixture
def bench(bench_for: BenchFor) -> Bench:
    return bench_for("SpineLabel")


def test_one_click_labels_the_spine(bench: Bench) -> None:
    scan = bench.choose_scan()
    bench.run()
    assert bench.rows() == NAMES
    node = bench.ui.spineSelector.currentNode()
    assert (node.GetName(), point_names(node)) == ("CT spine", NAMES)
    middle = geometryFromNode(scan).to_world([19.5, 19.5, 39.5])
    assert node.GetNthControlPointPositionWorld(0)[0] == pytest.approx(middle[0])
    assert bench.status() == "Done: 7 vertebrae."


def test_vertebrae_appear_while_the_search_goes_on(bench: Bench) -> None:
    bench.choose_scan("slow")
    bench.start()
    bench.half_way()
    assert bench.engine.running
    assert "Looking for" in bench.status()
    bench.finish()
    assert bench.rows() == NAMES


def test_running_again_keeps_what_a_person_corrected(bench: Bench) -> None:
    bench.choose_scan()
    bench.run()
    bench.window.click(bench.ui.allDownButton)
    corrected = bench.panel.correction.node
    bench.run()
    assert bench.panel.correction.node is not corrected
    assert [level.name for level in keptSpine(corrected).levels] == DOWN
    assert not corrected.GetDisplayVisibility()
    assert corrected.GetName() in bench.status()
    assert bench.rows() == NAMES
    bench.window.choose(bench.ui.spineSelector, corrected)
    assert bench.rows() == DOWN


def test_a_scan_under_a_transform_is_labelled_where_the_scene_shows_it(
    bench: Bench, slicer: Any
) -> None:
    scan = bench.choose_scan()
    before = geometryFromNode(scan).to_world([19.5, 19.5, 39.5])
    transform = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLinearTransformNode")
    shift = np.eye(4)
    shift[:3, 3] = (100, -50, 25)
    transform.SetMatrixTransformToParent(slicer.util.vtkMatrixFromArray(shift))
    scan.SetAndObserveTransformNodeID(transform.GetID())
    bench.run()
    first = bench.panel.correction.spine.centroids[0]
    assert first[:2] == pytest.approx((before[0] + 100, before[1] - 50))


def test_the_sample_opens_from_sample_data_with_its_true_points_and_masks(
    bench: Bench, slicer: Any
) -> None:
    bench.window.load_sample()
    bench.window.choose(bench.ui.inputSelector, slicer.util.getNode("SpinePhantom"))
    bench.window.choose(bench.ui.spineSelector, slicer.util.getNode("SpinePhantom spine"))
    assert bench.rows() == ["T11", "T12", "L1", "L2", "L3", "L4", "L5", "S1"]
    assert bench.ui.problemsLabel.text == "No problems found."
    masks = slicer.util.getNode("SpinePhantom vertebrae")
    assert segment_names(masks) == bench.rows()
    bench.run()
    assert bench.rows() == NAMES


def test_a_script_labels_a_scan_and_waits(bench: Bench) -> None:
    node = bench.widget.logic.process(bench.choose_scan())
    assert point_names(node) == NAMES
    with pytest.raises(VertebraError, match="This is an MR image"):
        bench.widget.logic.process(bench.choose_scan("refuse"))


def test_the_first_vertebra_may_be_set_by_hand_where_nothing_was_found(bench: Bench) -> None:
    bench.choose_scan()
    bench.run()
    for _ in NAMES:
        bench.window.click_row(bench.table, 0)
        bench.window.click(bench.ui.deleteButton)
    assert bench.rows() == []
    bench.panel.correction.edit(lambda spine: spine.inserted((0, 0, 0), LEVELS["L3"]))
    bench.window.settle()
    assert bench.rows() == ["L3"]
