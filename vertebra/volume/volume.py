"""A CT and a label map: voxels with their place in the patient."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from ..errors import VertebraError
from .grid import Grid


@dataclass(frozen=True, eq=False)
class Volume:
    """A CT: Hounsfield units indexed (i, j, k) on a grid.

    `source` says where it came from, `notes` what was corrected on the way (one sentence each).
    """

    voxels: NDArray[np.generic]
    grid: Grid
    source: str = ""
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        _check(self.voxels, self.grid)


@dataclass(frozen=True)
class Algorithm:
    """What drew a mask, as DICOM and Slicer note it: AUTOMATIC or SEMIAUTOMATIC, and its name."""

    kind: str
    name: str


@dataclass(frozen=True, eq=False)
class LabelMap:
    """One integer a voxel: 0 is background; `names` tells what the other numbers mean.

    Inside the engine a number is a vertebra's `instance`; a file's scheme is chosen on export.
    `algorithms` tells what drew each, as far as a file that was read notes it.
    """

    voxels: NDArray[np.integer]
    grid: Grid
    names: Mapping[int, str] = field(default_factory=dict)
    source: str = ""
    algorithms: Mapping[int, Algorithm] = field(default_factory=dict)

    def __post_init__(self) -> None:
        _check(self.voxels, self.grid)
        if not np.issubdtype(self.voxels.dtype, np.integer):
            raise VertebraError("A label map needs whole numbers.")

    def renumbered(self, numbers: Mapping[int, int]) -> LabelMap:
        """The map with each number replaced; numbers that are not named become background."""
        highest = int(self.voxels.max(initial=0))
        table = np.zeros(highest + 1, dtype=np.uint16)
        for old, new in numbers.items():
            if 0 < old <= highest:
                table[old] = new
        names = {new: self.names[old] for old, new in numbers.items() if old in self.names}
        drawn = {n: self.algorithms[old] for old, n in numbers.items() if old in self.algorithms}
        dtype = np.uint8 if table.max(initial=0) < 256 else np.uint16
        table = table.astype(dtype)
        voxels = np.empty(self.voxels.shape, dtype, order="F")
        for k in range(voxels.shape[2]):  # numpy turns an index into eight bytes a voxel
            voxels[..., k] = table[self.voxels[..., k]]
        return replace(self, voxels=voxels, names=names, algorithms=drawn)


def _check(voxels: NDArray[np.generic], grid: Grid) -> None:
    if tuple(voxels.shape) != grid.shape:
        raise VertebraError(
            f"The voxels have the shape {tuple(voxels.shape)}, but the geometry {grid.shape}."
        )
