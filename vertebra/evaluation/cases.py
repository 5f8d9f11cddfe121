"""What is compared: for each scan a reference and a prediction, as points, masks or both."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from ..anatomy import Level, level
from ..errors import VertebraError
from ..spine import Spine
from ..volume import Grid, LabelMap, Volume


@dataclass(frozen=True, eq=False)
class Annotation:
    """One side of a comparison: the vertebrae, their masks, or both."""

    spine: Spine | None = None
    mask: LabelMap | None = None

    def levels_of_mask(self) -> dict[int, Level]:
        """The level of each number in the mask.

        The mask's own names tell it; a number without a name is an instance of the spine.
        """
        if self.mask is None:
            return {}
        numbers = {} if self.spine is None else {each.instance: each.level for each in self.spine}
        named = {number: _level(name) for number, name in self.mask.names.items()}
        return {**numbers, **{number: found for number, found in named.items() if found}}


@dataclass(frozen=True, eq=False)
class Case:
    """One scan: its name, what is true, what was predicted, and the CT to draw it on."""

    name: str
    reference: Annotation
    prediction: Annotation
    ct: Volume | None = None
    notes: tuple[str, ...] = ()


def on_grid(mask: LabelMap, grid: Grid) -> LabelMap:
    """The mask on another grid over the same patient, by its nearest voxels."""
    if mask.grid.same_as(grid):
        return mask
    step = mask.grid.inverse @ grid.affine
    voxels = np.empty(grid.shape, mask.voxels.dtype)
    ndimage.affine_transform(
        mask.voxels, step[:3, :3], step[:3, 3], grid.shape, output=voxels, order=0
    )
    return LabelMap(voxels, grid, mask.names, mask.source)


def _level(name: str) -> Level | None:
    try:
        return level(name)
    except VertebraError:
        return None
