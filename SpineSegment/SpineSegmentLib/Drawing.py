"""The segmentation that a run draws, from its first vertebra to its end."""

from __future__ import annotations

import slicer
from SpineLabelLib.scene import (
    Mask,
    createSegmentationNode,
    describeSegment,
    setLevel,
    showLabelMap,
    writeMask,
)

from vertebra.anatomy import level
from vertebra.exchange.points import instance_id
from vertebra.spine import Flag
from vertebra.worker import Piece, Result


class Drawing:
    """Shows each piece at once; the node is made for the first one and can be dropped again.

    >>> drawing = Drawing(slicer.util.getNode("CT"))
    >>> segmenting.drawn.connect(drawing.add)
    """

    def __init__(self, volumeNode) -> None:
        self.node = None
        self.volume = volumeNode
        self._masks: dict[int, Mask] = {}

    @property
    def possible(self) -> bool:
        """Are the scan and what was drawn still there?"""
        nodes = [self.volume, *([self.node] if self.node else [])]
        return all(slicer.mrmlScene.IsNodePresent(node) for node in nodes)

    def add(self, piece: Piece) -> None:
        """Show one vertebra."""
        mask = Mask(piece.start, piece.mask).cropped()
        if mask is None:
            return
        self.node = self.node or createSegmentationNode(self.volume)
        segmentId = instance_id(piece.instance)
        if piece.instance not in self._masks:
            self.node.GetSegmentation().AddEmptySegment(segmentId, piece.name)
            setLevel(self.node, segmentId, level(piece.name))
        writeMask(mask, self.node, segmentId, self.volume)
        self._masks[piece.instance] = mask

    def finish(self, result: Result):
        """The node with the whole result; None where no vertebra was found.

        Showing a large label map takes a second; it is only done where the pieces differ from it.
        """
        spine, labels = result.spine, result.labels
        present = [each for each in spine if Flag.NO_MASK not in each.flags]
        same = {each.instance for each in present} == set(self._masks) and all(
            ((labels.voxels[mask.box] == number) == mask.voxels).all()
            for number, mask in self._masks.items()
        )
        if not same:
            self.node = self.node or createSegmentationNode(self.volume)
            showLabelMap(labels, spine, self.node)
        elif self.node is not None:
            modifying = self.node.StartModify()
            for vertebra in reversed(present):
                describeSegment(self.node, instance_id(vertebra.instance), vertebra)
                self.node.GetSegmentation().SetSegmentIndex(instance_id(vertebra.instance), 0)
            self.node.EndModify(modifying)
        return self.node

    def drop(self) -> None:
        """Leave nothing behind."""
        if self.node is not None and slicer.mrmlScene.IsNodePresent(self.node):
            slicer.mrmlScene.RemoveNode(self.node)
        self.node = None
