"""One piece of work: what the window asks for, as a line of JSON and a file of voxels."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..volume import Grid, Volume

VOXELS = "voxels.npy"


@dataclass(frozen=True, eq=False)
class Job:
    """A task on a scan."""

    number: int
    task: str
    volume: Volume
    device: str = "auto"

    def to_message(self, folder: Path) -> dict[str, Any]:
        """Write the voxels into a folder (the one copy that is made) and describe the rest."""
        np.save(folder / VOXELS, self.volume.voxels, allow_pickle=False)
        return {
            "do": "run",
            "job": self.number,
            "task": self.task,
            "device": self.device,
            "folder": str(folder),
            "affine": self.volume.grid.affine.tolist(),
            "source": self.volume.source,
        }

    @classmethod
    def from_message(cls, message: dict[str, Any]) -> Job:
        """The job of a message; its voxels are mapped from the file, not read."""
        file = Path(message["folder"]) / VOXELS
        voxels = np.load(file, mmap_mode="r", allow_pickle=False)
        grid = Grid(voxels.shape, np.array(message["affine"]))
        volume = Volume(voxels, grid, source=str(message["source"]))
        return cls(int(message["job"]), str(message["task"]), volume, str(message["device"]))
