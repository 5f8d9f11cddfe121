"""Undo and redo: since everything is immutable, the states before and after are simply kept."""

from __future__ import annotations

from typing import Generic, TypeVar

State = TypeVar("State")


class History(Generic[State]):
    """What was before each edit, and after each undone one.

    >>> history = History()
    >>> history.edited(before="L1")
    >>> history.undone(now="L2")
    'L1'
    >>> history.redone(now="L1")
    'L2'
    """

    def __init__(self) -> None:
        self._before: list[State] = []
        self._after: list[State] = []

    @property
    def canUndo(self) -> bool:
        """Is there an edit to undo?"""
        return bool(self._before)

    @property
    def canRedo(self) -> bool:
        """Is there an undone edit?"""
        return bool(self._after)

    def edited(self, before: State) -> None:
        """Somebody changed what was so before; what was undone until then is gone."""
        self._before.append(before)
        self._after.clear()

    def undone(self, now: State) -> State:
        """The state before the last edit; the one of now can be redone."""
        self._after.append(now)
        return self._before.pop()

    def redone(self, now: State) -> State:
        """The state before the last undo; the one of now can be undone."""
        self._before.append(now)
        return self._after.pop()

    def clear(self) -> None:
        """There is nothing to undo or redo."""
        self._before.clear()
        self._after.clear()
