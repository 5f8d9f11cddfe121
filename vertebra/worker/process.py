"""The worker as a child process: started, listened to in a thread, ended with its children."""

from __future__ import annotations

import json
import os
import queue
import signal
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from ..runtime.waiting import POLICY

_ENGINE = Path(__file__).resolve().parents[2]


class WorkerProcess:
    """A running worker; what it says waits in `events`, and ends with a `died` event.

    `unpack` is called with each event in the listening thread, so that arrays are read meanwhile;
    an event that it fails on comes as it is.
    """

    def __init__(
        self, command: Sequence[str], unpack: Callable[[dict[str, Any]], None] = lambda _: None
    ) -> None:
        self._unpack = unpack
        self.events: queue.Queue[dict[str, Any]] = queue.Queue()
        self._last_words: deque[str] = deque(maxlen=20)
        self._process = subprocess.Popen(  # noqa: S603
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            errors="replace",
            env=_environment(),
            **_own_group(),
        )
        self._errors = threading.Thread(target=self._read_errors, daemon=True)
        self._errors.start()
        threading.Thread(target=self._read_events, daemon=True).start()

    @property
    def pid(self) -> int:
        """The number of the process."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Does the process still run?"""
        return self._process.poll() is None

    def send(self, message: dict[str, Any]) -> None:
        """Ask the worker for something; a dead worker says so by its `died` event."""
        if self._process.stdin is not None:
            with suppress(OSError, ValueError):
                self._process.stdin.write(json.dumps(message) + "\n")
                self._process.stdin.flush()

    def kill(self) -> None:
        """End the worker and its children; a window need not wait until they are gone."""
        if self._process.stdin is not None:
            with suppress(OSError):
                self._process.stdin.close()
        with suppress(OSError):
            if sys.platform == "win32":
                subprocess.Popen(["taskkill", "/T", "/F", "/PID", str(self.pid)], **_own_group())  # noqa: S603, S607
            else:
                os.killpg(self.pid, signal.SIGKILL)

    def wait_until_gone(self) -> None:
        """Wait for the end of a process that was killed."""
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout=5)

    def _read_events(self) -> None:
        for line in self._process.stdout or ():
            event = _event(line)
            if event is not None:
                with suppress(Exception):  # a window that nobody tells anything waits for ever
                    self._unpack(event)
                self.events.put(event)
        self._process.wait()
        self._errors.join(timeout=1)
        self.events.put({"event": "died", "last_words": "".join(self._last_words).strip()})

    def _read_errors(self) -> None:
        for line in self._process.stderr or ():
            self._last_words.append(line)


def _event(line: str) -> dict[str, Any] | None:
    """The event of a line; something else may print there, too."""
    with suppress(ValueError):
        event = json.loads(line)
        if isinstance(event, dict) and "event" in event:
            return event
    return None


def _environment() -> dict[str, str]:
    """The child finds this engine, speaks UTF-8, paints no colours, and its threads wait asleep."""
    paths = [str(_ENGINE), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {
        **POLICY,
        **os.environ,
        "PYTHONPATH": os.pathsep.join(paths),
        "PYTHONUTF8": "1",
        "NO_COLOR": "1",
    }


def _own_group() -> Mapping[str, Any]:
    """How a process becomes one that can be ended together with its children."""
    if sys.platform == "win32":
        return {"creationflags": subprocess.CREATE_NO_WINDOW}
    return {"start_new_session": True}
