"""How long phantoms take: a 3 mm trunk crop and a whole trunk at 2 mm.

python Testing/benchmarks/phantom_speed.py --device cpu --threads 1
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
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--repeats", type=int, default=5)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    make_case(0, spacing=6.0, shape=(24, 24, 160), region="spine", device=arguments.device)
    for name, wishes in TASKS.items():
        walls, works = [], []
        for seed in range(1, arguments.repeats + 1):
            wall, work = time.perf_counter(), time.process_time()
            make_case(seed, device=arguments.device, **wishes)
            if arguments.device != "cpu":
                torch.cuda.synchronize()
            walls.append(time.perf_counter() - wall)
            works.append(time.process_time() - work)
        voxels = np.prod(wishes["shape"]) / 1e6
        print(
            f"{name}: median {np.median(walls):.2f} s, {np.median(works):.2f} s of processor time,"
            f" {voxels / np.median(walls):.2f} million voxels a second"
        )
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(f"{arguments.device}, {arguments.threads} thread(s), peak memory {peak:.1f} GiB")


if __name__ == "__main__":
    main()
