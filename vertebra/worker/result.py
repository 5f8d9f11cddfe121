"""What a job gives: pieces as they are drawn, and the whole at its end."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..spine import Spine, from_json, to_json
from ..volume import Grid, LabelMap
from .arrays import read_array, write_array

MASKS = "masks.npy"


@dataclass(frozen=True, eq=False)
class Piece:
    """One vertebra that has appeared: its mask in a box of the scan's voxels from `start`."""

    instance: int
    name: str
    start: tuple[int, int, int]
    mask: NDArray[np.bool_]

    def to_message(self, folder: Path) -> dict[str, Any]:
        """Write the mask into the job's folder and describe the rest."""
        file = f"piece-{self.instance}.npy"
        write_array(folder / file, self.mask)
        start = [int(index) for index in self.start]
        return {"instance": self.instance, "name": self.name, "start": start, "file": file}

    @classmethod
    def from_message(cls, message: dict[str, Any], folder: Path) -> Piece:
        """The piece of a message."""
        i, j, k = message["start"]
        mask = read_array(folder / Path(message["file"]).name)
        return cls(int(message["instance"]), str(message["name"]), (i, j, k), mask)


@dataclass(frozen=True, eq=False)
class Result:
    """A spine, masks by instance number where the task makes some, and what a user should know."""

    spine: Spine
    labels: LabelMap | None = None
    notes: tuple[str, ...] = ()

    def to_message(self, folder: Path) -> dict[str, Any]:
        """Write the masks into the job's folder and describe the rest."""
        message: dict[str, Any] = {"spine": to_json(self.spine), "notes": self.notes}
        if self.labels is not None:
            write_array(folder / MASKS, self.labels.voxels)
            message["affine"] = self.labels.grid.affine.tolist()
            message["source"] = self.labels.source
        return message

    @classmethod
    def from_message(cls, message: dict[str, Any], folder: Path) -> Result:
        """The result of a message, read whole: the folder goes with the job."""
        spine, notes = from_json(message["spine"]), tuple(message["notes"])
        if "affine" not in message:
            return cls(spine, None, notes)
        voxels = read_array(folder / MASKS)
        grid = Grid(voxels.shape, np.array(message["affine"]))
        names = {vertebra.instance: vertebra.level.name for vertebra in spine}
        return cls(spine, LabelMap(voxels, grid, names, message["source"]), notes)
