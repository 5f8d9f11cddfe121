"""Gives every data node its item in the subject hierarchy, as Slicer's Qt plugins do."""

from __future__ import annotations

from typing import Any

import slicer
import vtk

SHOWN = (
    "vtkMRMLScalarVolumeNode",
    "vtkMRMLMarkupsNode",
    "vtkMRMLSegmentationNode",
    "vtkMRMLTableNode",
    "vtkMRMLLinearTransformNode",
)


def keep_items(scene: Any) -> None:
    """Create an item for each node that is added from now on."""

    @vtk.calldata_type(vtk.VTK_OBJECT)
    def on_added(_scene: Any, _event: str, node: Any) -> None:
        if scene.IsImporting() or not any(node.IsA(name) for name in SHOWN):
            return
        hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(scene)
        if hierarchy and not hierarchy.GetItemByDataNode(node):
            hierarchy.CreateItem(hierarchy.GetSceneItemID(), node)

    scene.AddObserver(slicer.vtkMRMLScene.NodeAddedEvent, on_added)
