"""How long work tells how far it is, and how a person stops it."""

from __future__ import annotations

import threading
from collections.abc import Callable

from ..errors import Cancelled

Listener = Callable[[float, str], None]


class Progress:
    """A fraction from 0 to 1 with a message; work calls `report` often and so learns of a cancel.

    >>> progress = Progress(lambda fraction, message: print(f"{fraction:.0%} {message}"))
    >>> progress.part(0.5, 1.0).report(0.5, "Naming")
    75% Naming
    """

    def __init__(self, listener: Listener | None = None) -> None:
        self._listener = listener
        self._cancelled = threading.Event()
        self._start, self._stop = 0.0, 1.0

    def report(self, fraction: float, message: str = "") -> None:
        """Say how far the work is; raises `Cancelled` if a person asked for that."""
        self.check()
        if self._listener is not None:
            inside = min(max(fraction, 0.0), 1.0)
            self._listener(self._start + (self._stop - self._start) * inside, message)

    def check(self) -> None:
        """Raise `Cancelled` if a person asked for that."""
        if self._cancelled.is_set():
            raise Cancelled("Cancelled; nothing was changed.")

    def cancel(self) -> None:
        """Ask the work to stop; may be called from any thread."""
        self._cancelled.set()

    @property
    def cancelled(self) -> bool:
        """Has somebody asked the work to stop?"""
        return self._cancelled.is_set()

    def part(self, start: float, stop: float) -> Progress:
        """The progress of one stage, which fills `start` to `stop` of this one."""
        stage = Progress(self._listener)
        stage._cancelled = self._cancelled
        span = self._stop - self._start
        stage._start, stage._stop = self._start + span * start, self._start + span * stop
        return stage
