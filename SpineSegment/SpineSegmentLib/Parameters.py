"""What the panel of SpineSegment shows and a saved scene brings back."""

from __future__ import annotations

from typing import Annotated

from slicer import (
    vtkMRMLMarkupsFiducialNode,
    vtkMRMLScalarVolumeNode,
    vtkMRMLSegmentationNode,
)
from slicer.parameterNodeWrapper import Choice, parameterNodeWrapper


@parameterNodeWrapper
class SpineSegmentParameterNode:
    """The chosen scan, its points and masks, how to search, and whether cut vertebrae are shown."""

    inputVolume: vtkMRMLScalarVolumeNode
    spine: vtkMRMLMarkupsFiducialNode
    segmentation: vtkMRMLSegmentationNode
    showPartial: bool = True
    direction: Annotated[str, Choice(["auto", "down", "up"])] = "auto"
    search: Annotated[str, Choice(["auto", "points", "coarse", "fine"])] = "auto"
    device: Annotated[str, Choice(["auto", "cpu", "cuda"])] = "auto"
    model: str = ""
