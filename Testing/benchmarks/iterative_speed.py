"""How long segmenting a large scan takes, by stage, and how much memory: no weights are needed.

The network runs on every patch, but what it would find is read off the scan, whose vertebrae are
bright blocks: so the number of patches is that of a network that makes no mistakes. Run:
python Testing/benchmarks/iterative_speed.py [--configuration paper] [--start search|coarse]
"""

from __future__ import annotations

import argparse
import platform
import resource
import time
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import ndimage
from torch.utils.flop_counter import FlopCounterMode

from vertebra.anatomy import VERTEBRAE
from vertebra.methods.common.preparation import upright
from vertebra.methods.iterative.coarse import segment_coarse_to_fine
from vertebra.methods.iterative.configuration import COARSE, CONFIGURATIONS, from_dict
from vertebra.methods.iterative.events import Drawn, Event, Found
from vertebra.methods.iterative.inference import Segmenter
from vertebra.methods.iterative.learning import trained_network
from vertebra.methods.iterative.network import MemoryNetwork
from vertebra.methods.iterative.refinement import Boundary
from vertebra.runtime.devices import multiplies_bfloat16
from vertebra.spine import Spine
from vertebra.training.checkpoints import read_state
from vertebra.volume import Grid, Volume

APART = 29.0
"""From vertebra to vertebra, mm."""
BOXES = (
    ((-20, 20), (-16, 15), (-11, 11)),
    ((-3, 3), (-41, -19), (-20, 2)),
    ((-30, 30), (-24, -16), (-4, 6)),
    ((-16, -10), (-24, -17), (6, 14)),
    ((10, 16), (-24, -17), (6, 14)),
)
"""A body and its processes, mm from the body's centre; all in all as large as those of phantoms,
of which 1509 complete ones measured 59 x 56 x 35 mm on average."""


@dataclass(frozen=True, eq=False)
class Watched(Segmenter):
    """A segmenter whose time is taken and whose findings are the scan's bright blocks."""

    looks: list[float] = field(default_factory=list)
    """The seconds that each took."""
    patches: list[float] = field(default_factory=list)
    """How much of a patch each saw."""

    def segment_patch(
        self,
        patch: NDArray[np.float32],
        memory: NDArray[np.bool_],
        point: NDArray[np.float64] | None = None,
    ) -> tuple[NDArray[np.float32], float]:
        """Run the network, and find the first block that is not in the memory."""
        begin = time.perf_counter()
        super().segment_patch(patch, memory, point)
        self.looks.append(time.perf_counter() - begin)
        self.patches.append(patch.size / self.configuration.patch**3)
        pieces, count = ndimage.label(patch > 300)
        fresh = [n for n in range(1, count + 1) if memory[pieces == n].mean() < 0.5]
        heights = {n: np.nonzero(pieces == n)[2].mean() for n in fresh}
        first = max(fresh, key=heights.__getitem__, default=-1)
        return (pieces == first).astype(np.float32), 1.0


def main() -> None:
    options = _options()
    fine = watched(options.model or options.checkpoint or options.configuration, options)
    coarse = watched(options.coarse, options) if options.start == "coarse" else None
    volume, spine = scan(tuple(options.shape), tuple(options.spacing), options.vertebrae)
    network = fine.configuration
    print(f"{platform.machine()}, {torch.get_num_threads()} threads, {options.device}")
    print(f"{network.name}: patches of {network.patch} voxels of {network.spacing} mm")
    print(
        f"scan {volume.grid.shape}, {volume.voxels.nbytes / 2**20:.0f} MiB, {len(spine)} vertebrae"
    )
    for each in filter(None, (fine, coarse)):
        shape = (each.configuration.patch,) * 3
        each.segment_patch(np.zeros(shape, np.float32), np.zeros(shape, np.bool_))
        each.looks.clear()
        each.patches.clear()
    begin = time.perf_counter()
    upright(volume, network.spacing)
    line("bring upright", time.perf_counter() - begin)
    drawing = Drawing()
    begin = time.perf_counter()
    if coarse is not None:
        labels, found = segment_coarse_to_fine(coarse, fine, volume, on_event=drawing)
        line(f"{len(coarse.looks)} coarse looks", sum(coarse.looks))
    else:
        given = spine if options.start == "points" else None
        labels, found = fine.segment(volume, given, on_event=drawing)
    together = time.perf_counter() - begin
    line(f"{len(fine.looks)} looks", sum(fine.looks))
    line(f"{drawing.count} masks drawn", drawing.seconds)
    line("together", together)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(f"{'peak memory':26} {peak:8.2f} GiB, the scan and Python included")
    print(f"{len(found)} vertebrae found, {len(np.unique(labels.voxels)) - 1} masks")
    floor(fine)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", help="an installed model")
    parser.add_argument("--checkpoint", help="a training's folder")
    parser.add_argument("--configuration", default="compact", choices=list(CONFIGURATIONS))
    parser.add_argument("--coarse", default=COARSE.name, help="what searches, named in any way")
    parser.add_argument("--start", choices=("points", "search", "coarse"), default="points")
    parser.add_argument("--boundary", choices=[b.value for b in Boundary], default="sharp")
    parser.add_argument("--shape", type=int, nargs=3, default=(512, 512, 600))
    parser.add_argument("--spacing", type=float, nargs=3, default=(0.8, 0.8, 1.0))
    parser.add_argument("--vertebrae", type=int, default=20)
    parser.add_argument("--device", default="cpu")
    return parser.parse_args()


