"""What the panel of SpineLabel shows and a saved scene brings back."""

from __future__ import annotations

from typing import Annotated

from slicer import vtkMRMLMarkupsFiducialNode, vtkMRMLScalarVolumeNode
from slicer.parameterNodeWrapper import Choice, parameterNodeWrapper


@parameterNodeWrapper
class SpineLabelParameterNode:
    """The chosen scan, its spine, where to compute, and the model ("" for the best installed)."""

    inputVolume: vtkMRMLScalarVolumeNode
    spine: vtkMRMLMarkupsFiducialNode
    device: Annotated[str, Choice(["auto", "cpu", "cuda"])] = "auto"
    model: str = ""
