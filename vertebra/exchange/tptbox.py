"""TPTBox's points of interest (POI JSON): a header with the grid, then points by vertebra and part.

Of the parts only the body's centre (subregion 50) is a vertebra's centroid.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from ..anatomy import LEVELS, Level
from ..errors import BadFile, VertebraError
from ..runtime import write_text
from ..spine import Point, Spine
from ..volume import LPS_FROM_RAS, Grid
from .parsing import named_level, point_of, read_json
from .points import one_a_level, unique_levels

BODY_CENTRE = (50, "Vertebra_Corpus")
"""The subregion of a vertebral body's centre: its number and TPTBox's name for it."""

_BODY_CENTRES = {str(BODY_CENTRE[0]), BODY_CENTRE[1]}
_NAMES = {**{name: name for name in LEVELS}, "Co": "COCC"}
_LEVELS = {name: LEVELS[level] for level, name in _NAMES.items()}


def write(path: Path | str, spine: Spine, grid: Grid) -> Path:
    """Write the body centres in voxels of an image on `grid`."""
    unique_levels(spine.levels, "a POI file")
    header = {
        "direction": list(grid.codes),
        "zoom": grid.spacing.tolist(),
        "origin": grid.origin.tolist(),
        "rotation": grid.directions.tolist(),
        "shape": list(grid.shape),
        "format": "POI",
        "level_one_info": "Vertebra_Instance",
        "level_two_info": "Location",
    }
    indices = grid.to_index(np.array(spine.centroids).reshape(-1, 3)).tolist()
    points = {
        _NAMES[level.name]: {BODY_CENTRE[1]: index} for level, index in zip(spine.levels, indices)
    }
    return write_text(path, json.dumps([header, points], indent=1) + "\n")


def read(path: Path | str) -> Spine:
    """The spine of the body centres; other points of interest are passed over."""
    document = read_json(path)
    if (
        not isinstance(document, list)
        or len(document) != 2
        or not all(isinstance(part, dict) for part in document)
    ):
        raise BadFile(f"'{path}' is not a POI file of TPTBox; it needs a header and points.")
    header, points = document
    found = [
        (_level(vertebra, path), point_of(place, path, f"the body centre of {vertebra}"))
        for vertebra, parts in points.items()
        if isinstance(parts, dict)
        for part, place in parts.items()
        if part in _BODY_CENTRES
    ]
    return one_a_level([(level, _world(place, header, path)) for level, place in found], path)


def unread(path: Path | str) -> list[str]:
    """The points of interest that are passed over."""
    _, points = read_json(path)
    places = [place for parts in points.values() if isinstance(parts, dict) for place in parts]
    return ["other points of interest"] if not _BODY_CENTRES.issuperset(places) else []


def _level(name: str, path: Path | str) -> Level:
    return _LEVELS.get(name) or named_level(int(name) if name.isdecimal() else name, path)


def _world(place: Point, header: dict[str, Any], path: Path | str) -> Point:
    if header.get("format") == "POI_GLOBAL":
        flips = LPS_FROM_RAS if header.get("coordinate_system") == "itk" else np.eye(4)
        x, y, z = (flips[:3, :3] @ place).tolist()
        return x, y, z
    if header.get("format") != "POI":
        raise BadFile(
            f"'{path}' has the format {header.get('format')}; save it in TPTBox's POI format."
        )
    x, y, z = _grid(header, path).to_world(place).tolist()
    return x, y, z


def _grid(header: dict[str, Any], path: Path | str) -> Grid:
    try:
        shape = [max(1, round(float(length))) for length in header.get("shape") or (1, 1, 1)]
        rotation = np.array(header["rotation"], dtype=np.float64).reshape(3, 3)
        return Grid.of(shape, header["zoom"], header["origin"], rotation)
    except (KeyError, TypeError, ValueError, OverflowError, VertebraError) as error:
        raise BadFile(
            f"'{path}' lacks zoom, origin or rotation in its header; save it with TPTBox again."
        ) from error
