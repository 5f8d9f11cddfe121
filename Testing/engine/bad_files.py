"""Files that are damaged, lie about themselves, or are something else."""

from __future__ import annotations

import gzip
import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import SimpleITK as sitk
from bad_inputs import Case, Make
from dicom_files import body

from vertebra.volume import Grid, Volume, write_volume

SPACING = (1.5, 1.5, 2.5)


def ct(folder: Path, name: str = "ct.nii", voxels: np.ndarray | None = None, **grid) -> Path:
    """A small CT that is in order."""
    voxels = body(32, 24).T if voxels is None else voxels
    grid = Grid.of(voxels.shape, **{"spacing": SPACING, "origin": (-20, 10, 5), **grid})
    return write_volume(Volume(voxels, grid), folder / name)


def patched(*patches: tuple, name: str = "ct.nii") -> Make:
    """A NIfTI file with parts of its header overwritten: (offset, layout, value, ...) each."""

    def change(content: bytes) -> bytes:
        header = bytearray(gzip.decompress(content) if name.endswith(".gz") else content)
        for offset, layout, *values in patches:
            struct.pack_into("<" + layout, header, offset, *values)
        return gzip.compress(header) if name.endswith(".gz") else bytes(header)

    return edited(name, change)


def edited(name: str, change: Callable[[bytes], bytes]) -> Make:
    """A file with its bytes changed."""

    def make(folder: Path) -> Path:
        path = ct(folder, name)
        path.write_bytes(change(path.read_bytes()))
        return path

    return make


def written(name: str, content: bytes | str) -> Make:
    """A file with this content."""

    def make(folder: Path) -> Path:
        path = folder / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return make


def by_itk(name: str, image: sitk.Image) -> Make:
    """A file that SimpleITK writes."""

    def make(folder: Path) -> Path:
        sitk.WriteImage(image, str(folder / name))
        return folder / name

    return make


def flipped_bit(content: bytes) -> bytes:
    middle = len(content) // 2
    return content[:middle] + bytes([content[middle] ^ 255]) + content[middle + 1 :]


def looping_link(folder: Path) -> Path:
    path = folder / "ct.nii.gz"
    path.symlink_to(path)
    return path


def unreadable(folder: Path) -> Path:
    path = ct(folder)
    path.chmod(0)
    return path


def bomb(folder: Path) -> Path:
    """50 kB that unpack to 50 MB of zeros, with a header that promises 50 TB."""
    good = ct(folder, "good.nii").read_bytes()
    header = bytearray(good[:352])
    struct.pack_into("<4h", header, 40, 3, 30000, 30000, 30000)
    path = folder / "ct.nii.gz"
    path.write_bytes(gzip.compress(bytes(header) + bytes(50_000_000)))
    return path


NRRD = "NRRD0004\ntype: short\ndimension: 3\nspace: left-posterior-superior\nsizes: 4 4 4\n"
AXES = "space directions: (1,0,0) (0,1,0) (0,0,1)\nspace origin: (0,0,0)\nendian: little\n"
RAW = "encoding: raw\n"
META = "ObjectType = Image\nNDims = 3\nBinaryData = True\nElementType = MET_SHORT\n"
LOCAL = "DimSize = 4 4 4\nElementDataFile = LOCAL\n"


def nrrd(header: str, voxels: int = 128) -> bytes:
    return header.encode() + b"\n" + bytes(voxels)


