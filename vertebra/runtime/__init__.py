"""What every method runs on: devices, progress and cancel, files, models.

`devices` and `models` need torch and are imported by name, so that reading files and correcting
spines works in a Slicer that has no torch yet.
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
