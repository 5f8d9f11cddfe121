"""The files of other programs: each format in one module, and `convert` for all of them."""

from .convert import convert, read, recognized, write
from .formats import Format, Holds, formats

__all__ = ["Format", "Holds", "convert", "formats", "read", "recognized", "write"]
