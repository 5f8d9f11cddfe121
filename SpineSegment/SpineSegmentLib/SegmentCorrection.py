"""Masks under correction, kept in step with the segments and points in the scene; undo and redo."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import slicer
from SpineLabelLib.History import History
from SpineLabelLib.scene import (
    carried,
    currentSpine,
    describeSegment,
    fromScan,
    geometryFromNode,
    keptSpine,
    masksFromNode,
    segmentedVertebra,
    showSpine,
    takeUp,
    vertebraSegments,
    writeMask,
)

from vertebra.errors import VertebraError
from vertebra.exchange.points import instance_id, instance_of
from vertebra.spine import Flag, Kind, Point, Problem, Spine, Vertebra, refuse_locked
from vertebra.worker import Signal

from .Case import Case, Segments, fromHeadToTail
from .pairing import paired
from .Watch import Watch

Edit = Callable[[Case], Case]


class SegmentCorrection:
    """Every edit makes a new case and shows it; what others do to the nodes is taken up as an edit.

    Segments of other structures are left alone.

    >>> correction = SegmentCorrection()
    >>> correction.follow(slicer.util.getNode("CT vertebrae"), slicer.util.getNode("CT"))
    >>> correction.edit(lambda case: case.relabelled(lambda spine: spine.shifted(+1)))
    """

    def __init__(self, later: Callable[[Callable[[], None]], None] = lambda work: work()) -> None:
        self.changed = Signal()  # levels, masks or points are others
        self.refused = Signal()  # one sentence: why an edit was not carried out
        self.node = self.volume = self.points = None
        self.case: Case | None = None
        self._later = later
        self._watch = Watch(later, self._takeUp, self._carry)
        self._ids: dict[int, str] = {}
        self._numbers: dict[int, int] = {}
        self._place: np.ndarray | None = None  # from the scan's voxels to the segmentation
        self.history: History[Case] = History()

    def follow(self, node, volumeNode, pointsNode=None, drawn: Case | None = None) -> None:
        """Correct this segmentation of this scan from now on, and these points; None for none.

        What the nodes say is read from them, unless it was just `drawn`: that takes its time.
        """
        self._forget()
        known = node is not None and volumeNode is not None
        self.node, self.volume = (node, volumeNode) if known else (None, None)
        self.points = pointsNode if known else None
        if known:
            try:
                self._place = fromScan(self.node, self.volume)
                self.case = self._read() if drawn is None else self._taken(drawn)
            except VertebraError as error:
                self.node = self.volume = self.points = None
                self.refused.emit(str(error))
            else:
                self._describeAll()
                self._watch.follow(self.node, self.volume, self.points)
        self.changed.emit()

    @property
    def spine(self) -> Spine:
        """The vertebrae from head to tail, those with a mask and those with a point only."""
        return self.case.spine if self.case is not None else Spine()

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What to look at; distances only between points, since a mask's middle is a guess."""
        guessed = {each.instance for each in self.spine if Flag.NO_POINT in each.flags}
        return tuple(
            each
            for each in self.spine.problems()
            if each.kind is not Kind.SPACING or not guessed & set(each.instances)
        )

    def segmentOf(self, instance: int) -> str | None:
        """The ID of the segment that shows a vertebra."""
        has = self.case is not None and instance in self.case.masks
        return self._ids.get(instance) if has else None

    def instanceOf(self, segmentId: str) -> int | None:
        """The vertebra that a segment shows."""
        found = (number for number, each in self._ids.items() if each == segmentId)
        return next(found, None)

    def edit(self, change: Edit) -> bool:
        """Carry out an edit; one that is not possible is refused with a sentence."""
        if self.case is None:
            return False
        try:
            changed = change(self.case)
        except VertebraError as error:
            self.refused.emit(str(error))
            return False
        self._replace(changed)
        return True

    def undo(self) -> None:
        """Go back to what was before the last edit, masks and points together."""
        if self.history.canUndo:
            self._show(self.history.undone(self.case))

    def redo(self) -> None:
        """Take the last undo back, if there is one."""
        if self.history.canRedo:
            self._show(self.history.redone(self.case))

    def _replace(self, case: Case, shown: Case | None = None) -> None:
        self.history.edited(self.case)
        self._show(case, shown)

    def _read(self) -> Case:
        """What the nodes say when they are chosen."""
        self._ids = vertebraSegments(self.node)
        masks = masksFromNode(self.node, self._ids.values(), self.volume)
        found = {number: masks[each] for number, each in self._ids.items() if each in masks}
        grid = geometryFromNode(self.volume)
        spine = Spine(
            fromHeadToTail(self._seen(n, mask.body_centre(grid)) for n, mask in found.items())
        )
        case = Case(grid, spine, found)
        return self._withPoints(case) if self.points is not None else case

    def _taken(self, drawn: Case) -> Case:
        """What the nodes say, since this was just drawn into them."""
        self._ids = {number: instance_id(number) for number in drawn.masks}
        return self._withPoints(drawn)

    def _seen(self, instance: int, centre: Point) -> Vertebra:
        seen = segmentedVertebra(self.node, self._ids[instance], centre)
        return replace(seen, instance=instance, flags=frozenset({Flag.NO_POINT}))

    def _withPoints(self, case: Case, gone: frozenset[int] = frozenset()) -> Case:
        """The case with the points as they are in the scene now, but for those of lost masks."""
        spine, refused = takeUp(keptSpine(self.points), self.points)
        if refused:
            self._later(self._putPointsBack)
            self.refused.emit(" ".join(refused))
        spine, self._numbers = paired(spine, case, self._numbers)
        kept = tuple(each for each in spine if each.instance not in gone)
        return case.withPoints(replace(spine, vertebrae=kept))

    def _putPointsBack(self) -> None:
        """Points that were refused; later, since SpineLabel may have yet to refuse them as well."""
        if self.points is not None and not slicer.mrmlScene.IsClosing():
            with self._watch.paused():
                showSpine(currentSpine(self.points), self.points)

    def _show(self, case: Case, shown: Case | None = None) -> None:
        """Make the nodes show a case; `shown` is what the segments show, if not the one before."""
        before, self.case = self.case, case
        with self._watch.paused():
            self._showSegments(shown or before, case)
            if self.points is not None and before.points != case.points:
                showSpine(case.points, self.points)
                self._numbers = {each.instance: each.instance for each in case.points}
        self.changed.emit()

    def _showSegments(self, before: Case, case: Case) -> None:
        """Only what differs is written; a segment that is no vertebra any more is left alone."""
        segmentation = self.node.GetSegmentation()
        logic = slicer.vtkSlicerSegmentationsModuleLogic
        kept = {each.instance for each in case.spine}
        known = {each.instance: each for each in before.spine}
        for instance, segmentId in self._ids.items():
            present = segmentation.GetSegment(segmentId) is not None
            if present and instance in known and instance not in kept:
                segmentation.RemoveSegment(segmentId)
            elif present and before.masks.get(instance) is not case.masks.get(instance):
                # A mask that grows into one that has yet to shrink would get a layer of its own.
                logic.ClearSegment(self.node, segmentId)
        previous = None
        for vertebra in case.spine:
            mask = case.masks.get(vertebra.instance)
            if mask is None:
                continue
            segmentId = self._ids.setdefault(vertebra.instance, instance_id(vertebra.instance))
            isNew = segmentation.GetSegment(segmentId) is None
            if isNew:
                segmentation.AddEmptySegment(segmentId, vertebra.level.name)
                place = 0 if previous is None else segmentation.GetSegmentIndex(previous) + 1
                segmentation.SetSegmentIndex(segmentId, place)
            if isNew or mask is not before.masks.get(vertebra.instance):
                writeMask(mask, self.node, segmentId, self.volume)
            if isNew or _shownOtherwise(known.get(vertebra.instance), vertebra):
                describeSegment(self.node, segmentId, vertebra)
            previous = segmentId

    def _forget(self) -> None:
        self._watch.forget()
        self.history.clear()
        self._ids, self._numbers, self.case = {}, {}, None

    def _takeUp(self, repainted: bool) -> None:
        """Somebody else changed the nodes: that is an edit too."""
        if self.case is None or slicer.mrmlScene.IsClosing():
            return
        try:
            found = self._segmentsNow(repainted)
        except VertebraError as error:
            self.refused.emit(str(error))
            return
        refusing = self.case.refusing(found)
        locked = {each.instance for each in refusing}
        gone = frozenset(self.case.masks.keys() - found.keys() - locked)
        try:
            case = self.case.withSegments(found)
            if self.points is not None:
                case = self._withPoints(case, gone)
            for vertebra in self.spine:
                seen = found.get(vertebra.instance, (vertebra,))[0]
                if seen.level is not vertebra.level and vertebra.instance not in locked:
                    case = case.relabelled(lambda spine, v=seen: spine.relabelled(v, v.level))
        except VertebraError as error:
            self._describeAll()
            self.refused.emit(str(error))
            return
        left = tuple(each for each in self.spine if each.instance not in gone | locked)
        spine = replace(self.spine, vertebrae=left)
        masks = {number: mask for number, (_, mask) in found.items() if mask is not None}
        shown = replace(self.case, spine=spine, masks=masks)
        if case.spine != self.case.spine or case.masks != self.case.masks:
            self._replace(case, shown)
        elif locked:
            self._show(case, shown)
        self._refuse(refusing)

    def _carry(self, repainted: bool) -> None:
        """A transform has moved nodes, which is no edit; states of before lie elsewhere."""
        if self.case is None or slicer.mrmlScene.IsClosing():
            return
        before = self._ids, self._numbers
        try:
            if self.points is not None:
                showSpine(carried(keptSpine(self.points), self.points), self.points)
            place = fromScan(self.node, self.volume)
            together = np.allclose(place, self._place, rtol=0, atol=1e-6)
            self.case = self._elsewhere() if together and not repainted else self._read()
            self._place = place
        except VertebraError as error:
            self._ids, self._numbers = before
            self.refused.emit(str(error))
        else:
            self.history.clear()
            self.changed.emit()

    def _elsewhere(self) -> Case:
        """The case where the scan lies now; masks that went along are not read, which is slow."""
        case, moved = self.case.at(geometryFromNode(self.volume)), self.case.moved
        return case if self.points is None else replace(self._withPoints(case), moved=moved)

    def _refuse(self, locked: tuple[Vertebra, ...]) -> None:
        try:
            refuse_locked(*locked)
        except VertebraError as error:
            self.refused.emit(str(error))

    def _segmentsNow(self, repainted: bool) -> Segments:
        """Every vertebra's segment as it is now; masks are read again only after a stroke.

        A stroke may change all segments of a layer, though Slicer tells of one.
        """
        present = list(vertebraSegments(self.node).values())
        for segmentId in present:
            if self.instanceOf(segmentId) is None:
                self._ids[self._newNumber(segmentId)] = segmentId
        read = masksFromNode(self.node, present, self.volume) if repainted else None
        known, masks = {each.instance: each for each in self.spine}, self.case.masks
        found = {}
        for segmentId in present:
            number = self.instanceOf(segmentId)
            mask = masks.get(number) if read is None else read.get(segmentId)
            if mask is not None and mask.same_as(masks.get(number)):
                mask = masks[number]
            if number in known:
                found[number] = (self._seen(number, known[number].centroid), mask)
            elif mask is not None:
                found[number] = (self._seen(number, mask.body_centre(self.case.grid)), mask)
        return found

    def _describeAll(self) -> None:
        """Give the segments that say another level the one that they have here."""
        with self._watch.paused():
            for vertebra in self.spine:
                segmentId = self._ids.get(vertebra.instance)
                if not segmentId or self.node.GetSegmentation().GetSegment(segmentId) is None:
                    continue
                if self._seen(vertebra.instance, vertebra.centroid).level is not vertebra.level:
                    describeSegment(self.node, segmentId, vertebra)

    def _newNumber(self, segmentId: str) -> int:
        """The number of a segment that somebody added."""
        own = instance_of(segmentId)
        taken = {*self._ids, *(each.instance for each in self.spine)}
        return own if own and own not in taken else max(taken, default=0) + 1


def _shownOtherwise(before: Vertebra | None, now: Vertebra) -> bool:
    return before is None or _described(before) != _described(now)


def _described(vertebra: Vertebra) -> tuple:
    return vertebra.level, vertebra.completeness, vertebra.flags, vertebra.locked
