"""The voxels of single segments, on the scan's grid: read and written without touching others."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
import slicer
import vtk
from scipy import ndimage
from vtk.util.numpy_support import numpy_to_vtk, vtk_to_numpy

from .masks import Mask
from .volumeNode import geometryFromNode, worldFromNode

LABELMAP = "Binary labelmap"


def masksFromNode(node, segmentIds: Iterable[str], volumeNode) -> Mapping[str, Mask]:
    """The masks of some segments by ID; an empty segment has none."""
    toSegmentation, grid = fromScan(node, volumeNode), geometryFromNode(volumeNode)
    boxes: dict[int, tuple] = {}
    masks = {}
    for segmentId in segmentIds:
        segment = node.GetSegmentation().GetSegment(segmentId)
        image = segment.GetRepresentation(LABELMAP)
        offset = _offset(image, toSegmentation) if image is not None else None
        if offset is None:
            array = slicer.util.arrayFromSegmentBinaryLabelmap(node, segmentId, volumeNode)
            whole = None if array is None else Mask((0, 0, 0), array.transpose() > 0).cropped()
        else:
            whole = _ofLayer(image, segment.GetLabelValue(), offset, boxes)
        inside = whole.within(grid) if whole is not None else None
        if inside is not None:
            masks[segmentId] = inside
    return masks


def writeMask(mask: Mask, node, segmentId: str, volumeNode) -> None:
    """Make a segment be this mask; the voxels of others stay."""
    image = slicer.vtkOrientedImageData()
    image.SetExtent(*(bound for span in mask.box for bound in (span.start, span.stop - 1)))
    flat = np.ascontiguousarray(mask.voxels.transpose()).view(np.uint8).ravel()
    image.GetPointData().SetScalars(numpy_to_vtk(flat, deep=True))
    image.SetImageToWorldMatrix(slicer.util.vtkMatrixFromArray(fromScan(node, volumeNode)))
    slicer.vtkSlicerSegmentationsModuleLogic.SetBinaryLabelmapToSegment(
        image, node, segmentId, slicer.vtkSlicerSegmentationsModuleLogic.MODE_REPLACE
    )


def fromScan(node, volumeNode) -> np.ndarray:
    """From the scan's voxels to the space of the segmentation, which may be transformed too."""
    return np.linalg.inv(worldFromNode(node)) @ geometryFromNode(volumeNode).affine


def _offset(image, toSegmentation: np.ndarray) -> np.ndarray | None:
    """Which voxel of the scan a layer's index 0 is; None where its voxels lie otherwise."""
    matrix = vtk.vtkMatrix4x4()
    image.GetImageToWorldMatrix(matrix)
    toScan = np.linalg.inv(toSegmentation) @ slicer.util.arrayFromVTKMatrix(matrix)
    offset = np.rint(toScan[:3, 3])
    aligned = np.abs(toScan[:3, :3] - np.eye(3)).max() < 1e-4
    return offset.astype(int) if aligned and np.abs(toScan[:3, 3] - offset).max() < 1e-2 else None


def _ofLayer(image, value: int, offset: np.ndarray, boxes: dict[int, tuple]) -> Mask | None:
    """The mask of one label value; the boxes of all values of a layer are looked for once."""
    scalars = image.GetPointData().GetScalars()
    if scalars is None or image.IsEmpty():
        return None
    layer = vtk_to_numpy(scalars).reshape(image.GetDimensions()[::-1]).transpose()
    if id(scalars) not in boxes:
        boxes[id(scalars)] = (scalars, ndimage.find_objects(layer))
    found = boxes[id(scalars)][1]
    box = found[value - 1] if value <= len(found) else None
    if box is None:
        return None
    low = np.array(image.GetExtent()[::2]) + offset + [span.start for span in box]
    i, j, k = (int(each) for each in low)
    return Mask((i, j, k), layer[box] == value)
