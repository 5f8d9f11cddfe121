"""Measures how long the window is blocked: how long Qt's timer cannot fire while something runs.

A busy machine lets every process queue for a processor, which is not the window's doing. Linux
tells how long each thread queued; a gap between two beats counts without that, but never for less
than the window's own thread computed in it. Waiting for a disk, a lock or another process counts in
full. Where the system does not tell (macOS, Windows), only the computing counts. Walls are kept.
"""

from __future__ import annotations

import time
from pathlib import Path
from types import TracebackType
from typing import NamedTuple

import qt

BEAT_MS = 5
TASKS = Path("/proc/self/task")


class Gap(NamedTuple):
    """The time between two beats, what the window's thread computed in it, and the queueing, s."""

    end: float
    wall: float
    computed: float
    queued: float | None

    @property
    def blocked(self) -> float:
        """How long the window was not free by its own doing."""
        return max(self.computed, 0.0 if self.queued is None else self.wall - self.queued)


class Heartbeat:
    """Beats while its block runs.

    >>> with Heartbeat() as heartbeat:
    ...     user.click(button)
    >>> heartbeat.longest.blocked < 0.1
    True
    """

    def __init__(self) -> None:
        self.gaps: list[Gap] = []
        self._timer = qt.QTimer()
        self._timer.setInterval(BEAT_MS)
        self._timer.connect("timeout()", self._beat)

    def __enter__(self) -> Heartbeat:
        self._last = time.monotonic(), time.thread_time(), queued()
        self._timer.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._beat()
        self._timer.stop()

    @property
    def longest(self) -> Gap:
        """The gap in which the window was blocked longest."""
        return max(self.gaps, key=lambda gap: gap.blocked)

    @property
    def longest_wall(self) -> float:
        """The longest time between two beats, whoever was the cause, s."""
        return max(gap.wall for gap in self.gaps)

    def between(self, start: float, end: float) -> float:
        """How long it took from one time (of time.monotonic) to another, without queueing, s."""
        return min(end - start, sum(gap.blocked for gap in self.gaps if start < gap.end <= end))

    def _beat(self) -> None:
        wall, computed, before = self._last
        self._last = time.monotonic(), time.thread_time(), queued()
        end, now, after = self._last
        waited = sum(delay - before.get(task, 0.0) for task, delay in after.items())
        self.gaps.append(Gap(end, end - wall, now - computed, waited if after else None))


def queued() -> dict[str, float]:
    """How long each thread of this process has queued for a processor, s; empty where unknown."""
    delays = {}
    for task in TASKS.glob("*/schedstat"):
        try:
            delays[task.parent.name] = int(task.read_text().split()[1]) / 1e9
        except OSError:  # the thread has just ended
            continue
    return delays if any(delays.values()) else {}
