"""Results and pieces of results as lines of JSON and files of voxels in the job's folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np

from ..pipeline import Piece, Result
from ..spine import from_json, to_json
from ..volume import Grid, LabelMap
from .arrays import read_array, write_array

MASKS = "masks.npy"


def piece_message(piece: Piece, folder: Path) -> dict[str, Any]:
    """Write the mask of a piece and describe the rest."""
    # a vertebra may be shown twice, and its first mask still be waiting to be read
    file = f"piece-{piece.instance}-{uuid4().hex}.npy"
    write_array(folder / file, piece.mask)
    start = [int(index) for index in piece.start]
    return {"instance": piece.instance, "name": piece.name, "start": start, "file": file}


def piece_of(message: dict[str, Any], folder: Path) -> Piece:
    """The piece of a message."""
    i, j, k = message["start"]
    mask = read_array(folder / Path(message["file"]).name)
    return Piece(int(message["instance"]), str(message["name"]), (i, j, k), mask)


def result_message(result: Result, folder: Path) -> dict[str, Any]:
    """Write the masks of a result and describe the rest."""
    message: dict[str, Any] = {"spine": to_json(result.spine), "notes": result.notes}
    if result.labels is not None:
        write_array(folder / MASKS, result.labels.voxels)
        message["affine"] = result.labels.grid.affine.tolist()
        message["source"] = result.labels.source
    return message


def result_of(message: dict[str, Any], folder: Path) -> Result:
    """The result of a message, read whole, since the folder goes with the job."""
    spine, notes = from_json(message["spine"]), tuple(message["notes"])
    if "affine" not in message:
        return Result(spine, None, notes)
    voxels = read_array(folder / MASKS)
    grid = Grid(voxels.shape, np.array(message["affine"]))
    names = {vertebra.instance: vertebra.level.name for vertebra in spine}
    return Result(spine, LabelMap(voxels, grid, names, message["source"]), notes)
