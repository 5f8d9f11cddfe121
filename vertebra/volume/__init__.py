"""Images and their geometry: grids, CTs and label maps."""

from .body_ct import Verdict, require_body_ct, verdict
from .grid import LPS_FROM_RAS, Grid
from .orienting import around, cropped, oriented, padded
from .reading import read_label_map, read_volume
from .resampling import onto, resampled, straightened
from .series import Series, list_series
from .volume import Algorithm, LabelMap, Volume
from .writing import write_label_map, write_volume

__all__ = [
    "LPS_FROM_RAS",
    "Algorithm",
    "Grid",
    "LabelMap",
    "Series",
    "Verdict",
    "Volume",
    "around",
    "cropped",
    "list_series",
    "onto",
    "oriented",
    "padded",
    "read_label_map",
    "read_volume",
    "require_body_ct",
    "resampled",
    "straightened",
    "verdict",
    "write_label_map",
    "write_volume",
]
