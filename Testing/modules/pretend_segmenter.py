"""A real worker process that only pretends to segment: it draws blocks shaped like vertebrae.

What else it does is told by the name of the scan, as in Testing/engine/pretend_worker.py, on which
it builds: "slow", "crash", "refuse", "fault"; besides "empty" (nothing is found), "differs" (the
result is not what was drawn), "unnamed" (levels come with the result) and "checked" (really looked
at: is it a CT of a body?).
"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "engine"))

from pretend_worker import misbehave, pretend_to_label, take_time

from vertebra.runtime.progress import Progress
from vertebra.spine import Flag, Spine
from vertebra.volume import Grid, LabelMap
from vertebra.volume.body_ct import require_body_ct
from vertebra.worker import Look, Piece, Result
from vertebra.worker.job import Job
from vertebra.worker.server import serve
from vertebra.worker.tasks import Show

BODY, PROCESS = ((-20, 20), (-15, 15), (-10, 10)), ((-4, 4), (-45, -25), (-6, 2))
"""From where to where each part reaches around the point: to the right, forwards, upwards, mm."""
PARTIAL = 0.3


def block(grid: Grid, centre: tuple[float, ...]) -> tuple[tuple[slice, ...], np.ndarray]:
    """The vertebra at a point: a box of the scan, and which of its voxels are bone."""
    reach = np.ceil(50 / grid.spacing).astype(int)
    middle = np.rint(grid.to_index(centre)).astype(int)
    low, high = np.clip(middle - reach, 0, grid.shape), np.clip(middle + reach, 0, grid.shape)
    places = np.stack(np.meshgrid(*map(np.arange, low, high), indexing="ij"), -1)
    apart = grid.to_world(places.reshape(-1, 3)).reshape(places.shape) - centre
    bone = [
        np.logical_and.reduce([(apart[..., n] > a) & (apart[..., n] < b) for n, (a, b) in parts])
        for parts in (tuple(enumerate(BODY)), tuple(enumerate(PROCESS)))
    ]
    return tuple(slice(a, b) for a, b in zip(low.tolist(), high.tolist())), bone[0] | bone[1]


def label(job: Job, progress: Progress, show: Show) -> Result:
    """Find a lumbar spine, in a CT."""
    if job.volume.source == "checked":
        require_body_ct(job.volume)
    return pretend_to_label(job, progress, show)


def segment(job: Job, progress: Progress, show: Show) -> Result:
    """Draw a block at each given point, or at a lumbar spine's; the first one is partial."""
    name, grid = job.volume.source, job.volume.grid
    misbehave(name)
    if name == "checked":
        require_body_ct(job.volume)
    if name == "empty":
        return Result(Spine(), LabelMap(np.zeros(grid.shape, np.uint8), grid))
    spine = job.spine or pretend_to_label(job, Progress(), lambda _: None).spine
    only = job.options.get("only")
    voxels = np.zeros(grid.shape, np.uint8) if job.labels is None else np.array(job.labels.voxels)
    voxels[voxels == only] = 0
    for number, vertebra in enumerate(spine):
        if only not in (None, vertebra.instance):
            continue
        progress.report(number / len(spine), f"Segmenting {vertebra.level}")
        show(Look(vertebra.centroid, (96.0, 96.0, 96.0)))
        box, bone = block(grid, vertebra.centroid)
        mask = bone & (voxels[box] == 0)
        voxels[box][mask] = vertebra.instance
        i, j, k = (span.start for span in box)
        level = "" if "unnamed" in name else vertebra.level.name
        show(Piece(vertebra.instance, level, (i, j, k), mask))
        partial = number == 0
        flags = vertebra.flags | {Flag.PARTIAL} if partial else vertebra.flags
        judged = replace(vertebra, completeness=PARTIAL if partial else 0.9, flags=flags)
        spine = spine.with_vertebra(judged)
        take_time(name.split()[-1], progress)
    if name == "differs":
        voxels[voxels == spine.vertebrae[-1].instance] = 0
    told = ", ".join(f"{key} {value}" for key, value in sorted(job.options.items()))
    return Result(spine, LabelMap(voxels, grid), (f"Asked for: {told}.",) if told else ())


if __name__ == "__main__":
    serve({"label": label, "segment": segment})
