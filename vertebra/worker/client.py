"""The window's side of the worker: start a job, poll for news, cancel."""

from __future__ import annotations

import queue
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..errors import VertebraError
from ..pipeline import Look
from ..spine import Spine, from_json
from ..volume import LabelMap, Volume
from .job import Job
from .process import WorkerProcess
from .result import piece_of, result_of
from .signal import Signal

PATIENCE = 0.6
"""Seconds that a cancelled job has to stop by itself before its process is ended."""
LOST = "The result could not be read; free some disk space and try again."


class Client:
    """Runs one job at a time in a warm process; `poll`, called often, emits what happened.

    >>> client = Client()
    >>> client.finished.connect(lambda result: print(result.spine.levels))
    >>> client.busy
    False
    """

    def __init__(self, command: Sequence[str] = (sys.executable, "-m", "vertebra.worker")) -> None:
        self.progressed = Signal()  # fraction from 0 to 1, message
        self.found = Signal()  # the spine so far
        self.drawn = Signal()  # the piece: one vertebra that has appeared
        self.looked = Signal()  # the look: where the network is looking
        self.finished = Signal()  # the result
        self.failed = Signal()  # one sentence
        self.cancelled = Signal()  # nothing
        self.command = command
        self._process: WorkerProcess | None = None
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._handover: threading.Thread | None = None
        self._number = 0
        self._busy = False
        self._lost = False
        self._give_up: float | None = None

    @property
    def busy(self) -> bool:
        """Is a job on its way?"""
        return self._busy

    @property
    def pid(self) -> int | None:
        """The number of the warm process, where there is one."""
        return self._process.pid if self._process else None

    def start(
        self,
        task: str,
        volume: Volume,
        device: str = "auto",
        *,
        spine: Spine | None = None,
        labels: LabelMap | None = None,
        options: Mapping[str, Any] | None = None,
    ) -> None:
        """Hand a job ("label" or "segment") to the worker, which is started if it does not run.

        "label" knows the option "model". "segment" knows "direction" ("down" or "up"), "model",
        "search" ("points", "coarse" or "fine") and "only", an instance: that vertebra alone is
        segmented anew from `spine` and `labels`. Without a spine the scan is labelled first.
        """
        if self._busy:
            raise VertebraError("A computation is running; wait for it, or cancel it.")
        if self._process is None or not self._process.alive:  # it may have died between two jobs
            self._process = WorkerProcess(self.command, self._unpack)
        self._number += 1
        self._folder = tempfile.TemporaryDirectory(
            prefix="vertebra-job-", ignore_cleanup_errors=True
        )
        job = Job(self._number, task, volume, device, spine, labels, options or {})
        folder = Path(self._folder.name)
        self._handover = threading.Thread(target=_hand_over, args=(job, folder, self._process))
        self._handover.start()
        self._busy, self._lost, self._give_up = True, False, None

    def cancel(self) -> None:
        """Ask the job to stop; `cancelled` is emitted within a second."""
        if self._busy and self._process and self._give_up is None:
            self._process.send({"do": "cancel", "job": self._number})
            self._give_up = time.monotonic() + PATIENCE

    def poll(self) -> bool:
        """Emit the next thing that has happened; False where nothing has.

        One thing a call, so that a window can do what else is waiting between two of them.
        """
        if self._busy and self._give_up is not None and time.monotonic() > self._give_up:
            self.close()
            self.cancelled.emit()
            return True
        try:
            event = self._process.events.get_nowait() if self._process else None
        except queue.Empty:
            event = None
        if event is not None:
            self._take(event)
        return event is not None

    def close(self) -> None:
        """End the process; a job on its way is dropped."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
        self._end_job(process)

    def _take(self, event: dict[str, Any]) -> None:
        kind = event["event"]
        if kind == "died":
            self._process = None
            if self._busy:
                self._end_job()
                self.failed.emit(_crash(event["last_words"]))
        elif event.get("job") == self._number and self._busy:
            self._take_news(kind, event)

    def _take_news(self, kind: str, event: dict[str, Any]) -> None:
        if kind == "progress":
            self.progressed.emit(event["fraction"], event["text"])
        elif kind == "found":
            self.found.emit(from_json(event["spine"]))
        elif kind == "looked":
            x, y, z = event["centre"]
            width, depth, height = event["size"]
            self.looked.emit(Look((x, y, z), (width, depth, height)))
        elif kind == "drawn" and "unpacked" in event:
            self.drawn.emit(event["unpacked"])
        elif kind == "drawn":
            self._lost = True  # the window has no other way to see this vertebra
        else:
            unwanted = self._give_up is not None
            self._end_job()
            if unwanted:
                self.cancelled.emit()
            elif "unpacked" in event and not self._lost:
                self.finished.emit(event["unpacked"])
            elif kind == "cancelled":
                self.cancelled.emit()
            else:
                self.failed.emit(event.get("sentence", LOST))

    def _unpack(self, event: dict[str, Any]) -> None:
        """Read the arrays of an event, in the listening thread, so that no window waits."""
        folder = self._folder
        if folder is None or event.get("job") != self._number:
            return
        if event["event"] == "drawn":
            event["unpacked"] = piece_of(event, Path(folder.name))
        elif event["event"] == "result":
            event["unpacked"] = result_of(event, Path(folder.name))

    def _end_job(self, killed: WorkerProcess | None = None) -> None:
        self._busy, self._give_up = False, None
        if self._folder is not None and self._handover is not None:
            ended = (self._folder, self._handover, killed)
            threading.Thread(target=_clean_up, args=ended).start()
            self._folder = self._handover = None


def _hand_over(job: Job, folder: Path, process: WorkerProcess) -> None:
    """Write the voxels and send the job; in a thread, since a large scan takes a while."""
    try:
        process.send(job.to_message(folder))
    except VertebraError as error:
        process.events.put({"event": "error", "job": job.number, "sentence": str(error)})


def _clean_up(
    folder: tempfile.TemporaryDirectory[str],
    handover: threading.Thread,
    killed: WorkerProcess | None,
) -> None:
    """Remove a job's files, once nobody holds them; in a thread, since a window does not wait."""
    handover.join()
    if killed is not None:
        killed.wait_until_gone()
    folder.cleanup()


def _crash(last_words: str) -> str:
    reason = last_words.splitlines()[-1] if last_words else "it gave no reason"
    return f"The computation ended unexpectedly ({reason}); try again, it starts anew by itself."
