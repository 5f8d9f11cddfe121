"""Masks under correction: relabel, merge, split, delete, with undo."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import slicer
from scipy import ndimage
from SpineLabelLib.scene import labelMapFromNode, setLevel, spineOfSegments, vertebraSegments

from vertebra.errors import BadEdit, VertebraError
from vertebra.spine import Kind, Problem, Spine
from vertebra.worker.signal import Signal

from .measures import Measure, measure

UNDO_STEPS = 10
SMALL_PIECE = 0.02
"""A piece below this share of its mask is a crumb and stays with the largest piece."""


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
        self._history = None

    def follow(self, node, volumeNode) -> None:
        """Correct this segmentation of this scan from now on; None for none."""
        self.node, self.volume, self._history = node, volumeNode, None
        if node is not None:
            self._history = slicer.vtkSegmentationHistory()
            self._history.SetSegmentation(node.GetSegmentation())
            self._history.SetMaximumNumberOfStates(UNDO_STEPS)
        self._read(masksToo=True)

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
        segments = vertebraSegments(self.node)
        self._history.SaveState()
        for vertebra in changed:
            if vertebra.level is not self.spine.find(vertebra.instance).level:
                setLevel(self.node, segments[vertebra.instance], vertebra.level)
        self._read(masksToo=False)
        return True

    def delete(self, instance: int) -> None:
        """Remove a vertebra's segment."""
        self._history.SaveState()
        self.node.GetSegmentation().RemoveSegment(vertebraSegments(self.node)[instance])
        self._read(masksToo=True)

    def mergeWithNext(self, instance: int) -> None:
        """Make one vertebra of this one and the one below; the upper one's level stays."""
        place = self.spine.place(instance)
        if place + 1 == len(self.spine):
            self.refused.emit("There is no vertebra below to merge with.")
            return
        segments = vertebraSegments(self.node)
        upper = segments[instance]
        lower = segments[self.spine.vertebrae[place + 1].instance]
        together = self._mask(upper) | self._mask(lower)
        self._history.SaveState()
        self.node.GetSegmentation().RemoveSegment(lower)
        self._setMask(upper, together)
        self._read(masksToo=True)

    def split(self, instance: int) -> None:
        """Make vertebrae of a mask's separate pieces; the largest piece keeps the level."""
        segmentId = vertebraSegments(self.node)[instance]
        try:
            pieces = _pieces(self._mask(segmentId))
        except BadEdit as error:
            self.refused.emit(str(error))
            return
        self._history.SaveState()
        self._setMask(segmentId, pieces[0])
        segmentation = self.node.GetSegmentation()
        highest = max(vertebraSegments(self.node))
        for number, piece in enumerate(pieces[1:], start=highest + 1):
            new = segmentation.AddEmptySegment(f"vertebra-{number}")
            setLevel(self.node, new, self.spine.find(instance).level)
            self._setMask(new, piece)
        self._read(masksToo=True)

    @property
    def canUndo(self) -> bool:
        """Is there an edit to undo?"""
        return bool(self._history and self._history.IsRestorePreviousStateAvailable())

    @property
    def canRedo(self) -> bool:
        """Is there an undone edit?"""
        return bool(self._history and self._history.IsRestoreNextStateAvailable())

    def undo(self) -> None:
        """Take the last edit back."""
        self._history.RestorePreviousState()
        self._read(masksToo=True)

    def redo(self) -> None:
        """Carry the undone edit out again."""
        self._history.RestoreNextState()
        self._read(masksToo=True)

    def _read(self, masksToo: bool) -> None:
        """Take up what the segments say now; measuring the masks takes a while."""
        if self.node is None:
            self.spine, self.measures = Spine(), {}
        else:
            self.spine = spineOfSegments(self.node)
            if masksToo:
                known = self.volume is not None and len(self.spine) > 0
                self.measures = measure(labelMapFromNode(self.node, self.volume)) if known else {}
        self.changed.emit()

    def _mask(self, segmentId: str) -> np.ndarray:
        return slicer.util.arrayFromSegmentBinaryLabelmap(self.node, segmentId, self.volume) > 0

    def _setMask(self, segmentId: str, mask: np.ndarray) -> None:
        slicer.util.updateSegmentBinaryLabelmapFromArray(
            mask.astype(np.uint8), self.node, segmentId, self.volume
        )


def _pieces(mask: np.ndarray) -> list[np.ndarray]:
    """The separate parts of a mask, the largest first, crumbs with the largest."""
    labels, count = ndimage.label(mask)
    sizes = np.bincount(labels.ravel())[1:]
    order = np.argsort(-sizes)
    whole = [n + 1 for n in order if sizes[n] >= SMALL_PIECE * sizes.sum()]
    if count < 2 or len(whole) < 2:
        raise BadEdit("This mask is in one piece; cut it in the Segment Editor first.")
    others = [labels == number for number in whole[1:]]
    return [mask & ~np.logical_or.reduce(others), *others]
