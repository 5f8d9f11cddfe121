"""What looks from afar and from closer are worth: the numbers that the decoder is given.

On unseen phantoms (usual ones, spoilt ones, ones whose count is odd) this tells: how likely a place
is a vertebra, by how many views support it (`inference.EVEN_SUPPORT`, `STEEPNESS`); how false
places scatter (`inference.SCATTER`); and which looks name a region better (`windows.COUNTED`). Run:
python Testing/benchmarks/multiview_evidence.py --model multiview-compact
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from multiview_accuracy import SPACING
from multiview_calibration import spoilt
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit

from vertebra.anatomy import LEVELS, Region
from vertebra.methods.multiview.inference import Localizer, Look
from vertebra.methods.multiview.windows import Window, blended
from vertebra.phantom.random import child_seed
from vertebra.phantom.scan import make_case
from vertebra.phantom.subject import Subject
from vertebra.spine import Spine, Vertebra
from vertebra.training.examples import phantom
from vertebra.volume import Grid, Volume

SPOILT, USUAL, ODD = 5_100_000, 5_200_200, 5_200_400
"""The first seeds of each kind; nothing is trained on them."""
REGIONS = ("neck", None, "cervical", "chest")
NEAR = 8.0
"""A place this near to a vertebra's centre shows it, mm."""
LEAST = 0.003
"""No probability counts as less."""
GROUPS = (("C1", "C2"), ("C3", "C7"), ("T1", "T4"), ("T5", "T9"), ("T10", "T13"), ("L1", "L6"))


@dataclass(frozen=True)
class Seen:
    """What a localizer saw of a scan, and the vertebrae above the sacrum that it shows."""

    looks: Sequence[tuple[Window, Look]]
    grid: Grid
    truth: Sequence[Vertebra]

    @property
    def centres(self) -> NDArray[np.float64]:
        """Where the vertebrae are."""
        return np.array([each.centroid for each in self.truth]).reshape(-1, 3)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="multiview-compact", help="an installed model")
    parser.add_argument("--each", type=int, default=12, help="how many phantoms of each kind")
    options = parser.parse_args()
    torch.set_num_threads(1)
    localizer = Localizer.load(options.model)
    scans = [seen(localizer, volume, spine) for volume, spine in phantoms(options.each)]
    scans = [each for each in scans if each.truth]
    print(f"{len(scans)} scans, {sum(len(each.truth) for each in scans)} vertebrae")
    tell_support(scans)
    tell_scatter(scans)
    tell_names(scans)


def phantoms(count: int) -> Iterator[tuple[Volume, Spine]]:
    """Scans of each kind: spoilt twice each, usual ones of all regions, and odd counts."""
    for seed in range(SPOILT, SPOILT + count):
        example, rng = phantom(seed, SPACING), np.random.default_rng(seed)
        for _ in range(2):
            yield spoilt(example, rng), example.spine
    for seed in range(USUAL, USUAL + count):
        case = make_case(seed, spacing=SPACING, region=REGIONS[seed % len(REGIONS)])
        yield case.volume, case.spine
    odd = (seed for seed in range(ODD, ODD + 100 * count) if is_odd(seed))
    for seed, _ in zip(odd, range(count)):
        case = make_case(seed, spacing=SPACING, region="spine" if seed % 3 else "abdomen")
        yield case.volume, case.spine


def is_odd(seed: int) -> bool:
    """Does the patient of a seed have more or fewer vertebrae than usual?"""
    return bool(Subject.draw(child_seed(seed, "subject")).anomalies)


def seen(localizer: Localizer, volume: Volume, spine: Spine) -> Seen:
    """What the localizer sees of a scan."""
    shown = [
        each
        for each in spine
        if each.level.region is not Region.SACRAL and volume.grid.contains(each.centroid)
    ]
    return Seen(localizer.looks(volume), volume.grid, shown)


