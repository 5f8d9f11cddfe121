"""The files of other programs: each format in one module, and `convert` for all of them."""

from .convert import convert, edit, format_to_write, read, read_points, recognized, write
from .formats import Format, Holds, formats

__all__ = [
    "Format",
    "Holds",
    "convert",
    "edit",
    "format_to_write",
    "formats",
    "read",
    "read_points",
    "recognized",
    "write",
]
