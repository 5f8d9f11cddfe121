"""Writing the corrected spine to a file."""

from __future__ import annotations

from pathlib import Path

from vertebra.errors import VertebraError
from vertebra.exchange.convert import write
from vertebra.exchange.formats import named_format
from vertebra.exchange.verse import Variant
from vertebra.spine import Spine

from .Dependencies import ensureDicom
from .scene import dicomSeries, geometryFromNode, inSeries
from .Target import targetOf

DICOM = "dicom-points"
FORMATS = tuple(
    named_format(name)
    for name in ("markups", Variant.VOXELS.value, "csv", "tptbox", "spine", DICOM)
)
"""What the panel offers; the endings are those that each format is recognized by."""


def exportSpine(spine: Spine, format_, path: str, volumeNode=None) -> Path:
    """Write the spine; some formats need the scan it belongs to, a DICOM report its files."""
    if "write" in format_.image_for and volumeNode is None:
        raise VertebraError(f"{format_.title}: choose the CT that the points belong to first.")
    target = targetOf(path, format_.endings[0])
    if format_.name == DICOM:
        with dicomSeries(volumeNode) as folder:
            ensureDicom()
            return write(target, inSeries(spine, volumeNode), format_.name, image=folder)
    grid = geometryFromNode(volumeNode) if volumeNode else None
    return write(target, spine, format_.name, grid=grid)
