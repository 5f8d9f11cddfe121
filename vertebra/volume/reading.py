"""Reads a CT or a label map from any supported file; what it is not sure of, it refuses."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..errors import BadFile, VertebraError
from . import dicom, itk, nifti
from .grid import Grid
from .series import read_series
from .volume import LabelMap, Volume
from .voxels import Slabs, hounsfield, labels

if TYPE_CHECKING:
    from ..runtime.progress import Progress

NIFTI = (".nii", ".nii.gz")
ITK = (".nrrd", ".nhdr", ".mha", ".mhd")

Convert = Callable[[Slabs, tuple[int, int, int]], NDArray[Any]]


def read_volume(
    path: Path | str, *, series: str | None = None, progress: Progress | None = None
) -> Volume:
    """The CT of a DICOM folder or file, or of a NIfTI, NRRD or MetaImage file.

    `series` is the UID of one DICOM series where several are possible. The scan is in memory once,
    beside a slab or a slice of it: at most about twice its size.
    """
    path = _existing(path)
    if path.is_dir() or dicom.is_dicom(path):
        return read_series(path, series, progress)
    if series is not None:
        raise VertebraError(
            f"'{path.name}' is not DICOM and has no series; leave out --series, or give the "
            "DICOM folder."
        )
    voxels, grid, notes = _read(path, hounsfield, progress)
    return Volume(voxels, grid, str(path), notes)


def read_label_map(path: Path | str, *, progress: Progress | None = None) -> LabelMap:
    """The label map of a NIfTI, NRRD or MetaImage file; its numbers stay exactly as stored."""
    path = _existing(path)
    if path.is_dir() or dicom.is_dicom(path):
        raise BadFile(
            f"'{path.name}' is DICOM, not a plain mask; a DICOM SEG is read with vertebra convert."
        )
    voxels, grid, _ = _read(path, lambda s, shape: labels(s, shape, path.name), progress)
    return LabelMap(voxels, grid, source=str(path))


def _existing(path: Path | str) -> Path:
    path = Path(path)
    try:
        if path.is_dir():
            next(path.iterdir(), None)
        elif path.stat().st_size == 0:
            raise BadFile(f"'{path.name}' is empty; copy or export it again.")
        else:
            path.open("rb").close()
    except FileNotFoundError as error:
        raise BadFile(f"'{path}' does not exist; check the name.") from error
    except PermissionError as error:
        raise BadFile(f"'{path.name}' may not be read; ask its owner for the right to.") from error
    except OSError as error:
        raise BadFile(f"'{path.name}' cannot be read: {error.strerror}.") from error
    return path


def _read(
    path: Path, convert: Convert, progress: Progress | None
) -> tuple[NDArray[Any], Grid, tuple[str, ...]]:
    ending = path.name.lower()
    try:
        if ending.endswith(NIFTI):
            header = nifti.read_header(path)
            grid, notes = header.grid, header.notes
            stored: Slabs = lambda: nifti.slabs(header)  # noqa: E731
        elif ending.endswith(ITK):
            voxels, grid = itk.read_image(path)
            notes = ()
            if voxels.dtype == np.int16 and convert is hounsfield:
                return voxels, grid, notes
            stored = lambda: itk.slabs(voxels)  # noqa: E731
        else:
            raise BadFile(
                f"'{path.name}' is of no known kind; a CT is a DICOM folder or a file ending in "
                f"{', '.join(NIFTI + ITK)}."
            )
        return convert(_reporting(stored, grid, progress), grid.shape), grid, notes
    except OSError as error:
        raise BadFile(f"'{path.name}' cannot be read: {error.strerror or error}.") from error
    except MemoryError as error:
        raise BadFile(f"'{path.name}' needs more memory than this computer has.") from error


def _reporting(stored: Slabs, grid: Grid, progress: Progress | None) -> Slabs:
    """The same slabs; each tells how far the reading is and lets a person stop it."""

    def slabs() -> Any:
        done = 0
        for slab in stored():
            yield slab
            done += slab.shape[2]
            if progress is not None:
                progress.report(done / grid.shape[2], "Reading")

    return slabs
