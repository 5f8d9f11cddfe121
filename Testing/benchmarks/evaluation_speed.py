"""How fast masks are scored: Vertebra against MONAI, surface-distance and panoptica.

    python Testing/benchmarks/evaluation_speed.py [--small]

All four score the same two masks of 512 x 512 x 600 voxels with 20 vertebrae, one after the other
in one process. MONAI and surface-distance are given every vertebra already cut out, which costs
them nothing; Vertebra and panoptica get the whole masks. Vertebra also counts missed, merged and
double vertebrae and computes surface Dice, which the others are not asked for.
"""

from __future__ import annotations

import argparse
import platform
import time
import warnings
from collections.abc import Callable
from datetime import datetime, timezone

import numpy as np

from vertebra.anatomy import VERTEBRAE
from vertebra.evaluation.cases import Annotation, Case
from vertebra.evaluation.scan import score
from vertebra.volume import Grid, LabelMap

SHAPE, SMALL = (512, 512, 600), (192, 192, 200)
SPACING = (0.4, 0.4, 0.8)
COUNT = 20


def spine(shape: tuple[int, int, int], shift: tuple[int, int, int], grow: float) -> np.ndarray:
    """Twenty vertebrae with body, arch and processes along a curved spine."""
    voxels = np.zeros(shape, np.uint8)
    size = shape[0] / 512
    x, y = np.meshgrid(np.arange(shape[0]) / size, np.arange(shape[1]) / size, indexing="ij")
    step = shape[2] / (COUNT + 0.7)
    for number in range(1, COUNT + 1):
        middle_x = 256 + 20 * np.sin(number / 3) + shift[0]
        middle_y = 230 + 25 * np.sin(number / 4) + shift[1]
        body = ((x - middle_x) / (48 + grow)) ** 2 + ((y - middle_y) / (36 + grow)) ** 2 < 1
        from_canal = np.hypot(x - middle_x, y - middle_y - 52)
        arch = (from_canal < 26 + grow) & (from_canal > 16 - grow)
        spinous = (abs(x - middle_x) < 5 + grow) & (abs(y - middle_y - 95) < 25)
        sideways = (abs(y - middle_y - 50) < 7 + grow) & (abs(abs(x - middle_x) - 47) < 28)
        for depth in np.linspace(0, 1, int(step * 0.9)):
            here = body.copy()
            if 0.15 < depth < 0.85:
                here |= arch
            if 0.3 < depth < 0.7:
                here |= spinous | sideways
            voxels[:, :, int((number - 0.65 + depth * 0.9) * step) + shift[2]][here] = number
    return voxels


def with_vertebra(reference: np.ndarray, prediction: np.ndarray) -> float:
    names = {number: VERTEBRAE[number].name for number in range(1, COUNT + 1)}
    grid = Grid.of(reference.shape, SPACING)
    truth = Annotation(mask=LabelMap(reference, grid, names))
    found = Annotation(mask=LabelMap(prediction, grid, names))
    scores = score(Case("speed", truth, found)).vertebrae
    return float(np.mean([each.surface_distance or 0.0 for each in scores]))


def cut_out(reference: np.ndarray, prediction: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    """Each vertebra's two masks inside the box around both."""
    pairs = []
    for number in range(1, COUNT + 1):
        ours, theirs = reference == number, prediction == number
        box = tuple(slice(places.min(), places.max() + 1) for places in np.nonzero(ours | theirs))
        pairs.append((ours[box].copy(), theirs[box].copy()))
    return pairs


def with_monai(pairs: list[tuple[np.ndarray, np.ndarray]]) -> float:
    import torch
    from monai.metrics import compute_average_surface_distance, compute_hausdorff_distance

    averages = []
    for ours, theirs in pairs:
        one, other = torch.from_numpy(ours)[None, None], torch.from_numpy(theirs)[None, None]
        kwargs = {"include_background": True, "spacing": list(SPACING)}
        asd = compute_average_surface_distance(other, one, symmetric=True, **kwargs)
        compute_hausdorff_distance(other, one, percentile=95, **kwargs)
        averages.append(asd.item())
    return float(np.mean(averages))


def with_surface_distance(pairs: list[tuple[np.ndarray, np.ndarray]]) -> float:
    import surface_distance

    averages = []
    for ours, theirs in pairs:
        distances = surface_distance.compute_surface_distances(ours, theirs, SPACING)
        surface_distance.compute_robust_hausdorff(distances, 95)
        averages.append(np.mean(surface_distance.compute_average_surface_distance(distances)))
    return float(np.mean(averages))


def with_panoptica(reference: np.ndarray, prediction: np.ndarray) -> float:
    import panoptica

    panoptica.disable_citation_reminder()
    metric = panoptica.Metric
    evaluator = panoptica.Panoptica_Evaluator(
        expected_input=panoptica.InputType.UNMATCHED_INSTANCE,
        instance_matcher=panoptica.NaiveThresholdMatching(matching_threshold=0.5),
        instance_metrics=[metric.DSC, metric.IOU, metric.ASSD, metric.HD95],
    )
    found = evaluator.evaluate(prediction, reference, voxelspacing=SPACING, result_all=False)
    return float(found["ungrouped"].sq_assd)


def timed(tools: dict[str, Callable[[], float]], rounds: int) -> dict[str, float]:
    """The best time of each; they take turns, so that a busy machine slows all of them alike."""
    best: dict[str, float] = {}
    averages: dict[str, float] = {}
    for _ in range(rounds):
        for name, work in tools.items():
            start = time.perf_counter()
            averages[name] = work()
            seconds = time.perf_counter() - start
            best[name] = min(seconds, best.get(name, seconds))
    for name, seconds in best.items():
        print(f"{name:<18} {seconds:7.2f} s   average surface distance {averages[name]:.3f} mm")
    return best


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--small", action="store_true", help="a quick run on a smaller mask")
    options.add_argument("--rounds", type=int, default=3, help="the best of so many rounds counts")
    chosen = options.parse_args()
    warnings.simplefilter("ignore")
    shape = SMALL if chosen.small else SHAPE
    reference, prediction = spine(shape, (0, 0, 0), 0.0), spine(shape, (2, 1, 1), 1.0)
    pairs = cut_out(reference, prediction)
    now = datetime.now(timezone.utc).date()
    print(
        f"{now}, {platform.machine()}, Python {platform.python_version()}, numpy {np.__version__}"
    )
    print(f"{shape}, {COUNT} vertebrae, {100 * (reference > 0).mean():.1f} % labelled\n")
    seconds = timed(
        {
            "Vertebra": lambda: with_vertebra(reference, prediction),
            "MONAI": lambda: with_monai(pairs),
            "surface-distance": lambda: with_surface_distance(pairs),
            "panoptica": lambda: with_panoptica(reference, prediction),
        },
        chosen.rounds,
    )
    ours = seconds.pop("Vertebra")
    fastest = min(seconds, key=lambda name: seconds[name])
    print(f"\n{seconds[fastest] / ours:.1f} times as fast as the fastest other one, {fastest}")


if __name__ == "__main__":
    main()
