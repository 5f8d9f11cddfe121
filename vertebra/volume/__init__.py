"""Images and their geometry: grids, CTs and label maps."""

from .grid import LPS_FROM_RAS, Grid
from .volume import LabelMap, Volume

__all__ = ["LPS_FROM_RAS", "Grid", "LabelMap", "Volume"]
