"""Scans in the scene become the engine's volumes where the scene shows them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import vtk
from SpineLabelLib.scene import geometryFromNode, volumeFromNode

from vertebra.errors import VertebraError


def under_transform(slicer: Any, node: Any, matrix: np.ndarray) -> None:
    transform = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLinearTransformNode")
    transform.SetMatrixTransformToParent(slicer.util.vtkMatrixFromArray(matrix))
    node.SetAndObserveTransformNodeID(transform.GetID())


def test_a_scan_is_a_view_of_the_scenes_own_voxels(
    add_scan: Callable[..., Any], slicer: Any
) -> None:
    node = add_scan()
    volume = volumeFromNode(node)
    in_the_scene = slicer.util.arrayFromVolume(node)
    assert np.shares_memory(volume.voxels, in_the_scene)
    assert volume.grid.shape == (12, 14, 16)
    assert volume.voxels[3, 5, 7] == in_the_scene[7, 5, 3]
    assert volume.source == "CT"


def test_a_voxel_of_an_oblique_scan_lies_where_slicer_shows_it(
    add_scan: Callable[..., Any],
) -> None:
    node = add_scan()
    matrix = vtk.vtkMatrix4x4()
    node.GetIJKToRASMatrix(matrix)
    expected = matrix.MultiplyPoint([3, 5, 7, 1])[:3]
    assert geometryFromNode(node).to_world([3, 5, 7]) == pytest.approx(expected, abs=1e-9)


def test_a_scan_that_was_moved_by_a_transform_lies_where_the_transform_puts_it(
    add_scan: Callable[..., Any], slicer: Any
) -> None:
    node = add_scan()
    before = geometryFromNode(node).to_world([[0, 0, 0], [3, 5, 7]])
    quarter_turn = np.array([[0, -1, 0, 10], [1, 0, 0, -4], [0, 0, 1, 7], [0, 0, 0, 1.0]])
    under_transform(slicer, node, quarter_turn)
    expected = before @ quarter_turn[:3, :3].T + quarter_turn[:3, 3]
    assert geometryFromNode(node).to_world([[0, 0, 0], [3, 5, 7]]) == pytest.approx(expected)


def test_a_scan_under_a_bending_transform_is_refused(
    add_scan: Callable[..., Any], slicer: Any
) -> None:
    node = add_scan()
    bending = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLBSplineTransformNode")
    node.SetAndObserveTransformNodeID(bending.GetID())
    with pytest.raises(VertebraError, match="harden that transform"):
        volumeFromNode(node)


def test_a_volume_without_an_image_is_refused(slicer: Any) -> None:
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "empty")
    with pytest.raises(VertebraError, match="holds no image"):
        volumeFromNode(node)
