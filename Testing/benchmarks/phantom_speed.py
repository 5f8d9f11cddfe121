"""How long phantoms take: a 3 mm trunk crop and a whole trunk at 2 mm.

python Testing/benchmarks/phantom_speed.py --threads 1

Where there is a CUDA device, it also says how many times faster that is than one processor.
"""

from __future__ import annotations

import argparse
import resource
import time

import numpy as np
import torch

from vertebra.phantom.scan import make_case

TASKS = {
    "crop of 64 x 64 x 112 at 3 mm": {"spacing": 3.0, "shape": (64, 64, 112)},
    "whole trunk at 2 mm": {"spacing": 2.0, "shape": (200, 150, 280), "region": "trunk"},
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--repeats", type=int, default=5)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    devices = ["cpu", "cuda"] if torch.cuda.is_available() else ["cpu"]
    for device in devices:
        make_case(0, spacing=6.0, shape=(24, 24, 160), region="spine", device=device)
    for name, wishes in TASKS.items():
        voxels = np.prod(wishes["shape"]) / 1e6
        walls = {}
        for device in devices:
            walls[device], work = measured(device, wishes, arguments.repeats)
            print(
                f"{name}, {device}: median {walls[device]:.2f} s, {work:.2f} s of processor time,"
                f" {voxels / walls[device]:.2f} million voxels a second"
            )
        if "cuda" in walls:
            ratio = walls["cpu"] / walls["cuda"]
            print(f"{name}: the GPU is {ratio:.1f} times as fast as {arguments.threads} thread(s)")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(f"{arguments.threads} thread(s), peak memory {peak:.1f} GiB")


def measured(device: str, wishes: dict[str, object], repeats: int) -> tuple[float, float]:
    """Median seconds waited and worked for a case; its voxels are back in main memory by then."""
    walls, works = [], []
    for seed in range(1, repeats + 1):
        wall, work = time.perf_counter(), time.process_time()
        make_case(seed, device=device, **wishes)
        walls.append(time.perf_counter() - wall)
        works.append(time.process_time() - work)
    return float(np.median(walls)), float(np.median(works))


if __name__ == "__main__":
    main()
