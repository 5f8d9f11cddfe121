"""HU of trabecular bone by age and noise by kernel in phantoms, against published figures.

python Testing/benchmarks/phantom_hounsfield.py --subjects 200
"""

from __future__ import annotations

import argparse
from concurrent.futures import ProcessPoolExecutor

import numpy as np
import torch
from scipy import ndimage

from vertebra.phantom.scan import make_case
from vertebra.phantom.subject import Subject

SPACING = (0.9, 0.9, 2.0)


def measured(seed: int) -> tuple[float, float, float, float, float, bool]:
    """Age, mean and spread of L1's trabecular bone, of soft tissue, noise, and the kernel."""
    torch.set_num_threads(1)
    subject = Subject.draw(seed, healthy=True)
    case = make_case(seed, region="L1", spacing=SPACING, shape=(84, 64, 12), subject=subject)
    hu, grid = case.volume.voxels.astype(np.float32), case.volume.grid
    centre = np.array(next(v.centroid for v in case.spine if v.level.name == "L1"))
    points = grid.to_world(np.argwhere(np.ones(grid.shape, bool))).reshape(*grid.shape, 3) - centre
    core = (np.abs(points) < [8.0, 7.0, 5.0]).all(-1)
    smooth = ndimage.gaussian_filter(hu, (2.5, 2.5, 0.5))
    soft = ndimage.binary_erosion((smooth > 25) & (smooth < 100), np.ones((7, 7, 3)))
    share = ndimage.gaussian_filter(soft.astype(np.float32), (2.5, 2.5, 0.0)).clip(1e-3)
    rough = hu - ndimage.gaussian_filter(hu * soft, (2.5, 2.5, 0.0)) / share
    return (
        subject.age,
        float(hu[core].mean()),
        float(hu[core].std()),
        float(np.median(hu[soft])) if soft.any() else float("nan"),
        float(rough[soft].std()) if soft.any() else float("nan"),
        case.scanner.sharpening > 0.45,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--subjects", type=int, default=200)
    parser.add_argument("--workers", type=int, default=2)
    arguments = parser.parse_args()
    with ProcessPoolExecutor(arguments.workers) as pool:
        rows = np.array(list(pool.map(measured, range(arguments.subjects))), dtype=float)
    age, bone, texture, soft, noise, sharp = rows.T
    slope, start = np.polyfit(age, bone, 1)
    rest = bone - (start + slope * age)
    print(f"L1 trabecular: {slope:.2f} HU a year, {start + slope * 60:.0f} at 60,")
    print(f"  {rest.std():.0f} between subjects of one age; inside one body {texture.mean():.0f}")
    for low, high in ((18, 40), (40, 60), (60, 80), (80, 96)):
        here = (age >= low) & (age < high)
        print(
            f"  {low}-{high} years: {bone[here].mean():.0f} ± {bone[here].std():.0f} ({here.sum()})"
        )
    print(f"soft tissue beside L1: {np.nanmean(soft):.0f} ± {np.nanstd(soft):.0f}")
    for name, kernel in (("soft", sharp == 0), ("sharp", sharp == 1)):
        values = noise[kernel]
        print(f"noise, {name} kernel: {np.nanmean(values):.1f} ± {np.nanstd(values):.1f} HU")


if __name__ == "__main__":
    main()