def tell_support(scans: Sequence[Seen]) -> None:
    """A logistic regression of being a vertebra on the share of views that support a place."""
    support, true = [], []
    for scan in scans:
        taken: set[int] = set()
        for each in sorted(places(scan), key=lambda pair: -pair[1]):
            away = np.linalg.norm(scan.centres - each[0], axis=1)
            nearest = int(away.argmin())
            fits = away[nearest] < NEAR and nearest not in taken
            taken |= {nearest} if fits else set()
            support.append(each[1])
            true.append(fits)
    x, sign = np.array(support), np.where(true, 1, -1)

    def loss(line: NDArray[np.float64]) -> float:
        return float(np.logaddexp(0, -line[0] * (x - line[1]) * sign).mean())

    steepness, even = minimize(loss, [10, 0.2], method="Nelder-Mead").x
    print(f"{len(x)} places, {sum(true)} of them vertebrae: as likely as not at a support of ")
    print(f"  {even:.2f}, steepness {steepness:.1f}; at 0.4 {expit(steepness * (0.4 - even)):.2f}")


def tell_scatter(scans: Sequence[Seen]) -> None:
    """How far false places lie from the line through the vertebrae."""
    away = []
    for scan in scans:
        if len(scan.truth) < 2:
            continue
        line = line_through(scan.centres)
        for place, _ in places(scan):
            if np.linalg.norm(scan.centres - place, axis=1).min() >= NEAR:
                away.append(np.linalg.norm(line - place, axis=1).min())
    near = np.array([each for each in away if each < 15])
    spread = np.sqrt((near**2).mean() / 2) if len(near) else float("nan")
    print(f"{len(away)} false places, {len(near)} within 15 mm of the line of the spine,")
    print(f"  {spread:.1f} mm (SD) to each side: {2 * np.pi * spread**2 * 25:.0f} mm³ a vertebra")


def tell_names(scans: Sequence[Seen]) -> None:
    """The log loss of the names from afar and from closer, where both show the vertebra."""
    print("| levels | vertebrae | log loss, from afar | from closer | right, from afar | closer |")
    print("|---|---|---|---|---|---|")
    said: dict[str, list[tuple[float, float, bool, bool]]] = {}
    for scan in scans:
        finest = min(window.pixel for window, _ in scan.looks)
        for vertebra in scan.truth:
            far, close = (
                name_at(vertebra, [w for w in scan.looks if (w[0].pixel == finest) == closer])
                for closer in (False, True)
            )
            if far is None or close is None:
                continue
            rank = vertebra.level.rank
            right = far.argmax() == rank, close.argmax() == rank
            said.setdefault(vertebra.level.name, []).append((far[rank], close[rank], *right))
    for first, last in GROUPS:
        ranks = range(LEVELS[first].rank, LEVELS[last].rank + 1)
        rows = [row for name, each in said.items() if LEVELS[name].rank in ranks for row in each]
        if not rows:
            continue
        table = np.array(rows, dtype=float)
        loss = -np.log(np.clip(table[:, :2], LEAST, 1)).mean(axis=0)
        right = table[:, 2:].mean(axis=0)
        print(
            f"| {first} to {last} | {len(table)} | {loss[0]:.3f} | {loss[1]:.3f} "
            f"| {right[0]:.1%} | {right[1]:.1%} |"
        )


def name_at(vertebra: Vertebra, looks: Sequence[tuple[Window, Look]]) -> NDArray[np.float64] | None:
    """The level probabilities that some looks give to the place of a vertebra."""
    total = np.zeros(0)
    for window, look in looks:
        for each in look.sightings():
            if np.linalg.norm(each.position - vertebra.centroid) < NEAR:
                weight = float(window.weight(each.position[2])) * each.existence
                total = weight * each.probabilities + (total if len(total) else 0)
    return total / total.sum() if total.sum() > 0 else None


def places(scan: Seen) -> list[tuple[NDArray[np.float64], float]]:
    """All places inside the scan and the share of views that support them."""
    found = blended([(window, look.sightings()) for window, look in scan.looks])
    return [(each.position, each.existence) for each in found if scan.grid.contains(each.position)]


def line_through(centres: NDArray[np.float64]) -> NDArray[np.float64]:
    """Points along the spine, a little beyond its ends."""
    ordered = centres[np.argsort(centres[:, 2])]
    z = np.linspace(ordered[0, 2] - 60, ordered[-1, 2] + 60, 400)
    return np.column_stack([np.interp(z, ordered[:, 2], ordered[:, axis]) for axis in (0, 1)] + [z])


if __name__ == "__main__":
    main()
