"""How far the views' evidence can be believed: chooses the decoder's `independence`.

Neighbouring vertebrae are often wrong together, as when a whole region is shifted by one; taken as
independent, their evidence makes the decoder too sure. One half of unseen phantoms chooses
the power that makes the confidences most likely, the other shows what it is worth. Run:
python Testing/benchmarks/multiview_calibration.py --model multiview-compact --phantoms 60
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from vertebra.chain import Candidate, Settings, decode
from vertebra.methods.multiview.configuration import COMPACT
from vertebra.methods.multiview.inference import Localizer
from vertebra.methods.multiview.learning import trained_network
from vertebra.spine import Spine
from vertebra.training.examples import phantom

POWERS = (1.0, 0.7, 0.5, 0.35, 0.25, 0.18, 0.12, 0.08)
NEAR = 20.0
BINS = 10


@dataclass(frozen=True)
class Seen:
    """The candidates of a phantom, and its true spine."""

    candidates: list[Candidate]
    truth: Spine


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="multiview-compact", help="an installed model")
    parser.add_argument("--checkpoint", type=Path, help="the folder of a training instead")
    parser.add_argument("--phantoms", type=int, default=60)
    parser.add_argument("--seed", type=int, default=5_100_000, help="never trained on")
    options = parser.parse_args()
    localizer = _localizer(options)
    spacing = localizer.configuration.optics.pixel
    halves: tuple[list[Seen], list[Seen]] = ([], [])
    for seed in range(options.seed, options.seed + options.phantoms):
        example = phantom(seed, spacing)
        halves[seed // 2 % 2].append(  # odd seeds show whole spines, so pairs take turns
            Seen(localizer.locate(example.volume), example.spine)
        )
    for title, half in zip(("chosen on", "shown on"), halves):
        print(f"{title} {len(half)} phantoms")
        print("  independence   log loss   calibration error   mean confidence   right")
        for power in POWERS:
            said, right = judged(half, Settings(independence=power))
            loss = -np.log(np.where(right, said, 1 - said).clip(1e-6)).mean()
            figures = f"{loss:10.3f} {error(said, right):19.3f} {said.mean():17.3f}"
            print(f"  {power:12.2f} {figures} {right.mean():7.1%}")


def _localizer(options: argparse.Namespace) -> Localizer:
    if options.checkpoint is None:
        return Localizer.load(options.model)
    return Localizer.of(trained_network(options.checkpoint, COMPACT), COMPACT)


def judged(seen: Sequence[Seen], settings: Settings) -> tuple[np.ndarray, np.ndarray]:
    """Confidence of each named vertebra that is one, and whether its name is right."""
    said, right = [], []
    for each in seen:
        truth = np.array(each.truth.centroids).reshape(-1, 3)
        for vertebra in decode(each.candidates, settings).spine:
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
