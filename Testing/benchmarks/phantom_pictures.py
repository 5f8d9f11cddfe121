"""Draws real CTs beside phantoms scanned with the same voxels, for docs/phantom.md.

python Testing/benchmarks/phantom_pictures.py ../shared/data docs/pictures
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from phantom_realism import Patient, patients

from vertebra.phantom.preview import windowed
from vertebra.phantom.scan import make_case
from vertebra.phantom.subject import Subject

SOFT, BONE = (400.0, 40.0), (1500.0, 400.0)
ROWS = ((0, SOFT), (0, BONE), (1, SOFT), (2, SOFT))
SCENES = {
    "totalsegmentator_example": ("abdomen", "L3", (5, 6)),
    "acrin_flt_001": ("abdomen", "L1", (11, 12)),
    "qin_lung_lsc0028": ("chest", "T8", (21, 23)),
    "tcga_thca_e3a3e5_neck": ("cervical", "C5", (31, 34)),
}
"""Real scan: the region and level that its phantoms show, and their seeds."""


def real_slices(patient: Patient, level: str) -> list[np.ndarray]:
    order, flips = patient.grid.steps_to("RAS")
    voxels = np.flip(patient.voxels.transpose(order), [a for a, f in enumerate(flips) if f])
    grid = patient.grid.permuted(order, flips)
    at = grid.to_index(patient.centres)
    middle = at[patient.levels.index(level)].round().astype(int)
    return [voxels.take(int(middle[axis]), axis) for axis in range(3)]


def phantom_slices(
    region: str, level: str, seed: int, spacing: np.ndarray, extents: list[tuple[int, ...]]
) -> list[np.ndarray]:
    """Three thin scans of one subject without findings: what a whole scan would show, sooner."""
    arms = "down" if region == "cervical" else "up"
    subject = Subject.draw(seed, arms=arms, healthy=True)
    slices = []
    for axis, (across, up) in enumerate(extents):
        shape = [across, up]
        shape.insert(axis, 1)
        place = level if axis == 2 else region
        case = make_case(seed, region=place, spacing=spacing, shape=shape, subject=subject)
        slices.append(case.volume.voxels.take(0, axis))
    return slices


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("out", type=Path)
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    for patient in patients(arguments.data):
        if patient.name not in SCENES:
            continue
        region, level, seeds = SCENES[patient.name]
        order, _ = patient.grid.steps_to("RAS")
        spacing = patient.grid.spacing[list(order)]
        real = real_slices(patient, level)
        extents = [each.shape for each in real]
        columns = [real] + [phantom_slices(region, level, s, spacing, extents) for s in seeds]
        figure = Figure(figsize=(9, 12), facecolor="black")
        for row, (axis, (width, centre)) in enumerate(ROWS):
            kept = [a for a in range(3) if a != axis]
            aspect = spacing[kept[1]] / spacing[kept[0]]
            for column, slices in enumerate(columns):
                box = (column / 3 + 0.003, 1 - (row + 1) / 4 + 0.003, 0.327, 0.244)
                axes = figure.add_axes(box)
                grey = windowed(slices[axis], width, centre)
                axes.imshow(grey.T, cmap="gray", vmin=0, vmax=1, origin="lower", aspect=aspect)
                axes.axis("off")
        target = arguments.out / f"phantom-{patient.name.split('_')[0]}.jpg"
        figure.savefig(target, dpi=100, pil_kwargs={"quality": 80})
        print(target, f"{target.stat().st_size / 1000:.0f} kB", flush=True)


if __name__ == "__main__":
    main()
