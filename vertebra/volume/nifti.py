"""NIfTI-1 and NIfTI-2 files, read slab by slab so that the scan is in memory only once.

The affine is the sform if the file has one, else the qform, exactly as stored: shears included.
"""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Literal, cast

import numpy as np
from numpy.typing import NDArray

from ..errors import BadFile
from .grid import LPS_FROM_RAS, Grid
from .voxels import MOST_VOXELS, slab_depth

Order = Literal["<", ">"]

_FIELDS_1 = {
    "sizeof_hdr": ("i4", 0),
    "dim": ("8i2", 40),
    "datatype": ("i2", 70),
    "bitpix": ("i2", 72),
    "pixdim": ("8f4", 76),
    "vox_offset": ("f4", 108),
    "scl_slope": ("f4", 112),
    "scl_inter": ("f4", 116),
    "xyzt_units": ("u1", 123),
    "descrip": ("S80", 148),
    "qform_code": ("i2", 252),
    "sform_code": ("i2", 254),
    "quatern": ("3f4", 256),
    "qoffset": ("3f4", 268),
    "srow": ("(3,4)f4", 280),
    "magic": ("S4", 344),
}
_FIELDS_2 = {
    "sizeof_hdr": ("i4", 0),
    "magic": ("S8", 4),
    "datatype": ("i2", 12),
    "bitpix": ("i2", 14),
    "dim": ("8i8", 16),
    "pixdim": ("8f8", 104),
    "vox_offset": ("i8", 168),
    "scl_slope": ("f8", 176),
    "scl_inter": ("f8", 184),
    "descrip": ("S80", 240),
    "qform_code": ("i4", 344),
    "sform_code": ("i4", 348),
    "quatern": ("3f8", 352),
    "qoffset": ("3f8", 376),
    "srow": ("(3,4)f8", 400),
    "xyzt_units": ("i4", 500),
}
_TYPES = {
    2: "u1", 4: "i2", 8: "i4", 16: "f4", 64: "f8",
    256: "i1", 512: "u2", 768: "u4", 1024: "i8", 1280: "u8",
}  # fmt: skip
_NOT_ONE_NUMBER = {32: "complex numbers", 1792: "complex numbers", 128: "colours", 2304: "colours"}
_MILLIMETRES = {1: 1000.0, 2: 1.0, 3: 0.001}
_HIGHEST_GZIP_RATIO = 1100


@dataclass(frozen=True)
class Header:
    """What a NIfTI file says about its voxels."""

    path: Path
    grid: Grid
    stored: np.dtype[Any]
    offset: int
    slope: float
    intercept: float
    notes: tuple[str, ...]


def read_header(path: Path) -> Header:
    """Read and check the header; refuses what is not one scalar image of three dimensions."""
    with _opened(path) as file:
        raw = _read(file, path, 348)
        order, fields = _layout(raw, path)
        if fields is _FIELDS_2:
            raw += _read(file, path, 540 - 348)
    header = np.frombuffer(raw, _record(fields, order, len(raw)))[0]
    stored = _stored_type(header, order, path)
    shape = _shape(header, path)
    if not np.isfinite(header["vox_offset"]):
        raise _cut_off(path)
    offset = max(int(header["vox_offset"]), len(raw))
    _check_size(path, shape, stored, offset)
    affine, notes = _affine(header, path)
    slope, intercept = float(header["scl_slope"]), float(header["scl_inter"])
    if slope == 0 or not np.isfinite([slope, intercept]).all():
        slope, intercept = 1.0, 0.0
    return Header(path, Grid(shape, affine), stored, offset, slope, intercept, notes)


def slabs(header: Header) -> Iterator[NDArray[Any]]:
    """The scaled voxels in slabs along k."""
    columns, rows, depth = header.grid.shape
    thickness = slab_depth(header.grid.shape, header.stored.itemsize)
    with _opened(header.path) as file:
        _read(file, header.path, header.offset)
        for start in range(0, depth, thickness):
            count = min(thickness, depth - start)
            raw = _read(file, header.path, columns * rows * count * header.stored.itemsize)
            slab: NDArray[Any] = np.frombuffer(raw, header.stored)
            slab = slab.reshape((columns, rows, count), order="F")
            if (header.slope, header.intercept) != (1.0, 0.0):
                slab = slab * header.slope + header.intercept
            yield slab
        _check_end(file, header.path)


