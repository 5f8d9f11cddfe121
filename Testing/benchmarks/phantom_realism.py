"""Can a small network tell patches of real spines from patches of phantoms?

A classifier two-sample test: 32³ patches at 2 mm around the spine, from the few real CTs at hand
and from phantoms scanned at the same voxel spacing and at the same levels. The network is trained
on all patients but one and tested on the patient left out, against phantoms it has not seen.
An area under the curve of 0.5 would mean that it cannot tell them apart, 1.0 that it always can.

    python Testing/benchmarks/phantom_realism.py ../shared/data --patches 80
"""

from __future__ import annotations

import argparse
import csv
import json
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import SimpleITK as sitk
import torch
from torch import nn

from vertebra.phantom.scan import make_case
from vertebra.volume import Grid

SIDE, SPACING, JITTER = 32, 2.0, 10.0
REAL = ("totalsegmentator_example", "acrin_flt_001", "qin_lung_lsc0028", "tcga_thca_e3a3e5_neck")
CROP = "tptbox_sample"


@dataclass
class Patient:
    """One real scan: voxels, geometry and where its vertebral bodies are."""

    name: str
    voxels: np.ndarray
    grid: Grid
    levels: list[str]
    centres: np.ndarray


def read(path: Path) -> tuple[np.ndarray, Grid]:
    image = sitk.ReadImage(str(path))
    voxels = sitk.GetArrayFromImage(image).transpose(2, 1, 0).astype(np.float32)
    flip = np.diag([-1.0, -1.0, 1.0])
    directions = flip @ np.array(image.GetDirection()).reshape(3, 3)
    grid = Grid.of(image.GetSize(), image.GetSpacing(), flip @ image.GetOrigin(), directions)
    return voxels, grid


def patients(data: Path) -> list[Patient]:
    found = []
    for name in REAL:
        voxels, grid = read(data / "real" / name / "ct.nii.gz")
        rows = list(csv.DictReader((data / "real" / name / "centroids_lps_mm.csv").open()))
        centres = np.array([[-float(r["x"]), -float(r["y"]), float(r["z"])] for r in rows])
        found.append(Patient(name, voxels, grid, [r["level"] for r in rows], centres))
    voxels, grid = read(data / CROP / "sub-ct_label-22_ct.nii.gz")
    mask, _ = read(data / CROP / "sub-ct_seg-subreg_label-22_msk.nii.gz")
    centre = grid.to_world(np.argwhere(mask == 49).mean(0))  # the body of L3
    found.append(Patient(CROP, voxels, grid, ["L3"], centre[None]))
    return found


def patch(voxels: np.ndarray, grid: Grid, centre: np.ndarray) -> np.ndarray | None:
    """A cube in patient axes by linear interpolation; None where it leaves the scan."""
    from scipy.ndimage import map_coordinates

    steps = (np.arange(SIDE) - (SIDE - 1) / 2) * SPACING
    points = np.stack(np.meshgrid(steps, steps, steps, indexing="ij"), -1) + centre
    index = grid.to_index(points).reshape(-1, 3)
    if (index < -0.5).any() or (index > np.array(grid.shape) - 0.5).any():
        return None
    sampled = map_coordinates(voxels.astype(np.float32), index.T, order=1, mode="nearest")
    return sampled.reshape(SIDE, SIDE, SIDE).clip(-1000, 2000)


def real_patches(patient: Patient, count: int, rng: np.random.Generator) -> np.ndarray:
    result = []
    for _ in range(40 * count):
        centre = patient.centres[rng.integers(len(patient.centres))]
        found = patch(patient.voxels, patient.grid, centre + rng.uniform(-JITTER, JITTER, 3))
        if found is not None and (found < -1000 + 1).mean() < 0.4:
            result.append(found)
        if len(result) == count:
            break
    return np.array(result)


def phantom_patch(task: tuple[int, str, tuple[float, float, float]]) -> np.ndarray | None:
    """One patch of a fresh phantom, scanned with the spacing of a real scan (R, A, S order)."""
    seed, level, spacing = task
    torch.set_num_threads(1)
    extent = SIDE * SPACING + 2 * JITTER + 16  # the crop lies 7 mm off at most
    shape = tuple(int(np.ceil(extent / s)) + 1 for s in spacing)
    case = make_case(seed, region=level, spacing=spacing, shape=shape)
    rng = np.random.default_rng(seed)
    centres = [v.centroid for v in case.spine if v.level.name == level]
    if not centres:
        return None
    centre = np.array(centres[0]) + rng.uniform(-JITTER, JITTER, 3)
    return patch(case.volume.voxels, case.volume.grid, centre)


