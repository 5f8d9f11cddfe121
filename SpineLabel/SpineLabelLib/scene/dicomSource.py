"""The DICOM files that a volume was read from."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import slicer

from vertebra.errors import VertebraError

ATTRIBUTE = "DICOM.instanceUIDs"


@contextmanager
def dicomSeries(volumeNode) -> Iterator[Path]:
    """A folder with just the volume's slices, as long as it is needed."""
    uids = (volumeNode.GetAttribute(ATTRIBUTE) or "").split()
    database = getattr(slicer, "dicomDatabase", None)
    files = [Path(database.fileForInstance(uid) or "") for uid in uids] if database else []
    if not files or not all(file.is_file() for file in files):
        raise VertebraError(
            f"'{volumeNode.GetName()}' was not read from DICOM, to which a DICOM result must "
            "refer; load the CT with Slicer's DICOM module, or choose another kind of file."
        )
    with tempfile.TemporaryDirectory(prefix="vertebra-series-") as folder:
        for number, file in enumerate(files):
            target = Path(folder) / f"{number:05d}.dcm"
            try:
                os.link(file, target)
            except OSError:  # another disk, or a file system without links
                shutil.copyfile(file, target)
        yield Path(folder)
