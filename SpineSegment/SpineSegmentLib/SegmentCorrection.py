"""Masks under correction: relabel, merge, split, delete, with undo."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import slicer
from scipy import ndimage
from SpineLabelLib.scene import labelMapFromNode, setLevel, spineOfSegments, vertebraSegments

from vertebra.anatomy import Level
from vertebra.errors import BadEdit, VertebraError
from vertebra.exchange.points import instance_id
from vertebra.spine import Kind, Problem, Spine
from vertebra.volume import LabelMap
from vertebra.worker.signal import Signal

from .measures import Measure, measure

UNDO_STEPS = 5
"""Each step that changes masks keeps a copy of all of them."""
SMALL_PIECE = 0.02
"""A piece below this share of its mask is a crumb and stays with the largest piece."""

Levels = dict[int, Level]


class SegmentCorrection:
    """Edits of the vertebrae in one segmentation; other structures in it are left alone.

    >>> correction = SegmentCorrection()
    >>> correction.follow(slicer.util.getNode("CT vertebrae"), slicer.util.getNode("CT"))
    >>> correction.relabel(lambda spine: spine.shifted(+1))
    """

    def __init__(self) -> None:
        self.changed = Signal()  # levels or masks are others
        self.refused = Signal()  # one sentence: why an edit was not carried out
        self.node = None
        self.volume = None
        self.spine = Spine()
        self.measures: dict[int, Measure] = {}
        self._masks: LabelMap | None = None
        self._history = None
        self._before: list[Levels | None] = []  # None: a step that changed masks
        self._after: list[Levels | None] = []

    def follow(self, node, volumeNode) -> None:
        """Correct this segmentation of this scan from now on; None for none."""
        known = node is not None and volumeNode is not None
        self.node, self.volume = (node, volumeNode) if known else (None, None)
        self._before.clear()
        self._after.clear()
        if known:
            self._history = slicer.vtkSegmentationHistory()
            self._history.SetSegmentation(node.GetSegmentation())
            self._history.SetMaximumNumberOfStates(UNDO_STEPS)
        self._readMasks()

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What to look at; spacing apart, since the middle of a mask is not its body's centre."""
        return tuple(each for each in self.spine.problems() if each.kind is not Kind.SPACING)

    def relabel(self, change: Callable[[Spine], Spine]) -> bool:
        """Give the segments the levels that an edit of their spine gives."""
        try:
            changed = change(self.spine)
        except VertebraError as error:
            self.refused.emit(str(error))
            return False
        self._before.append(self._levels())
        self._after.clear()
        self._setLevels({vertebra.instance: vertebra.level for vertebra in changed})
        return True

    def delete(self, instance: int) -> None:
        """Remove a vertebra's segment."""
        self._saveMasks()
        self.node.GetSegmentation().RemoveSegment(vertebraSegments(self.node)[instance])
        self._readMasks()

    def mergeWithNext(self, instance: int) -> None:
        """Make one vertebra of this one and the one below; the upper one's level stays."""
        place = self.spine.place(instance)
        if place + 1 == len(self.spine):
            self.refused.emit("There is no vertebra below to merge with.")
            return
        lower = self.spine.vertebrae[place + 1].instance
        segments = vertebraSegments(self.node)
        self._saveMasks()
        self.node.GetSegmentation().RemoveSegment(segments[lower])
        self._setMask(segments[instance], self._mask(instance) | self._mask(lower))
        self._readMasks()

    def split(self, instance: int) -> None:
        """Make vertebrae of a mask's separate pieces; the largest piece keeps the level."""
        try:
            pieces = _pieces(self._mask(instance))
        except BadEdit as error:
            self.refused.emit(str(error))
            return
        segments, segmentation = vertebraSegments(self.node), self.node.GetSegmentation()
        self._saveMasks()
        self._setMask(segments[instance], pieces[0])
        for number, piece in enumerate(pieces[1:], start=max(segments) + 1):
            new = segmentation.AddEmptySegment(instance_id(number))
            setLevel(self.node, new, self.spine.find(instance).level)
            self._setMask(new, piece)
        self._readMasks()

    @property
    def canUndo(self) -> bool:
        """Is there an edit to undo?"""
        return bool(self._before)

    @property
    def canRedo(self) -> bool:
        """Is there an undone edit?"""
        return bool(self._after)

    def undo(self) -> None:
        """Take the last edit back."""
        self._step(self._before, self._after, lambda: self._history.RestorePreviousState())

    def redo(self) -> None:
        """Carry the undone edit out again."""
        self._step(self._after, self._before, lambda: self._history.RestoreNextState())

    def _step(
        self, source: list[Levels | None], target: list[Levels | None], restore: Callable[[], None]
    ) -> None:
        levels = source.pop()
        target.append(None if levels is None else self._levels())
        if levels is None:
            restore()
            self._readMasks()
        else:
            self._setLevels(levels)

    def _levels(self) -> Levels:
        return {vertebra.instance: vertebra.level for vertebra in self.spine}

    def _setLevels(self, levels: Levels) -> None:
        segments = vertebraSegments(self.node)
        for instance, level in levels.items():
            if level is not self.spine.find(instance).level:
                setLevel(self.node, segments[instance], level)
        self._readLevels()

    def _saveMasks(self) -> None:
        self._history.SaveState()
        self._before.append(None)
        while self._before.count(None) > UNDO_STEPS - 1:
            del self._before[: self._before.index(None) + 1]
        self._after.clear()

    def _readMasks(self) -> None:
        """Measure the masks anew, which takes a moment, and read their levels."""
        self._masks, self.measures = None, {}
        if self.node is not None and vertebraSegments(self.node):
            self._masks = labelMapFromNode(self.node, self.volume)
            self.measures = measure(self._masks)
        self._readLevels()

    def _readLevels(self) -> None:
        middles = {number: each.middle for number, each in self.measures.items()}
        self.spine = spineOfSegments(self.node, middles) if self.node is not None else Spine()
        self.changed.emit()

    def _mask(self, instance: int) -> np.ndarray:
        return self._masks.voxels.transpose() == instance

    def _setMask(self, segmentId: str, mask: np.ndarray) -> None:
        slicer.util.updateSegmentBinaryLabelmapFromArray(
            mask.view(np.uint8), self.node, segmentId, self.volume
        )


def _pieces(mask: np.ndarray) -> list[np.ndarray]:
    """The separate parts of a mask, the largest first, crumbs with the largest."""
    box = ndimage.find_objects(mask.view(np.uint8))[0]
    labels, _ = ndimage.label(mask[box])
    sizes = np.bincount(labels.ravel())[1:]
    order = np.argsort(-sizes)
    whole = [n + 1 for n in order if sizes[n] >= SMALL_PIECE * sizes.sum()]
    if len(whole) < 2:
        raise BadEdit("This mask is in one piece; cut it in the Segment Editor first.")
    others = []
    for number in whole[1:]:
        part = np.zeros_like(mask)
        part[box] = labels == number
        others.append(part)
    return [mask & ~np.logical_or.reduce(others), *others]