def phantom_patches(patient: Patient, count: int, seed: int, workers: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    order, _ = patient.grid.steps_to("RAS")
    spacing = tuple(float(patient.grid.spacing[axis]) for axis in order)
    levels = [level for level in patient.levels if level in ALLOWED]
    tasks = [(seed * 100_000 + k, levels[rng.integers(len(levels))], spacing) for k in range(count)]
    with ProcessPoolExecutor(workers) as pool:
        found = pool.map(phantom_patch, tasks)
    return np.array([each for each in found if each is not None])


ALLOWED = {f"C{n}" for n in range(1, 8)} | {f"T{n}" for n in range(1, 13)}
ALLOWED |= {f"L{n}" for n in range(1, 6)}


class Judge(nn.Module):
    """A small 3D network with one output: real or phantom."""

    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv3d(1, 16, 5, stride=2, padding=2),
            nn.GroupNorm(4, 16),
            nn.ReLU(),
            nn.Conv3d(16, 24, 3, padding=1),
            nn.ReLU(),
            nn.Conv3d(24, 48, 3, stride=2, padding=1),
            nn.GroupNorm(4, 48),
            nn.ReLU(),
            nn.Conv3d(48, 48, 3, padding=1),
            nn.ReLU(),
        )
        self.answer = nn.Linear(48, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.answer(self.features(x).mean((2, 3, 4)))[:, 0]


def scaled(patches: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(patches.astype(np.float32) / 500.0)[:, None]


def trained(real: np.ndarray, phantom: np.ndarray, steps: int, seed: int) -> Judge:
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    judge = Judge()
    optimiser = torch.optim.AdamW(judge.parameters(), lr=2e-3, weight_decay=1e-2)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 4e-3, total_steps=steps)
    for _ in range(steps):
        x = np.concatenate(
            [real[rng.integers(len(real), size=12)], phantom[rng.integers(len(phantom), size=12)]]
        )
        if rng.random() < 0.5:
            x = x[:, ::-1].copy()
        y = torch.tensor([1.0] * 12 + [0.0] * 12)
        loss = nn.functional.binary_cross_entropy_with_logits(judge(scaled(x)), y)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
    return judge.eval()


@torch.no_grad()
def scores(judge: Judge, patches: np.ndarray) -> np.ndarray:
    return np.concatenate([judge(scaled(part)).numpy() for part in np.array_split(patches, 8)])


def auc(positive: np.ndarray, negative: np.ndarray) -> float:
    """The chance that a positive scores higher than a negative."""
    higher = (positive[:, None] > negative[None]).mean()
    return float(higher + 0.5 * (positive[:, None] == negative[None]).mean())


def describe(name: str, patches: np.ndarray) -> str:
    """A few numbers by which patches differ: HU quantiles and sharpness."""
    low, mid, high, top = np.percentile(patches, [10, 50, 90, 99])
    steps = [np.abs(np.diff(patches, axis=axis)).mean() for axis in (1, 2, 3)]
    soft = (patches > 0) & (patches < 100)
    inner = np.diff(patches, axis=1)[soft[:, 1:] & soft[:, :-1]].std()
    return (
        f"{name:42s} p10 {low:6.0f} p50 {mid:5.0f} p90 {high:5.0f} p99 {top:5.0f}"
        f"  step x {steps[0]:5.1f} y {steps[1]:5.1f} z {steps[2]:5.1f}  soft tissue {inner:5.1f}"
    )


Patches = dict[str, np.ndarray]


def patches_of(arguments: argparse.Namespace) -> tuple[Patches, Patches]:
    """Patches by real scan: from the scan itself, and from phantoms made like it."""
    if arguments.kept and arguments.kept.exists():
        stored = np.load(arguments.kept)
        kinds = [
            {name.partition(" ")[2]: stored[name] for name in stored if name.startswith(kind)}
            for kind in ("real", "phantom")
        ]
        return kinds[0], kinds[1]
    rng = np.random.default_rng(7)
    real, phantom = {}, {}
    for number, patient in enumerate(patients(arguments.data)):
        real[patient.name] = real_patches(patient, arguments.patches, rng)
        phantom[patient.name] = phantom_patches(
            patient, arguments.patches, number + 1, arguments.workers
        )
    if arguments.kept:
        named = {f"real {name}": patches for name, patches in real.items()}
        named |= {f"phantom {name}": patches for name, patches in phantom.items()}
        np.savez_compressed(arguments.kept, **named)
    return real, phantom


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("data", type=Path, help="the shared data folder")
    parser.add_argument("--patches", type=int, default=80, help="patches a scan and kind")
    parser.add_argument("--steps", type=int, default=200, help="training steps a fold")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--kept", type=Path, help="patches (npz): read if there, else written")
    arguments = parser.parse_args()
    real, phantom = patches_of(arguments)
    for name in real:
        print(describe(name, real[name]))
        print(describe("  phantoms", phantom[name]), flush=True)
    results = {}
    for left_out in real:
        others = [name for name in real if name != left_out]
        judge = trained(
            np.concatenate([real[name] for name in others]),
            np.concatenate([phantom[name] for name in others]),
            arguments.steps,
            seed=1,
        )
        results[left_out] = auc(scores(judge, real[left_out]), scores(judge, phantom[left_out]))
        print(f"{left_out:42s} AUC {results[left_out]:.3f}", flush=True)
    results["mean"] = float(np.mean(list(results.values())))
    print(json.dumps(results, indent=1))


if __name__ == "__main__":
    main()
