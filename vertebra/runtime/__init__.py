"""What every method runs on: devices, progress and cancel, files, models.

`devices` needs torch and is imported by name, so that reading files, correcting spines and listing
models works in a Slicer that has no torch yet.
"""

from .files import replacing, replacing_folder, write_bytes, write_text
from .progress import Progress
from .provenance import provenance

__all__ = [
    "Progress",
    "provenance",
    "replacing",
    "replacing_folder",
    "write_bytes",
    "write_text",
]
