"""Segment vertebrae with real clicks, before a real worker process that only pretends to look."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from bench import NAMES, Bench, BenchFor, point_names, segment_names
from pretend_segmenter import block
from SpineLabelLib.scene import (
    createSpineNode,
    geometryFromNode,
    keptSpine,
    labelMapFromNode,
    showSpine,
)

from vertebra.anatomy import LEVELS
from vertebra.exchange import markups
from vertebra.spine import Spine


@pytest.fixture
def bench(bench_for: BenchFor) -> Bench:
    return bench_for("SpineSegment")


@pytest.fixture
def points(bench: Bench) -> Any:
    """A chosen scan with two chosen points, of which a person has moved the upper one."""
    node = createSpineNode(bench.choose_scan())
    showSpine(Spine.of({"L2": (0, 0, 30), "L3": (0, 0, 0)}), node)
    node.SetNthControlPointPositionWorld(0, (0, 0, 33))
    bench.window.choose(bench.ui.spineSelector, node)
    return node


def shown(bench: Bench) -> np.ndarray:
    """The masks as they are in the scene."""
    correction = bench.panel.correction
    return labelMapFromNode(correction.node, correction.volume).voxels


def test_one_click_segments_the_vertebrae_and_makes_their_points(bench: Bench) -> None:
    scan = bench.choose_scan()
    bench.run()
    assert bench.rows() == NAMES
    node = bench.ui.segmentationSelector.currentNode()
    assert (node.GetName(), segment_names(node)) == ("CT vertebrae", NAMES)
    points = bench.ui.spineSelector.currentNode()
    assert point_names(points) == NAMES
    grid = geometryFromNode(scan)
    for vertebra in keptSpine(points):
        box, bone = block(grid, vertebra.centroid)
        np.testing.assert_array_equal(shown(bench)[box] == vertebra.instance, bone)
    assert bench.status() == "Done: 7 vertebrae."


def test_vertebrae_appear_as_they_are_drawn(bench: Bench) -> None:
    bench.choose_scan("slow")
    bench.start()
    bench.half_way()
    assert bench.engine.running
    assert "Segmenting" in bench.status()
    assert bench.rows() == [], "what was chosen before stays until the end"
    bench.finish()
    assert bench.rows() == NAMES


def frames(bench: Bench) -> list[Any]:
    """The frames of looks in the scene."""
    return list(bench.slicer.util.getNodesByClass("vtkMRMLMarkupsROINode"))


def test_a_frame_shows_where_the_network_looks_as_long_as_it_does(bench: Bench) -> None:
    bench.choose_scan("slow")
    bench.start()
    bench.half_way()
    [frame] = frames(bench)
    assert frame.GetSize() == pytest.approx([96.0] * 3)
    assert frame.GetCenter()[2] < 30, "it has gone down with the spine"
    assert frame.GetDisplayNode().GetVisibility()
    assert frame.GetHideFromEditors()
    assert not frame.GetSaveWithScene()
    assert not frame.GetDisplayNode().GetHandlesInteractive()
    bench.finish()
    assert frames(bench) == []


def test_a_frame_that_somebody_removes_costs_nothing(bench: Bench) -> None:
    bench.choose_scan("slow")
    bench.start()
    bench.half_way()
    bench.slicer.mrmlScene.RemoveNode(frames(bench)[0])
    bench.window.wait_until(lambda: bool(frames(bench)), 60)
    bench.slicer.mrmlScene.RemoveNode(frames(bench)[0].GetDisplayNode())
    bench.finish()
    assert bench.rows() == NAMES
    assert frames(bench) == []


def test_segmenting_one_vertebra_again_shows_no_frame(bench: Bench) -> None:
    bench.choose_scan("slow")
    bench.run()
    bench.window.click_row(bench.table, 3)
    bench.window.click(bench.ui.resegmentButton)
    bench.window.wait_until(lambda: not bench.engine.running or bool(frames(bench)), 60)
    assert frames(bench) == []


def test_the_frame_goes_with_a_run_that_is_cancelled(bench: Bench) -> None:
    bench.choose_scan("slow")
    bench.start()
    bench.half_way()
    assert len(frames(bench)) == 1
    bench.window.click(bench.button)
    bench.finish()
    assert bench.status() == "Cancelled; nothing was changed."
    assert frames(bench) == []


def test_chosen_points_are_where_it_starts_and_stay_as_they_are(bench: Bench, points: Any) -> None:
    kept = keptSpine(points)
    bench.run()
    assert bench.rows() == ["L2", "L3"]
    assert keptSpine(points) == kept
    spine, case = bench.panel.correction.spine, bench.panel.correction.case
    assert spine.centroids[0] == (0, 0, 33), "where a person put it"
    assert case.masks[1].contains(case.grid, (0, 0, 42))
    assert bench.ui.spineSelector.currentNode() is points
    assert spine.vertebrae[1].completeness == 0.9
    assert not bench.ui.undoButton.enabled


def test_points_from_a_file_are_where_it_starts_with_all_that_the_file_says(
    bench: Bench, lumbar: Spine, tmp_path: Path
) -> None:
    markups.write(tmp_path / "spine.mrk.json", lumbar)
    points = bench.slicer.util.loadMarkups(str(tmp_path / "spine.mrk.json"))
    bench.choose_scan(shape=(40, 40, 120))
    bench.window.choose(bench.ui.spineSelector, points)
    bench.run()
    assert bench.rows() == ["T11", "T12 🔒", "L1", "L2", "L3", "L4", "L5"]
    spine = bench.panel.correction.spine
    assert [(each.instance, each.confidence) for each in spine] == [
        (each.instance, each.confidence) for each in lumbar
    ]
    bench.window.click_row(bench.table, 3)
    bench.window.click(bench.ui.deleteButton)
    assert point_names(points) == ["T11", "T12", "L1", "L3", "L4", "L5"]


def test_what_is_known_after_a_run_is_what_the_nodes_say_when_they_are_read_again(
    bench: Bench, points: Any
) -> None:
    bench.run()
    correction = bench.panel.correction
    drawn, node = correction.case, correction.node
    bench.window.choose(bench.ui.segmentationSelector, None)
    bench.window.choose(bench.ui.segmentationSelector, node)
    read = correction.case
    assert read is not drawn
    assert read.spine == drawn.spine
    assert set(read.masks) == set(drawn.masks)
    assert all(read.masks[number].same_as(mask) for number, mask in drawn.masks.items())


def test_running_again_keeps_the_corrected_masks_hidden_and_says_so(bench: Bench) -> None:
    down = ["T12", "L1", "L2", "L3", "L4", "L5", "S1"]
    bench.choose_scan()
    bench.run()
    bench.window.click(bench.ui.allDownButton)
    corrected = bench.panel.correction.node
    bench.run()
    assert bench.panel.correction.node is not corrected
    assert segment_names(corrected) == down
    assert not corrected.GetDisplayVisibility()
    assert "The earlier masks are kept, hidden: CT vertebrae." in bench.status()
    assert bench.rows() == down, "the points were corrected"


def test_a_scan_under_a_transform_is_segmented_where_the_scene_shows_it(
    bench: Bench, slicer: Any
) -> None:
    scan = bench.choose_scan()
    transform = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLinearTransformNode")
    shift = np.eye(4)
    shift[:3, 3] = (100, -50, 25)
    transform.SetMatrixTransformToParent(slicer.util.vtkMatrixFromArray(shift))
    scan.SetAndObserveTransformNodeID(transform.GetID())
    bench.run()
    bounds = [0.0] * 6
    correction = bench.panel.correction
    correction.node.GetSegmentation().GetSegment("vertebra-4").GetBounds(bounds)
    centre = correction.spine.find(4).centroid
    assert np.mean(bounds[:2]) == pytest.approx(centre[0], abs=2.5)
    assert centre[0] == pytest.approx(100, abs=5)
    np.testing.assert_array_equal(shown(bench), correction.case.labelMap().voxels)


def test_partial_vertebrae_are_half_transparent_and_can_be_hidden(bench: Bench) -> None:
    bench.choose_scan()
    bench.run()
    assert bench.table.item(0, 1).text() == "30%"
    display = bench.panel.correction.node.GetDisplayNode()
    opacities = [display.GetSegmentOpacity3D(f"vertebra-{n}") for n in (1, 2)]
    assert opacities[0] < 0.6 < opacities[1]
    bench.window.click(bench.ui.partialCheckBox)
    assert not display.GetSegmentVisibility("vertebra-1")
    assert display.GetSegmentVisibility("vertebra-2")
    bench.window.click(bench.ui.partialCheckBox)
    assert display.GetSegmentVisibility("vertebra-1")


def test_the_result_counts_where_it_is_not_what_was_drawn(bench: Bench) -> None:
    bench.choose_scan("differs")
    bench.run()
    assert segment_names(bench.panel.correction.node) == NAMES[:-1]
    np.testing.assert_array_equal(shown(bench), bench.panel.correction.case.labelMap().voxels)


def test_vertebrae_that_nobody_has_named_yet_appear_too(bench: Bench) -> None:
    bench.choose_scan("unnamed slow")
    bench.start()
    bench.half_way()
    node = bench.slicer.util.getNodesByClass("vtkMRMLSegmentationNode")[0]
    assert segment_names(node)[:2] == ["Vertebra 1", "Vertebra 2"]
    bench.finish()
    assert segment_names(node) == bench.rows() == NAMES


def test_all_segments_share_one_layer(bench: Bench) -> None:
    bench.choose_scan()
    bench.run()
    segmentation = bench.panel.correction.node.GetSegmentation()
    assert segmentation.GetNumberOfLayers("Binary labelmap") == 1


def test_one_vertebra_is_segmented_again_after_its_point_was_moved(bench: Bench) -> None:
    bench.choose_scan()
    bench.run()
    correction, table = bench.panel.correction, bench.table
    points, before = correction.points, dict(correction.case.masks)
    centre = np.add(points.GetNthControlPointPositionWorld(3), (5, 0, 0))
    points.SetNthControlPointPositionWorld(3, centre.tolist())
    bench.window.settle()
    assert "Its point was moved: segment it again?" in table.item(3, 6).text()
    assert correction.case.masks == before, "it is offered, not done"
    bench.window.click_row(table, 3)
    bench.window.click(bench.ui.resegmentButton)
    bench.finish()
    assert bench.status() == "Segmented anew: L2."
    assert "moved" not in table.item(3, 6).text()
    after = correction.case.masks
    assert [n for n in after if after[n] is not before[n]] == [4]
    assert np.subtract(after[4].start, before[4].start).tolist() == [-2, 0, 0]
    np.testing.assert_array_equal(shown(bench), correction.case.labelMap().voxels)
    bench.window.click(bench.ui.undoButton)
    assert correction.case.masks == before
    assert "Its point was moved" in table.item(3, 6).text()


def test_what_was_edited_while_a_vertebra_is_segmented_again_stays(bench: Bench) -> None:
    bench.choose_scan("slow")
    bench.run()
    bench.window.click_row(bench.table, 3)
    bench.window.click(bench.ui.resegmentButton)
    assert bench.button.text == "Cancel"
    bench.window.click(bench.ui.deleteButton)
    bench.finish()
    assert "L2 was deleted meanwhile" in bench.status()
    assert "L2" not in bench.rows()


def test_levels_of_points_in_the_scene_are_those_of_the_masks(bench: Bench) -> None:
    bench.choose_scan()
    bench.run()
    bench.window.click_row(bench.table, 0)
    bench.ui.levelBox.currentIndex = LEVELS["T12"].rank
    bench.window.click(bench.ui.setButton)
    assert point_names(bench.panel.correction.points) == bench.rows()
    assert bench.rows()[0] == "T12"
