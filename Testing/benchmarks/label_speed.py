"""How long labelling a large scan takes, by stage, and how much memory: no weights are needed.

Run: python Testing/benchmarks/label_speed.py [--shape 512 512 600] [--spacing 0.8 0.8 1.0]
"""

from __future__ import annotations

import argparse
import platform
import resource
import time
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch

from vertebra.anatomy import VERTEBRAE
from vertebra.chain import Candidate, decode
from vertebra.methods.common.preparation import upright
from vertebra.methods.multiview.closer import spine_alone
from vertebra.methods.multiview.configuration import CONFIGURATIONS, Optics
from vertebra.methods.multiview.fusion import fuse
from vertebra.methods.multiview.inference import Localizer, photographs
from vertebra.methods.multiview.intensity import MAPPINGS
from vertebra.methods.multiview.networks import MultiViewNetwork
from vertebra.methods.multiview.peaks import find_peaks
from vertebra.methods.multiview.windows import windows
from vertebra.volume import Grid, Volume


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shape", type=int, nargs=3, default=(512, 512, 600))
    parser.add_argument("--spacing", type=float, nargs=3, default=(0.8, 0.8, 1.0))
    parser.add_argument("--configuration", default="compact", choices=list(CONFIGURATIONS))
    options = parser.parse_args()
    configuration = CONFIGURATIONS[options.configuration]
    localizer = Localizer.of(MultiViewNetwork(configuration), configuration)
    volume = scan(tuple(options.shape), tuple(options.spacing))
    print(f"{platform.machine()}, {torch.get_num_threads()} threads, {options.configuration}")
    print(f"scan {volume.grid.shape}, {volume.voxels.nbytes / 2**20:.0f} MiB")
    localizer.read(torch.zeros(1, len(configuration.optics.channels), 64, 32))  # warm up
    start = time.perf_counter()
    counts = [looked(volume, localizer, optics) for optics in configuration.optics.looks()]
    print(f"{'together':26} {time.perf_counter() - start:7.2f} s, vertebrae {counts}")
    with stage("decode 24 candidates"):
        decode([Candidate.at_level(p, VERTEBRAE[n]) for n, p in enumerate(spine_points(volume))])
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(f"{'peak memory':26} {peak:7.2f} GiB, the scan and Python included")


def looked(volume: Volume, localizer: Localizer, optics: Optics) -> int:
    """Go through one kind of look stage by stage; gives how many vertebrae its windows show."""
    closer = optics.pixel != localizer.configuration.optics.pixel
    with stage(f"bring upright, {optics.pixel} mm"):
        small = (
            spine_alone(volume, spine_points(volume), optics.pixel)
            if closer
            else upright(volume, optics.pixel)
        )
    hounsfield = torch.from_numpy(np.ascontiguousarray(small.voxels, dtype=np.float32))
    with stage("plan windows"):
        plan = list(windows(MAPPINGS["bone"](hounsfield), small.grid, optics))
    points = spine_points(volume)
    count = 0
    for window in plan:
        with stage("take views"):
            images = photographs(hounsfield, small.grid, window.views, optics)
        with stage("run networks"):
            reading = localizer.read(images)
        with stage("find peaks in heat maps"):
            heats = [heat_map(view.project(points), view.shape) for view in window.views]
            found = [find_peaks(heat, lowest=0.15, apart=3.2, radius=3.2) for heat in heats]
        with stage("fuse peaks"):
            fused = fuse(window.views, found, 3)
        with stage("name squares"):
            localizer.maps(window.views, reading, np.array([each.position for each in fused]))
        count += len(fused)
    return count


@contextmanager
def stage(name: str) -> Iterator[None]:
    start = time.perf_counter()
    yield
    print(f"{name:26} {time.perf_counter() - start:7.2f} s")


def scan(shape: tuple[int, int, int], spacing: tuple[float, float, float]) -> Volume:
    """A cylinder of soft tissue with a bony rod, as a scanner orders its voxels."""
    grid = Grid.of(shape, spacing, directions=np.diag([-1, -1, 1]))
    i, j = np.indices(shape[:2])
    away = np.hypot(i - shape[0] / 2, j - shape[1] / 2)
    slice_ = np.where(away < 0.35 * shape[0], 40, -1000).astype(np.int16)
    slice_[np.hypot(i - shape[0] / 2, j - shape[1] / 2) < 0.04 * shape[0]] = 400
    voxels = np.empty(shape, np.int16, order="F")
    voxels[:] = slice_[..., None]
    return Volume(voxels, grid)


def spine_points(volume: Volume) -> np.ndarray:
    """Places of 24 vertebrae within the scan."""
    grid = volume.grid
    middle = (np.array(grid.shape) - 1) / 2
    heights = np.linspace(0.97, 0.03, 24) * (grid.shape[2] - 1)
    return grid.to_world([(middle[0], middle[1], k) for k in heights])


def heat_map(places: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    rows, columns = np.arange(shape[0])[:, None, None], np.arange(shape[1])[None, :, None]
    away = (rows - places[:, 0]) ** 2 + (columns - places[:, 1]) ** 2
    return (0.9 * np.exp(-away / 8)).max(axis=-1).astype(np.float32)


if __name__ == "__main__":
    main()