FILES = [
    Case("a file that does not exist", "ct", lambda f: f / "ct.nii.gz", "does not exist"),
    Case("an empty file", "ct", written("ct.nii.gz", b""), "is empty"),
    Case(
        "a file that may not be read",
        "ct",
        unreadable,
        "'ct.nii' may not be read; ask its owner for the right to.",
        as_user=True,
    ),
    Case("a link that leads to itself", "ct", looping_link, "cannot be read"),
    Case("a picture", "ct", written("ct.jpg", b"\xff\xd8\xff"), "of no known kind"),
    Case("a text named .nii.gz", "ct", written("ct.nii.gz", "hello " * 99), "not compressed as"),
    Case("a text named .nii", "ct", written("ct.nii", "hello " * 99), "not a NIfTI file"),
    Case("a text named .nrrd", "ct", written("ct.nrrd", "hello " * 99), "damaged"),
    Case("a text named .mha", "ct", written("ct.mha", "hello " * 99), "damaged"),
    Case("NIfTI with a wrong magic", "ct", patched((344, "4s", b"abc")), "not a NIfTI file"),
    Case("NIfTI of 100 bytes", "ct", edited("ct.nii", lambda c: c[:100]), "cut off"),
    Case("NIfTI cut off in the voxels", "ct", edited("ct.nii", lambda c: c[:-99]), "cut off"),
    Case("compressed NIfTI cut off", "ct", edited("ct.nii.gz", lambda c: c[:-999]), "cut off"),
    Case("compressed NIfTI with a wrong byte", "ct", edited("ct.nii.gz", flipped_bit), "damaged"),
    Case(
        "compressed NIfTI with a wrong checksum",
        "ct",
        edited("ct.nii.gz", lambda c: c[:-8] + bytes(8)),
        "damaged",
    ),
    Case("a header that promises more voxels", "ct", patched((40, "4h", 3, 32, 32, 99)), "cut off"),
    Case(
        "the same, compressed",
        "ct",
        patched((40, "4h", 3, 999, 999, 999), name="ct.nii.gz"),
        "cut off",
    ),
    Case("voxels that begin at NaN", "ct", patched((108, "f", np.nan)), "cut off"),
    Case("voxels that begin at no end", "ct", patched((108, "f", np.inf)), "cut off"),
    Case("voxels that begin after the end", "ct", patched((108, "f", 1e30)), "cut off"),
    Case("a header of 27 million million voxels", "ct", bomb, "more than any CT"),
    Case("no voxels along one axis", "ct", patched((40, "4h", 3, 32, 0, 24)), "impossible dim"),
    Case("a negative number of voxels", "ct", patched((40, "4h", 3, 32, -5, 24)), "impossible dim"),
    Case("99 dimensions", "ct", patched((40, "h", 99)), "impossible dimensions"),
    Case("one dimension", "ct", patched((40, "h", 1)), "1 of the three dimensions"),
    Case("two dimensions", "ct", patched((40, "h", 2)), "2 of the three dimensions"),
    Case("four dimensions", "ct", patched((40, "5h", 4, 8, 8, 8, 9)), "choose one image"),
    Case("complex numbers", "ct", patched((70, "2h", 32, 64)), "holds complex numbers"),
    Case("colours", "ct", patched((70, "2h", 128, 24)), "holds colours"),
    Case("an unknown type of voxel", "ct", patched((70, "2h", 77, 8)), "is unknown"),
    Case("an affine with NaN", "ct", patched((280, "f", np.nan)), "geometry without meaning"),
    Case("an affine of zeros", "ct", patched((280, "12f", *[0] * 12)), "geometry without meaning"),
    Case(
        "an affine with two equal axes",
        "ct",
        patched((280, "12f", 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0)),
        "geometry without meaning",
    ),
    Case(
        "a spacing of 0 and no affine",
        "ct",
        patched((80, "f", 0), (252, "2h", 1, 0)),
        "geometry without meaning",
    ),
    Case("NRRD cut off", "ct", edited("ct.nrrd", lambda c: c[:-999]), "cut off"),
    Case("NRRD cut off in its header", "ct", edited("ct.nrrd", lambda c: c[:60]), "cut off"),
    Case(
        "NRRD of 60 million million voxels",
        "ct",
        written("ct.nrrd", nrrd(NRRD.replace("4 4 4", "40000 40000 40000") + AXES + RAW)),
        "more than any CT",
    ),
    Case(
        "NRRD with an axis without length",
        "ct",
        written("ct.nrrd", nrrd(NRRD + AXES.replace("(0,0,1)", "(0,0,0)") + RAW)),
        "ct.nrrd",
    ),
    Case(
        "NRRD with NaN as origin",
        "ct",
        written("ct.nrrd", nrrd(NRRD + AXES.replace("origin: (0,", "origin: (nan,") + RAW)),
        "ct.nrrd",
    ),
    Case(
        "NRRD with several numbers a voxel",
        "ct",
        by_itk("ct.nrrd", sitk.Image([4, 4, 4], sitk.sitkVectorInt16, 3)),
        "3 numbers a voxel",
    ),
    Case(
        "NRRD of four dimensions",
        "ct",
        by_itk("ct.nrrd", sitk.Image([4, 4, 4, 4], sitk.sitkInt16)),
        "4 dimensions",
    ),
    Case(
        "NRRD with complex numbers",
        "ct",
        by_itk("ct.nrrd", sitk.Image([4, 4, 4], sitk.sitkComplexFloat32)),
        "numbers",
    ),
    Case(
        "NRRD without its data file",
        "ct",
        written("ct.nhdr", NRRD + AXES + RAW + "data file: ct.raw\n"),
        "needs the file 'ct.raw'",
    ),
    Case(
        "NRRD that names a data file elsewhere",
        "ct",
        written("ct.nhdr", NRRD + AXES + RAW + "data file: ../../etc/passwd\n"),
        "outside its own folder",
    ),
    Case("MetaImage cut off", "ct", edited("ct.mha", lambda c: c[:-999]), "cut off"),
    Case(
        "MetaImage without its data file",
        "ct",
        written("ct.mhd", META + "DimSize = 4 4 4\nElementDataFile = ct.zraw\n"),
        "needs the file 'ct.zraw'",
    ),
    Case(
        "MetaImage with a spacing of 0",
        "ct",
        written("ct.mha", (META + "ElementSpacing = 0 1 1\n" + LOCAL).encode() + bytes(128)),
        "ct.mha",
    ),
    Case(
        "MetaImage of 64 million million voxels",
        "ct",
        written("ct.mha", META + LOCAL.replace("4 4 4", "40000 40000 40000")),
        "more than any CT",
    ),
    Case(
        "MetaImage that promises more voxels",
        "ct",
        written("ct.mha", (META + LOCAL.replace("4 4 4", "900 900 900")).encode() + bytes(128)),
        "cut off",
    ),
]
