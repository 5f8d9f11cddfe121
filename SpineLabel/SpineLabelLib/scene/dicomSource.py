"""The DICOM files that a volume was read from, and where they have what is in the scene."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import slicer

from vertebra.errors import VertebraError
from vertebra.spine import Spine

from .volumeNode import worldFromNode

ATTRIBUTE = "DICOM.instanceUIDs"


@contextmanager
def dicomSeries(volumeNode) -> Iterator[Path]:
    """A folder with just the volume's slices, as long as it is needed."""
    transform = volumeNode.GetParentTransformNode()
    if transform is not None and not transform.IsTransformToWorldLinear():
        raise VertebraError(
            f"'{volumeNode.GetName()}' stands under a transform that bends it, so its DICOM series "
            "lies elsewhere; take it out of that transform, or choose another kind of file."
        )
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


def inSeries(spine: Spine, volumeNode) -> Spine:
    """A spine where the scan's DICOM series has it, which no transform in the scene moves."""
    toSeries = np.linalg.inv(worldFromNode(volumeNode))
    vertebrae = []
    for vertebra in spine:
        x, y, z, _ = (toSeries @ (*vertebra.centroid, 1.0)).tolist()
        vertebrae.append(replace(vertebra, centroid=(x, y, z)))
    return replace(spine, vertebrae=tuple(vertebrae))
