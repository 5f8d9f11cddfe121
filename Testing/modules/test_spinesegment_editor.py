"""Painting in the embedded Segment Editor with real strokes over Slicer's own editor logic."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from SpineLabelLib.scene import createSegmentationNode, geometryFromNode, showLabelMap

from vertebra.spine import Spine
from vertebra.volume import LabelMap

LEVEL_BOXES = {"L1": (30, 42), "L2": (16, 28), "L3": (2, 14)}
SIDE = slice(12, 28)


@pytest.fixture
def scan(slicer: Any) -> Any:
    toRas = np.diag([-1.0, -1.0, 1.0, 1.0])
    toRas[:3, 3] = (20, 20, -22)
    return slicer.util.addVolumeFromArray(np.zeros((44, 40, 40), np.int16), toRas, "CT")


@pytest.fixture
def panel(window: Any, scan: Any) -> Any:
    """The panel with three masks; the middle one is chosen and the editor is open."""
    widget = window.select_module("SpineSegment")
    grid, voxels = geometryFromNode(scan), np.zeros((40, 40, 44), np.uint8)
    for number, (start, stop) in enumerate(LEVEL_BOXES.values(), start=1):
        voxels[SIDE, SIDE, start:stop] = number
    node = createSegmentationNode(scan)
    spine = Spine.of({name: (0, 0, sum(box) / 2) for name, box in LEVEL_BOXES.items()})
    showLabelMap(LabelMap(voxels, grid), spine, node)
    window.choose(widget.ui.inputSelector, scan)
    window.choose(widget.ui.segmentationSelector, node)
    if widget.ui.editorSection.collapsed:
        window.click(widget.ui.editorSection._header)
    window.show_volume(scan)
    window.click_row(widget.ui.segmentTable, 1)
    yield widget.panel
    widget.ui.segmentEditor.setActiveEffect(None)


@pytest.fixture
def stroke(panel: Any, window: Any) -> Callable[..., None]:
    """Takes a tool and touches a voxel in the sagittal view."""

    def touch(effect: str, index: tuple[int, int, int], radius: int = 4) -> None:
        editor = panel.ui.segmentEditor
        editor.radius.value = radius
        if not editor.buttons[effect].checked:
            window.click(editor.buttons[effect])
        point = panel.correction.case.grid.to_world(index)
        window.click_in_view("Yellow", tuple(point))
        window.settle()

    return touch


def voxels(panel: Any) -> np.ndarray:
    """The masks as they are in the scene."""
    import slicer

    node, scan = panel.correction.node, panel.correction.volume
    whole = np.zeros(panel.correction.case.grid.shape, int)
    for number in (1, 2, 3):
        array = slicer.util.arrayFromSegmentBinaryLabelmap(node, f"vertebra-{number}", scan)
        whole[array.transpose() > 0] += 10**number
    return whole


def test_painting_over_a_neighbour_leaves_the_neighbour_as_it_is(
    panel: Any, stroke: Callable[..., None]
) -> None:
    before = voxels(panel)
    stroke("Paint", (20, 20, 29))
    after = voxels(panel)
    assert after.max() == 1000, "no voxel has two vertebrae"
    np.testing.assert_array_equal(after == 10, before == 10)
    grown = (after == 100) & (before != 100)
    assert grown.sum() > 40
    assert set(np.argwhere(grown)[:, 2]) == {28, 29}, "only the gap between the two is filled"
    np.testing.assert_array_equal(panel.correction.case.labelMap().voxels == 2, after == 100)


def test_erasing_takes_only_of_the_chosen_vertebra(panel: Any, stroke: Callable[..., None]) -> None:
    before = voxels(panel)
    stroke("Erase", (20, 20, 28))
    after = voxels(panel)
    assert (after == 100).sum() < (before == 100).sum()
    for other in (10, 1000):
        np.testing.assert_array_equal(after == other, before == other)


def test_the_table_follows_a_stroke_and_undo_takes_it_back(
    panel: Any, window: Any, stroke: Callable[..., None]
) -> None:
    before = voxels(panel)
    volume = panel.ui.segmentTable.item(1, 2).text()
    stroke("Paint", (20, 9, 22))
    assert float(panel.ui.segmentTable.item(1, 2).text()) > float(volume)
    window.click(panel.ui.undoButton)
    np.testing.assert_array_equal(voxels(panel), before)
    assert panel.ui.segmentTable.item(1, 2).text() == volume
    window.press("Ctrl+Y")
    assert (voxels(panel) == 100).sum() > (before == 100).sum()
    window.press("Ctrl+Z")
    np.testing.assert_array_equal(voxels(panel), before)


def test_strokes_relabelling_and_deleting_share_one_undo(
    panel: Any, window: Any, stroke: Callable[..., None]
) -> None:
    before, levels = voxels(panel), panel.correction.spine.levels
    stroke("Paint", (20, 20, 29))
    window.click(panel.ui.allDownButton)
    stroke("Erase", (20, 20, 17))
    window.click(panel.ui.deleteButton)
    for _ in range(4):
        window.click(panel.ui.undoButton)
    np.testing.assert_array_equal(voxels(panel), before)
    assert panel.correction.spine.levels == levels
    assert not panel.ui.undoButton.enabled


def test_the_chosen_row_and_the_editors_segment_are_the_same(panel: Any, window: Any) -> None:
    editor = panel.ui.segmentEditor
    assert editor.currentSegmentID() == "vertebra-2"
    window.click_row(panel.ui.segmentTable, 2)
    assert editor.currentSegmentID() == "vertebra-3"
    editor.setCurrentSegmentID("vertebra-1")
    window.settle()
    assert panel.table.vertebra.level.name == "L1"


@pytest.mark.parametrize("name", ["tumour", "L4"])
def test_a_segment_that_a_person_added_stays_chosen_in_the_editor_after_a_stroke(
    panel: Any, window: Any, stroke: Callable[..., None], name: str
) -> None:
    editor, segmentation = panel.ui.segmentEditor, panel.correction.node.GetSegmentation()
    added = segmentation.AddEmptySegment("", "Segment_1")
    editor.setCurrentSegmentID(added)
    segmentation.GetSegment(added).SetName(name)
    window.settle()
    assert panel.table.vertebra is None, "it is no vertebra, or none yet"
    for place in ((20, 6, 22), (6, 6, 22)):
        stroke("Paint", place, radius=2)
        assert editor.currentSegmentID() == added
    window.click_row(panel.ui.segmentTable, 1)
    assert editor.currentSegmentID() == "vertebra-2"


def test_a_vertebra_that_was_erased_can_be_painted_again(
    panel: Any, window: Any, stroke: Callable[..., None]
) -> None:
    stroke("Erase", (20, 20, 22), radius=30)
    assert panel.ui.segmentTable.item(1, 2).text() == "–"
    assert "A point without a mask." in panel.ui.segmentTable.item(1, 6).text()
    stroke("Paint", (20, 20, 22))
    assert panel.correction.spine.find(2).level.name == "L2"
    assert float(panel.ui.segmentTable.item(1, 2).text()) > 0.1


def test_mouse_and_keys_reach_the_editor_only_while_the_module_is_open(
    panel: Any, window: Any, stroke: Callable[..., None]
) -> None:
    editor, before = panel.ui.segmentEditor, voxels(panel)
    window.press("1")
    assert editor.buttons["Paint"].checked
    window.select_module("SpineLabel")
    assert not editor.buttons["Paint"].checked, "the tool was put away"
    window.press("1")
    assert not editor.buttons["Paint"].checked
    editor.setActiveEffectByName("Paint")
    window.click_in_view("Yellow", tuple(panel.correction.case.grid.to_world((20, 20, 29))))
    np.testing.assert_array_equal(voxels(panel), before)
    window.select_module("SpineSegment")
    window.press("2")
    assert editor.buttons["Erase"].checked


def test_the_editors_settings_are_its_own_and_what_a_person_sets_stays(
    panel: Any, window: Any, slicer: Any, stroke: Callable[..., None]
) -> None:
    node = panel.ui.segmentEditor.mrmlSegmentEditorNode()
    assert node.GetSingletonTag() == "SpineSegment"
    node.SetMaskMode(slicer.vtkMRMLSegmentationNode.EditAllowedEverywhere)
    node.SetOverwriteMode(node.OverwriteAllSegments)
    window.select_module("SpineLabel")
    window.select_module("SpineSegment")
    before = voxels(panel)
    stroke("Paint", (20, 20, 31))
    after = voxels(panel)
    assert (after == 10).sum() < (before == 10).sum(), "asked for, a neighbour gives way"
    assert after.max() == 1000
    window.click(panel.ui.undoButton)
    np.testing.assert_array_equal(voxels(panel), before)


def test_a_segment_renamed_or_removed_in_another_module_is_taken_up(
    panel: Any, window: Any
) -> None:
    segmentation = panel.correction.node.GetSegmentation()
    segmentation.GetSegment("vertebra-3").SetName("L4")
    window.settle()
    table = panel.ui.segmentTable
    assert [table.item(row, 0).text() for row in range(3)] == ["L1", "L2", "L4"]
    segmentation.RemoveSegment("vertebra-1")
    window.settle()
    assert table.rowCount == 2
    window.click(panel.ui.undoButton)
    window.click(panel.ui.undoButton)
    assert [table.item(row, 0).text() for row in range(3)] == ["L1", "L2", "L3"]
    names = [segmentation.GetNthSegment(n).GetName() for n in range(3)]
    assert names == ["L1", "L2", "L3"]


def test_after_the_scene_was_closed_the_editor_works_in_the_next_one(
    panel: Any, window: Any, slicer: Any
) -> None:
    slicer.mrmlScene.Clear(False)
    window.settle()
    assert panel.ui.segmentEditor.segmentationNode() is None
    node = panel.ui.segmentEditor.mrmlSegmentEditorNode()
    assert node is None
    window.load_sample()
    window.choose(panel.ui.inputSelector, slicer.util.getNode("SpinePhantom"))
    window.choose(panel.ui.segmentationSelector, slicer.util.getNode("SpinePhantom vertebrae"))
    window.click_row(panel.ui.segmentTable, 2)
    assert panel.ui.segmentEditor.currentSegmentID() == "vertebra-20"
    node, outside = panel.ui.segmentEditor.mrmlSegmentEditorNode(), slicer.vtkMRMLSegmentationNode
    assert node.GetMaskMode() == outside.EditAllowedOutsideAllSegments
