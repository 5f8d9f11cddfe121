"""How long `vertebra segment` takes on a large scan with the models that ship, and its memory.

The scan is a synthetic spine of 20 vertebrae or more, made in large voxels, brought to small ones.
Run: python Testing/benchmarks/segment_speed.py [--points] [--model iterative-coarse]
"""

from __future__ import annotations

import argparse
import platform
import resource
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from iterative_speed import at_least
from torch.utils.flop_counter import FlopCounterMode

from vertebra.anatomy import Region
from vertebra.phantom.scan import make_case
from vertebra.pipeline import segment
from vertebra.spine import Flag, Spine
from vertebra.volume import Grid, Volume, resampled

SEED = 7_000_000
"""Of a phantom that no model has learned from."""
COARSE = 3.0
"""The phantom is made in voxels of this size, mm: its make-up is not what is measured."""


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--shape", type=int, nargs=3, default=(512, 512, 600))
    parser.add_argument("--spacing", type=float, nargs=3, default=(0.8, 0.8, 1.0))
    parser.add_argument("--model", help="default: the one that `vertebra segment` would take")
    parser.add_argument("--direction", choices=("down", "up"))
    parser.add_argument("--points", action="store_true", help="start from true points")
    parser.add_argument("--device", default="cpu")
    options = parser.parse_args()
    volume, spine = trunk(tuple(options.shape), tuple(options.spacing))
    print(f"{platform.machine()}, {torch.get_num_threads()} threads, {options.device}")
    print(
        f"scan {volume.grid.shape}, {volume.voxels.nbytes / 2**20:.0f} MiB, {len(spine)} vertebrae"
    )
    before = peak()

    def work() -> Any:
        return segment(
            volume,
            spine if options.points else None,
            direction=options.direction,
            model=options.model,
            device=options.device,
        )

    result, operations = counted(work)
    for note in result.notes:
        print(f"note: {note}")
    masks = [each for each in result.spine if Flag.NO_MASK not in each.flags]
    print(f"{len(result.spine)} vertebrae, {len(masks)} of them with a mask")
    print(f"peak memory {peak():.2f} GiB (before segmenting {before:.2f}), Python included")
    at_least("all networks", operations, torch.device(options.device))


def trunk(shape: tuple[int, int, int], spacing: tuple[float, float, float]) -> tuple[Volume, Spine]:
    """A synthetic spine as a scanner shows it, and its points without the sacrum."""
    size = np.array(shape) * spacing
    rough = [round(length / COARSE) for length in size]
    case = make_case(SEED, spacing=COARSE, region="T9", shape=rough, codes="LPS")
    step = np.array(spacing) / COARSE
    steps = np.diag([*step, 1.0])
    steps[:3, 3] = (step - 1) / 2
    grid = Grid(shape, case.volume.grid.affine @ steps)
    volume = resampled(case.volume, grid)
    points = {
        each.level.name: each.centroid
        for each in case.spine
        if grid.contains(each.centroid) and each.level.region is not Region.SACRAL
    }
    return volume, Spine.of(points)


def counted(work: Callable[[], Any]) -> tuple[Any, int]:
    """The result of some work and its operations; its time is printed."""
    wall, processor = time.perf_counter(), time.process_time()
    with FlopCounterMode(display=False) as counter:
        result = work()
    print(
        f"{time.perf_counter() - wall:.1f} s, {time.process_time() - processor:.1f} s of them on "
        "the processor"
    )
    return result, counter.get_total_flops()


def peak() -> float:
    """The most memory so far, GiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


if __name__ == "__main__":
    main()
