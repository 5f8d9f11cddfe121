"""Stands in for slicer.dicomDatabase: knows which file holds which image."""

from __future__ import annotations

from pathlib import Path


class DicomDatabase:
    """Files by their instance UIDs, as far as somebody imported them."""

    def __init__(self) -> None:
        self._files: dict[str, str] = {}

    def import_folder(self, folder: Path) -> list[str]:
        """Take up all files of a folder; returns their instance UIDs."""
        import pydicom

        found = {}
        for file in sorted(folder.iterdir()):
            header = pydicom.dcmread(file, stop_before_pixels=True)
            found[str(header.SOPInstanceUID)] = str(file)
        self._files.update(found)
        return list(found)

    def fileForInstance(self, uid: str) -> str:
        """The file of an image; empty for one that is not known."""
        return self._files.get(uid, "")
