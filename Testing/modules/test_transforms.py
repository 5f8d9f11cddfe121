"""What is moved by a transform while it is chosen, or before: nothing leaves its own space."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from bench import NAMES, Bench, BenchFor, paint
from SpineLabelLib.scene import (
    createSpineNode,
    currentSpine,
    geometryFromNode,
    keptSpine,
    showSpine,
)

from vertebra.spine import Flag, Spine

Move = Callable[..., None]


def own(node: Any) -> np.ndarray:
    """Where the points are in the node's own space."""
    count = node.GetNumberOfControlPoints()
    return np.array([list(node.GetNthControlPointPosition(n)) for n in range(count)])


def world(node: Any) -> np.ndarray:
    """Where the scene shows the points."""
    count = node.GetNumberOfControlPoints()
    return np.array([list(node.GetNthControlPointPositionWorld(n)) for n in range(count)])


@pytest.fixture
def points(add_scan: Callable[..., Any], lumbar: Spine) -> Any:
    """Seven points, one of them locked."""
    node = createSpineNode(add_scan())
    showSpine(lumbar, node)
    return node


@pytest.fixture
def stretch(slicer: Any) -> Move:
    """Puts nodes under a transform that makes them longer, as a registration of patients does."""

    def stretch(*nodes: Any) -> None:
        transform = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLinearTransformNode")
        matrix = slicer.util.vtkMatrixFromArray(np.diag([1, 1.1, 1.2, 1.0]))
        transform.SetMatrixTransformToParent(matrix)
        for node in nodes:
            node.SetAndObserveTransformNodeID(transform.GetID())

    return stretch


@pytest.fixture(params=["move", "stretch"])
def transform(request: pytest.FixtureRequest) -> Move:
    """Each of the two."""
    moves: Move = request.getfixturevalue(request.param)
    return moves


def test_points_that_are_moved_while_they_are_chosen_stay_in_their_space(
    bench_for: BenchFor, points: Any, transform: Move, lumbar: Spine
) -> None:
    bench = bench_for("SpineLabel")
    bench.window.choose(bench.ui.spineSelector, points)
    bench.window.click(bench.ui.t13Button)
    before = own(points)
    transform(points)
    bench.window.settle()
    np.testing.assert_allclose(own(points), before, atol=1e-9)
    np.testing.assert_allclose(bench.panel.correction.spine.centroids, world(points), atol=1e-9)
    assert not bench.ui.undoButton.enabled, "what was before lies where nothing is any more"
    bench.window.click_row(bench.table, 1)
    bench.window.click(bench.ui.lockButton)
    bench.window.click(bench.ui.allUpButton)
    bench.window.click(bench.ui.undoButton)
    np.testing.assert_allclose(own(points), before, atol=1e-9)
    flags = [each.flags for each in bench.panel.correction.spine]
    assert flags == [each.flags for each in lumbar], "nobody has corrected a place"


def test_a_point_that_is_dragged_after_a_transform_moves_alone(
    bench_for: BenchFor, points: Any, transform: Move
) -> None:
    bench = bench_for("SpineLabel")
    bench.window.choose(bench.ui.spineSelector, points)
    before = own(points)
    transform(points)
    bench.window.settle()
    place = world(points)[3] + 2
    points.SetNthControlPointPositionWorld(3, *place)
    bench.window.settle()
    apart = np.abs(own(points) - before).max(axis=1) > 1e-6
    assert apart.tolist() == [False, False, False, True, False, False, False]
    assert bench.panel.correction.spine.centroids[3] == pytest.approx(tuple(place))
    assert bench.status() == ""


def test_a_transform_that_is_hardened_or_taken_away_changes_no_point(
    bench_for: BenchFor, points: Any, transform: Move
) -> None:
    bench = bench_for("SpineLabel")
    bench.window.choose(bench.ui.spineSelector, points)
    before = own(points)
    transform(points)
    points.SetAndObserveTransformNodeID(None)
    bench.window.settle()
    np.testing.assert_allclose(own(points), before, atol=1e-9)
    transform(points)
    moved = world(points)
    points.HardenTransform()
    bench.window.settle()
    np.testing.assert_allclose(own(points), moved, atol=1e-9)
    np.testing.assert_allclose(bench.panel.correction.spine.centroids, moved, atol=1e-9)
    assert not any(Flag.CORRECTED in each.flags for each in bench.panel.correction.spine)


@pytest.mark.parametrize("hardened", [False, True])
def test_points_that_were_moved_before_they_are_chosen_stay_in_their_space(
    bench_for: BenchFor, points: Any, move: Move, lumbar: Spine, hardened: bool
) -> None:
    move(points)
    if hardened:
        points.HardenTransform()
    before = world(points)
    np.testing.assert_allclose(currentSpine(points).centroids, before, atol=1e-9)
    bench = bench_for("SpineLabel")
    bench.window.choose(bench.ui.spineSelector, points)
    np.testing.assert_allclose(world(points), before, atol=1e-9)
    spine = bench.panel.correction.spine
    assert [(each.locked, each.flags) for each in spine] == [
        (each.locked, each.flags) for each in lumbar
    ]


