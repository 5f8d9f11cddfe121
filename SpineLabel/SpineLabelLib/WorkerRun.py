"""A run in the worker process, and what the user is told meanwhile; both modules' runs are ones."""

from __future__ import annotations

import shutil
import sys
import time

from vertebra.errors import VertebraError
from vertebra.worker import Client, Result, Signal


class WorkerRun:
    """One run at a time; `poll`, called often, emits what happened, one thing a call."""

    task = ""

    def __init__(self) -> None:
        python = shutil.which("PythonSlicer") or sys.executable
        self.client = Client((python, "-m", "vertebra.worker"))
        self._started = 0.0
        self.progressed = Signal()  # percent, text
        self.finished = self.client.finished
        self.failed = self.client.failed
        self.cancelled = self.client.cancelled
        self.client.progressed.connect(self._onProgress)

    @property
    def running(self) -> bool:
        """Is a run on its way?"""
        return self.client.busy

    def begin(self, volume, device: str, **known) -> None:
        """Hand the work to the worker; `known` is what Client.start takes besides the scan."""
        self._started = time.monotonic()
        self.client.start(self.task, volume, device, **known)

    def wait(self) -> Result:
        """The result of the run that has begun; for scripts, which have nothing else to do."""
        results: list[Result] = []
        sentences: list[str] = []
        self.finished.connect(results.append)
        self.failed.connect(sentences.append)
        while self.running:
            if not self.poll():
                time.sleep(0.02)
        self.finished.disconnect(results.append)
        self.failed.disconnect(sentences.append)
        if sentences:
            raise VertebraError(sentences[0])
        return results[0]

    def cancel(self) -> None:
        """Stop the run within a second."""
        self.client.cancel()

    def poll(self) -> bool:
        """Emit the next thing that has happened; False where nothing has."""
        return self.client.poll()

    def close(self) -> None:
        """End the worker process."""
        self.client.close()

    def _onProgress(self, fraction: float, message: str) -> None:
        elapsed = time.monotonic() - self._started
        self.progressed.emit(round(100 * fraction), f"{message} {remaining(fraction, elapsed)}")


def remaining(fraction: float, elapsed: float) -> str:
    """How long it will still take, in words; nothing while that is a guess.

    >>> remaining(0.25, 20)
    '(about 60 s left)'
    """
    if fraction < 0.05 or elapsed < 1:
        return ""
    seconds = elapsed * (1 - fraction) / fraction
    left = f"{seconds / 60:.0f} min" if seconds >= 100 else f"{seconds:.0f} s"
    return f"(about {left} left)"
