"""DICOM folders and files that are not one regular CT."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pydicom
from bad_inputs import Case, Make
from dicom_files import body, write_series
from pydicom.encaps import encapsulate
from pydicom.uid import JPEG2000Lossless, MRImageStorage, SegmentationStorage

STEP = 2.5


def series(uid: str = "1.2.3", **overrides: Any) -> Make:
    """A folder with one series, spoiled."""

    def make(folder: Path) -> Path:
        write_series(folder / "scan", body(32, 24), series=uid, **overrides)
        return folder / "scan"

    return make


def each(**values: Any) -> Make:
    """A series whose slices all say this; None removes an attribute."""

    def change(dataset: pydicom.Dataset, k: int) -> None:
        for name, value in values.items():
            if value is None:
                delattr(dataset, name)
            else:
                setattr(dataset, name, value)

    return series(change=change)


def one(k: int, **values: Any) -> Make:
    """A series of which slice `k` says something else."""

    def change(dataset: pydicom.Dataset, at: int) -> None:
        if at == k:
            for name, value in values.items():
                setattr(dataset, name, value)

    return series(change=change)


def file_of(make: Make) -> Make:
    """One file of the folder."""
    return lambda folder: sorted(make(folder).iterdir())[0]


def without(*slices: int) -> Make:
    """A series with slices missing."""

    def make(folder: Path) -> Path:
        paths = write_series(folder / "scan", body(32, 24), series="1.2.3")
        for k in slices:
            paths[k].unlink()
        return folder / "scan"

    return make


def spoiled(change: Callable[[bytes], bytes]) -> Make:
    """A series of which one file's bytes are changed."""

    def make(folder: Path) -> Path:
        path = write_series(folder / "scan", body(32, 24), series="1.2.3")[5]
        path.write_bytes(change(path.read_bytes()))
        return folder / "scan"

    return make


def two_series(folder: Path) -> Path:
    for uid in ("1.2.3", "1.2.4"):
        write_series(folder / "study" / uid, body(32, 24), series=uid)
    return folder / "study"


def two_phases(folder: Path) -> Path:
    write_series(folder / "scan" / "early", body(32, 24), series="1.2.3")
    write_series(folder / "scan" / "late", body(32, 24) + 30, series="1.2.3")
    return folder / "scan"


def two_sizes(folder: Path) -> Path:
    write_series(folder / "scan" / "a", body(32, 12), series="1.2.3")
    write_series(folder / "scan" / "b", body(24, 12), series="1.2.3", origin=(-10, -20, 60))
    return folder / "scan"


def empty_folder(folder: Path) -> Path:
    (folder / "scan").mkdir()
    return folder / "scan"


def folder_of_texts(folder: Path) -> Path:
    (empty_folder(folder) / "readme.txt").write_text("no images here")
    return folder / "scan"


def folder_in_a_circle(folder: Path) -> Path:
    scan = empty_folder(folder)
    (scan / "again").symlink_to(scan, target_is_directory=True)
    (scan / "broken").symlink_to(scan / "gone")
    return scan


def garbage_in_jpeg(dataset: pydicom.Dataset, k: int) -> None:
    dataset.file_meta.TransferSyntaxUID = JPEG2000Lossless
    dataset.PixelData = encapsulate([b"garbage" * 10])
    dataset["PixelData"].is_undefined_length = True


def unknown_compression(dataset: pydicom.Dataset, k: int) -> None:
    dataset.file_meta.TransferSyntaxUID = "1.2.840.10008.1.2.4.100"
    dataset.PixelData = encapsulate([b"\0\0\1\xb3" * 10])
    dataset["PixelData"].is_undefined_length = True


def colour(dataset: pydicom.Dataset, k: int) -> None:
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 3, "RGB"


SCOUT = ["ORIGINAL", "PRIMARY", "LOCALIZER"]
DICOM = [
    Case("an empty folder", "ct", empty_folder, "holds no DICOM image"),
    Case("a folder without images", "ct", folder_of_texts, "holds no DICOM image"),
    Case("a folder with links in a circle", "ct", folder_in_a_circle, "holds no DICOM image"),
    Case("only a localizer", "ct", each(ImageType=SCOUT), "only a localizer"),
    Case("one file of a localizer", "ct", file_of(each(ImageType=SCOUT)), "only a localizer"),
    Case("two CT series", "ct", two_series, "holds 2 CT series; choose one with --series: 1.2."),
    Case("an MR series", "ct", each(Modality="MR", SOPClassUID=MRImageStorage), "holds no CT"),
    Case(
        "a PET series",
        "ct",
        each(Modality="PT", SOPClassUID="1.2.840.10008.5.1.4.1.1.128"),
        "no CT",
    ),
    Case(
        "a DICOM SEG given as a CT",
        "ct",
        file_of(each(Modality="SEG", SOPClassUID=SegmentationStorage)),
        "is not a CT",
    ),
    Case(
        "screenshots of a CT",
        "ct",
        each(SOPClassUID="1.2.840.10008.5.1.4.1.1.7"),
        "holds no CT of a body",
    ),
    Case("DICOM without an image", "ct", file_of(each(Rows=None)), "but no image"),
    Case("a folder of DICOM without images", "ct", each(Rows=None), "holds no DICOM image"),
    Case("DICOM of one slice", "ct", without(*range(1, 24)), "holds no CT of a body"),
    Case("one file of one slice", "ct", file_of(without(*range(1, 24))), "only one slice"),
    Case("a slice missing", "ct", without(9), "Slices are missing between number 16 "),
    Case("the middle third missing", "ct", without(*range(8, 16)), "Slices are missing"),
    Case("two phases in one series", "ct", two_phases, "different images at the same place"),
    Case(
        "a slice between two others",
        "ct",
        one(9, ImagePositionPatient=[-10, -20, 30 + 7.6 * STEP]),
        "export",
    ),
    Case("two image sizes", "ct", two_sizes, "mixes slices of"),
    Case("two pixel sizes", "ct", one(9, PixelSpacing=[1, 1]), "mixes pixel sizes"),
    Case(
        "two orientations",
        "ct",
        one(9, ImageOrientationPatient=[1, 0, 0, 0, 0, -1]),
        "look in different directions",
    ),
    Case("axes that are parallel", "ct", each(ImageOrientationPatient=[1, 0, 0, 1, 0, 0]), "axes"),
    Case(
        "a slice beside the others",
        "ct",
        one(9, ImagePositionPatient=[-10, 20, 30 + 9 * STEP]),
        "not evenly spaced",
    ),
    Case("no positions", "ct", each(ImagePositionPatient=None), "does not state where it lies"),
    Case("no pixel spacing", "ct", each(PixelSpacing=None), "does not state where it lies"),
    Case("pixels without a size", "ct", each(PixelSpacing=[0, 1]), "pixels without a size"),
    Case(
        "a position of 1e300 mm",
        "ct",
        one(9, ImagePositionPatient=[0, 0, 1e300]),
        "does not state where it lies",
    ),
    Case("DICOM in colour", "ct", series(change=colour), "is in colour"),
    Case("no pixels", "ct", each(PixelData=None), "no complete pixels"),
    Case("pixels cut off", "ct", spoiled(lambda c: c[:-200]), "no complete pixels"),
    Case("a file cut off in its header", "ct", spoiled(lambda c: c[:300]), "missing"),
    Case("a damaged JPEG 2000 stream", "ct", series(change=garbage_in_jpeg), "cannot be read here"),
    Case("a video stream", "ct", series(change=unknown_compression), "cannot be read here"),
    Case("no rescale: raw numbers", "ct", each(RescaleIntercept=None), "raw scanner values"),
]
