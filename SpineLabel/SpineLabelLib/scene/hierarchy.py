"""Where results stand in the subject hierarchy."""

from __future__ import annotations

import slicer


def placeBeside(node, neighbour) -> None:
    """Put a node into the folder or study that its neighbour, the scan, is in."""
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(slicer.mrmlScene)
    place = hierarchy.GetItemByDataNode(neighbour)
    parent = hierarchy.GetItemParent(place) if place else hierarchy.GetSceneItemID()
    item = hierarchy.GetItemByDataNode(node)
    if item:
        hierarchy.SetItemParent(item, parent)
    else:
        hierarchy.CreateItem(parent, node)
