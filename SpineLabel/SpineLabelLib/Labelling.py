"""Labelling a scan in the worker process, and what the user is told meanwhile."""

from __future__ import annotations

import shutil
import sys
import time

from vertebra.errors import VertebraError
from vertebra.spine import Spine
from vertebra.worker import Client, Signal

from .scene import volumeFromNode


class Labelling:
    """One run at a time; `poll`, called often, emits what happened.

    >>> labelling = Labelling()
    >>> labelling.finished.connect(lambda spine: print(spine.levels))
    >>> labelling.start(slicer.util.getNode("CT"))
    """

    def __init__(self) -> None:
        python = shutil.which("PythonSlicer") or sys.executable
        self.client = Client((python, "-m", "vertebra.worker"))
        self._started = 0.0
        self.progressed = Signal()  # percent, text
        self.found = self.client.found
        self.finished = Signal()
        self.failed = self.client.failed
        self.cancelled = self.client.cancelled
        self.client.progressed.connect(self._onProgress)
        self.client.finished.connect(lambda result: self.finished.emit(result.spine))

    @property
    def running(self) -> bool:
        """Is a run on its way?"""
        return self.client.busy

    def start(self, volumeNode, device: str = "auto") -> None:
        """Label this scan; a scan that cannot be labelled raises a VertebraError."""
        volume = volumeFromNode(volumeNode)
        self._started = time.monotonic()
        self.client.start("label", volume, device)

    def labelAndWait(self, volumeNode, device: str = "auto") -> Spine:
        """Label this scan and return its spine; for scripts, which have nothing else to do."""
        spines: list[Spine] = []
        sentences: list[str] = []
        self.finished.connect(spines.append)
        self.failed.connect(sentences.append)
        self.start(volumeNode, device)
        while self.running:
            self.poll()
            time.sleep(0.02)
        self.finished.disconnect(spines.append)
        self.failed.disconnect(sentences.append)
        if sentences:
            raise VertebraError(sentences[0])
        return spines[0]

    def cancel(self) -> None:
        """Stop the run within a second."""
        self.client.cancel()

    def poll(self) -> None:
        """Emit what has happened since the last call."""
        self.client.poll()

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
