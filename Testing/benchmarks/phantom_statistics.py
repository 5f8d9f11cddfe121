"""Measures phantoms against the published numbers of human spines: is each mean within one SD?

    python Testing/benchmarks/phantom_statistics.py --subjects 200 [--anatomy DIR] [--csv FILE]

Spacing, tilt and curves are taken from the body centres; sizes from the rendered distances with
a ruler, in the frame of each vertebra, on a sample of the subjects.
"""

from __future__ import annotations

import argparse
import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from vertebra.phantom.bones import render_vertebra
from vertebra.phantom.shapes.anatomy import Anatomy
from vertebra.phantom.shapes.procedural import Procedural
from vertebra.phantom.shapes.source import ShapeSource
from vertebra.phantom.subject import Subject
from vertebra.volume import Grid

Array = NDArray[np.float64]

# VerSe'20 centroid lists (113 scans): spacing mm and its SD, tilt of the step and its SD
STEPS = {
    "C1": (17.1, 2.0, 10, 14), "C2": (18.5, 1.6, 5, 13), "C3": (15.9, 2.0, 11, 13),
    "C4": (16.1, 1.8, 15, 15), "C5": (16.1, 1.5, 20, 17), "C6": (17.7, 1.6, 30, 16),
    "C7": (18.8, 1.2, 31, 12), "T1": (20.9, 1.7, 28, 10), "T2": (22.2, 1.5, 27, 9),
    "T3": (22.3, 1.5, 22, 7), "T4": (22.8, 1.4, 16, 7), "T5": (23.5, 1.5, 11, 6),
    "T6": (24.0, 1.5, 6, 7), "T7": (24.3, 1.5, -1, 5), "T8": (24.9, 1.5, -4, 5),
    "T9": (25.7, 1.6, -7, 8), "T10": (27.6, 1.8, -10, 7), "T11": (29.8, 1.8, -11, 6),
    "T12": (30.3, 3.0, -12, 6), "L1": (33.4, 2.4, -13, 6), "L2": (34.1, 2.4, -10, 5),
    "L3": (33.8, 2.6, -5, 6), "L4": (31.7, 2.7, 6, 8),
}  # fmt: skip
# tangent-angle changes, degrees: from step, to step, mean, SD
CURVES = {
    "thoracic T1-2 to T11-12": ("T1", "T11", -40, 12),
    "thoracic T4-5 to T11-12": ("T4", "T11", -28, 9),
    "lumbar L1-2 to L4-5": ("L1", "L4", 19, 10),
    "cervical C2-3 to C6-7": ("C2", "C6", 24, 13),
}
# Panjabi 1991/92, heights raised 12 % to what CT shows: mean width, depth, height, canal depth
# (front to back in the midline). Their standard deviations are about 9 % of the mean.
SIZES = {
    "C4": (17.1, 15.6, 12.8, 17.0), "C6": (20.3, 17.4, 12.2, 16.8), "T1": (26.2, 19.0, 15.8, 16.2),
    "T4": (25.3, 23.9, 18.1, 16.2), "T8": (30.0, 28.7, 20.9, 15.9), "T12": (40.6, 33.1, 25.4, 18.1),
    "L1": (42.3, 34.7, 26.7, 19.0), "L3": (46.1, 35.0, 26.7, 17.5), "L5": (48.4, 34.0, 25.6, 19.7),
}  # fmt: skip
SIZE_SD = 0.09


