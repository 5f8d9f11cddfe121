"""Which image series a DICOM folder holds, and which of them is the CT that is wanted."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ..errors import BadFile, NotABodyCT
from .dicom import Slice, slices_in, slices_of
from .stacking import stacked
from .volume import Volume

if TYPE_CHECKING:
    from ..runtime.progress import Progress

_FEWEST_SLICES = 3
_MOST_LISTED = 10


@dataclass(frozen=True)
class Series:
    """One image series of a DICOM folder; `spacing` is mm along rows, columns and slices."""

    uid: str
    description: str
    modality: str
    slices: int
    spacing: tuple[float, float, float]
    is_ct: bool
    """Is it a CT with slices through the body, no localizer and no screenshot?"""

    def __str__(self) -> str:
        name = self.description or "no description"
        return f"{self.uid} ({self.modality} '{name}', slices: {self.slices})"


def list_series(folder: Path | str) -> list[Series]:
    """The image series in a folder and the folders below it, those with most slices first."""
    listed = [_series(uid, slices) for uid, slices in _grouped(Path(folder)).items()]
    return sorted(listed, key=lambda series: (-series.slices, series.uid))


def read_series(path: Path, uid: str | None, progress: Progress | None = None) -> Volume:
    """The CT series of a folder, or the one that a file belongs to."""
    if path.is_dir():
        grouped = _grouped(path, progress)
        slices = grouped[_chosen(path, grouped, uid)]
    else:
        slices = _beside(path, progress)
        if uid not in (None, slices[0].series):
            raise BadFile(
                f"'{path.name}' belongs to the series {slices[0].series}, not to {uid}; leave out "
                "--series, or give the folder."
            )
    if not any(each.is_ct for each in slices):
        raise NotABodyCT(f"The series {_series(slices[0].series, slices)} is not a CT.")
    axial = [each for each in slices if not each.is_localizer]
    if not axial:
        raise NotABodyCT(f"'{path.name}' holds only a localizer (scout); choose the scan itself.")
    notes: tuple[str, ...] = ()
    if len(axial) < len(slices):
        notes = (f"Localizer images in the series, left out: {len(slices) - len(axial)}.",)
    return stacked(axial, str(path), notes, progress)


def _grouped(folder: Path, progress: Progress | None = None) -> dict[str, list[Slice]]:
    grouped: dict[str, list[Slice]] = {}
    for each in slices_in(folder, deep=True, progress=progress):
        grouped.setdefault(each.series, []).append(each)
    if not grouped:
        raise BadFile(
            f"The folder '{folder.name}' holds no DICOM image; choose the folder of a scan's files."
        )
    return grouped


def _beside(path: Path, progress: Progress | None) -> list[Slice]:
    """The slices of a multi-frame file, or all of the series whose file beside others this is."""
    slices = slices_of(path)
    if not slices:
        raise BadFile(f"'{path.name}' is DICOM, but no image.")
    if len(slices) > 1:
        return slices
    beside = slices_in(path.parent, deep=False, progress=progress)
    return [each for each in beside if each.series == slices[0].series]


def _chosen(folder: Path, grouped: dict[str, list[Slice]], uid: str | None) -> str:
    listed = [_series(uid, slices) for uid, slices in grouped.items()]
    if uid is not None:
        if uid not in grouped:
            raise BadFile(
                f"The folder '{folder.name}' has no series {uid}; it has {_listing(listed)}."
            )
        return uid
    fitting = [each for each in listed if each.is_ct]
    if len(fitting) == 1:
        return fitting[0].uid
    if fitting:
        raise BadFile(
            f"The folder '{folder.name}' holds {len(fitting)} CT series; choose one with "
            f"--series: {_listing(fitting)}."
        )
    if all(each.is_localizer for slices in grouped.values() for each in slices):
        raise NotABodyCT(f"'{folder.name}' holds only a localizer (scout); choose the scan itself.")
    raise NotABodyCT(f"The folder '{folder.name}' holds no CT of a body, only {_listing(listed)}.")


def _listing(series: list[Series]) -> str:
    shown = "; ".join(map(str, series[:_MOST_LISTED]))
    more = len(series) - _MOST_LISTED
    return f"{shown}; and {more} more" if more > 0 else shown


def _series(uid: str, slices: list[Slice]) -> Series:
    axial = [each for each in slices if each.is_ct and not each.is_localizer]
    first = (axial or slices)[0]
    return Series(
        uid=uid,
        description=first.description,
        modality=first.modality,
        slices=len(axial or slices),
        spacing=_spacing(axial or slices),
        is_ct=len({each.position or each.path for each in axial}) >= _FEWEST_SLICES,
    )


def _spacing(slices: list[Slice]) -> tuple[float, float, float]:
    """Between columns, rows and neighbouring slices; `nan` where the series does not say."""
    between_rows, between_columns = (*slices[0].spacing, np.nan, np.nan)[:2]
    positions = np.array([each.position for each in slices if len(each.position) == 3])
    step = np.nan
    if len(positions) > 1:
        far = positions[np.argmax(np.linalg.norm(positions - positions[0], axis=1))]
        direction = far - positions[0]
        along = np.sort(positions @ direction / (np.linalg.norm(direction) or 1.0))
        step = float(np.median(np.diff(along)))
    return between_columns, between_rows, step
