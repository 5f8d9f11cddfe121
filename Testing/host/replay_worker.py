"""A worker process that finds nothing by itself: it replays the sample's true points and masks.

The pictures of a run are taken with it as long as no models are installed; who uses one says so.
"""

from __future__ import annotations

import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from vertebra.exchange import read
from vertebra.runtime.progress import Progress
from vertebra.spine import Spine
from vertebra.volume import LabelMap
from vertebra.worker import Piece, Result
from vertebra.worker.job import Job
from vertebra.worker.server import serve
from vertebra.worker.tasks import Show

SAMPLE = ROOT / "Resources" / "SampleData" / "SpinePhantom"
PAUSE = 1.5


def truth() -> tuple[Spine, LabelMap]:
    """The sample's points and masks with the same numbers."""
    spine, masks = read(f"{SAMPLE}.mrk.json"), read(f"{SAMPLE}.seg.nrrd")
    numbers = {name: number for number, name in masks.names.items()}
    same = tuple(replace(each, instance=numbers[each.level.name]) for each in spine)
    return replace(spine, vertebrae=same), masks


def label(_job: Job, progress: Progress, show: Show) -> Result:
    """Show the points one after the other."""
    spine, _ = truth()
    for count in range(1, len(spine) + 1):
        progress.report(count / (len(spine) + 1), "Looking for vertebrae")
        show(replace(spine, vertebrae=spine.vertebrae[:count]))
        time.sleep(PAUSE)
        progress.check()
    return Result(spine)


def segment(_job: Job, progress: Progress, show: Show) -> Result:
    """Draw the masks one after the other."""
    spine, masks = truth()
    for place, vertebra in enumerate(spine):
        progress.report(place / len(spine), f"Segmenting {vertebra.level}")
        mask = masks.voxels == vertebra.instance
        show(Piece(vertebra.instance, vertebra.level.name, (0, 0, 0), np.asarray(mask)))
        time.sleep(PAUSE)
        progress.check()
    return Result(spine, masks)


if __name__ == "__main__":
    serve({"label": label, "segment": segment})
