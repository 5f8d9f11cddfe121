"""DICOM folders and files: which series they hold, and the one that is wanted as a CT."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import BadFile
from .volume import Volume

if TYPE_CHECKING:
    from ..runtime.progress import Progress


def is_dicom(path: Path) -> bool:
    """Does the file begin as DICOM files do, with or without the preamble?"""
    with path.open("rb") as file:
        start = file.read(132)
    return start[128:] == b"DICM" or start[:4] in (b"\x08\x00\x05\x00", b"\x08\x00\x08\x00")


def read_series(path: Path, series: str | None, progress: Progress | None) -> Volume:
    """The CT series of a folder, or the one that a file belongs to."""
    raise BadFile(f"'{path.name}' is DICOM, which is not read yet.")
