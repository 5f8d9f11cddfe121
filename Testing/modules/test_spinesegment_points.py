"""Masks and points stay in step: with real clicks, both nodes in the scene say the same."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from bench import point_names, segment_names
from pretend_segmenter import block
from SpineLabelLib.scene import (
    createSegmentationNode,
    createSpineNode,
    geometryFromNode,
    keptSpine,
    labelMapFromNode,
    showLabelMap,
    showSpine,
)

from vertebra.anatomy import LEVELS
from vertebra.spine import Flag, Spine
from vertebra.volume import LabelMap

CENTRES = {"T12": (0, 0, 60), "L1": (0, 0, 30), "L2": (0, 0, 0), "L3": (0, 0, -30)}


@pytest.fixture
def scan(slicer: Any) -> Any:
    toRas = np.diag([-2.0, -2.0, 2.0, 1.0])
    toRas[:3, 3] = (50, 50, -80)
    return slicer.util.addVolumeFromArray(np.zeros((90, 50, 50), np.int16), toRas, "CT")


@pytest.fixture
def points(scan: Any) -> Any:
    """Points with other numbers than the masks, as another program gives them."""
    spine = Spine.of(CENTRES)
    others = tuple(replace(each, instance=each.instance + 40) for each in spine)
    node = createSpineNode(scan)
    showSpine(replace(spine, vertebrae=others), node)
    return node


@pytest.fixture
def masks(scan: Any) -> Any:
    grid, spine = geometryFromNode(scan), Spine.of(CENTRES)
    voxels = np.zeros(grid.shape, np.uint8)
    for vertebra in spine:
        box, bone = block(grid, vertebra.centroid)
        voxels[box][bone] = vertebra.instance
    node = createSegmentationNode(scan)
    showLabelMap(LabelMap(voxels, grid), spine, node)
    return node


@pytest.fixture
def panel(window: Any, scan: Any, masks: Any, points: Any) -> Any:
    ui = window.select_module("SpineSegment").ui
    for selector, node in (
        (ui.inputSelector, scan),
        (ui.spineSelector, points),
        (ui.segmentationSelector, masks),
    ):
        window.choose(selector, node)
    return window.select_module("SpineSegment").panel


def rows(panel: Any) -> list[str]:
    table = panel.ui.segmentTable
    return [table.item(row, 0).text() for row in range(table.rowCount)]


def test_choosing_points_changes_nothing_and_pairs_them_with_the_masks_they_lie_in(
    panel: Any, points: Any
) -> None:
    assert rows(panel) == list(CENTRES)
    assert [each.instance for each in keptSpine(points)] == [41, 42, 43, 44]
    assert [each.instance for each in panel.correction.spine] == [1, 2, 3, 4]
    assert not panel.ui.undoButton.enabled
    assert all(panel.ui.segmentTable.item(row, 6).text() == "" for row in range(4))


@pytest.mark.parametrize(
    ("button", "expected"),
    [
        ("allDownButton", ["L1", "L2", "L3", "L4"]),
        ("hereUpButton", ["T12", "T12", "L1", "L2"]),
        ("deleteButton", ["T12", "L2", "L3"]),
        ("mergeButton", ["T12", "L1", "L3"]),
    ],
)
def test_every_edit_changes_masks_and_points_and_one_undo_takes_both_back(
    panel: Any,
    window: Any,
    scan: Any,
    masks: Any,
    points: Any,
    button: str,
    expected: list[str],
) -> None:
    before, voxels = keptSpine(points), labelMapFromNode(masks, scan).voxels
    window.click_row(panel.ui.segmentTable, 1)
    window.click(getattr(panel.ui, button))
    assert rows(panel) == segment_names(masks) == point_names(points) == expected
    window.click(panel.ui.undoButton)
    assert rows(panel) == segment_names(masks) == point_names(points) == list(CENTRES)
    assert keptSpine(points).centroids == before.centroids
    np.testing.assert_array_equal(labelMapFromNode(masks, scan).voxels, voxels)
    window.click(panel.ui.redoButton)
    assert rows(panel) == segment_names(masks) == point_names(points) == expected


def test_splitting_a_mask_gives_each_piece_a_point_in_its_body(
    panel: Any, window: Any, points: Any, masks: Any
) -> None:
    before = list(panel.correction.case.masks.values())
    window.click_row(panel.ui.segmentTable, 1)
    window.click(panel.ui.mergeButton)
    window.click_row(panel.ui.segmentTable, 1)
    window.click(panel.ui.splitButton)
    assert point_names(points) == segment_names(masks) == ["T12", "L1", "L1", "L3"]
    after = list(panel.correction.case.masks.values())
    assert all(any(old.same_as(new) for new in after) for old in before), "processes too"
    for instance, mask in panel.correction.case.masks.items():
        centre = panel.correction.spine.find(instance).centroid
        assert mask.contains(panel.correction.case.grid, centre)
    window.click(panel.ui.undoButton)
    assert point_names(points) == segment_names(masks) == ["T12", "L1", "L3"]


def test_a_dragged_point_is_taken_up_and_offers_to_segment_again(
    panel: Any, window: Any, scan: Any, points: Any
) -> None:
    window.show_volume(scan)
    window.click_row(panel.ui.segmentTable, 2)
    points.SetLocked(False)
    window.drag("Yellow", CENTRES["L2"], (12, 8))
    spine = panel.correction.spine
    assert [a == b for a, b in zip(spine.centroids, CENTRES.values())] == [True, True, False, True]
    assert "segment it again?" in panel.ui.segmentTable.item(2, 6).text()
    window.click(panel.ui.undoButton)
    assert list(points.GetNthControlPointPositionWorld(2)) == pytest.approx(CENTRES["L2"])
    assert "segment it again?" not in panel.ui.segmentTable.item(2, 6).text()


def test_points_without_masks_and_masks_without_points_are_noted(
    panel: Any, window: Any, masks: Any, points: Any
) -> None:
    points.RemoveNthControlPoint(0)
    masks.GetSegmentation().RemoveSegment("vertebra-4")
    window.settle()
    assert rows(panel) == ["T12", "L1", "L2"], "a removed mask takes its point along"
    assert point_names(points) == ["L1", "L2"]
    assert Flag.NO_POINT.sentence in panel.ui.segmentTable.item(0, 6).text()
    import vtk

    points.AddControlPointWorld(vtk.vtkVector3d(0, 0, -30), "L3")
    window.settle()
    assert rows(panel) == ["T12", "L1", "L2", "L3"]
    assert Flag.NO_MASK.sentence in panel.ui.segmentTable.item(3, 6).text()
    window.click_row(panel.ui.segmentTable, 3)
    assert panel.ui.resegmentButton.enabled
    assert not panel.ui.mergeButton.enabled
    points.AddControlPointWorld(vtk.vtkVector3d(0, 0, -60), "S1")
    window.settle()
    assert rows(panel)[-1] == "S1"
    assert Flag.NO_MASK.sentence not in panel.ui.segmentTable.item(4, 6).text(), (
        "it is to have none"
    )


def test_a_level_changed_in_another_module_changes_mask_and_point(
    panel: Any, window: Any, points: Any, masks: Any
) -> None:
    masks.GetSegmentation().GetSegment("vertebra-4").SetName("L4")
    window.settle()
    assert rows(panel) == segment_names(masks) == point_names(points) == ["T12", "L1", "L2", "L4"]
    points.SetNthControlPointLabel(3, "L5")
    window.settle()
    assert rows(panel) == segment_names(masks) == point_names(points) == ["T12", "L1", "L2", "L5"]
    window.click(panel.ui.undoButton)
    window.click(panel.ui.undoButton)
    assert rows(panel) == segment_names(masks) == point_names(points) == list(CENTRES)


def test_a_segment_that_is_called_otherwise_is_no_vertebra_any_more_but_stays(
    panel: Any, window: Any, points: Any, masks: Any
) -> None:
    segment = masks.GetSegmentation().GetSegment("vertebra-2")
    segment.SetName("rib")
    segment.SetTag("TerminologyEntry", "")
    window.settle()
    assert segment_names(masks) == ["T12", "rib", "L2", "L3"]
    assert rows(panel) == point_names(points) == ["T12", "L2", "L3"]
    window.click(panel.ui.undoButton)
    assert rows(panel) == point_names(points) == segment_names(masks) == list(CENTRES)


def test_both_modules_follow_the_same_points(
    panel: Any, window: Any, points: Any, masks: Any
) -> None:
    label = window.select_module("SpineLabel").panel
    window.choose(label.ui.spineSelector, points)
    window.click(label.ui.allDownButton)
    assert segment_names(masks) == point_names(points) == ["L1", "L2", "L3", "L4"]
    window.select_module("SpineSegment")
    assert rows(panel) == ["L1", "L2", "L3", "L4"]
    window.click_row(panel.ui.segmentTable, 0)
    window.click(panel.ui.deleteButton)
    assert [str(level) for level in label.correction.spine.levels] == ["L2", "L3", "L4"]
    window.select_module("SpineLabel")
    window.click(label.ui.undoButton)
    assert point_names(points) == ["L1", "L2", "L3", "L4"]
    assert Flag.NO_MASK.sentence in panel.ui.segmentTable.item(0, 6).text()
    window.click_row(label.ui.vertebraTable, 0)
    window.click(label.ui.lockButton)
    points.RemoveNthControlPoint(0)
    window.settle()
    for each in (label, panel):
        assert each.ui.statusLabel.text == "L1 is locked; unlock it first."
    assert rows(panel)[0] == "L1 🔒"
    assert point_names(points) == ["L1", "L2", "L3", "L4"]


@pytest.fixture
def lock(panel: Any, window: Any, points: Any) -> Callable[[str], None]:
    """Locks the vertebra of a level and chooses its row."""

    def lock(name: str) -> None:
        showSpine(keptSpine(points).locked(LEVELS[name]), points)
        window.settle()
        window.click_row(panel.ui.segmentTable, list(CENTRES).index(name))

    return lock


def test_a_locked_vertebra_refuses_every_button_that_would_change_it(
    panel: Any, window: Any, lock: Callable[[str], None]
) -> None:
    lock("L1")
    case = panel.correction.case
    assert rows(panel) == ["T12", "L1 🔒", "L2", "L3"]
    buttons = ("deleteButton", "allDownButton", "mergeButton", "splitButton", "resegmentButton")
    for row, button in [*((1, each) for each in buttons), (0, "mergeButton")]:
        panel.say("")
        window.click_row(panel.ui.segmentTable, row)
        window.click(getattr(panel.ui, button))
        assert panel.ui.statusLabel.text == "L1 is locked; unlock it first.", button
    assert panel.correction.case is case


def test_a_locked_vertebra_gets_its_segment_level_and_point_back_whatever_others_do_in_the_scene(
    panel: Any, window: Any, slicer: Any, scan: Any, masks: Any, points: Any, lock: Any
) -> None:
    lock("L1")
    before, case = labelMapFromNode(masks, scan).voxels, panel.correction.case
    segmentation, nothing = masks.GetSegmentation(), np.zeros((90, 50, 50), np.uint8)

    def rename() -> None:
        segmentation.GetSegment("vertebra-2").SetName("rib")
        segmentation.GetSegment("vertebra-2").SetTag("TerminologyEntry", "")

    for harm in (
        lambda: segmentation.RemoveSegment("vertebra-2"),
        lambda: segmentation.GetSegment("vertebra-2").SetName("L5"),
        rename,
        lambda: write_segment(slicer, nothing, masks, "vertebra-2", scan),
        lambda: write_segment(slicer, np.roll(before.T == 2, 3, 0), masks, "vertebra-2", scan),
        lambda: points.RemoveNthControlPoint(1),
        lambda: points.SetNthControlPointPositionWorld(1, 9.0, 9.0, 9.0),
    ):
        panel.say("")
        harm()
        window.settle()
        assert panel.ui.statusLabel.text == "L1 is locked; unlock it first."
        assert segment_names(masks) == point_names(points) == list(CENTRES)
        np.testing.assert_array_equal(labelMapFromNode(masks, scan).voxels, before)
        assert list(points.GetNthControlPointPositionWorld(1)) == pytest.approx(CENTRES["L1"])
    assert panel.correction.case.masks == case.masks
    assert rows(panel) == ["T12", "L1 🔒", "L2", "L3"]


def test_a_stroke_that_takes_voxels_from_a_locked_vertebra_keeps_the_others_and_undo_takes_it_back(
    panel: Any, window: Any, slicer: Any, scan: Any, masks: Any, lock: Any
) -> None:
    lock("L1")
    before = labelMapFromNode(masks, scan).voxels
    beyond, taken = before.copy(), np.argwhere(before == 2)[:200]
    beyond[tuple(taken.T)] = 3
    free = np.argwhere(before == 0)[:50]
    beyond[tuple(free.T)] = 3
    for number in (2, 3):
        write_segment(slicer, (beyond == number).T, masks, f"vertebra-{number}", scan)
    window.settle()
    after = labelMapFromNode(masks, scan).voxels
    assert panel.ui.statusLabel.text == "L1 is locked; unlock it first."
    np.testing.assert_array_equal(after == 2, before == 2)
    np.testing.assert_array_equal(np.argwhere((after == 3) & (before != 3)), free)
    window.click(panel.ui.undoButton)
    np.testing.assert_array_equal(labelMapFromNode(masks, scan).voxels, before)
    window.click(panel.ui.redoButton)
    np.testing.assert_array_equal(labelMapFromNode(masks, scan).voxels, after)


def write_segment(slicer: Any, voxels: np.ndarray, masks: Any, segment: str, scan: Any) -> None:
    """What a script or an effect of the Segment Editor does; voxels are (k, j, i)."""
    voxels = np.ascontiguousarray(voxels, np.uint8)
    slicer.util.updateSegmentBinaryLabelmapFromArray(voxels, masks, segment, scan)


def test_a_saved_scene_brings_masks_and_points_back_in_step(
    panel: Any, window: Any, slicer: Any, reopened: Callable[[str], None]
) -> None:
    window.click(panel.ui.allDownButton)
    reopened("mrb")
    window.settle()
    assert rows(panel) == ["L1", "L2", "L3", "L4"]
    points = panel.ui.spineSelector.currentNode()
    window.click_row(panel.ui.segmentTable, 0)
    window.click(panel.ui.deleteButton)
    assert point_names(points) == rows(panel) == ["L2", "L3", "L4"]
