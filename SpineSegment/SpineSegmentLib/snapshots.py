"""One vertebra's segment as it was or shall be; an edit of masks goes from one to another."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import slicer
import vtk
from scipy import ndimage
from SpineLabelLib.scene import describeSegment
from vtk.util.numpy_support import numpy_to_vtk

from vertebra.spine import Vertebra
from vertebra.volume import Grid

from .measures import Measure

Box = tuple[slice, slice, slice]


@dataclass(frozen=True, eq=False)
class Snapshot:
    """A segment's ID and place in the list, its vertebra, and its mask in a box of the scan."""

    segmentId: str
    index: int
    vertebra: Vertebra
    box: Box
    mask: np.ndarray

    def joined(self, other: Snapshot) -> Snapshot:
        """This vertebra with the other one's mask added to its own."""
        box = tuple(
            slice(min(a.start, b.start), max(a.stop, b.stop)) for a, b in zip(self.box, other.box)
        )
        mask = np.zeros([span.stop - span.start for span in box], dtype=bool)
        for each in (self, other):
            inside = tuple(
                slice(part.start - whole.start, part.stop - whole.start)
                for part, whole in zip(each.box, box)
            )
            mask[inside] |= each.mask
        return replace(self, box=box, mask=mask)

    def part(self, vertebra: Vertebra, mask: np.ndarray, segmentId: str = "") -> Snapshot:
        """A vertebra that is a part of this mask, in this segment or in one of its own."""
        inside = ndimage.find_objects(mask.view(np.uint8))[0]
        box = tuple(
            slice(whole.start + span.start, whole.start + span.stop)
            for whole, span in zip(self.box, inside)
        )
        return Snapshot(segmentId or self.segmentId, self.index, vertebra, box, mask[inside])

    def measure(self, grid: Grid) -> Measure:
        """The measures of the mask on the scan's grid."""
        return Measure(
            float(self.mask.sum()) * grid.voxel_volume / 1000,
            any(span.start == 0 or span.stop == n for span, n in zip(self.box, grid.shape)),
            tuple(grid.to_world([(s.start + s.stop - 1) / 2 for s in self.box]).tolist()),
        )

    def write(self, node, volumeNode) -> None:
        """Make the segment in the scene be this one; a missing one is added."""
        segmentation = node.GetSegmentation()
        if segmentation.GetSegment(self.segmentId) is None:
            segmentation.AddEmptySegment(self.segmentId, self.vertebra.level.name)
            segmentation.SetSegmentIndex(self.segmentId, self.index)
        slicer.vtkSlicerSegmentationsModuleLogic.SetBinaryLabelmapToSegment(
            self._image(volumeNode),
            node,
            self.segmentId,
            slicer.vtkSlicerSegmentationsModuleLogic.MODE_REPLACE,
        )
        describeSegment(node, self.segmentId, self.vertebra)

    def _image(self, volumeNode):
        image, toRas = slicer.vtkOrientedImageData(), vtk.vtkMatrix4x4()
        volumeNode.GetIJKToRASMatrix(toRas)
        image.SetExtent(*(bound for span in self.box for bound in (span.start, span.stop - 1)))
        flat = np.ascontiguousarray(self.mask.transpose()).view(np.uint8).ravel()
        image.GetPointData().SetScalars(numpy_to_vtk(flat, deep=True))
        image.SetImageToWorldMatrix(toRas)
        return image
