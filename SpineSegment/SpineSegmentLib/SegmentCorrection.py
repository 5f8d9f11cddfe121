"""Masks under correction: relabel, merge, split, delete, with undo."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from scipy import ndimage
from SpineLabelLib.scene import labelMapFromNode, setLevel, spineOfSegments, vertebraSegments

from vertebra.errors import BadEdit, VertebraError
from vertebra.exchange.points import instance_id
from vertebra.spine import Kind, Problem, Spine
from vertebra.volume import LabelMap
from vertebra.worker.signal import Signal

from .measures import Measure, measure
from .snapshots import Snapshot

SMALL_PIECE = 0.02
"""A piece below this share of its mask is a crumb and stays with the largest piece."""

State = Mapping[int, "Snapshot | None"]
"""The segments that an edit concerns, by instance; None for one that is not there."""


class Step(NamedTuple):
    """An edit, and what takes it back."""

    forth: Callable[[], None]
    back: Callable[[], None]


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
        self._before: list[Step] = []
        self._after: list[Step] = []

    def follow(self, node, volumeNode) -> None:
        """Correct this segmentation of this scan from now on; None for none."""
        known = node is not None and volumeNode is not None
        self.node, self.volume = (node, volumeNode) if known else (None, None)
        self._before.clear()
        self._after.clear()
        self._masks, self.measures = None, {}
        if known and vertebraSegments(node):
            self._masks = labelMapFromNode(node, volumeNode)
            self.measures = measure(self._masks)
        self._read()

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
        self._do(lambda: self._setLevels(changed), lambda old=self.spine: self._setLevels(old))
        return True

    def delete(self, instance: int) -> None:
        """Remove a vertebra's segment."""
        self._change({instance: None})

    def mergeWithNext(self, instance: int) -> None:
        """Make one vertebra of this one and the one below; the upper one's level stays."""
        place = self.spine.place(instance)
        if place + 1 == len(self.spine):
            self.refused.emit("There is no vertebra below to merge with.")
            return
        lower = self.spine.vertebrae[place + 1].instance
        joined = self._snapshot(instance).joined(self._snapshot(lower))
        self._change({lower: None, instance: joined})

    def split(self, instance: int) -> None:
        """Make vertebrae of a mask's separate pieces; the largest piece keeps the level."""
        whole = self._snapshot(instance)
        try:
            pieces = _pieces(whole.mask)
        except BadEdit as error:
            self.refused.emit(str(error))
            return
        after = {instance: whole.part(whole.vertebra, pieces[0])}
        for number, piece in enumerate(pieces[1:], start=max(self.measures) + 1):
            vertebra = replace(whole.vertebra, instance=number)
            after[number] = whole.part(vertebra, piece, instance_id(number))
        self._change(after)

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
        step = self._before.pop()
        self._after.append(step)
        step.back()

    def redo(self) -> None:
        """Carry the undone edit out again."""
        step = self._after.pop()
        self._before.append(step)
        step.forth()

    def _do(self, forth: Callable[[], None], back: Callable[[], None]) -> None:
        self._after.clear()
        self._before.append(Step(forth, back))
        forth()

    def _change(self, after: State) -> None:
        before = {number: self._snapshot(number) for number in after}
        self._do(lambda: self._write(after, before), lambda: self._write(before, after))

    def _write(self, state: State, former: State) -> None:
        """Make these segments so, in the scene and in our copy of the masks."""
        for number in [each for each in former if former[each] is not None]:
            self._masks.voxels[former[number].box][former[number].mask] = 0
            if state[number] is None:
                self.node.GetSegmentation().RemoveSegment(former[number].segmentId)
                del self.measures[number]
        for number, snapshot in state.items():
            if snapshot is not None:
                self._masks.voxels[snapshot.box][snapshot.mask] = number
                snapshot.write(self.node, self.volume)
                self.measures[number] = snapshot.measure(self._masks.grid)
        self._read()

    def _snapshot(self, instance: int) -> Snapshot | None:
        if instance not in self.measures:
            return None
        box = ndimage.find_objects(self._masks.voxels)[instance - 1]
        segmentId = vertebraSegments(self.node)[instance]
        return Snapshot(
            segmentId,
            self.node.GetSegmentation().GetSegmentIndex(segmentId),
            self.spine.find(instance),
            box,
            self._masks.voxels[box] == instance,
        )

    def _setLevels(self, spine: Spine) -> None:
        segments = vertebraSegments(self.node)
        for vertebra in spine:
            if vertebra.level is not self.spine.find(vertebra.instance).level:
                setLevel(self.node, segments[vertebra.instance], vertebra.level)
        self._read()

    def _read(self) -> None:
        """Take up what the segments say now, and list them from head to tail."""
        middles = {number: each.middle for number, each in self.measures.items()}
        self.spine = spineOfSegments(self.node, middles) if self.node is not None else Spine()
        self.changed.emit()


def _pieces(mask: np.ndarray) -> list[np.ndarray]:
    """The separate parts of a mask, the largest first, crumbs with the largest."""
    labels, _ = ndimage.label(mask)
    sizes = np.bincount(labels.ravel())[1:]
    order = np.argsort(-sizes)
    whole = [n + 1 for n in order if sizes[n] >= SMALL_PIECE * sizes.sum()]
    if len(whole) < 2:
        raise BadEdit("This mask is in one piece; cut it in the Segment Editor first.")
    others = [labels == number for number in whole[1:]]
    return [mask & ~np.logical_or.reduce(others), *others]