def watched(source: str, options: argparse.Namespace) -> Watched:
    """A segmenter with the weights of a model or a training, or with random ones."""
    if source in CONFIGURATIONS:
        configuration = CONFIGURATIONS[source]
        plain = Segmenter.of(MemoryNetwork(configuration), configuration, options.device)
    elif Path(source).is_dir():
        configuration = from_dict(read_state(Path(source))["notes"]["configuration"])
        network = trained_network(Path(source), configuration)
        plain = Segmenter.of(network, configuration, options.device)
    else:
        plain = Segmenter.load(source, options.device)
    boundary = Boundary(options.boundary)
    return Watched(plain.network, plain.configuration, plain.device, boundary=boundary)


class Drawing:
    """Takes the time from finding a vertebra to having its mask on the scan's grid."""

    def __init__(self) -> None:
        self.seconds, self.count, self._found = 0.0, 0, 0.0

    def __call__(self, event: Event) -> None:
        """Hear of something."""
        if isinstance(event, Found):
            self._found = time.perf_counter()
        elif isinstance(event, Drawn):
            self.seconds += time.perf_counter() - self._found
            self.count += 1


def scan(
    shape: tuple[int, int, int], spacing: tuple[float, float, float], count: int
) -> tuple[Volume, Spine]:
    """A cylinder of soft tissue with a spine of blocks, as a scanner orders its voxels."""
    grid = Grid.of(shape, spacing, directions=np.diag([-1, -1, 1]))
    i, j = np.indices(shape[:2])
    away = np.hypot(i - shape[0] / 2, j - shape[1] / 2)
    voxels = np.empty(shape, np.int16, order="F")
    voxels[:] = np.where(away < 0.35 * min(shape[:2]), 40, -1000).astype(np.int16)[..., None]
    middle = grid.to_world((np.array(shape) - 1) / 2)
    points = {}
    for number in range(count):
        centre = middle + [0, 0, APART * ((count - 1) / 2 - number)]
        for box in BOXES:
            corners = grid.to_index(centre + np.array(box, dtype=float).T)
            low, high = np.rint([corners.min(axis=0), corners.max(axis=0)]).astype(int)
            voxels[tuple(slice(max(0, a), b) for a, b in zip(low, high))] = 700
        points[VERTEBRAE[number + 4].name] = centre.tolist()
    return Volume(voxels, grid), Spine.of(points)


def floor(segmenter: Watched) -> None:
    """How long the looks would take if the device did nothing but multiply."""
    size, device = segmenter.configuration.patch, segmenter.device
    channels = 3 if segmenter.configuration.pointed else 2
    with FlopCounterMode(display=False) as counter, torch.inference_mode():
        segmenter.network(torch.zeros(1, channels, size, size, size, device=device))
    at_least("the fine looks", counter.get_total_flops() * sum(segmenter.patches), device)


def at_least(what: str, work: float, device: torch.device) -> None:
    """Print how long a number of operations takes a device that does nothing but multiply."""
    kind = torch.bfloat16 if multiplies_bfloat16(device) else torch.float32
    matrix = torch.ones(2048, 2048, dtype=kind, device=device)
    matrix @ matrix
    begin = time.process_time() if device.type == "cpu" else time.perf_counter()
    for _ in range(5):
        result = matrix @ matrix
    float(result[0, 0])
    end = time.process_time() if device.type == "cpu" else time.perf_counter()
    speed = 5 * 2 * 2048**3 / (end - begin)
    of_what = " of processor time" if device.type == "cpu" else ""
    print(
        f"{work / 1e9:.0f} GFLOP in {what}; this device multiplies {speed / 1e9:.0f} "
        f"GFLOP/s ({str(kind).removeprefix('torch.')}): at least {work / speed:.1f} s{of_what}"
    )


def line(name: str, seconds: float) -> None:
    print(f"{name:26} {seconds:8.2f} s")


if __name__ == "__main__":
    main()
