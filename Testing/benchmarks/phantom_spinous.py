"""HU of lumbar spinous processes against their bodies, in phantoms and in the two real masks.

python Testing/benchmarks/phantom_spinous.py --subjects 30 --shared ../shared/data
"""

from __future__ import annotations

import argparse
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
import SimpleITK as sitk
import torch
from numpy.typing import NDArray

from vertebra.phantom.scan import make_case

BEHIND, BODY = 45.0, 12.0
"""mm behind a body's centre where only the spinous process is left, and the body's own middle."""
TOTALSEGMENTATOR = {f"L{n}": (32 - n, 19 + n) for n in range(1, 6)}
"""Numbers of the vertebra and of its body in the example's two masks."""


def medians_of(points: NDArray, hu: NDArray, centre: NDArray) -> tuple[float, float] | None:
    """Median HU of the process and of the body; points (n, 3) are RAS mm of one vertebra."""
    behind = hu[centre[1] - points[:, 1] > BEHIND]
    inside = hu[np.linalg.norm(points - centre, axis=1) < BODY]
    if len(behind) < 30 or len(inside) < 30:
        return None
    return float(np.median(behind)), float(np.median(inside))


def of_phantom(seed: int) -> list[tuple[float, float]]:
    """Both medians of each lumbar vertebra of a seed, at 3 mm."""
    torch.set_num_threads(1)
    case = make_case(seed, region="L3", spacing=3.0, shape=(48, 64, 72))
    grid, found = case.volume.grid, []
    for vertebra in case.spine:
        if vertebra.level.name not in TOTALSEGMENTATOR or vertebra.centroid is None:
            continue
        where = np.argwhere(case.labels.voxels == vertebra.level.verse)
        if len(where) == 0:
            continue
        hu = case.volume.voxels[tuple(where.T)]
        medians = medians_of(grid.to_world(where), hu, np.asarray(vertebra.centroid))
        if medians is not None:
            found.append(medians)
    return found


def _points(mask: sitk.Image, number: int) -> tuple[NDArray, NDArray]:
    where = np.argwhere(sitk.GetArrayFromImage(mask) == number)
    axes = np.array(mask.GetDirection()).reshape(3, 3) * np.array(mask.GetSpacing())
    lps = where[:, ::-1] @ axes.T + np.array(mask.GetOrigin())
    return where, lps * [-1, -1, 1]


def of_totalsegmentator(folder: Path) -> None:
    """The example's five lumbar vertebrae, by TotalSegmentator's own masks."""
    names = {path.name.split(".")[0]: path for path in folder.glob("*.nii.gz")}
    ct = sitk.GetArrayFromImage(sitk.ReadImage(str(names["ct"])))
    whole = sitk.ReadImage(str(names["vertebrae_totalsegmentator"]))
    bodies = sitk.ReadImage(str(names["bodies_totalsegmentator"]))
    for level, (vertebra, body) in TOTALSEGMENTATOR.items():
        where, points = _points(whole, vertebra)
        centre = _points(bodies, body)[1].mean(0)
        _print(f"TotalSegmentator example {level}", medians_of(points, ct[tuple(where.T)], centre))


def of_tptbox(folder: Path) -> None:
    """The crop's L3; subregion 49 is the body."""
    ct = sitk.GetArrayFromImage(sitk.ReadImage(str(folder / "sub-ct_label-22_ct.nii.gz")))
    mask = sitk.ReadImage(str(folder / "sub-ct_seg-vert_label-22_msk.nii.gz"))
    parts = sitk.ReadImage(str(folder / "sub-ct_seg-subreg_label-22_msk.nii.gz"))
    where, points = _points(mask, 22)
    inside = sitk.GetArrayFromImage(parts)[tuple(where.T)]
    centre = points[(inside == 49) | (inside == 50)].mean(0)
    _print("TPTBox L3", medians_of(points, ct[tuple(where.T)], centre))


def _print(name: str, medians: tuple[float, float] | None) -> None:
    if medians is None:
        print(f"{name}: too little of it shows")
    else:
        print(f"{name}: {medians[0]:.0f} over {medians[1]:.0f} HU, {medians[0] / medians[1]:.1f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--subjects", type=int, default=30)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--shared", type=Path, help="the folder with real/ and tptbox_sample/")
    arguments = parser.parse_args()
    with ProcessPoolExecutor(arguments.workers) as pool:
        parts = list(pool.map(of_phantom, range(arguments.subjects)))
    process, body = np.array([pair for part in parts for pair in part]).T
    ratios = process / np.maximum(body, 1.0)
    print(f"{len(process)} lumbar vertebrae of {arguments.subjects} phantoms, 5, 50 and 95 %:")
    for name, values, digits in (("process", process, 0), ("body", body, 0), ("ratio", ratios, 1)):
        low, middle, high = np.percentile(values, [5, 50, 95])
        print(f"  {name}: {low:.{digits}f}, {middle:.{digits}f}, {high:.{digits}f}")
    if arguments.shared is not None:
        of_totalsegmentator(arguments.shared / "real" / "totalsegmentator_example")
        of_tptbox(arguments.shared / "tptbox_sample")


if __name__ == "__main__":
    main()
