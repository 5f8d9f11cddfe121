"""What DICOM files say about the slices they hold; pixels are read later, a slice at a time."""

from __future__ import annotations

import logging
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import BadFile, VertebraError

if TYPE_CHECKING:
    from ..runtime.progress import Progress

_SILENCE = logging.NullHandler()

_CT_CLASSES = (
    "1.2.840.10008.5.1.4.1.1.2",  # CT Image Storage
    "1.2.840.10008.5.1.4.1.1.2.1",  # Enhanced CT
    "1.2.840.10008.5.1.4.1.1.2.2",  # Legacy Converted Enhanced CT
)
_TAGS = [
    "SOPClassUID", "SeriesInstanceUID", "SeriesDescription", "Modality", "ImageType",
    "InstanceNumber", "Rows", "Columns", "NumberOfFrames", "SamplesPerPixel",
    "PhotometricInterpretation", "ImagePositionPatient", "ImageOrientationPatient",
    "PixelSpacing", "RescaleSlope", "RescaleIntercept",
    "SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence",
]  # fmt: skip


@dataclass(frozen=True)
class Slice:
    """One image of a series: where it lies (LPS mm), its size, and what turns it into HU."""

    path: Path
    frame: int
    series: str
    description: str
    modality: str
    is_ct: bool
    is_localizer: bool
    number: int
    size: tuple[int, int]
    samples: int
    photometric: str
    position: tuple[float, ...]
    orientation: tuple[float, ...]
    spacing: tuple[float, ...]
    transfer_syntax: str
    slope: float | None
    intercept: float | None

    @property
    def name(self) -> str:
        """How the slice is called in messages."""
        return f"number {self.number} in '{self.path.parent.name}/{self.path.name}'"


def pydicom() -> Any:
    """The package that reads DICOM, which is an extra."""
    try:
        import pydicom as package
    except ImportError as error:
        raise VertebraError(
            'DICOM needs a package that is not installed; run: pip install "vertebra[dicom]".'
        ) from error
    return package


@contextmanager
def quiet_pydicom() -> Iterator[None]:
    """Keeps warnings and tracebacks from the user's terminal; what matters is raised anyway."""
    logger = logging.getLogger("pydicom")
    was_propagating = logger.propagate
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        logger.propagate = False
        logger.addHandler(_SILENCE)
        try:
            yield
        finally:
            logger.propagate = was_propagating
            logger.removeHandler(_SILENCE)


def is_dicom(path: Path) -> bool:
    """Does the file begin as DICOM files do, with or without the preamble?"""
    with path.open("rb") as file:
        start = file.read(132)
    return start[128:] == b"DICM" or start[:4] in (b"\x08\x00\x05\x00", b"\x08\x00\x08\x00")


def slices_in(folder: Path, deep: bool, progress: Progress | None = None) -> list[Slice]:
    """The slices of all DICOM images in a folder, and in the folders below it if `deep`."""
    found: list[Slice] = []
    for path in _files(folder, deep):
        if progress is not None:
            progress.check()
        try:
            if is_dicom(path):
                found += slices_of(path)
        except OSError:
            continue
    return found


def slices_of(path: Path) -> list[Slice]:
    """The slices of one DICOM file: one, or each frame of a multi-frame image, or none."""
    package = pydicom()
    try:
        with quiet_pydicom():
            header = package.dcmread(path, force=True, stop_before_pixels=True, specific_tags=_TAGS)
            if "Rows" not in header:
                return []
            return [_slice(path, header, n) for n in range(int(header.get("NumberOfFrames") or 1))]
    except (ValueError, TypeError, AttributeError, KeyError, EOFError) as error:
        raise BadFile(f"'{path.name}' is damaged: its DICOM header cannot be read.") from error


def _files(folder: Path, deep: bool) -> Iterator[Path]:
    """Regular files in the order of their names; links to folders are not followed."""
    for root, folders, names in os.walk(folder):
        folders[:] = sorted(folders) if deep else []
        for name in sorted(names):
            path = Path(root) / name
            if path.is_file():
                yield path


def _slice(path: Path, header: Any, frame: int) -> Slice:
    groups = _functional_groups(header, frame)
    transform = _group(groups, "PixelValueTransformationSequence", header)
    image_type = [str(word).upper() for word in header.get("ImageType") or ()]
    return Slice(
        path=path,
        frame=frame,
        series=str(header.get("SeriesInstanceUID", "")),
        description=str(header.get("SeriesDescription", "")),
        modality=str(header.get("Modality", "")),
        is_ct=header.get("Modality") == "CT" and header.get("SOPClassUID") in _CT_CLASSES,
        is_localizer="LOCALIZER" in image_type,
        number=frame + 1 if "NumberOfFrames" in header else int(header.get("InstanceNumber") or 0),
        size=(int(header.Columns), int(header.Rows)),
        samples=int(header.get("SamplesPerPixel") or 1),
        photometric=str(header.get("PhotometricInterpretation", "")),
        position=_numbers(_group(groups, "PlanePositionSequence", header), "ImagePositionPatient"),
        orientation=_numbers(
            _group(groups, "PlaneOrientationSequence", header), "ImageOrientationPatient"
        ),
        spacing=_numbers(_group(groups, "PixelMeasuresSequence", header), "PixelSpacing"),
        transfer_syntax=str(header.file_meta.get("TransferSyntaxUID", "")),
        slope=_number(transform, "RescaleSlope"),
        intercept=_number(transform, "RescaleIntercept"),
    )


def _functional_groups(header: Any, frame: int) -> list[Any]:
    """What an enhanced image says about one frame, the frame's own word first."""
    own = header.get("PerFrameFunctionalGroupsSequence") or []
    shared = header.get("SharedFunctionalGroupsSequence") or []
    return [*own[frame : frame + 1], *shared[:1]]


def _group(groups: list[Any], name: str, header: Any) -> Any:
    for group in groups:
        if group.get(name):
            return group[name][0]
    return header


def _numbers(source: Any, name: str) -> tuple[float, ...]:
    """The numbers of an attribute, or none where it is absent or no length in a body."""
    values = tuple(float(value) for value in source.get(name) or ())
    return values if all(abs(value) < 1e6 for value in values) else ()


def _number(source: Any, name: str) -> float | None:
    value = source.get(name)
    return None if value is None else float(value)
