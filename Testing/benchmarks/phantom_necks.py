"""How far the bones of the neck reach from their body centres, in phantoms and in VerSe's masks.

    python Testing/benchmarks/phantom_necks.py ../shared/data/verse_sample --subjects 8

Millimetres are divided by how much longer a patient's steps C2 to C7 are than VerSe's mean ones.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from phantom_statistics import STEPS

from vertebra.anatomy import LEVELS
from vertebra.exchange.verse_folder import read_cases
from vertebra.phantom.bones import render_bones
from vertebra.phantom.subject import Subject
from vertebra.volume import Grid

Array = NDArray[np.float64]
Neck = dict[str, tuple[Array, Array]]
"""By level: its body centre and its voxels, mm."""
NAMES = [f"C{n}" for n in range(1, 8)] + ["T1", "T2"]
MEASURED = NAMES[1:8]
_STEP = 0.8


def real_necks(folder: Path) -> Iterator[tuple[str, Neck]]:
    """The scans of a VerSe folder that show C1 to T2."""
    for case in read_cases(folder):
        centres = {v.level.name: np.array(v.centroid) for v in case.spine()}
        if set(NAMES) <= set(centres):
            masks = case.masks()
            codes = {name: LEVELS[name].verse for name in NAMES}
            yield case.name, _neck(masks.voxels, masks.grid, centres, codes)


def phantom_neck(seed: int) -> Neck:
    """The neck of a healthy subject."""
    subject = Subject.draw(seed, arms="down", healthy=True)
    centres = dict(zip(NAMES, subject.pose.centres))
    low = subject.pose.centres[:9].min(0) - [60, 85, 35]
    high = subject.pose.centres[:9].max(0) + [60, 40, 45]
    grid = Grid.of(np.ceil((high - low) / _STEP).astype(int).tolist(), (_STEP,) * 3, low)
    label = render_bones(subject, grid).label.numpy()
    return _neck(label, grid, centres, {name: LEVELS[name].verse for name in NAMES})


def _neck(
    label: NDArray[np.integer], grid: Grid, centres: dict[str, Array], codes: dict[str, int]
) -> Neck:
    return {
        name: (centres[name], grid.to_world(np.argwhere(label == code)))
        for name, code in codes.items()
    }


def measured(neck: Neck) -> dict[str, float]:
    """Every number of one neck."""
    longer = float(
        np.mean(
            [
                np.linalg.norm(neck[upper][0] - neck[lower][0]) / STEPS[upper][0]
                for upper, lower in pairwise(NAMES[1:7])
            ]
        )
    )
    found = {"length of the neck": longer}
    for name in MEASURED:
        local = _local(neck, name) / longer
        reach = float(np.percentile(local[:, 1], 0.1))
        sides = np.abs(local[:, 0] - np.median(local[:, 0]))
        tips = local[sides > np.percentile(sides, 99.9) - 3]
        found[f"{name} spinous tip, behind"] = -reach
        found[f"{name} spinous tip, above"] = float(local[local[:, 1] < reach + 5, 2].mean())
        found[f"{name} transverse tips, behind"] = -float(tips[:, 1].mean())
        found[f"{name} transverse tips, above"] = float(tips[:, 2].mean())
    axis = _local(neck, "C2") / longer
    body = axis[(np.abs(axis[:, 0]) < 3) & (axis[:, 1] > -9)]
    found["C2 dens tip, above"] = float(body[:, 2].max())
    found["C2 lowest edge, above"] = float(body[:, 2].min())
    ring = _local(neck, "C1", of="C2")
    middle = ring[np.abs(ring[:, 0] - np.median(ring[:, 0])) < 4]
    halves = [middle[part] for part in (middle[:, 1] < -15, middle[:, 1] > -5)]
    back, front = (half.mean(0) for half in halves)
    rise = np.arctan2(front[2] - back[2], front[1] - back[1])
    found["C1 ring, tilted back against C2-C3"] = float(np.degrees(rise))
    return found


def _local(neck: Neck, name: str, of: str | None = None) -> Array:
    """A level's voxels from the body centre, along right, front and up, of itself or of another."""
    frame = of or name
    place = NAMES.index(frame)
    above = frame if frame == "C2" else NAMES[place - 1]
    up = neck[above][0] - neck[NAMES[place + 1]][0]
    up = up / np.linalg.norm(up)
    right = np.array([1.0, 0, 0]) - up * up[0]
    right = right / np.linalg.norm(right)
    return np.asarray(
        (neck[name][1] - neck[frame][0]) @ np.stack([right, np.cross(up, right), up], 1)
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("verse", type=Path)
    parser.add_argument("--subjects", type=int, default=8)
    wishes = parser.parse_args()
    real = {name: measured(neck) for name, neck in real_necks(wishes.verse)}
    drawn = [measured(phantom_neck(seed)) for seed in range(wishes.subjects)]
    print(f"{'':36s}" + "".join(f"{name:>18s}" for name in real) + "          phantoms")
    for what in drawn[0]:
        values = np.array([row[what] for row in drawn])
        cells = "".join(f"{row[what]:18.2f}" for row in real.values())
        print(f"{what:36s}{cells}{values.mean():12.2f} ± {values.std():.2f}")


if __name__ == "__main__":
    main()
