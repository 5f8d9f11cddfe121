"""The CT series that a DICOM result refers to: its headers, in order, and its grid."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import BadFile, VertebraError
from ..volume import LPS_FROM_RAS, Grid
from ..volume.dicom import slices_of
from ..volume.pixels import same_pixels
from ..volume.stacking import SAME_PLACE

MAY_BE_EMPTY = (
    *("PatientID", "PatientName", "PatientBirthDate", "PatientSex"),
    *("StudyID", "StudyDate", "StudyTime", "AccessionNumber", "ReferringPhysicianName"),
    "PositionReferenceIndicator",
)
"""What a result copies from its CT; where a tool that hides names took it out, it is empty."""


def require(name: str) -> Any:
    """Import pydicom or highdicom, or say how to install them."""
    try:
        return import_module(name)
    except ImportError as error:
        raise VertebraError(
            'DICOM results need highdicom; install it with: pip install "vertebra[dicom]".'
        ) from error


@contextmanager
def readable(path: Path | str, what: str) -> Iterator[None]:
    """Whatever pydicom and highdicom trip over in a damaged or foreign file is one sentence."""
    invalid = require("pydicom").errors.InvalidDicomError
    faults = (OSError, ValueError, TypeError, AttributeError, LookupError, RuntimeError)
    try:
        yield
    except (invalid, *faults) as error:
        raise BadFile(f"'{path}' is not a readable {what}; export it again.") from error


def read_headers(folder: Path | str) -> list[Any]:
    """The headers of the one series of slices in a folder, sorted along the patient."""
    pydicom = require("pydicom")
    folder = Path(folder)
    if not folder.is_dir():
        raise BadFile(f"'{folder}' is not a folder; give the folder of the CT's DICOM series.")
    found = []
    for path in sorted(each for each in folder.rglob("*") if each.is_file()):
        try:
            header = pydicom.dcmread(path, stop_before_pixels=True)
        except (pydicom.errors.InvalidDicomError, OSError, ValueError):
            continue
        localizer = "LOCALIZER" in (header.get("ImageType") or ())
        if "ImagePositionPatient" in header and "PixelSpacing" in header and not localizer:
            found.append(header)
    series = {str(header.SeriesInstanceUID) for header in found}
    if len(series) != 1:
        count = "no DICOM series" if not series else f"{len(series)} DICOM series"
        raise BadFile(f"'{folder}' holds {count}; give a folder with the CT's slices only.")
    for header in found:
        if not all(header.get(name) for name in ("FrameOfReferenceUID", "StudyInstanceUID")):
            raise BadFile(f"'{folder}' has no frame of reference; choose the original CT series.")
        for name in MAY_BE_EMPTY:
            if name not in header:
                setattr(header, name, "")
    normal = np.cross(*np.reshape(found[0].ImageOrientationPatient, (2, 3)).astype(float))
    found.sort(key=lambda each: float(np.dot(normal, each.ImagePositionPatient)))
    return _without_copies(found, normal)


def _without_copies(headers: list[Any], normal: NDArray[np.float64]) -> list[Any]:
    """One header a place, as reading the CT does it; different images there are refused."""
    kept = headers[:1]
    for header in headers[1:]:
        last = kept[-1]
        between = np.subtract(header.ImagePositionPatient, last.ImagePositionPatient)
        if np.dot(normal, between) > SAME_PLACE:
            kept.append(header)
        elif not same_pixels(*(slices_of(Path(each.filename))[0] for each in (last, header))):
            raise BadFile(
                f"'{last.filename}' and '{header.filename}' are different images at one place, as "
                "of several phases; give a folder with the CT's slices only."
            )
    return kept


def grid_of(headers: list[Any]) -> Grid:
    """The grid of a sorted series: i along a row, j down a column, k through the slices."""
    first, last = headers[0], headers[-1]
    across, down = np.reshape(first.ImageOrientationPatient, (2, 3)).astype(float)
    row_gap, column_gap = (float(value) for value in first.PixelSpacing)
    start = np.array(first.ImagePositionPatient, dtype=float)
    affine = np.eye(4)
    affine[:3, 0], affine[:3, 1] = across * column_gap, down * row_gap
    if len(headers) > 1:
        end = np.array(last.ImagePositionPatient, dtype=float)
        affine[:3, 2] = (end - start) / (len(headers) - 1)
    else:
        affine[:3, 2] = np.cross(across, down) * float(first.get("SliceThickness") or 1)
    affine[:3, 3] = start
    shape = (int(first.Columns), int(first.Rows), len(headers))
    return Grid(shape, LPS_FROM_RAS @ affine)
