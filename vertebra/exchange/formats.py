"""Every format that Vertebra reads and writes: its name, endings, and what it holds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from pathlib import Path
from typing import Any

from ..errors import VertebraError
from ..spine import Spine
from ..volume import Grid, read_volume
from . import (
    dicom_points,
    dicom_seg,
    fcsv,
    labelmap,
    markups,
    segmentation,
    spine_file,
    table,
    tptbox,
    verse,
)


class Holds(Enum):
    """What a file is about: a `Spine` is read from points, a `LabelMap` from masks."""

    POINTS = "points"
    MASKS = "masks"


@dataclass(frozen=True, eq=False)
class Around:
    """What a format may need besides the file: the image, label schemes, the spine of a mask.

    And what an edited file keeps besides the spine: a table its volumes in millilitres by
    instance, markups how Slicer displays them.
    """

    image: Path | None = None
    known_grid: Grid | None = None
    scheme_read: str | None = None
    scheme_written: str | None = None
    spine: Spine | None = None
    volumes: Mapping[int, float] | None = None
    display: Mapping[str, Any] | None = None

    @cached_property
    def grid(self) -> Grid:
        """The image's grid."""
        return self.known_grid or read_volume(self.needed_image).grid

    @property
    def needed_image(self) -> Path:
        """The image, which must have been given."""
        if self.image is None:
            raise VertebraError(
                "This format counts in the image's own voxels or belongs to its DICOM series; "
                "give the image with --image (to evaluate: --images)."
            )
        return self.image


@dataclass(frozen=True)
class Format:
    """One file format; `image_for` says which of "read" and "write" need the image.

    `locks` says whether it keeps which vertebrae are locked, `unread` what of a file is no spine
    and so in no file that is written from it.
    """

    name: str
    title: str
    endings: tuple[str, ...]
    holds: Holds
    read: Callable[[Path, Around], Any]
    write: Callable[[Path, Any, Around], object] | None
    image_for: tuple[str, ...] = ()
    locks: bool = False
    unread: Callable[[Path], list[str]] = lambda _: []


def _verse(variant: verse.Variant, title: str, endings: tuple[str, ...] = ()) -> Format:
    return Format(
        variant.value,
        title,
        endings,
        Holds.POINTS,
        lambda path, around: verse.read(path, around.grid, variant),
        lambda path, spine, around: verse.write(path, spine, around.grid, variant),
        image_for=("read", "write"),
    )


_FORMATS = (
    Format(
        "spine",
        "Vertebra's own result",
        (".spine.json",),
        Holds.POINTS,
        lambda path, _: spine_file.read(path),
        lambda path, spine, _: spine_file.write(path, spine),
        locks=True,
    ),
    Format(
        "markups",
        "Slicer markups",
        (".mrk.json",),
        Holds.POINTS,
        lambda path, _: markups.read(path),
        lambda path, spine, around: markups.write(path, spine, around.display),
        locks=True,
        unread=markups.unread,
    ),
    Format(
        "fcsv",
        "Slicer's old list of points",
        (".fcsv",),
        Holds.POINTS,
        lambda path, _: fcsv.read(path),
        None,
    ),
    Format(
        "csv",
        "A table of body centres",
        (".csv",),
        Holds.POINTS,
        lambda path, _: table.read(path),
        lambda path, spine, around: table.write(path, spine, around.volumes),
        locks=True,
        unread=table.unread,
    ),
    _verse(verse.Variant.VOXELS, "VerSe centroids in voxels", ("_ctd.json",)),
    _verse(verse.Variant.MM_FROM_FIRST_VOXEL, "VerSe's challenge, mm from the first voxel"),
    _verse(verse.Variant.MM_FROM_CORNER, "VerSe's challenge, mm from the image's corner"),
    Format(
        "tptbox",
        "TPTBox points of interest",
        ("_poi.json",),
        Holds.POINTS,
        lambda path, _: tptbox.read(path),
        lambda path, spine, around: tptbox.write(path, spine, around.grid),
        image_for=("write",),
        unread=tptbox.unread,
    ),
    Format(
        "dicom-points",
        "A DICOM report of 3D points",
        (".dcm",),
        Holds.POINTS,
        lambda path, _: dicom_points.read(path),
        lambda path, spine, around: dicom_points.write(path, spine, around.needed_image),
        image_for=("write",),
    ),
    Format(
        "segmentation",
        "A Slicer segmentation",
        (".seg.nrrd",),
        Holds.MASKS,
        lambda path, _: segmentation.read(path),
        lambda path, masks, around: segmentation.write(path, masks, around.spine),
    ),
    Format(
        "labelmap",
        "A plain label map",
        labelmap.ENDINGS,
        Holds.MASKS,
        lambda path, around: labelmap.read(path, around.scheme_read),
        lambda path, masks, around: labelmap.write(
            path, masks, around.spine, around.scheme_written or "verse"
        ),
    ),
    Format(
        "dicom-seg",
        "A DICOM segmentation",
        (".dcm",),
        Holds.MASKS,
        lambda path, _: dicom_seg.read(path),
        lambda path, masks, around: dicom_seg.write(path, masks, around.needed_image, around.spine),
        image_for=("write",),
    ),
)


def formats() -> tuple[Format, ...]:
    """All formats, points first."""
    return _FORMATS


def named_format(name: str) -> Format:
    """The format of a name."""
    for each in _FORMATS:
        if each.name == name:
            return each
    names = ", ".join(each.name for each in _FORMATS)
    raise VertebraError(f"There is no format '{name}'; choose one of {names}.")
