"""Images and their geometry: grids, CTs and label maps."""

from .grid import LPS_FROM_RAS, Grid
from .reading import read_label_map, read_volume
from .volume import LabelMap, Volume
from .writing import write_label_map, write_volume

__all__ = [
    "LPS_FROM_RAS",
    "Grid",
    "LabelMap",
    "Volume",
    "read_label_map",
    "read_volume",
    "write_label_map",
    "write_volume",
]
