"""How far the views' evidence can be believed: chooses the decoder's `independence`.

Neighbouring vertebrae are often wrong together, as when a whole region is shifted by one; taken as
independent, their evidence makes the decoder too sure. One half of unseen phantoms chooses
the power that makes the confidences most likely, the other shows what it is worth. Scans unlike
those that a network learned from are what a confidence is for, so phantoms can be spoilt: cut to
a short part, blurred to thick slices, and made noisy. Run:
python Testing/benchmarks/multiview_calibration.py --model multiview-compact --spoilt 3
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path

import numpy as np
import torch
from multiview_accuracy import SPACING
from scipy.ndimage import uniform_filter1d

from vertebra.chain import Candidate, Settings, decode_with_ends
from vertebra.methods.common.preparation import upright
from vertebra.methods.multiview.configuration import COMPACT
from vertebra.methods.multiview.doubt import apart, belief
from vertebra.methods.multiview.inference import SCATTER, Localizer
from vertebra.methods.multiview.learning import trained_network
from vertebra.spine import Spine
from vertebra.training.examples import Example, phantom
from vertebra.volume import Grid, Volume
from vertebra.volume.orienting import cropped

POWERS = (1.0, 0.7, 0.5, 0.35, 0.25, 0.18, 0.12, 0.08)
NEAR = 20.0
BINS = 10
SPARE = 8
"""Slices beyond the outermost vertebrae of a spoilt scan."""
THICKNESS, NOISE = (4.0, 9.0), (20.0, 120.0)
"""Of spoilt scans: slices in mm, standard deviation in HU of 2.5 mm voxels."""


@dataclass(frozen=True)
class Seen:
    """The candidates of a phantom, and its true spine."""

    candidates: list[Candidate]
    truth: Spine
    belief: float
    """What the distance between looks from afar and from closer leaves of it."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="multiview-compact", help="an installed model")
    parser.add_argument("--checkpoint", type=Path, help="the folder of a training instead")
    parser.add_argument("--phantoms", type=int, default=60)
    parser.add_argument("--seed", type=int, default=5_100_000, help="never trained on")
    parser.add_argument("--spoilt", type=int, default=0, help="each so often, else as it is")
    options = parser.parse_args()
    torch.set_num_threads(1)
    localizer = _localizer(options)
    halves: tuple[list[Seen], list[Seen]] = ([], [])
    for seed in range(options.seed, options.seed + options.phantoms):
        example = phantom(seed, SPACING)
        volumes = [example.volume]
        if options.spoilt:
            rng = np.random.default_rng(seed)
            volumes = [spoilt(example, rng) for _ in range(options.spoilt)]
        halves[seed // 2 % 2].extend(  # odd seeds show whole spines, so pairs take turns
            seen(localizer, volume, example.spine) for volume in volumes
        )
    for title, half in zip(("chosen on", "shown on"), halves):
        print(f"{title} {len(half)} scans")
        odd = sum(each.belief < 1 for each in half)
        print(f"  in {odd} of them looks from afar and from closer lie apart")
        print("  independence  doubting   log loss   calibration error   mean confidence   right")
        for power, doubting in product(POWERS, (False, True)):
            said, right = judged(half, power, doubting=doubting)
            loss = -np.log(np.where(right, said, 1 - said).clip(1e-6)).mean()
            figures = f"{loss:10.3f} {error(said, right):19.3f} {said.mean():17.3f}"
            print(f"  {power:12.2f} {'yes' if doubting else 'no':>9} {figures} {right.mean():7.1%}")


def _localizer(options: argparse.Namespace) -> Localizer:
    if options.checkpoint is None:
        return Localizer.load(options.model)
    return Localizer.of(trained_network(options.checkpoint, COMPACT), COMPACT)


def seen(localizer: Localizer, volume: Volume, truth: Spine) -> Seen:
    """What the localizer sees of a scan."""
    looks = localizer.looks(volume)
    candidates = localizer.candidates(looks, volume.grid)
    distance = apart([(window, look.positions) for window, look in looks])
    return Seen(candidates, truth, belief(distance))


def spoilt(example: Example, rng: np.random.Generator) -> Volume:
    """A short part of a scan, in thick slices and with much noise."""
    volume = upright(example.volume, float(example.volume.grid.spacing.min()))
    grid = volume.grid
    low, high = (float(place) for place in np.sort(rng.choice(places(example, grid), 2)))
    ends = np.clip(np.rint([low - SPARE, high + SPARE]), 0, grid.shape[2]).astype(int)
    part = cropped(volume, (0, 0, int(ends[0])), (*grid.shape[:2], int(ends[1])))
    thickness = rng.uniform(*THICKNESS) / grid.spacing[2]
    voxels = uniform_filter1d(part.voxels.astype(np.float32), max(1, round(thickness)), axis=2)
    noise = rng.normal(0, rng.uniform(*NOISE), voxels.shape)
    return replace(part, voxels=(voxels + noise).astype(np.float32))


def places(example: Example, grid: Grid) -> np.ndarray:
    """The heights of the vertebrae in slices."""
    return grid.to_index(np.array(example.spine.centroids).reshape(-1, 3))[:, 2]


def judged(scans: Sequence[Seen], power: float, *, doubting: bool) -> tuple[np.ndarray, np.ndarray]:
    """Confidence of each named vertebra that is one, and whether its name is right."""
    said, right = [], []
    beyond = Settings(independence=power)
    settings = replace(beyond, false_volume=SCATTER)
    for each in scans:
        truth = np.array(each.truth.centroids).reshape(-1, 3)
        doubt = replace(settings, independence=power * each.belief) if doubting else None
        for vertebra in decode_with_ends(each.candidates, settings, beyond, doubt).spine:
            away = np.linalg.norm(truth - vertebra.centroid, axis=1)
            if len(away) and away.min() < NEAR:
                said.append(vertebra.confidence or 0.0)
                right.append(each.truth.vertebrae[int(away.argmin())].level is vertebra.level)
    return np.array(said), np.array(right)


def error(said: np.ndarray, right: np.ndarray) -> float:
    """Expected calibration error over bins of equal width."""
    place = np.minimum((said * BINS).astype(int), BINS - 1)
    total = np.bincount(place, minlength=BINS)
    difference = np.bincount(place, said - right, minlength=BINS)
    return float(np.abs(difference).sum() / max(total.sum(), 1))


if __name__ == "__main__":
    main()
