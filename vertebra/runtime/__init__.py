"""What every method runs on: devices, progress and cancel, files, models."""

from .files import replacing, replacing_folder, write_bytes, write_text
from .progress import Progress

__all__ = ["Progress", "replacing", "replacing_folder", "write_bytes", "write_text"]
