"""A real worker process whose methods only pretend: they take their time and find a given spine.

What it does is told by the name of the scan: "slow", "deaf" (never looks at cancel), "crash",
"exhausted", "refuse", "fault", "chatty"; any other is done at once.
"""

from __future__ import annotations

import os
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from vertebra.errors import NotABodyCT
from vertebra.pipeline import Piece, Result, Show
from vertebra.runtime.progress import Progress
from vertebra.spine import Spine
from vertebra.volume import LabelMap
from vertebra.worker.job import Job
from vertebra.worker.server import serve

LEVELS = ("T11", "T12", "L1", "L2", "L3", "L4", "L5")


def pretend_to_label(job: Job, progress: Progress, show: Show) -> Result:
    """Find a lumbar spine in the middle of the scan."""
    name = job.volume.source
    misbehave(name)
    grid = job.volume.grid
    centre = grid.to_world([(n - 1) / 2 for n in grid.shape])
    found: dict[str, list[float]] = {}
    for number, level in enumerate(LEVELS):
        progress.report(number / len(LEVELS), f"Looking for {level}")
        found[level] = [*centre[:2], centre[2] + 78 - 26 * number]
        show(Spine.of(found))
        take_time(name, progress)
    return Result(Spine.of(found))


def pretend_to_segment(job: Job, progress: Progress, show: Show) -> Result:
    """Draw a block around each point that was given, or a lumbar spine's."""
    name, grid = job.volume.source, job.volume.grid
    misbehave(name)
    spine = job.spine or pretend_to_label(job, Progress(), lambda _: None).spine
    only = job.options.get("only")
    voxels = np.zeros(grid.shape, np.uint8) if job.labels is None else np.array(job.labels.voxels)
    voxels[voxels == only] = 0
    for number, vertebra in enumerate(spine):
        if only not in (None, vertebra.instance):
            continue
        progress.report(number / len(spine), f"Segmenting {vertebra.level}")
        middle = np.rint(grid.to_index(vertebra.centroid)).astype(int)
        low = np.clip(middle - 1, 0, np.array(grid.shape) - 1).tolist()
        high = np.clip(middle + 2, 1, grid.shape).tolist()
        box = tuple(slice(a, b) for a, b in zip(low, high))
        mask = voxels[box] == 0
        voxels[box][mask] = vertebra.instance
        show(Piece(vertebra.instance, vertebra.level.name, (low[0], low[1], low[2]), mask))
        spine = spine.with_vertebra(replace(vertebra, completeness=0.9))
        take_time(name, progress)
    return Result(spine, LabelMap(voxels, grid), ("These masks are pretended.",))


def misbehave(name: str) -> None:
    """Do what the name of the scan says."""
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


def take_time(name: str, progress: Progress) -> None:
    """Nearly half a second, where the name of the scan says so."""
    for _ in range(20 if name == "slow" else 0):
        time.sleep(0.02)
        progress.check()


TASKS = {"label": pretend_to_label, "segment": pretend_to_segment}

if __name__ == "__main__":
    serve(TASKS)
