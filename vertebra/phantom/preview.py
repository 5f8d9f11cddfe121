"""Pictures to look at: the middle slices of a scan with its vertebrae coloured."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..anatomy import level
from ..errors import VertebraError
from ..runtime.files import replacing
from ..volume import Grid, LabelMap, Volume
from .scan import Case

WINDOWS = ((400.0, 40.0), (1500.0, 400.0))
"""Width and centre in HU: soft tissue and bone."""


def windowed(hu: NDArray[Any], width: float, centre: float) -> NDArray[np.float64]:
    """HU as grey, 0 to 1."""
    return np.clip((hu - centre) / width + 0.5, 0, 1)


def write_preview(case: Case, path: Path | str) -> Path:
    """A PNG with the sagittal, coronal and axial slice through the spine in two windows."""
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise VertebraError(
            'Previews need matplotlib; install it with: pip install "vertebra[report]".'
        ) from error
    order, flips = case.volume.grid.steps_to("RAS")
    hu, masks = (_turned(part, order, flips) for part in (case.volume, case.labels))
    grid = case.volume.grid.permuted(order, flips)
    middle = _middle(case, grid)
    figure = Figure(figsize=(12, 9), facecolor="black")
    for row, (width, centre) in enumerate(WINDOWS):
        for column, (axis, across) in enumerate(((0, 1), (1, 0), (2, 0))):
            up = 1 if axis == 2 else 2
            axes = figure.add_axes((column / 3, 0.5 - row / 2, 1 / 3, 0.5))
            grey = windowed(hu.take(middle[axis], axis), width, centre)
            picture = np.repeat(grey[..., None], 3, -1)
            if row == 1:
                picture = _coloured(picture, masks.take(middle[axis], axis))
            aspect = grid.spacing[up] / grid.spacing[across]
            axes.imshow(picture.swapaxes(0, 1), origin="lower", aspect=aspect)
            axes.axis("off")
    with replacing(path) as temporary:
        figure.savefig(temporary, dpi=75)
    return Path(path)


def _turned(
    image: Volume | LabelMap, order: tuple[int, ...], flips: tuple[bool, ...]
) -> NDArray[Any]:
    return np.flip(image.voxels.transpose(order), [a for a, flip in enumerate(flips) if flip])


def _middle(case: Case, grid: Grid) -> NDArray[np.int64]:
    """The voxel at the middle of the spine in view, or of the image."""
    centre = (np.array(grid.shape) - 1) / 2
    if len(case.spine):
        centre = grid.to_index([vertebra.centroid for vertebra in case.spine]).mean(0)
    return np.clip(np.round(centre), 0, np.array(grid.shape) - 1).astype(np.int64)


def _coloured(picture: NDArray[np.float64], mask: NDArray[Any]) -> NDArray[np.float64]:
    coloured = picture.copy()
    for number in np.unique(mask[mask > 0]).tolist():
        here = mask == number
        colour = np.array(level(number).colour) / 255
        coloured[here] = 0.55 * picture[here] + 0.45 * colour
    return coloured