def test_a_saved_scene_with_a_transform_comes_back_as_it_was(
    points: Any, move: Move, slicer: Any, reopened: Callable[[str], None]
) -> None:
    move(points)
    showSpine(keptSpine(points), points)
    before = world(points)
    reopened("mrb")
    back = slicer.util.getNode("CT spine")
    assert back.GetParentTransformNode() is not None
    np.testing.assert_allclose(world(back), before, atol=1e-6)
    np.testing.assert_allclose(currentSpine(back).centroids, before, atol=1e-6)


@pytest.fixture
def segmented(bench_for: BenchFor) -> Bench:
    """SpineSegment with a scan, its masks and its points."""
    bench = bench_for("SpineSegment")
    bench.choose_scan()
    bench.run()
    return bench


def test_scan_masks_and_points_that_are_moved_together_stay_together(
    segmented: Bench, transform: Move
) -> None:
    correction = segmented.panel.correction
    before, voxels = own(correction.points), correction.case.labelMap().voxels
    transform(correction.volume, correction.node, correction.points)
    segmented.window.settle()
    segmented.window.click(segmented.ui.allDownButton)
    np.testing.assert_allclose(own(correction.points), before, atol=1e-9)
    np.testing.assert_allclose(correction.spine.centroids, world(correction.points), atol=1e-6)
    assert correction.case.grid.same_as(geometryFromNode(correction.volume))
    np.testing.assert_array_equal(correction.case.labelMap().voxels, voxels)
    paint(segmented, "vertebra-4", (5, 5, 5))
    assert correction.case.labelMap().voxels[5, 5, 5] == 4
    segmented.window.click(segmented.ui.undoButton)
    np.testing.assert_array_equal(correction.case.labelMap().voxels, voxels)
    segmented.window.click(segmented.ui.undoButton)
    assert segmented.rows() == NAMES
    assert not segmented.ui.undoButton.enabled


def test_masks_that_go_along_with_their_scan_are_not_read_again(
    segmented: Bench, move: Move
) -> None:
    correction = segmented.panel.correction
    correction.points.RemoveNthControlPoint(0)
    place = np.add(correction.points.GetNthControlPointPositionWorld(2), (5, 0, 0))
    correction.points.SetNthControlPointPositionWorld(2, *place)
    segmented.window.settle()
    notes = [segmented.table.item(row, 6).text() for row in range(7)]
    masks, case = correction.case.masks, correction.case
    move(correction.volume, correction.node, correction.points)
    segmented.window.settle()
    assert correction.case.masks is masks
    assert [segmented.table.item(row, 6).text() for row in range(7)] == notes
    np.testing.assert_allclose(
        correction.case.grid.to_index(correction.spine.centroids),
        case.grid.to_index(case.spine.centroids),
        atol=1e-6,
    )


def test_masks_that_are_moved_alone_are_read_where_they_are(segmented: Bench, slicer: Any) -> None:
    correction = segmented.panel.correction
    before = correction.case.labelMap().voxels
    shift = np.eye(4)
    shift[2, 3] = 5.0
    transform = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLinearTransformNode")
    transform.SetMatrixTransformToParent(slicer.util.vtkMatrixFromArray(shift))
    correction.node.SetAndObserveTransformNodeID(transform.GetID())
    segmented.window.settle()
    after = correction.case.labelMap().voxels
    np.testing.assert_array_equal(after[..., 2:], before[..., :-2])


def test_a_scan_that_is_bent_is_refused_and_its_masks_go_on_when_it_is_so_no_more(
    segmented: Bench, bend: Callable[[Any], None]
) -> None:
    correction = segmented.panel.correction
    scan, node, before = correction.volume, correction.node, correction.case
    bend(scan)
    segmented.window.settle()
    told = "'CT' stands under a transform that bends it; harden that transform."
    assert (segmented.status(), segmented.rows()) == (told, NAMES)
    segmented.panel.say("")
    segmentation = node.GetSegmentation()
    segmentation.InvokeEvent(segmentation.SourceRepresentationModified)
    segmented.window.settle()
    assert (segmented.status(), segmented.rows()) == (told, NAMES), "a stroke is refused as well"
    scan.SetAndObserveTransformNodeID(None)
    segmented.window.settle()
    assert (correction.node, segmented.rows()) == (node, NAMES)
    assert correction.case.grid.same_as(before.grid)
    paint(segmented, "vertebra-4", (5, 5, 5))
    assert segmented.ui.undoButton.enabled