@dataclass(frozen=True)
class Row:
    """One number: what is published and what the phantoms have."""

    what: str
    mean: float
    sd: float
    phantom_mean: float
    phantom_sd: float

    @property
    def within(self) -> bool:
        return abs(self.phantom_mean - self.mean) <= self.sd


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--subjects", type=int, default=200)
    parser.add_argument(
        "--measured", type=int, default=20, help="subjects whose bones are measured"
    )
    parser.add_argument("--anatomy", type=Path, help="folder of surfaces instead of numbers")
    parser.add_argument("--csv", type=Path)
    wishes = parser.parse_args()
    subjects = [Subject.draw(seed, anomalies=frozenset()) for seed in range(wishes.subjects)]
    shapes: ShapeSource = Anatomy(wishes.anatomy) if wishes.anatomy else Procedural()
    rows = [*step_rows(subjects), *curve_rows(subjects)]
    rows += size_rows(subjects[: wishes.measured], shapes)
    for row in rows:
        print(
            f"{row.what:32s} {row.mean:7.1f} ±{row.sd:5.1f}   "
            f"{row.phantom_mean:7.1f} ±{row.phantom_sd:5.1f}   {'' if row.within else 'OUTSIDE'}"
        )
    print(f"{sum(row.within for row in rows)} of {len(rows)} means within one SD")
    if wishes.csv:
        with wishes.csv.open("w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["what", "mean", "sd", "phantom mean", "phantom sd", "within"])
            writer.writerows(
                [r.what, r.mean, r.sd, round(r.phantom_mean, 2), round(r.phantom_sd, 2), r.within]
                for r in rows
            )


def step_rows(subjects: list[Subject]) -> list[Row]:
    """Spacing and sagittal tilt between neighbours."""
    spacing, tilt, names = _steps(subjects)
    rows = []
    for name, (mm, mm_sd, degrees, degrees_sd) in STEPS.items():
        index = names.index(name)
        label = f"{name}-{names[index + 1]}"
        values = spacing[:, index], tilt[:, index]
        rows.append(Row(f"spacing {label}, mm", mm, mm_sd, values[0].mean(), values[0].std()))
        rows.append(
            Row(f"tilt {label}, deg", degrees, degrees_sd, values[1].mean(), values[1].std())
        )
    return rows


def curve_rows(subjects: list[Subject]) -> list[Row]:
    """How much the spine turns over a region."""
    _, tilt, names = _steps(subjects)
    rows = []
    for what, (first, last, mean, sd) in CURVES.items():
        turn = tilt[:, names.index(last)] - tilt[:, names.index(first)]
        rows.append(Row(what, mean, sd, turn.mean(), turn.std()))
    return rows


def _steps(subjects: list[Subject]) -> tuple[Array, Array, list[str]]:
    steps = np.diff([subject.pose.centres for subject in subjects], axis=1)
    tilt = np.degrees(np.arctan2(-steps[..., 1], -steps[..., 2]))
    return np.linalg.norm(steps, axis=2), tilt, [level.name for level in subjects[0].levels]


def size_rows(subjects: list[Subject], shapes: ShapeSource) -> list[Row]:
    """Width, depth, height of the body and depth of the canal, measured on the rendering."""
    rows = []
    for level, means in SIZES.items():
        found = np.array([measured(subject, level, shapes) for subject in subjects])
        names = ("width", "depth", "height", "canal depth")
        for name, mean, values in zip(names, means, found.T):
            rows.append(Row(f"{level} {name}, mm", mean, SIZE_SD * mean, *typical(values)))
    return rows


def typical(values: Array) -> tuple[float, float]:
    """Mean and standard deviation; laminectomies leave some canals without a back wall."""
    return float(np.nanmean(values)), float(np.nanstd(values))


def measured(subject: Subject, level: str, shapes: ShapeSource) -> tuple[float, ...]:
    """Sizes by a ruler of 0.5 mm through the body: mean of upper and lower third for width."""
    frame = subject.pose.frames[subject.index(level)]
    ruler = np.arange(-60, 60, 0.5)

    def field(axis: int, offset: tuple[float, float, float]) -> Array:
        affine = np.eye(4)
        order = [axis, (axis + 1) % 3, (axis + 2) % 3]
        affine[:3, :3] = frame[:3, :3][:, order] * 0.5
        affine[:3, 3] = frame[:3, :3] @ offset + frame[:3, 3] + affine[:3, 0] * (ruler[0] / 0.5)
        grid = Grid((len(ruler), 1, 1), affine)
        return np.asarray(render_vertebra(subject, level, grid, shapes=shapes)[:, 0, 0])

    def run(values: Array, start: int) -> tuple[int, int]:
        inside = values < 0
        low = high = start
        while low > 0 and inside[low - 1]:
            low -= 1
        while high < len(values) - 1 and inside[high + 1]:
            high += 1
        return low, high

    middle = len(ruler) // 2
    size = subject.forms[level].size
    widths, depths, canals = [], [], [np.nan]
    for share in (-0.36, 0.36):
        low, high = run(field(0, (0.0, 1.0, share * size.height)), middle)
        widths.append((high - low + 1) * 0.5)
        low, high = run(field(1, (0.0, 0.0, share * size.height)), middle)
        depths.append((high - low + 1) * 0.5)
    for share in (-0.6, -0.45, -0.3, -0.15, 0.0, 0.15):
        along = field(1, (0.0, 0.0, share * size.height))
        behind = np.flatnonzero(along[: middle - round(size.depth + 8)] < 0)
        if len(behind):
            canals.append(-ruler[behind[-1]] - size.depth / 2)
    rim = 0.42 * size.depth
    heights = [run(field(2, (0.0, y, 0.0)), middle) for y in (-rim, rim)]
    height = np.mean([b - a + 1 for a, b in heights]) * 0.5
    canal = min((c for c in canals if np.isfinite(c)), default=float("nan"))
    return float(np.mean(widths)), float(np.mean(depths)), float(height), canal


if __name__ == "__main__":
    main()
