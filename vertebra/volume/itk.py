"""Images of SimpleITK: to and from our arrays, and the file formats it reads for us."""

from __future__ import annotations

import errno
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray

from ..errors import BadFile, VertebraError
from .grid import LPS_FROM_RAS, Grid
from .voxels import MOST_VOXELS, slab_depth

_DATA_FILE = re.compile(rb"^(?:data ?file|ElementDataFile)\s*[:=]\s*(.+?)\s*$", re.M | re.I)


def grid_of(image: sitk.Image) -> Grid:
    """The grid of a three-dimensional image."""
    affine = np.eye(4)
    affine[:3, :3] = np.reshape(image.GetDirection(), (3, 3)) * image.GetSpacing()
    affine[:3, 3] = image.GetOrigin()
    return Grid(image.GetSize(), LPS_FROM_RAS @ affine)


def image_of(voxels: NDArray[Any], grid: Grid) -> sitk.Image:
    """A SimpleITK image with a copy of the voxels."""
    image = sitk.GetImageFromArray(voxels.T)
    image.SetSpacing(grid.spacing.tolist())
    image.SetDirection(directions_of(grid))
    image.SetOrigin(origin_of(grid))
    return image


def directions_of(grid: Grid) -> list[float]:
    """The axes in LPS, row by row; ITK cannot invert what is tinier than a rounding error."""
    directions = LPS_FROM_RAS[:3, :3] @ grid.directions
    directions[np.abs(directions) < 1e-15] = 0.0
    return [float(value) for value in directions.ravel()]


def origin_of(grid: Grid) -> list[float]:
    """Where voxel (0, 0, 0) lies in LPS."""
    return [float(value) for value in LPS_FROM_RAS[:3, :3] @ grid.origin]


def read_image(path: Path) -> tuple[NDArray[Any], Grid]:
    """The voxels (a view of SimpleITK's memory) and grid of an NRRD or MetaImage file."""
    reader = sitk.ImageFileReader()
    reader.SetFileName(str(path))
    kind = path.suffix.lower()
    reader.SetImageIO("NrrdImageIO" if kind in (".nrrd", ".nhdr") else "MetaImageIO")
    try:
        check_data_file(path)
        reader.ReadImageInformation()
        _check_header(reader, path)
        image = reader.Execute()
        return _view(image), grid_of(image)
    except (RuntimeError, MemoryError) as error:
        raise BadFile(f"'{path.name}' is damaged or cut off; copy or export it again.") from error
    except BadFile:
        raise
    except VertebraError as error:
        raise BadFile(f"'{path.name}' cannot be used: {error}") from error


def slabs(voxels: NDArray[Any]) -> Iterator[NDArray[Any]]:
    """An array in slabs along k."""
    thickness = slab_depth(voxels.shape, voxels.itemsize)
    for start in range(0, voxels.shape[2], thickness):
        yield voxels[..., start : start + thickness]


class _KeptImage:
    """Offers an image's memory to numpy and keeps the image alive as long as an array uses it."""

    def __init__(self, image: sitk.Image) -> None:
        self.image = image
        interface = dict(sitk.GetArrayViewFromImage(image).__array_interface__)
        address, _read_only = interface["data"]
        self.__array_interface__ = {**interface, "data": (address, False)}


def _view(image: sitk.Image) -> NDArray[Any]:
    return np.asarray(_KeptImage(image)).T


def _check_header(reader: sitk.ImageFileReader, path: Path) -> None:
    """Refuse, before any memory is taken, what is not one scalar image of three dimensions."""
    size = reader.GetSize()
    if "complex" in sitk.GetPixelIDValueAsString(reader.GetPixelID()):
        raise BadFile(f"'{path.name}' holds complex numbers, not one number a voxel as a CT does.")
    if reader.GetNumberOfComponents() > 1:
        raise BadFile(
            f"'{path.name}' holds {reader.GetNumberOfComponents()} numbers a voxel (colours or "
            "layers), not one as a CT or a plain mask does."
        )
    if len(size) != 3:
        raise BadFile(f"'{path.name}' has {len(size)} dimensions, where a CT has three.")
    voxels = int(np.prod(size, dtype=object))
    if voxels > MOST_VOXELS:
        raise BadFile(f"'{path.name}' states {voxels} voxels, more than any CT has.")


def check_data_file(path: Path) -> None:
    """A header may name its voxels' file only beside or below itself."""
    with path.open("rb") as file:
        named = _DATA_FILE.search(file.read(2**16).split(b"\n\n", 1)[0])
    if named is None or named[1] in (b"LOCAL", b"LIST"):
        return
    data = (path.parent / named[1].decode("utf-8", "replace")).resolve()
    if not data.is_relative_to(path.parent.resolve()):
        raise BadFile(f"'{path.name}' names a data file outside its own folder; put both together.")
    if not data.exists() and b"%" not in named[1]:
        raise BadFile(f"'{path.name}' needs the file '{data.name}' beside it, which is missing.")


def write_image(image: sitk.Image, path: Path) -> None:
    """Write one compressed file."""
    try:
        sitk.WriteImage(image, str(path), useCompression=True, compressionLevel=4)
    except RuntimeError as error:
        raise OSError(errno.EIO, "the disk may be full or failing", str(path)) from error
