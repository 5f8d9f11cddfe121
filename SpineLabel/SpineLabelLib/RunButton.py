"""The large button that starts a run and turns into Cancel, with progress and remaining time."""

from __future__ import annotations

import time
from collections.abc import Callable

import qt
from slicer.i18n import tr as _

from vertebra.errors import VertebraError

from .Dependencies import ensureDependencies
from .WorkerRun import WorkerRun

POLL_MS = 50
"""How often the window looks for news from the worker, milliseconds."""
MOMENT = 0.03
"""How long it shows news before it does something else, seconds."""


class RunButton:
    """Joins a button, a progress bar and a line of text with a run."""

    def __init__(self, run: WorkerRun, button, bar, say: Callable[[str], None]) -> None:
        self._run, self._button, self._bar, self._say = run, button, bar, say
        self._title = button.text
        self._begin: Callable[[], None] = lambda: None
        self._ready = False
        self._timer = qt.QTimer()
        self._timer.setInterval(POLL_MS)
        self._timer.connect("timeout()", self._onTimer)
        button.connect("clicked(bool)", self._onClick)
        run.progressed.connect(self._onProgress)
        for ended in (run.finished, run.failed, run.cancelled):
            ended.connect(lambda *_: self.showIdle())
        self.showIdle()

    def starts(self, begin: Callable[[], None]) -> None:
        """What a click on the idle button does; it may raise a VertebraError."""
        self._begin = begin

    def showReady(self, ready: bool) -> None:
        """Can a run be started with what is chosen?"""
        self._ready = ready
        self._button.enabled = ready or self._run.running

    def start(self, begin: Callable[[], None]) -> None:
        """Begin a run, if what it needs is there; the button becomes Cancel."""
        try:
            ensureDependencies()
            begin()
        except VertebraError as error:
            self._say(str(error))
            return
        self._button.text = _("Cancel")
        self._button.enabled = True
        self._bar.visible = True
        self._bar.value = 0
        self._say(_("Starting…"))
        self._timer.start()

    def close(self) -> None:
        """Drop a run on its way and end the worker process."""
        self._timer.stop()
        self._run.close()
        self.showIdle()

    def showIdle(self) -> None:
        """Nothing runs."""
        self._button.text = self._title
        self._bar.visible = False
        self.showReady(self._ready)

    def _onClick(self, _checked: bool) -> None:
        if not self._run.running:
            self.start(self._begin)
            return
        self._button.enabled = False
        self._say(_("Cancelling…"))
        self._run.cancel()

    def _onTimer(self) -> None:
        """Show what has happened, for a moment; clicks and pictures go before what is left."""
        end = time.monotonic() + MOMENT
        while (more := self._run.poll()) and time.monotonic() < end:
            pass
        self._timer.setInterval(0 if more else POLL_MS)
        if not self._run.running:
            self._timer.stop()

    def _onProgress(self, percent: int, text: str) -> None:
        self._bar.value = percent
        self._say(text)
