"""Is an image a CT of a body? Asked before any method runs, and answered with reasons."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import NotABodyCT
from . import itk
from .grid import Grid
from .volume import Volume

# Limits, mm: from the finest cone-beam CT to the coarsest slices in use, and from the crop around
# one vertebra to a whole body.
_SPACING = (0.05, 12.0)
_EXTENT = ((3.0, 25.0, 40.0), 2600.0)
_FEWEST_VOXELS = 3

# Shares of the image that every CT with a vertebra in it exceeds, small crops included.
_FAT_AND_AIR = (-30.0, 0.005)
_SOFT_TISSUE = ((-150.0, 150.0), 0.02)
_BONE = ((150.0, 3100.0), 0.001)
_RAW_SOFT_TISSUE = ((874.0, 1174.0), 0.05)
_RAW_BETWEEN_LUNG_AND_FAT = (574.0, 874.0)
_SPONGY_BONE = (150.0, 450.0)
_AIR_INVERTED = (800.0, 1100.0)

_SAMPLE = 2_000_000


@dataclass(frozen=True)
class Verdict:
    """Whether the image is a CT of a body; why not; and what to be careful with if it is."""

    is_body_ct: bool
    reasons: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


def verdict(volume: Volume) -> Verdict:
    """Judge an image by its geometry and by the tissues that its Hounsfield units show."""
    reasons = _geometry(volume.grid) or _numbers(volume.voxels)
    warnings: list[str] = []
    if not reasons:
        sample = _sample(volume.voxels)
        reasons = _tissues(sample)
        warnings = _warnings(volume.grid, sample)
    return Verdict(not reasons, tuple(reasons), tuple(warnings))


def require_body_ct(volume: Volume) -> None:
    """Raise `NotABodyCT` with the reasons unless the image is a CT of a body."""
    found = verdict(volume)
    if not found.is_body_ct:
        raise NotABodyCT(f"This is not a CT of a body: {'; '.join(found.reasons)}.")


def _geometry(grid: Grid) -> list[str]:
    spacing = " x ".join(f"{step:.4g}" for step in grid.spacing)
    if not all(_SPACING[0] <= step <= _SPACING[1] for step in grid.spacing):
        return [f"its voxels measure {spacing} mm, which no CT has; check the units"]
    if min(grid.shape) < _FEWEST_VOXELS:
        return [f"it is flat ({' x '.join(map(str, grid.shape))} voxels), as a localizer is"]
    extent = grid.spacing * grid.shape
    size = " x ".join(f"{length:.0f}" for length in extent)
    if any(have < need for have, need in zip(np.sort(extent), _EXTENT[0])):
        return [f"it measures only {size} mm, less than a vertebra"]
    if extent.max() > _EXTENT[1]:
        return [f"it measures {size} mm, more than a body"]
    return []


def _numbers(voxels: NDArray[Any]) -> list[str]:
    if voxels.dtype.kind == "f":
        wrong = sum(int((~np.isfinite(slab)).sum()) for slab in itk.slabs(voxels))
        if wrong == voxels.size:
            return ["none of its voxels holds a number"]
        if wrong:
            return [f"{wrong} of its voxels hold no number (NaN or infinite); set them to -1024"]
    if voxels.min() == voxels.max():
        return [f"all its voxels hold the same number ({float(voxels.min()):g})"]
    return []


def _sample(voxels: NDArray[Any]) -> NDArray[np.float32]:
    """Voxels evenly taken from the whole image, enough to judge it by."""
    stride = max(1, int(np.ceil((voxels.size / _SAMPLE) ** (1 / 3))))
    return np.asarray(voxels[::stride, ::stride, ::stride], dtype=np.float32)


def _tissues(sample: NDArray[np.float32]) -> list[str]:
    if (sample < _FAT_AND_AIR[0]).mean() < _FAT_AND_AIR[1]:
        raw = _share(sample, _RAW_SOFT_TISSUE[0])
        if raw > max(_RAW_SOFT_TISSUE[1], 3 * _share(sample, _RAW_BETWEEN_LUNG_AND_FAT)):
            return [
                "its numbers look like raw scanner values (0 to 4095), not Hounsfield units; "
                "subtract 1024, or export it with its rescale intercept"
            ]
        return [
            "almost nothing in it is as dark as fat or air (below -30 HU), so it may be an MR, "
            "a PET or a rescaled picture"
        ]
    reasons = []
    if _share(sample, _SOFT_TISSUE[0]) < _SOFT_TISSUE[1]:
        reasons.append("it shows no soft tissue (-150 to 150 HU)")
    if _share(sample, _BONE[0]) < _BONE[1]:
        reasons.append("it shows no bone (150 to 3100 HU)")
    elif _share(sample, _AIR_INVERTED) > _share(sample, _SPONGY_BONE):
        reasons.append(
            "it has more of the densest bone than of spongy bone, as if it were inverted"
        )
    return reasons


def _share(sample: NDArray[np.float32], limits: tuple[float, float]) -> float:
    return float(((sample >= limits[0]) & (sample <= limits[1])).mean())


def _warnings(grid: Grid, sample: NDArray[np.float32]) -> list[str]:
    warnings = []
    if (sample < -500).mean() < 0.001:
        warnings.append("The scan shows no air, so it is probably a crop.")
    upward = next(axis for axis, code in enumerate(grid.codes) if code in "IS")
    height = float(grid.spacing[upward] * grid.shape[upward])
    if height < 100:
        warnings.append(
            f"The scan is only {height:.0f} mm high, so its vertebrae can hardly be counted."
        )
    if grid.spacing.max() > 5:
        warnings.append(
            f"The voxels are {grid.spacing.max():.1f} mm long, so thin structures are blurred."
        )
    return warnings
