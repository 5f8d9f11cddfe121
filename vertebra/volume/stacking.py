"""Puts the slices of one series into one volume, in the order of their places in the patient.

The order of files and instance numbers is never trusted. What cannot be one regular scan is
refused with the slices' names; what was corrected is said in the volume's notes.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ..errors import BadFile, NotABodyCT
from .dicom import Slice
from .grid import LPS_FROM_RAS, Grid
from .pixels import hounsfield, same_pixels
from .resampling import straightened
from .volume import Volume

if TYPE_CHECKING:
    from ..runtime.progress import Progress

SAME_PLACE = 0.01
"""Slices nearer than this lie at one place, mm."""

_WIDEST_STEP = 1.5
"""A step larger than this many usual steps means that a slice is missing."""

_SILENT_UNEVENNESS = 0.1
_LARGEST_UNEVENNESS = 0.5
"""How far a slice may lie from a regular grid, in steps: silently, and with a note."""


def stacked(
    slices: Sequence[Slice], source: str, notes: tuple[str, ...], progress: Progress | None = None
) -> Volume:
    """The CT of a series' slices."""
    _check_alike(slices)
    ordered, depths = _ordered(slices)
    ordered, depths, dropped = _without_duplicates(ordered, depths)
    if len(ordered) < 2:
        raise NotABodyCT("The series has only one slice; a scan through the body is needed.")
    _check_gaps(ordered, depths)
    grid, uneven = _grid(ordered)
    voxels, remarks = hounsfield(ordered, progress)
    volume = Volume(voxels, grid, source, (*notes, *dropped, *uneven, *remarks))
    return straightened(volume)


def _check_alike(slices: Sequence[Slice]) -> None:
    first = slices[0]
    for each in slices:
        if each.samples != 1:
            raise NotABodyCT(f"Slice {each.name} is in colour, so the series is not a CT.")
        if len(each.position) != 3 or len(each.orientation) != 6 or len(each.spacing) != 2:
            raise BadFile(f"Slice {each.name} does not state where it lies in the patient.")
        if min(each.spacing) <= 0:
            raise BadFile(f"Slice {each.name} states pixels without a size.")
        if each.size != first.size:
            raise BadFile(
                f"The series mixes slices of {_times(first.size)} and {_times(each.size)} pixels: "
                f"{first.name} and {each.name}; export one scan alone."
            )
        if not np.allclose(each.orientation, first.orientation, atol=1e-3):
            raise BadFile(
                f"The series mixes slices that look in different directions: {first.name} and "
                f"{each.name}; export one scan alone."
            )
        if not np.allclose(each.spacing, first.spacing, rtol=1e-3):
            raise BadFile(
                f"The series mixes pixel sizes: {first.name} and {each.name}; "
                "export one scan alone."
            )


def _times(size: tuple[int, int]) -> str:
    return f"{size[0]} x {size[1]}"


def _ordered(slices: Sequence[Slice]) -> tuple[list[Slice], NDArray[np.float64]]:
    """The slices from the lowest to the highest along the normal of their planes, and how high."""
    across, down = np.reshape(slices[0].orientation, (2, 3))
    normal = np.cross(across, down)
    length = np.linalg.norm(normal)
    if length < 0.9:
        raise BadFile(f"Slice {slices[0].name} states axes that are not at right angles.")
    depths = np.array([each.position for each in slices]) @ normal / length
    order = np.argsort(depths, kind="stable")
    return [slices[n] for n in order], depths[order]


def _without_duplicates(
    slices: list[Slice], depths: NDArray[np.float64]
) -> tuple[list[Slice], NDArray[np.float64], tuple[str, ...]]:
    """Exact copies are dropped; different images at one place are refused."""
    kept = [0]
    for n in range(1, len(slices)):
        if depths[n] - depths[kept[-1]] > SAME_PLACE:
            kept.append(n)
        elif not same_pixels(slices[kept[-1]], slices[n]):
            raise BadFile(
                "The series has different images at the same place, as several phases or "
                f"reconstructions do: {slices[kept[-1]].name} and {slices[n].name}; "
                "export one of them alone."
            )
    dropped = len(slices) - len(kept)
    notes = (f"Slices that were there twice and were dropped: {dropped}.",) if dropped else ()
    return [slices[n] for n in kept], depths[kept], notes


def _check_gaps(slices: list[Slice], depths: NDArray[np.float64]) -> None:
    step = float(np.median(np.diff(depths)))
    for (low, high), between in zip(pairwise(slices), np.diff(depths)):
        if between > _WIDEST_STEP * step:
            raise BadFile(
                f"Slices are missing between {low.name} and {high.name}: they lie {between:.2f} mm "
                f"apart, the others {step:.2f} mm; export the series again."
            )
        if between < step / _WIDEST_STEP:
            raise BadFile(
                f"The slices {low.name} and {high.name} lie {between:.2f} mm apart, the others "
                f"{step:.2f} mm; export one scan alone."
            )


def _grid(slices: list[Slice]) -> tuple[Grid, tuple[str, ...]]:
    """The grid through the first and the last slice, and how far others are away from it."""
    positions = np.array([each.position for each in slices])
    step = (positions[-1] - positions[0]) / (len(slices) - 1)
    regular = positions[0] + np.arange(len(slices))[:, None] * step
    away = np.linalg.norm(positions - regular, axis=1) / np.linalg.norm(step)
    worst = int(np.argmax(away))
    if away[worst] > _LARGEST_UNEVENNESS:
        raise BadFile(
            f"The slices are not evenly spaced: {slices[worst].name} lies "
            f"{away[worst] * np.linalg.norm(step):.2f} mm from where it should; "
            "export the series again."
        )
    notes: tuple[str, ...] = ()
    if away[worst] > _SILENT_UNEVENNESS:
        notes = (
            f"The slices are unevenly spaced, by up to {away[worst] * np.linalg.norm(step):.2f} mm "
            "off a regular grid; they were taken as regular.",
        )
    across, down = np.reshape(slices[0].orientation, (2, 3))
    between_rows, between_columns = slices[0].spacing
    affine = np.eye(4)
    affine[:3, 0] = across / np.linalg.norm(across) * between_columns
    affine[:3, 1] = down / np.linalg.norm(down) * between_rows
    affine[:3, 2] = step
    affine[:3, 3] = positions[0]
    return Grid((*slices[0].size, len(slices)), LPS_FROM_RAS @ affine), notes
