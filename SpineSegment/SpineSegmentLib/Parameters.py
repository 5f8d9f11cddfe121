"""What the panel of SpineSegment shows and a saved scene brings back."""

from __future__ import annotations

from slicer import vtkMRMLScalarVolumeNode, vtkMRMLSegmentationNode
from slicer.parameterNodeWrapper import parameterNodeWrapper


@parameterNodeWrapper
class SpineSegmentParameterNode:
    """The chosen scan, its masks, and whether cut vertebrae are shown."""

    inputVolume: vtkMRMLScalarVolumeNode
    segmentation: vtkMRMLSegmentationNode
    showPartial: bool = True
