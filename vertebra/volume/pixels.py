"""The pixels of DICOM slices as Hounsfield units."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray

from ..errors import BadFile
from .dicom import Slice, pydicom, quiet_pydicom

if TYPE_CHECKING:
    from ..runtime.progress import Progress

_INT16 = np.iinfo(np.int16)


def hounsfield(
    slices: Sequence[Slice], progress: Progress | None = None
) -> tuple[NDArray[np.generic], tuple[str, ...]]:
    """All slices as one array (i, j, k): int16 where the rescale values are whole, else float32."""
    dtype = np.int16 if all(_is_whole(each) for each in slices) else np.float32
    voxels = np.empty((*slices[0].size, len(slices)), dtype, order="F")
    clipped = False
    for k, values in enumerate(_rescaled(slices)):
        if values.shape[::-1] != slices[0].size:
            raise BadFile(f"Slice {slices[k].name} holds fewer pixels than it says.")
        if dtype == np.int16:
            clipped |= bool(values.min() < _INT16.min or values.max() > _INT16.max)
            values = values.clip(_INT16.min, _INT16.max)
        voxels[..., k] = values.T
        if progress is not None:
            progress.report((k + 1) / len(slices), "Reading")
    notes: tuple[str, ...] = ()
    if clipped:
        notes += ("Values beyond 32767 HU were set to that.",)
    if any(each.intercept is None for each in slices):
        notes += ("The file states no rescale; its numbers were taken as Hounsfield units.",)
    if slices[0].photometric == "MONOCHROME1":
        notes += ("The scan asks to be shown with bright air (MONOCHROME1); its HU are as stored.",)
    return voxels, notes


def same_pixels(one: Slice, other: Slice) -> bool:
    """Do two slices hold the same image?"""
    a, b = (next(iter(_rescaled([each]))) for each in (one, other))
    return np.array_equal(a, b)


def _is_whole(each: Slice) -> bool:
    return float(each.slope or 1).is_integer() and float(each.intercept or 0).is_integer()


def _rescaled(slices: Sequence[Slice]) -> Iterator[NDArray[Any]]:
    """Each slice (rows, columns) in HU, in the order given; a file is opened once for a run."""
    for path, run in groupby(slices, key=lambda each: each.path):
        frames = list(run)
        remaining = frames
        try:
            for values in _decoded(frames):
                yield values
                remaining = remaining[1:]
        except (RuntimeError, NotImplementedError):
            yield from _decoded_by_itk(remaining)
        except (ValueError, AttributeError, KeyError, EOFError, OSError) as error:
            raise BadFile(f"'{path.name}' holds no complete pixels; export it again.") from error


def _decoded(frames: list[Slice]) -> Iterator[NDArray[Any]]:
    package = pydicom()
    if not frames[0].transfer_syntax:
        raise NotImplementedError("pydicom does not read pixels of a file without a preamble")
    stored = package.pixels.iter_pixels(frames[0].path, indices=[each.frame for each in frames])
    for each in frames:
        with quiet_pydicom():
            values = next(stored)
        slope, intercept = each.slope or 1.0, each.intercept or 0.0
        if _is_whole(each):
            yield values.astype(np.int32) * int(slope) + int(intercept)
        else:
            yield values * np.float32(slope) + np.float32(intercept)


def _decoded_by_itk(frames: list[Slice]) -> Iterator[NDArray[Any]]:
    """What pydicom has no decoder for, SimpleITK may have; it rescales by itself."""
    path = frames[0].path
    try:
        if frames[0].photometric == "MONOCHROME1":
            image = _read_as_monochrome2(path)
        else:
            image = _read_by_itk(path)
    except RuntimeError as error:
        raise BadFile(
            f"'{path.name}' is compressed in a way that cannot be read here; "
            "export it uncompressed."
        ) from error
    values = sitk.GetArrayFromImage(image)
    yield from (values[each.frame] for each in frames)


def _read_by_itk(path: Path) -> sitk.Image:
    return sitk.ReadImage(str(path), imageIO="GDCMImageIO")


def _read_as_monochrome2(path: Path) -> sitk.Image:
    """Some of GDCM's decoders invert the numbers of MONOCHROME1, which only asks for display."""
    dataset = pydicom().dcmread(path, force=True)
    dataset.PhotometricInterpretation = "MONOCHROME2"
    with TemporaryDirectory() as folder:
        copy = Path(folder) / "slice.dcm"
        dataset.save_as(copy)
        return _read_by_itk(copy)