def write(path: Path, voxels: NDArray[Any], grid: Grid, description: str = "") -> None:
    """Write a NIfTI-1 file with the exact affine as sform, and as qform where that can hold it."""
    stored = voxels.dtype.newbyteorder("<")
    code = next((c for c, name in _TYPES.items() if np.dtype("<" + name) == stored), None)
    if code is None or max(grid.shape) > 32767:
        raise BadFile(f"'{path.name}' cannot hold this image as NIfTI; write .nrrd instead.")
    header = np.zeros((), _record(_FIELDS_1, "<", 352))
    header["sizeof_hdr"] = 348
    header["dim"] = (3, *grid.shape, 1, 1, 1, 1)
    header["datatype"], header["bitpix"] = code, stored.itemsize * 8
    handedness = np.sign(np.linalg.det(grid.affine[:3, :3]))
    header["pixdim"] = (handedness, *grid.spacing, 0, 0, 0, 0)
    header["vox_offset"], header["scl_slope"], header["xyzt_units"] = 352, 1, 2
    header["descrip"] = description.encode("ascii", "replace")[:79]
    header["sform_code"], header["srow"] = 1, grid.affine[:3]
    quaternion = _quaternion(grid.directions * (1, 1, handedness))
    if quaternion is not None:
        header["qform_code"], header["quatern"] = 1, quaternion
        header["qoffset"] = grid.origin
    header["magic"] = b"n+1"
    thickness = slab_depth(grid.shape, stored.itemsize)
    with _opened(path, "wb") as file:
        file.write(header.tobytes())
        for start in range(0, grid.shape[2], thickness):
            slab = voxels[..., start : start + thickness]
            file.write(slab.astype(stored, copy=False).tobytes(order="F"))


def _opened(path: Path, mode: str = "rb") -> BinaryIO:
    if path.name.lower().endswith(".gz"):
        return cast(BinaryIO, gzip.open(path, mode, compresslevel=4))
    return cast(BinaryIO, path.open(mode))


def _read(file: BinaryIO, path: Path, count: int) -> bytes:
    content = _content(file, path, count)
    if len(content) < count:
        raise _cut_off(path)
    return content


def _check_end(file: BinaryIO, path: Path) -> None:
    """Reading past the voxels lets gzip compare its checksum."""
    _content(file, path, 1)


def _content(file: BinaryIO, path: Path, count: int) -> bytes:
    try:
        return file.read(count)
    except gzip.BadGzipFile as error:
        if "Not a gzipped file" in str(error):
            raise BadFile(f"'{path.name}' is not compressed as its name says.") from error
        raise _cut_off(path) from error
    except (EOFError, zlib.error) as error:
        raise _cut_off(path) from error


def _cut_off(path: Path) -> BadFile:
    return BadFile(f"'{path.name}' is damaged or cut off; copy or export it again.")


def _record(fields: dict[str, tuple[str, int]], order: Order, size: int) -> np.dtype[Any]:
    formats = [np.dtype(kind).newbyteorder(order) for kind, _ in fields.values()]
    offsets = [offset for _, offset in fields.values()]
    return np.dtype(
        {"names": list(fields), "formats": formats, "offsets": offsets, "itemsize": size}
    )


def _layout(raw: bytes, path: Path) -> tuple[Order, dict[str, tuple[str, int]]]:
    orders: tuple[Order, ...] = ("<", ">")
    for order in orders:
        size = int(np.frombuffer(raw[:4], order + "i4")[0])
        if size == 348 and raw[344:347] == b"n+1":
            return order, _FIELDS_1
        if size == 540 and raw[4:7] == b"n+2":
            return order, _FIELDS_2
    raise BadFile(f"'{path.name}' is not a NIfTI file, whatever its name says.")


def _stored_type(header: Any, order: Order, path: Path) -> np.dtype[Any]:
    code = int(header["datatype"])
    if code in _NOT_ONE_NUMBER:
        raise BadFile(
            f"'{path.name}' holds {_NOT_ONE_NUMBER[code]}, not one number a voxel as a CT does."
        )
    if code not in _TYPES:
        raise BadFile(f"'{path.name}' stores its voxels in a way (type {code}) that is unknown.")
    return np.dtype(_TYPES[code]).newbyteorder(order)


