"""Sections along the spine, sagittal and coronal, small enough to keep for the report.

A section follows the curve of the vertebral bodies and is drawn without straightening it: each row
is one height in the patient, so that lengths along both axes are true and points stay in place.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from ..anatomy import Level
from ..spine import Spine
from ..volume import Grid, LabelMap
from .cases import Annotation, Case
from .overlap import boxes_of

_ROWS = 640
_FINEST, _COARSEST = 0.4, 1.0
"""A section has about so many rows, of pixels within these limits (mm)."""

HU_WINDOW = (-350.0, 1150.0)

_AROUND = {0: (55.0, 55.0), 1: (75.0, 50.0)}
"""How far a section reaches to the low and the high side of the spine's x and y, mm."""

_ABOVE_AND_BELOW = 30.0

Pixels = NDArray[np.uint8]
Points = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Side:
    """What one side of the comparison shows on a section: masks by VerSe number, and points."""

    mask: Pixels | None
    points: tuple[tuple[float, float, Level], ...]


@dataclass(frozen=True, eq=False)
class Section:
    """A section seen as radiologists do: anterior, or the patient's right, on the left.

    `extent` is left, right, bottom, top in mm; points use the same axes.
    """

    ct: Pixels | None
    reference: Side
    prediction: Side
    extent: tuple[float, float, float, float]


@dataclass(frozen=True, eq=False)
class View:
    """The two sections of a scan."""

    sagittal: Section
    coronal: Section


def view_of(case: Case) -> View | None:
    """The sections along the reference's spine; `None` where neither side has a place."""
    curve = _curve(case)
    if curve is None:
        return None
    return View(sagittal=_section(case, curve, across=1), coronal=_section(case, curve, across=0))


def _section(case: Case, curve: Points, across: int) -> Section:
    """The section that shows the axis `across` (0 = x, 1 = y) over the height."""
    low, high = _AROUND[across]
    first, last = curve[:, across].min() - low, curve[:, across].max() + high
    lowest, highest = _heights(case)
    bottom = max(curve[0, 2] - _ABOVE_AND_BELOW, lowest)
    top = min(curve[-1, 2] + _ABOVE_AND_BELOW, highest)
    pixel = float(np.clip((top - bottom) / _ROWS, _FINEST, _COARSEST))
    columns = np.arange(last, first, -pixel)
    rows = np.arange(top, bottom, -pixel)
    places = np.empty((len(rows), len(columns), 3))
    places[..., 2] = rows[:, None]
    places[..., across] = columns[None, :]
    other = 1 - across
    places[..., other] = np.interp(rows, curve[:, 2], curve[:, other])[:, None]
    return Section(
        ct=None if case.ct is None else _ct(case.ct.voxels, case.ct.grid, places),
        reference=_side(case.reference, places, across),
        prediction=_side(case.prediction, places, across),
        extent=(-float(last), -float(first), float(bottom), float(top)),
    )


def _heights(case: Case) -> tuple[float, float]:
    """Between which heights the scan lies, as far as its CT or masks tell."""
    for image in (case.ct, case.reference.mask, case.prediction.mask):
        if image is not None:
            corners = [[-0.5, n - 0.5] for n in image.grid.shape]
            heights = image.grid.to_world(np.array(np.meshgrid(*corners)).reshape(3, -1).T)[:, 2]
            return float(heights.min()), float(heights.max())
    return -np.inf, np.inf


def _side(annotation: Annotation, places: Points, across: int) -> Side:
    mask = annotation.mask
    return Side(
        mask=None if mask is None else _mask(mask, annotation.levels_of_mask(), places),
        points=tuple(
            (-vertebra.centroid[across], vertebra.centroid[2], vertebra.level)
            for vertebra in annotation.spine or Spine()
        ),
    )


def _ct(voxels: NDArray[np.generic], grid: Grid, places: Points) -> Pixels:
    index = np.moveaxis(grid.to_index(places), -1, 0)
    hu = ndimage.map_coordinates(voxels, index, output=np.float32, order=1, cval=HU_WINDOW[0])
    low, high = HU_WINDOW
    return np.asarray(np.clip((hu - low) / (high - low), 0, 1) * 255, dtype=np.uint8)


def _mask(mask: LabelMap, levels: Mapping[int, Level], places: Points) -> Pixels:
    index = np.rint(mask.grid.to_index(places)).astype(int)
    inside = ((index >= 0) & (index < mask.grid.shape)).all(axis=-1)
    numbers = np.zeros(inside.shape, dtype=np.int64)
    numbers[inside] = mask.voxels[tuple(index[inside].T)]
    shown = np.zeros(inside.shape, dtype=np.uint8)
    for number, level in levels.items():
        shown[numbers == number] = level.verse
    return shown


def _curve(case: Case) -> Points | None:
    """The places of the vertebrae from the lowest to the highest."""
    for annotation in (case.reference, case.prediction):
        points = list(annotation.spine.centroids) if annotation.spine else []
        if not points and annotation.mask is not None:
            points = _middles(annotation.mask, set(annotation.levels_of_mask()))
        if points:
            ordered = sorted(points, key=lambda point: point[2])
            return np.array(ordered, dtype=np.float64)
    return None


def _middles(mask: LabelMap, numbers: set[int]) -> list[tuple[float, float, float]]:
    """The middles of the masks' boxes: enough to lay a section through."""
    middles = []
    for number, box in boxes_of(mask.voxels).items():
        if number in numbers:
            x, y, z = mask.grid.to_world([(each.start + each.stop - 1) / 2 for each in box])
            middles.append((float(x), float(y), float(z)))
    return middles
