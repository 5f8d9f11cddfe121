"""A spine in the scene: shown as points, taken up from them, saved and loaded without loss."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import vtk
from SpineLabelLib.scene import (
    createSpineNode,
    currentSpine,
    keptSpine,
    showSpine,
    showTable,
    takeUp,
)

from vertebra.anatomy import LEVELS
from vertebra.errors import BadEdit
from vertebra.exchange import markups
from vertebra.spine import Flag, Provenance, Spine


@pytest.fixture
def shown(add_scan: Callable[..., Any], lumbar: Spine) -> Any:
    node = createSpineNode(add_scan())
    showSpine(lumbar, node)
    return node


def labels(node: Any) -> list[str]:
    return [node.GetNthControlPointLabel(n) for n in range(node.GetNumberOfControlPoints())]


def test_every_vertebra_is_a_named_described_point_in_its_place(shown: Any, lumbar: Spine) -> None:
    assert labels(shown) == [level.name for level in lumbar.levels]
    assert shown.GetNthControlPointDescription(0) == (
        "Confidence 0.71. Completeness 0.31. Cut by the edge of the scan."
    )
    assert list(shown.GetNthControlPointPositionWorld(3)) == pytest.approx(lumbar.centroids[3])
    assert [shown.GetNthControlPointLocked(n) for n in range(3)] == [False, True, False]


def test_the_points_stand_beside_the_scan_and_are_named_after_it(
    shown: Any, add_scan: Callable[..., Any], slicer: Any
) -> None:
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(slicer.mrmlScene)
    scan = add_scan("Knee")
    study = hierarchy.CreateStudyItem(hierarchy.GetSceneItemID(), "Study")
    hierarchy.SetItemParent(hierarchy.GetItemByDataNode(scan), study)
    node = createSpineNode(scan)
    assert hierarchy.GetItemParent(hierarchy.GetItemByDataNode(node)) == study
    assert node.GetName() == "Knee spine"
    assert shown.GetName() == "CT spine"


def test_points_are_safe_from_accidental_drags(shown: Any) -> None:
    assert shown.GetLocked()


def test_a_point_with_a_problem_has_another_colour_than_the_others(
    shown: Any, lumbar: Spine
) -> None:
    duplicate = lumbar.relabelled(LEVELS["L4"], LEVELS["L3"])
    showSpine(duplicate, shown)
    selected = [bool(shown.GetNthControlPointSelected(n)) for n in range(7)]
    assert selected == [True, True, True, True, False, False, False]
    assert shown.GetDisplayNode().GetColor() != shown.GetDisplayNode().GetSelectedColor()


def test_untouched_points_are_taken_up_as_the_very_same_spine(shown: Any, lumbar: Spine) -> None:
    assert takeUp(lumbar, shown) == (lumbar, ())
    assert keptSpine(shown) == lumbar


def test_a_moved_point_moves_its_vertebra_and_no_other(shown: Any, lumbar: Spine) -> None:
    shown.SetNthControlPointPositionWorld(3, 9.0, 8.0, -30.0)
    taken, refused = takeUp(lumbar, shown)
    assert refused == ()
    assert taken.centroids[3] == (9.0, 8.0, -30.0)
    assert Flag.CORRECTED in taken.vertebrae[3].flags
    assert [*taken.vertebrae[:3], *taken.vertebrae[4:]] == [
        *lumbar.vertebrae[:3],
        *lumbar.vertebrae[4:],
    ]


def test_a_renamed_point_takes_its_new_level(shown: Any, lumbar: Spine) -> None:
    shown.SetNthControlPointLabel(6, "L6")
    taken, refused = takeUp(lumbar, shown)
    assert refused == ()
    assert taken.levels[6] is LEVELS["L6"]


def test_a_name_that_is_no_level_is_refused_and_the_point_is_named_back(
    shown: Any, lumbar: Spine
) -> None:
    shown.SetNthControlPointLabel(2, "spine-7")
    taken, refused = takeUp(lumbar, shown)
    assert taken == lumbar
    assert refused == ("'spine-7' is not a vertebral level; write it like C3, T12, L5 or S1.",)
    showSpine(taken, shown)
    assert labels(shown)[2] == "L1"


def test_a_locked_vertebra_stays_when_its_point_is_moved_or_deleted(
    shown: Any, lumbar: Spine
) -> None:
    shown.SetNthControlPointPositionWorld(1, 0.0, 0.0, 0.0)
    assert takeUp(lumbar, shown) == (lumbar, ("T12 is locked; unlock it first.",))
    shown.RemoveNthControlPoint(1)
    assert takeUp(lumbar, shown) == (lumbar, ("T12 is locked; unlock it first.",))
    showSpine(lumbar, shown)
    assert labels(shown)[1] == "T12"


def test_a_deleted_point_takes_its_vertebra_away(shown: Any, lumbar: Spine) -> None:
    shown.RemoveNthControlPoint(4)
    taken, _ = takeUp(lumbar, shown)
    assert [level.name for level in taken.levels] == ["T11", "T12", "L1", "L2", "L4", "L5"]


def test_a_new_point_is_a_new_vertebra_in_its_place_in_the_order(shown: Any, lumbar: Spine) -> None:
    without = lumbar.removed(LEVELS["L3"])
    showSpine(without, shown)
    shown.AddControlPoint(vtk.vtkVector3d(2.0, 9.0, -68.0))
    taken, refused = takeUp(without, shown)
    assert refused == ()
    assert taken.levels == lumbar.levels
    showSpine(taken, shown)
    assert labels(shown) == ["T11", "T12", "L1", "L2", "L3", "L4", "L5"]
    assert takeUp(taken, shown) == (taken, ())


def test_points_under_a_transform_keep_their_place_in_the_world(
    shown: Any, lumbar: Spine, slicer: Any
) -> None:
    transform = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLinearTransformNode")
    transform.SetMatrixTransformToParent(
        slicer.util.vtkMatrixFromArray(np.diag([-1.0, -1.0, 1.0, 1.0]))
    )
    shown.SetAndObserveTransformNodeID(transform.GetID())
    showSpine(lumbar, shown)
    assert list(shown.GetNthControlPointPositionWorld(0)) == pytest.approx(lumbar.centroids[0])
    assert takeUp(lumbar, shown) == (lumbar, ())


@pytest.mark.parametrize("ending", ["mrml", "mrb"])
def test_a_saved_scene_comes_back_without_loss(
    shown: Any, lumbar: Spine, slicer: Any, reopened: Any, ending: str
) -> None:
    reopened(ending)
    node = slicer.util.getNode("CT spine")
    assert keptSpine(node) == lumbar
    assert takeUp(lumbar, node) == (lumbar, ())
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(slicer.mrmlScene)
    assert hierarchy.GetItemByDataNode(node)
    assert node.GetLocked()


def test_points_from_a_file_alone_are_a_spine_too(
    shown: Any, lumbar: Spine, slicer: Any, tmp_path: Path
) -> None:
    file = tmp_path / "spine.mrk.json"
    slicer.util.saveNode(shown, str(file))
    loaded = slicer.util.loadMarkups(str(file))
    spine = keptSpine(loaded)
    plain = replace(lumbar, anchored_count=None, runner_up=None, provenance=spine.provenance)
    assert spine.levels == plain.levels
    assert np.allclose(spine.centroids, plain.centroids, atol=1e-3)
    assert [v.confidence for v in spine] == [v.confidence for v in plain]
    assert [v.completeness for v in spine] == [v.completeness for v in plain]
    assert [(v.flags, v.locked) for v in spine] == [(v.flags, v.locked) for v in plain]


def test_points_from_a_file_are_taken_up_as_they_are(
    lumbar: Spine, slicer: Any, tmp_path: Path
) -> None:
    markups.write(tmp_path / "spine.mrk.json", lumbar)
    loaded = slicer.util.loadMarkups(str(tmp_path / "spine.mrk.json"))
    assert takeUp(keptSpine(loaded), loaded) == (keptSpine(loaded), ())
    assert [each.instance for each in currentSpine(loaded)] == [each.instance for each in lumbar]


def test_points_from_a_file_are_made_safe_and_look_like_ours_once_they_are_shown(
    lumbar: Spine, slicer: Any, tmp_path: Path
) -> None:
    markups.write(tmp_path / "spine.mrk.json", lumbar)
    loaded = slicer.util.loadMarkups(str(tmp_path / "spine.mrk.json"))
    assert keptSpine(loaded) == replace(
        lumbar, anchored_count=None, runner_up=None, provenance=Provenance()
    )
    showSpine(keptSpine(loaded), loaded)
    assert loaded.GetLocked()
    assert (
        loaded.GetDisplayNode().GetSelectedColor()
        == createSpineNode().GetDisplayNode().GetSelectedColor()
    )
    loaded.SetLocked(False)
    showSpine(lumbar, loaded)
    assert not loaded.GetLocked()


def test_points_of_another_purpose_are_not_taken_for_a_spine(slicer: Any) -> None:
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLMarkupsFiducialNode", "Screws")
    node.AddControlPoint(vtk.vtkVector3d(0, 0, 0), "Screws-1")
    with pytest.raises(BadEdit, match="'Screws' has points that are not named by a level"):
        keptSpine(node)


def test_a_point_that_is_not_placed_yet_is_no_vertebra(slicer: Any) -> None:
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLMarkupsFiducialNode", "Template")
    node.AddControlPoint(vtk.vtkVector3d(0, 0, 0), "L1")
    node.AddControlPoint(vtk.vtkVector3d(0, 0, -30), "L2")
    node.UnsetNthControlPointPosition(1)
    assert [level.name for level in keptSpine(node).levels] == ["L1"]


def test_a_table_node_holds_texts_and_numbers_and_is_filled_anew(slicer: Any) -> None:
    node = showTable({"Level": ["L1", "L2"], "Height (mm)": [27.5, None]}, "Heights")
    assert (node.GetName(), node.GetNumberOfRows()) == ("Heights", 2)
    assert node.GetTable().GetColumnByName("Height (mm)").GetValue(0) == 27.5
    assert np.isnan(node.GetTable().GetColumnByName("Height (mm)").GetValue(1))
    assert showTable({"Level": ["L1"]}, "Heights", node) is node
    assert (node.GetNumberOfRows(), node.GetNumberOfColumns()) == (1, 1)
