"""A warm process that computes for a window: jobs in, events out, and it dies with its parent.

Lines of JSON run over stdin and stdout; arrays go through files. The window's side is `Client`,
which knows neither Qt nor Slicer. This package's own imports need no torch.
"""

from ..pipeline import Look, Piece, Result
from .client import Client
from .signal import Signal

__all__ = ["Client", "Look", "Piece", "Result", "Signal"]
