"""Correcting masks in the window with real clicks; the segments in the scene say the same."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from bench import segment_names
from SpineLabelLib.scene import (
    createSegmentationNode,
    geometryFromNode,
    labelMapFromNode,
    showLabelMap,
)

from vertebra.anatomy import LEVELS
from vertebra.spine import Spine
from vertebra.volume import LabelMap

LEVEL_BOXES = {"T12": (33, 40), "L1": (24, 30), "L2": (15, 21), "L3": (6, 12), "L4": (0, 4)}


@pytest.fixture
def scan(slicer: Any) -> Any:
    toRas = np.diag([-2.0, -2.0, 4.0, 1.0])
    toRas[:3, 3] = (20, 20, -80)
    return slicer.util.addVolumeFromArray(np.zeros((42, 20, 20), np.int16), toRas, "CT")


@pytest.fixture
def masks(scan: Any) -> LabelMap:
    voxels = np.zeros((20, 20, 42), np.uint8)
    for number, (start, stop) in enumerate(LEVEL_BOXES.values(), start=1):
        voxels[5:15, 4:14, start:stop] = number
    return LabelMap(voxels, geometryFromNode(scan))


@pytest.fixture
def node(scan: Any, masks: LabelMap) -> Any:
    node = createSegmentationNode(scan)
    spine = Spine.of({name: (0, 0, 4.0 * sum(box)) for name, box in LEVEL_BOXES.items()})
    last = replace(spine.vertebrae[-1], completeness=0.4)
    showLabelMap(masks, spine.with_vertebra(last), node)
    return node


@pytest.fixture
def panel(window: Any, scan: Any, node: Any) -> Any:
    widget = window.select_module("SpineSegment")
    window.choose(widget.ui.inputSelector, scan)
    window.choose(widget.ui.segmentationSelector, node)
    return widget.panel


def rows(panel: Any) -> list[str]:
    table = panel.ui.segmentTable
    return [table.item(row, 0).text() for row in range(table.rowCount)]


def test_the_table_shows_level_completeness_measures_and_notes(panel: Any, window: Any) -> None:
    table = panel.ui.segmentTable
    assert rows(panel) == list(LEVEL_BOXES)
    window.wait_until(lambda: table.item(3, 4).text() != "–")
    second = [table.item(1, column).text() for column in range(7)]
    assert second == ["L1", "–", f"{10 * 10 * 6 * 16 / 1000:.1f}", "0", "1.00", "1.00", ""]
    last = [table.item(4, column).text() for column in range(7)]
    assert last == ["L4", "40%", "6.4", "–", "–", "–", "Reaches the edge of the scan."]


def test_a_click_on_a_row_shows_that_vertebra_in_the_slices(panel: Any, window: Any) -> None:
    window.click_row(panel.ui.segmentTable, 2)
    centre = panel.correction.spine.vertebrae[2].centroid
    assert window.views["Red"].depth_of(centre) == pytest.approx(0, abs=0.01)


@pytest.mark.parametrize(
    ("button", "expected"),
    [
        ("allUpButton", ["T11", "T12", "L1", "L2", "L3"]),
        ("allDownButton", ["L1", "L2", "L3", "L4", "L5"]),
        ("hereUpButton", ["T12", "L1", "L1", "L2", "L3"]),
        ("hereDownButton", ["T12", "L1", "L3", "L4", "L5"]),
        ("deleteButton", ["T12", "L1", "L3", "L4"]),
        ("mergeButton", ["T12", "L1", "L2", "L4"]),
    ],
)
def test_every_button_does_what_it_says_and_undo_takes_it_back(
    panel: Any, window: Any, node: Any, scan: Any, masks: LabelMap, button: str, expected: list[str]
) -> None:
    window.click_row(panel.ui.segmentTable, 2)
    window.click(getattr(panel.ui, button))
    assert rows(panel) == expected
    assert segment_names(node) == expected
    window.click(panel.ui.undoButton)
    assert segment_names(node) == rows(panel) == list(LEVEL_BOXES)
    np.testing.assert_array_equal(labelMapFromNode(node, scan).voxels, masks.voxels)
    window.click(panel.ui.redoButton)
    assert rows(panel) == expected


def test_edits_of_levels_and_of_masks_are_undone_in_their_order(
    panel: Any, window: Any, node: Any
) -> None:
    seen = [segment_names(node)]
    for row, button in ((0, "allDownButton"), (2, "deleteButton"), (1, "hereUpButton")):
        window.click_row(panel.ui.segmentTable, row)
        window.click(getattr(panel.ui, button))
        seen.append(segment_names(node))
    for expected in reversed(seen[:-1]):
        window.click(panel.ui.undoButton)
        assert segment_names(node) == rows(panel) == expected
    assert not panel.ui.undoButton.enabled
    for expected in seen[1:]:
        window.click(panel.ui.redoButton)
        assert segment_names(node) == rows(panel) == expected


def test_masks_without_their_scan_ask_for_it(panel: Any, window: Any) -> None:
    window.choose(panel.ui.inputSelector, None)
    assert panel.ui.statusLabel.text == "Choose the CT that the masks were made on."
    assert rows(panel) == []


def test_setting_one_level_renumbers_the_rest_with_colours_and_terminology(
    panel: Any, window: Any, node: Any
) -> None:
    window.click_row(panel.ui.segmentTable, 0)
    panel.ui.levelBox.currentIndex = LEVELS["L1"].rank
    window.click(panel.ui.setButton)
    assert segment_names(node) == ["L1", "L2", "L3", "L4", "L5"]
    first = node.GetSegmentation().GetNthSegment(0)
    assert first.GetColor() == pytest.approx(np.array(LEVELS["L1"].colour) / 255)


def test_only_this_changes_one_level_and_shows_the_problem(panel: Any, window: Any) -> None:
    window.click_row(panel.ui.segmentTable, 0)
    panel.ui.levelBox.currentIndex = LEVELS["L1"].rank
    window.click(panel.ui.renameButton)
    assert "L1 is used 2 times." in panel.ui.problemsLabel.text
    assert "L1 is used 2 times." in panel.ui.segmentTable.item(0, 6).text()


def test_merging_joins_the_masks_and_spares_the_neighbours(
    panel: Any, window: Any, node: Any, scan: Any, masks: LabelMap
) -> None:
    window.click_row(panel.ui.segmentTable, 1)
    window.click(panel.ui.mergeButton)
    merged = labelMapFromNode(node, scan).voxels
    np.testing.assert_array_equal(merged == 2, np.isin(masks.voxels, (2, 3)))
    for number in (1, 4, 5):
        np.testing.assert_array_equal(merged == number, masks.voxels == number)
    window.click(panel.ui.splitButton)
    assert len(rows(panel)) == 5
    split = labelMapFromNode(node, scan).voxels
    pieces = {frozenset(map(tuple, np.argwhere(split == n))) for n in np.unique(split) if n}
    wanted = {frozenset(map(tuple, np.argwhere(masks.voxels == n))) for n in range(1, 6)}
    assert pieces == wanted


def test_a_mask_in_one_piece_is_not_split(panel: Any, window: Any, node: Any) -> None:
    window.click_row(panel.ui.segmentTable, 1)
    window.click(panel.ui.splitButton)
    assert "in one piece" in panel.ui.statusLabel.text
    assert segment_names(node) == list(LEVEL_BOXES)
    assert not panel.ui.undoButton.enabled


def test_the_lowest_vertebra_has_none_below_to_merge_with(panel: Any, window: Any) -> None:
    window.click_row(panel.ui.segmentTable, 4)
    window.click(panel.ui.mergeButton)
    assert panel.ui.statusLabel.text == "There is no vertebra below to merge with."


def test_cut_vertebrae_can_be_hidden(panel: Any, window: Any, node: Any) -> None:
    display = node.GetDisplayNode()
    window.click(panel.ui.partialCheckBox)
    shown = [display.GetSegmentVisibility(f"vertebra-{n}") for n in range(1, 6)]
    assert shown.count(False) == 1
    window.click(panel.ui.partialCheckBox)
    assert all(display.GetSegmentVisibility(f"vertebra-{n}") for n in range(1, 6))


def test_segments_of_other_programs_are_understood_and_other_organs_left_alone(
    panel: Any, window: Any, slicer: Any, scan: Any
) -> None:
    foreign = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode", "TotalSegmentator")
    foreign.CreateDefaultDisplayNodes()
    foreign.SetReferenceImageGeometryParameterFromVolumeNode(scan)
    for name, start in (("vertebrae_L1", 30), ("liver", 20), ("vertebrae_L2", 10)):
        segment = foreign.GetSegmentation().AddEmptySegment(name, name)
        mask = np.zeros((42, 20, 20), np.uint8)
        mask[start : start + 6, 4:14, 5:15] = 1
        slicer.util.updateSegmentBinaryLabelmapFromArray(mask, foreign, segment, scan)
    window.choose(panel.ui.segmentationSelector, foreign)
    assert rows(panel) == ["L1", "L2"]
    window.click(panel.ui.allDownButton)
    assert segment_names(foreign) == ["L2", "liver", "L3"]


def test_a_segmentation_without_vertebrae_is_explained(
    panel: Any, window: Any, slicer: Any
) -> None:
    empty = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode", "Organs")
    empty.CreateDefaultDisplayNodes()
    window.choose(panel.ui.segmentationSelector, empty)
    assert "No segment is named after a vertebra" in panel.ui.problemsLabel.text
    assert not panel.ui.exportButton.enabled


def test_a_saved_scene_brings_the_panel_back(panel: Any, window: Any, reopened: Any) -> None:
    window.click(panel.ui.partialCheckBox)
    window.click(panel.ui.allDownButton)
    reopened("mrb")
    window.settle()
    assert rows(panel) == ["L1", "L2", "L3", "L4", "L5"]
    assert not panel.ui.partialCheckBox.checked


def test_a_script_measures_the_vertebrae(window: Any, node: Any, scan: Any) -> None:
    logic = window.select_module("SpineSegment").logic
    measured = logic.measure(node, scan)
    assert measured["Level"] == list(LEVEL_BOXES)
    assert measured["Volume (ml)"][0] == pytest.approx(11.2)
    assert measured["Middle height (mm)"][1] == pytest.approx(24, abs=0.6)
    assert measured["Reaches the edge"] == ["no", "no", "no", "no", "yes"]
