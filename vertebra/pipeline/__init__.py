"""From a CT to a result with the models at hand: what the terminal and the worker share."""

from .label import label
from .results import Look, News, Piece, Result, Show
from .segment import Search, resegment, segment

__all__ = ["Look", "News", "Piece", "Result", "Search", "Show", "label", "resegment", "segment"]
