"""Correcting a spine in the window with real clicks; the points in the scene say the same."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from SpineLabelLib.scene import createSpineNode, keptSpine, showSpine
from SpineLabelLib.VertebraRows import sure

from vertebra.anatomy import LEVELS
from vertebra.spine import Flag, Spine


@pytest.fixture
def node(add_scan: Callable[..., Any], lumbar: Spine) -> Any:
    node = createSpineNode(add_scan())
    showSpine(lumbar.locked(LEVELS["T12"], False), node)
    return node


@pytest.fixture
def panel(window: Any, node: Any) -> Any:
    """The panel of SpineLabel with the points chosen."""
    widget = window.select_module("SpineLabel")
    window.choose(widget.ui.spineSelector, node)
    return widget.panel


def labels(node: Any) -> str:
    count = node.GetNumberOfControlPoints()
    return " ".join(node.GetNthControlPointLabel(n) for n in range(count))


def rows(panel: Any) -> str:
    table = panel.ui.vertebraTable
    return " ".join(table.item(row, 0).text().split()[0] for row in range(table.rowCount))


def notes(panel: Any, row: int) -> str:
    return panel.ui.vertebraTable.item(row, 3).text()


def test_the_table_shows_level_confidence_completeness_and_flags(panel: Any) -> None:
    table = panel.ui.vertebraTable
    assert rows(panel) == "T11 T12 L1 L2 L3 L4 L5"
    first = [table.item(0, column).text() for column in range(table.columnCount)]
    assert first == ["T11", "71%", "31%", "Cut by the edge of the scan."]
    assert table.item(2, 1).text() == "–"
    assert panel.ui.problemsLabel.text == "No problems found."


def test_a_click_on_a_row_shows_that_vertebra_in_all_slices(
    panel: Any, window: Any, lumbar: Spine
) -> None:
    window.click_row(panel.ui.vertebraTable, 4)
    for name in ("Red", "Yellow", "Green"):
        assert window.views[name].depth_of(lumbar.centroids[4]) == pytest.approx(0, abs=0.01)
        place = window.views[name].pixel_of(lumbar.centroids[4])
        centre = window.views[name].rect.center()
        assert (place - centre).manhattanLength() <= 3


def test_setting_one_level_renumbers_the_rest(panel: Any, window: Any, node: Any) -> None:
    window.click_row(panel.ui.vertebraTable, 2)
    panel.ui.levelBox.currentIndex = LEVELS["L2"].rank
    window.click(panel.ui.setButton)
    assert rows(panel) == labels(node) == "T12 L1 L2 L3 L4 L5 S1"
    assert panel.ui.vertebraTable.item(2, 3).text() == Flag.CORRECTED.sentence


def test_only_this_changes_one_level_and_shows_the_problem_at_once(
    panel: Any, window: Any, node: Any
) -> None:
    window.click_row(panel.ui.vertebraTable, 2)
    panel.ui.levelBox.currentIndex = LEVELS["L2"].rank
    window.click(panel.ui.renameButton)
    assert labels(node) == "T11 T12 L2 L2 L3 L4 L5"
    assert "L2 is used 2 times." in panel.ui.problemsLabel.text
    assert "L2 is used 2 times." in notes(panel, 2)
    assert "L2 is used 2 times." in notes(panel, 3)


@pytest.mark.parametrize(
    ("row", "button", "expected"),
    [
        (0, "allUpButton", "T10 T11 T12 L1 L2 L3 L4"),
        (0, "allDownButton", "T12 L1 L2 L3 L4 L5 S1"),
        (3, "hereUpButton", "T11 T12 L1 L1 L2 L3 L4"),
        (3, "hereDownButton", "T11 T12 L1 L3 L4 L5 S1"),
        (3, "deleteButton", "T11 T12 L1 L3 L4 L5"),
        (3, "swapButton", "T11 T12 L1 L3 L2 L4 L5"),
        (0, "noT12Button", "T11 L1 L2 L3 L4 L5 L6"),
        (0, "t13Button", "T11 T12 T13 L1 L2 L3 L4"),
    ],
)
def test_every_button_does_what_it_says_and_undo_takes_it_back(
    panel: Any, window: Any, node: Any, row: int, button: str, expected: str
) -> None:
    window.click_row(panel.ui.vertebraTable, row)
    window.click(getattr(panel.ui, button))
    assert rows(panel) == labels(node) == expected
    window.click(panel.ui.undoButton)
    assert rows(panel) == labels(node) == "T11 T12 L1 L2 L3 L4 L5"
    window.click(panel.ui.redoButton)
    assert rows(panel) == labels(node) == expected


@pytest.mark.parametrize(
    ("button", "expected"),
    [("noL5Button", "T11 T12 L1 L2 L3 L4 S1 S2"), ("l6Button", "T11 T12 L1 L2 L3 L4 L5 L6")],
)
def test_where_the_sacrum_is_in_view_four_or_six_lumbar_vertebrae_are_one_click(
    panel: Any, window: Any, node: Any, button: str, expected: str
) -> None:
    panel.correction.edit(lambda spine: spine.inserted((2, 12, -165), LEVELS["S1"]))
    window.click(getattr(panel.ui, button))
    assert rows(panel) == labels(node) == expected
    assert getattr(panel.ui, button).checked
    window.click(panel.ui.undoButton)
    assert rows(panel) == labels(node) == "T11 T12 L1 L2 L3 L4 L5 S1"
    assert not getattr(panel.ui, button).checked


def test_a_toggle_shows_the_anomaly_that_the_spine_has(panel: Any, window: Any) -> None:
    assert not panel.ui.t13Button.checked
    window.click(panel.ui.t13Button)
    assert panel.ui.t13Button.checked
    window.click(panel.ui.t13Button)
    assert rows(panel) == "T11 T12 L1 L2 L3 L4 L5"
    assert not panel.ui.t13Button.checked


def test_an_edit_that_is_not_possible_is_refused_with_a_sentence(
    panel: Any, window: Any, node: Any
) -> None:
    window.click_row(panel.ui.vertebraTable, 1)
    window.click(panel.ui.lockButton)
    assert panel.ui.lockButton.text == "Unlock"
    window.click(panel.ui.allDownButton)
    assert panel.ui.statusLabel.text == "T12 is locked; unlock it first."
    assert labels(node) == "T11 T12 L1 L2 L3 L4 L5"
    window.click(panel.ui.l6Button)
    assert not panel.ui.l6Button.checked


def test_a_point_dragged_in_a_slice_moves_its_vertebra(
    panel: Any, window: Any, node: Any, lumbar: Spine
) -> None:
    window.click_row(panel.ui.vertebraTable, 3)
    window.drag("Yellow", lumbar.centroids[3], (12, 8))
    assert keptSpine(node).centroids == lumbar.centroids, "points are locked until asked for"
    window.click(panel.ui.dragCheckBox)
    window.drag("Yellow", lumbar.centroids[3], (12, 8))
    spine = panel.correction.spine
    moved = [a != b for a, b in zip(spine.centroids, lumbar.centroids)]
    assert moved == [False, False, False, True, False, False, False]
    assert Flag.CORRECTED.sentence in notes(panel, 3)
    window.click(panel.ui.undoButton)
    assert keptSpine(node).centroids == lumbar.centroids
    assert list(node.GetNthControlPointPosition(3)) == pytest.approx(lumbar.centroids[3])


def test_a_vertebra_that_was_missed_is_inserted_with_one_click(
    panel: Any, window: Any, node: Any, lumbar: Spine
) -> None:
    window.click_row(panel.ui.vertebraTable, 4)
    window.click(panel.ui.deleteButton)
    assert "Between L2 and L4 a level is missing." in panel.ui.problemsLabel.text
    window.click(panel.ui.insertButton)
    window.click_in_view("Yellow", lumbar.centroids[4])
    assert labels(node) == rows(panel) == "T11 T12 L1 L2 L3 L4 L5"
    assert panel.correction.spine.centroids[4] == pytest.approx(lumbar.centroids[4], abs=1.5)
    assert panel.ui.problemsLabel.text == "No problems found."


def test_a_point_renamed_in_another_module_is_taken_up(panel: Any, window: Any, node: Any) -> None:
    node.SetNthControlPointLabel(6, "L6")
    window.settle()
    assert rows(panel) == "T11 T12 L1 L2 L3 L4 L6"
    assert "Between L4 and L6 a level is missing." in panel.ui.problemsLabel.text
    node.SetNthControlPointLabel(6, "lowest")
    window.settle()
    assert labels(node).endswith("L6")
    assert "'lowest' is not a vertebral level" in panel.ui.statusLabel.text


def test_what_a_person_did_to_points_before_they_are_chosen_is_taken_up(
    window: Any, node: Any
) -> None:
    showSpine(keptSpine(node).locked(LEVELS["L1"]), node)
    node.SetNthControlPointLabel(6, "L6")
    node.SetNthControlPointPositionWorld(5, 3.0, 9.0, -100.0)
    node.SetNthControlPointLabel(2, "T13")
    panel = window.select_module("SpineLabel").panel
    window.choose(panel.ui.spineSelector, node)
    assert rows(panel) == labels(node) == "T11 T12 L1 L2 L3 L4 L6"
    assert panel.correction.spine.centroids[5] == (3.0, 9.0, -100.0)
    assert panel.ui.statusLabel.text == "L1 is locked; unlock it first."
    assert not panel.ui.undoButton.enabled


def test_a_point_deleted_in_another_module_is_taken_up_and_can_come_back(
    panel: Any, window: Any, node: Any
) -> None:
    node.RemoveNthControlPoint(0)
    window.settle()
    assert rows(panel) == "T12 L1 L2 L3 L4 L5"
    window.click(panel.ui.undoButton)
    assert rows(panel) == labels(node) == "T11 T12 L1 L2 L3 L4 L5"


def test_keys_press_the_buttons_only_while_the_module_is_open(
    panel: Any, window: Any, node: Any
) -> None:
    window.press("Ctrl+Down")
    assert labels(node) == "T12 L1 L2 L3 L4 L5 S1"
    window.press("Ctrl+Z")
    assert labels(node) == "T11 T12 L1 L2 L3 L4 L5"
    window.select_module("SpineSegment")
    window.press("Ctrl+Down")
    assert labels(node) == "T11 T12 L1 L2 L3 L4 L5"
    assert "(Ctrl+Z)" in panel.ui.undoButton.toolTip


def test_points_of_another_purpose_are_refused_and_left_alone(
    window: Any, slicer: Any, panel: Any
) -> None:
    import vtk

    screws = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLMarkupsFiducialNode", "Screws")
    screws.AddControlPoint(vtk.vtkVector3d(0, 0, 0), "left")
    window.choose(panel.ui.spineSelector, screws)
    assert "'Screws' has points that are not named by a level" in panel.ui.statusLabel.text
    assert rows(panel) == ""
    assert labels(screws) == "left"


@pytest.mark.parametrize("ending", ["mrml", "mrb"])
def test_a_saved_scene_brings_the_panel_back_as_it_was(
    panel: Any, window: Any, reopened: Any, slicer: Any, ending: str
) -> None:
    window.choose(panel.ui.inputSelector, slicer.util.getNode("CT"))
    panel.ui.deviceBox.currentIndex = 1
    window.click(panel.ui.allDownButton)
    before = panel.correction.spine
    reopened(ending)
    window.settle()
    assert panel.correction.spine == before
    assert rows(panel) == "T12 L1 L2 L3 L4 L5 S1"
    assert panel.ui.inputSelector.currentNode().GetName() == "CT"
    assert panel.ui.deviceBox.currentText == "cpu"


def test_closing_the_scene_empties_the_panel(panel: Any, window: Any, slicer: Any) -> None:
    slicer.mrmlScene.Clear(False)
    window.settle()
    assert rows(panel) == ""
    assert not panel.ui.labelButton.enabled
    assert not panel.ui.undoButton.enabled


def test_no_name_is_shown_as_quite_sure() -> None:
    assert [sure(each) for each in (None, 0.0, 0.714, 0.994, 1.0)] == [
        "–",
        "0%",
        "71%",
        ">99%",
        ">99%",
    ]
