"""A real worker process whose method only pretends: it takes its time and finds a given spine.

What it does is told by the name of the scan: "slow", "deaf" (never looks at cancel), "crash",
"exhausted", "refuse", "fault", "chatty"; any other is done at once.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from vertebra.errors import NotABodyCT
from vertebra.runtime.progress import Progress
from vertebra.spine import Spine
from vertebra.worker.job import Job
from vertebra.worker.server import serve
from vertebra.worker.tasks import Show

LEVELS = ("T11", "T12", "L1", "L2", "L3", "L4", "L5")


def pretend(job: Job, progress: Progress, show: Show) -> Spine:
    """Find a lumbar spine in the middle of the scan."""
    name = job.volume.source
    if name == "crash":
        print("out of shared memory", file=sys.stderr, flush=True)
        os._exit(3)
    if name == "exhausted":
        raise MemoryError
    if name == "refuse":
        raise NotABodyCT("This is an MR image; choose a CT.")
    if name == "fault":
        raise ZeroDivisionError("by zero")
    if name == "chatty":
        print("a library that prints to stdout")
        os.write(1, b"and one that writes to it directly\n")
    if name == "deaf":
        time.sleep(60)
    grid = job.volume.grid
    centre = grid.to_world([(n - 1) / 2 for n in grid.shape])
    found: dict[str, list[float]] = {}
    for number, level in enumerate(LEVELS):
        progress.report(number / len(LEVELS), f"Looking for {level}")
        found[level] = [*centre[:2], centre[2] + 78 - 26 * number]
        show(Spine.of(found))
        for _ in range(20 if name == "slow" else 0):
            time.sleep(0.02)
            progress.check()
    return Spine.of(found)


if __name__ == "__main__":
    serve({"label": pretend})
