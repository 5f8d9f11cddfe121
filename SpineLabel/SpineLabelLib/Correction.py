"""A spine under correction: edits, undo and redo, kept in step with the points in the scene."""

from __future__ import annotations

from collections.abc import Callable

import slicer

from vertebra.errors import VertebraError
from vertebra.spine import Spine
from vertebra.worker.signal import Signal

from .History import History
from .scene import carried, keptSpine, showSpine, takeUp

Edit = Callable[[Spine], Spine]


class Correction:
    """Every edit makes a new spine and shows it; undo shows the one before.

    Example in the Python console of Slicer:

    >>> correction = Correction()
    >>> correction.follow(slicer.util.getNode("CT spine"))
    >>> correction.edit(lambda spine: spine.shifted(+1))
    >>> correction.undo()
    """

    def __init__(self, later: Callable[[Callable[[], None]], None] = lambda work: work()) -> None:
        self.changed = Signal()  # the spine is another one
        self.refused = Signal()  # one sentence: why an edit was not carried out
        self.spine = Spine()
        self.node = None
        self._later = later
        self.history: History[Spine] = History()
        self._observers: list[int] = []
        self._showing = self._dragging = self._waiting = False

    def follow(self, node) -> None:
        """Correct the spine of this markups node from now on; None for no spine at all."""
        self._forget()
        self.spine, refused = Spine(), ()
        if node is not None:
            try:
                self.spine, refused = takeUp(keptSpine(node), node)
            except VertebraError as error:
                self.refused.emit(str(error))
                node = None
        self.node = node
        if node is not None:
            self._observe(node)
            self._show()
        if refused:
            self.refused.emit(" ".join(refused))
        self.changed.emit()

    def edit(self, change: Edit) -> bool:
        """Carry out an edit; one that is not possible is refused with a sentence."""
        try:
            changed = change(self.spine)
        except VertebraError as error:
            self.refused.emit(str(error))
            return False
        self._replace(changed)
        return True

    def undo(self) -> None:
        """Go back to the spine before the last edit, if there is one."""
        if self.history.canUndo:
            self._become(self.history.undone(self.spine))

    def redo(self) -> None:
        """Take the last undo back, if there is one."""
        if self.history.canRedo:
            self._become(self.history.redone(self.spine))

    def _replace(self, spine: Spine) -> None:
        if spine != self.spine:
            self.history.edited(self.spine)
            self._become(spine)

    def _become(self, spine: Spine) -> None:
        self.spine = spine
        self._show()
        self.changed.emit()

    def _show(self) -> None:
        if self.node is not None:
            self._showing = True
            showSpine(self.spine, self.node)
            self._showing = False

    def _observe(self, node) -> None:
        for event in (
            node.PointPositionDefinedEvent,
            node.PointRemovedEvent,
            node.PointModifiedEvent,
        ):
            self._observers.append(node.AddObserver(event, self._onPoints))
        moved = node.TransformModifiedEvent
        self._observers.append(node.AddObserver(moved, self._onTransform))
        start, end = node.PointStartInteractionEvent, node.PointEndInteractionEvent
        self._observers.append(node.AddObserver(start, self._onDragStart))
        self._observers.append(node.AddObserver(end, self._onDragEnd))

    def _forget(self) -> None:
        for observer in self._observers:
            self.node.RemoveObserver(observer)
        self._observers.clear()
        self.history.clear()
        self._dragging = False

    def _onTransform(self, *_) -> None:
        """A transform has moved all points, which is no edit; states of before lie elsewhere."""
        spine = carried(self.spine, self.node)
        if spine != self.spine and not slicer.mrmlScene.IsClosing():
            self.history.clear()
            self._become(spine)

    def _onDragStart(self, *_) -> None:
        self._dragging = True

    def _onDragEnd(self, *_) -> None:
        self._dragging = False
        self._onPoints()

    def _onPoints(self, *_) -> None:
        """Somebody changed the points, a person or SpineSegment; looked at once, after all."""
        if not (self._showing or self._dragging or self._waiting):
            self._waiting = True
            self._later(self._takeUp)

    def _takeUp(self) -> None:
        self._waiting = False
        if self.node is None or slicer.mrmlScene.IsClosing():
            return
        taken, refused = takeUp(keptSpine(self.node), self.node)
        if refused:
            self._show()
            self.refused.emit(" ".join(refused))
        self._replace(taken)