def _shape(header: Any, path: Path) -> tuple[int, int, int]:
    count = int(header["dim"][0])
    if not 1 <= count <= 7 or (header["dim"][1 : count + 1] < 1).any():
        raise BadFile(f"'{path.name}' states impossible dimensions; export it again.")
    shape = tuple(int(n) for n in header["dim"][1 : count + 1])
    if count < 3:
        raise BadFile(f"'{path.name}' has {count} of the three dimensions that a CT has.")
    if max(shape[3:], default=1) > 1:
        raise BadFile(
            f"'{path.name}' has {count} dimensions {shape}; "
            "choose one image of it and save that alone."
        )
    return shape[0], shape[1], shape[2]


def _check_size(path: Path, shape: tuple[int, ...], stored: np.dtype[Any], offset: int) -> None:
    """Refuse, before any memory is taken, what the file cannot hold."""
    voxels = int(np.prod(shape, dtype=object))
    if voxels > MOST_VOXELS:
        raise BadFile(f"'{path.name}' states {voxels} voxels, more than any CT has.")
    ratio = _HIGHEST_GZIP_RATIO if path.name.lower().endswith(".gz") else 1
    if voxels * stored.itemsize + offset > path.stat().st_size * ratio:
        raise _cut_off(path)


def _affine(header: Any, path: Path) -> tuple[NDArray[np.float64], tuple[str, ...]]:
    notes: tuple[str, ...] = ()
    affine = np.eye(4)
    if header["sform_code"] > 0:
        affine[:3] = header["srow"]
    else:
        spacing = np.array(header["pixdim"][1:4], dtype=np.float64)
        handedness = -1.0 if header["pixdim"][0] < 0 else 1.0
        affine[:3, :3] = _rotation(header["quatern"]) * spacing * (1, 1, handedness)
        affine[:3, 3] = header["qoffset"]
        if header["qform_code"] <= 0:
            affine = LPS_FROM_RAS @ np.diag([*spacing, 1.0])
            notes = ("The file states no orientation; its axes were taken as left, back, up.",)
    unit = int(header["xyzt_units"]) & 7
    scale = _MILLIMETRES.get(unit, 1.0)
    if scale != 1.0:
        affine[:3] *= scale
        notes += (f"The file's lengths were multiplied by {scale:g} to be millimetres.",)
    if not np.isfinite(affine).all() or abs(np.linalg.det(affine[:3, :3])) < 1e-9:
        raise BadFile(
            f"'{path.name}' has a geometry without meaning (not finite, or an axis of length 0); "
            "export it again."
        )
    return affine, notes


def _rotation(quatern: Any) -> NDArray[np.float64]:
    """The rotation of NIfTI's quaternion (b, c, d); a follows from its unit length.

    By the reference library's rule, what rounding leaves of a in a half turn counts as 0.
    """
    stored = np.asarray(quatern)
    b, c, d = (float(value) for value in stored)
    square = 1.0 - b * b - c * c - d * d
    if square < (1e-7 if stored.dtype.itemsize == 4 else 1e-15):
        length = np.sqrt(b * b + c * c + d * d)
        a, b, c, d = 0.0, b / length, c / length, d / length
    else:
        a = np.sqrt(square)
    return np.array(
        [
            [a * a + b * b - c * c - d * d, 2 * (b * c - a * d), 2 * (b * d + a * c)],
            [2 * (b * c + a * d), a * a + c * c - b * b - d * d, 2 * (c * d - a * b)],
            [2 * (b * d - a * c), 2 * (c * d + a * b), a * a + d * d - b * b - c * c],
        ]
    )


def _quaternion(rotation: NDArray[np.float64]) -> NDArray[np.float64] | None:
    """NIfTI's (b, c, d), or nothing when the axes are not at right angles."""
    if not np.allclose(rotation.T @ rotation, np.eye(3), atol=1e-6):
        return None
    from scipy.spatial.transform import Rotation

    x, y, z, w = Rotation.from_matrix(rotation).as_quat()
    return np.array([x, y, z]) * (1.0 if w >= 0 else -1.0)
