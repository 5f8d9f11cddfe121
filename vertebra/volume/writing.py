"""Writes a CT or a label map; each file appears whole or not at all."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import VertebraError
from ..runtime.files import replacing
from . import itk, nifti
from .grid import Grid
from .volume import LabelMap, Volume

ENDINGS = (".nii", ".nii.gz", ".nrrd", ".mha")


def write_volume(volume: Volume, path: Path | str, *, made_by: str = "") -> Path:
    """Write a CT as NIfTI, NRRD or MetaImage, in Hounsfield units; `made_by` goes into the file."""
    voxels = volume.voxels
    if voxels.dtype != np.int16:
        voxels = voxels.astype(np.float32, copy=False)
    return _write(voxels, volume.grid, Path(path), made_by)


def write_label_map(labels: LabelMap, path: Path | str, *, made_by: str = "") -> Path:
    """Write a label map as NIfTI, NRRD or MetaImage in the smallest whole-number type."""
    highest = int(labels.voxels.max(initial=0))
    if int(labels.voxels.min(initial=0)) < 0 or highest > 65535:
        raise VertebraError("A label map is written with numbers from 0 to 65535 only.")
    dtype = np.uint8 if highest < 256 else np.uint16
    return _write(labels.voxels.astype(dtype, copy=False), labels.grid, Path(path), made_by)


def _write(voxels: NDArray[Any], grid: Grid, path: Path, made_by: str) -> Path:
    ending = path.name.lower()
    if not ending.endswith(ENDINGS):
        raise VertebraError(f"'{path.name}' should end in one of {', '.join(ENDINGS)}.")
    with replacing(path) as temporary:
        if ending.endswith((".nii", ".nii.gz")):
            nifti.write(temporary, voxels, grid, made_by)
        else:
            image = itk.image_of(voxels, grid)
            if made_by:
                image.SetMetaData("made_by", made_by)
            itk.write_image(image, temporary)
    return path
