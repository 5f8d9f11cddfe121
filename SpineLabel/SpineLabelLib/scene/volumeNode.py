"""Volume nodes as the engine's volumes."""

from __future__ import annotations

import numpy as np
import slicer
import vtk

from vertebra.errors import VertebraError
from vertebra.volume import Grid, Volume


def volumeFromNode(node) -> Volume:
    """The scan of a volume node, where the scene shows it; its voxels are not copied."""
    if node.GetImageData() is None or node.GetImageData().GetPointData().GetScalars() is None:
        raise VertebraError(f"The volume '{node.GetName()}' holds no image; load it again.")
    if node.GetImageData().GetNumberOfScalarComponents() != 1:
        raise VertebraError(f"'{node.GetName()}' is a colour image; choose a CT.")
    voxels = slicer.util.arrayFromVolume(node).transpose()
    return Volume(voxels, geometryFromNode(node), source=node.GetName())


def geometryFromNode(node) -> Grid:
    """The grid of a volume node in the world, with the transforms it stands under."""
    own = ownGeometry(node)
    return Grid(own.shape, worldFromNode(node) @ own.affine)


def ownGeometry(node) -> Grid:
    """The grid of a volume node as its files have it: in the patient, whatever moves it here."""
    toRas = vtk.vtkMatrix4x4()
    node.GetIJKToRASMatrix(toRas)
    return Grid(node.GetImageData().GetDimensions(), slicer.util.arrayFromVTKMatrix(toRas))


def worldFromNode(node) -> np.ndarray:
    """From a node's own space to the world, through the transforms it stands under."""
    transform = node.GetParentTransformNode()
    if transform is None:
        return np.eye(4)
    matrix = vtk.vtkMatrix4x4()
    if not transform.IsTransformToWorldLinear():
        raise VertebraError(
            f"'{node.GetName()}' stands under a transform that bends it; harden that transform."
        )
    transform.GetMatrixTransformToWorld(matrix)
    return slicer.util.arrayFromVTKMatrix(matrix)
