"""The segmentation that a run draws, from its first vertebra to its end."""

from __future__ import annotations

import slicer
from SpineLabelLib.scene import (
    Mask,
    createSegmentationNode,
    describeSegment,
    geometryFromNode,
    setLevel,
    writeMask,
)

from vertebra.anatomy import level
from vertebra.exchange.points import instance_id
from vertebra.spine import Spine
from vertebra.worker import Piece

from .Case import Case


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
        """Show one vertebra, or what it has become; an empty piece takes it away."""
        mask, segmentId = Mask(piece.start, piece.mask).cropped(), instance_id(piece.instance)
        if mask is None:
            if self._masks.pop(piece.instance, None) is not None:
                self.node.GetSegmentation().RemoveSegment(segmentId)
            return
        self.node = self.node or createSegmentationNode(self.volume)
        if not self._shows(piece.instance):
            name = piece.name or f"Vertebra {piece.instance}"
            self.node.GetSegmentation().AddEmptySegment(segmentId, name)
        if piece.name:
            setLevel(self.node, segmentId, level(piece.name))
        writeMask(mask, self.node, segmentId, self.volume)
        self._masks[piece.instance] = mask

    def finish(self, spine: Spine) -> Case:
        """Describe what was drawn as the run's result does, whose masks the pieces are.

        A segment that somebody removed meanwhile stays away.
        """
        masks = {number: mask for number, mask in self._masks.items() if self._shows(number)}
        case = Case(geometryFromNode(self.volume), spine, masks)
        if self.node is not None:
            modifying = self.node.StartModify()
            for vertebra in reversed([each for each in spine if each.instance in masks]):
                describeSegment(self.node, instance_id(vertebra.instance), vertebra)
                self.node.GetSegmentation().SetSegmentIndex(instance_id(vertebra.instance), 0)
            self.node.EndModify(modifying)
        return case

    def _shows(self, instance: int) -> bool:
        return self.node.GetSegmentation().GetSegment(instance_id(instance)) is not None

    def drop(self) -> None:
        """Leave nothing behind."""
        if self.node is not None and slicer.mrmlScene.IsNodePresent(self.node):
            slicer.mrmlScene.RemoveNode(self.node)
        self.node = None
