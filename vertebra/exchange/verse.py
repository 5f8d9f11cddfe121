"""VerSe's centroid files: a list of voxel coordinates, which mean nothing without the image.

`X`, `Y`, `Z` count voxels along the image's axes turned towards `direction`. The challenge's files
(`*_iso-ctd.json`) count millimetres instead; descriptions of where they start contradict each
other, so a person says which variant a file is. Sacrum and coccyx (26, 27) are not part of VerSe.
"""

from __future__ import annotations

import json
from enum import Enum
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..anatomy import LEVELS, Level
from ..errors import BadFile, VertebraError
from ..runtime import write_text
from ..spine import Point, Spine
from ..volume import Grid
from .parsing import listed, named_level, number_of, read_json
from .points import one_a_level, unique_levels

NOT_LABELLED = (LEVELS["S1"], LEVELS["S2"], LEVELS["Co"])
"""Levels that VerSe does not label."""

CHALLENGE_DIRECTION = "PIR"
"""The challenge's files name no direction; its images start at anterior, superior, left."""


class Variant(Enum):
    """What the numbers in a centroid file count, and from where."""

    VOXELS = "verse"
    MM_FROM_FIRST_VOXEL = "verse-iso-voxel"
    MM_FROM_CORNER = "verse-iso-corner"


def variant_of(path: Path | str) -> Variant:
    """The variant that a file's header (only ours do) or name states; an error where none does."""
    stated = _header(path).get("variant")
    if stated in [each.value for each in Variant]:
        return Variant(stated)
    name = Path(path).name
    if name.endswith("_ctd.json") and "_seg-" in name:
        return Variant.VOXELS
    if name.endswith("iso-ctd.json"):
        raise BadFile(
            f"'{path}' counts millimetres, but not from where; choose the format "
            "verse-iso-voxel (from the centre of the first voxel) or verse-iso-corner."
        )
    raise BadFile(
        f"'{path}' does not tell whether it counts voxels or millimetres; choose the format "
        "verse, verse-iso-voxel or verse-iso-corner."
    )


def read(
    path: Path | str, grid: Grid, variant: Variant | None = None, direction: str | None = None
) -> Spine:
    """The spine of a centroid file that belongs to an image on `grid`.

    `direction` overrides the file's own where that is known to be wrong.
    """
    variant = variant or variant_of(path)
    stated, entries = _parts(path, variant)
    turned = _turned(grid, direction or stated, path)
    levels = [_level(entry, path) for entry in entries]
    numbers = [
        [number_of(entry.get(axis), path, f"{level}") for axis in "XYZ"]
        for level, entry in zip(levels, entries)
    ]
    indices = _to_indices(np.array(numbers).reshape(-1, 3), turned, variant)
    outside = [level for level, index in zip(levels, indices) if not _inside(index, turned)]
    if outside:
        raise BadFile(
            f"'{path}' puts {', '.join(map(str, outside))} outside the image; check that the image "
            f"belongs to it and that its format is {variant.value}."
        )
    points = [_point(world) for world in turned.to_world(indices)]
    return one_a_level(list(zip(levels, points)), path)


def write(path: Path | str, spine: Spine, grid: Grid, variant: Variant = Variant.VOXELS) -> Path:
    """Write the body centres for an image on `grid`, along the image's own axes."""
    vertebrae = [each for each in spine if each.level not in NOT_LABELLED]
    unique_levels((each.level for each in vertebrae), "VerSe")
    outside = [str(each.level) for each in vertebrae if not grid.contains(each.centroid)]
    if outside:
        raise VertebraError(
            f"{', '.join(outside)} lies outside the image, which VerSe's format cannot hold; "
            "give the image that the spine was made from."
        )
    direction = grid.codes if variant is Variant.VOXELS else CHALLENGE_DIRECTION
    turned = _turned(grid, direction, path)
    indices = turned.to_index(np.array([each.centroid for each in vertebrae]).reshape(-1, 3))
    numbers = _from_indices(indices, turned, variant)
    entries: list[dict[str, Any]] = [
        {"label": each.level.verse, "X": float(x), "Y": float(y), "Z": float(z)}
        for each, (x, y, z) in zip(vertebrae, numbers)
    ]
    header = {"direction": list(direction), "variant": variant.value}
    return write_text(path, json.dumps([header, *entries]) + "\n")


def direction_of(path: Path | str) -> str | None:
    """The axis codes that a centroid file counts along, such as "PIR"; `None` if it has none."""
    direction = _header(path).get("direction")
    if direction is None:
        return None
    if not isinstance(direction, list) or not all(isinstance(each, str) for each in direction):
        raise BadFile(f"'{path}' has a direction that is not three axis codes; correct it.")
    return "".join(direction).upper()


def _header(path: Path | str) -> dict[str, Any]:
    """The first entry, if it is no centroid."""
    entries = listed(read_json(path), path, "centroids")
    return entries[0] if entries and "label" not in entries[0] else {}


def _parts(path: Path | str, variant: Variant) -> tuple[str, list[dict[str, Any]]]:
    direction = direction_of(path)
    entries = [entry for entry in read_json(path) if "direction" not in entry]
    if direction is None and variant is Variant.VOXELS:
        raise BadFile(
            f"'{path}' has no direction, so it is a file of the challenge; choose the format "
            "verse-iso-voxel or verse-iso-corner."
        )
    return direction or CHALLENGE_DIRECTION, entries


def _turned(grid: Grid, direction: str, path: Path | str) -> Grid:
    try:
        return grid.permuted(*grid.steps_to(direction))
    except (VertebraError, StopIteration) as error:
        raise BadFile(
            f"'{path}' counts along '{direction}', which is not an orientation; correct it."
        ) from error


def _level(entry: dict[str, Any], path: Path | str) -> Level:
    number = number_of(entry.get("label"), path, "a label")
    if number != int(number):
        raise BadFile(f"'{path}' has the label {number}; labels are whole numbers: correct it.")
    return named_level(int(number), path)


def _to_indices(numbers: NDArray[np.float64], grid: Grid, variant: Variant) -> NDArray[np.float64]:
    if variant is Variant.VOXELS:
        return numbers
    start = 0.5 if variant is Variant.MM_FROM_CORNER else 0.0
    return np.asarray(numbers / grid.spacing - start, dtype=np.float64)


def _from_indices(
    indices: NDArray[np.float64], grid: Grid, variant: Variant
) -> NDArray[np.float64]:
    if variant is Variant.VOXELS:
        return indices
    start = 0.5 if variant is Variant.MM_FROM_CORNER else 0.0
    return np.asarray((indices + start) * grid.spacing, dtype=np.float64)


def _inside(index: NDArray[np.float64], grid: Grid) -> bool:
    """Within the image, give or take a voxel: annotators click on its border too."""
    return bool(np.all((index >= -1.5) & (index <= np.array(grid.shape) + 0.5)))


def _point(world: NDArray[np.float64]) -> Point:
    x, y, z = world.tolist()
    return x, y, z
