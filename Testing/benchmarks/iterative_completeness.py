"""Whether vertebrae are told apart that a scan shows completely, and what would tell them better.

Unseen crops and sections of phantoms are segmented from points 2 mm off. Besides the share that is
judged rightly this prints the shift of the network's log odds that fits best, on all and on each
half (and what that is worth on the other half). Whether a model's last bias takes it is decided by
hand. Run:
python Testing/benchmarks/iterative_completeness.py --model iterative-compact \\
    --scans crop:5300400:30 section:5300500:16
"""

from __future__ import annotations

import argparse

import numpy as np
import torch
from iterative_scans import Scan, crop, section, segmenter_of, traversed
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.special import expit, logit

from vertebra.methods.iterative.inference import Segmenter

SPACING, JITTER = 1.0, 2.0
PARTS = {"crop": crop, "section": section}
SCANS = ("crop:5300400:30", "section:5300500:16")
SURE = 1e-3
"""No probability counts as nearer to 0 or 1."""


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", default="iterative-compact", help="installed, or a folder")
    parser.add_argument("--scans", nargs="+", default=SCANS, help="part, first seed, how many")
    options = parser.parse_args()
    torch.set_num_threads(1)
    segmenter = segmenter_of(options.model, "cpu")
    rows = []
    for each in options.scans:
        part, first, count = each.split(":")
        for seed in range(int(first), int(first) + int(count)):
            judged = judged_in(PARTS[part](seed, SPACING), segmenter)
            rows += [(seed % 2, *one) for one in judged]
            print(f"{part} of {seed}: {len(rows)} vertebrae", flush=True)
    half, odds, complete = (np.array(column) for column in zip(*rows))
    print(f"right: {right(odds, complete):.1%} of {len(rows)}, {complete.sum()} of them complete")
    print(f"  called complete though cut: {((odds > 0) & ~complete).sum()}, ", end="")
    print(f"called cut though complete: {((odds <= 0) & complete).sum()}")
    shift = fitted(odds, complete)
    print(f"shifted by {shift:+.2f}: right {right(odds + shift, complete):.1%}")
    for part in (0, 1):
        own, other = half == part, half != part
        shift = fitted(odds[own], complete[own])
        share = right(odds[other] + shift, complete[other])
        print(f"  {shift:+.2f} fitted on one half, right in {share:.1%} of the other")


def judged_in(scan: Scan, segmenter: Segmenter) -> list[tuple[float, bool]]:
    """The log odds of each found vertebra of a scan, and whether it is complete."""
    known = {each.instance: each.completeness == 1 for each in scan.spine}
    if not known:
        return []
    found = traversed(scan, segmenter, "points", JITTER)
    return [
        (float(logit(np.clip(instance.completeness, SURE, 1 - SURE))), known[owner])
        for owner, instance in found.instances
        if owner in known
    ]


def right(odds: NDArray[np.float64], complete: NDArray[np.bool_]) -> float:
    """The share that is judged rightly at even odds."""
    return float(((odds > 0) == complete).mean())


def fitted(odds: NDArray[np.float64], complete: NDArray[np.bool_]) -> float:
    """The shift of the log odds that makes the truth most likely."""

    def loss(shift: float) -> float:
        said = expit(odds + shift)
        return float(-np.log(np.where(complete, said, 1 - said)).mean())

    return float(minimize_scalar(loss, bounds=(-4, 4), method="bounded").x)


if __name__ == "__main__":
    main()
