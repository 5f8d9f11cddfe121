"""One piece of work: what the window asks for, as a line of JSON and files of voxels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from ..spine import Spine, from_json, to_json
from ..volume import Grid, LabelMap, Volume
from .arrays import read_array, write_array

VOXELS, LABELS = "voxels.npy", "labels.npy"


@dataclass(frozen=True, eq=False)
class Job:
    """A task on a scan; `spine` and `labels` are what is known of it already."""

    number: int
    task: str
    volume: Volume
    device: str = "auto"
    spine: Spine | None = None
    labels: LabelMap | None = None
    options: Mapping[str, Any] = field(default_factory=dict)

    def to_message(self, folder: Path) -> dict[str, Any]:
        """Write the voxels into a folder (the one copy that is made) and describe the rest."""
        write_array(folder / VOXELS, self.volume.voxels)
        if self.labels is not None:
            write_array(folder / LABELS, self.labels.voxels)
        return {
            "do": "run",
            "job": self.number,
            "task": self.task,
            "device": self.device,
            "folder": str(folder),
            "affine": self.volume.grid.affine.tolist(),
            "source": self.volume.source,
            "spine": None if self.spine is None else to_json(self.spine),
            "labels": None if self.labels is None else _described(self.labels),
            "options": dict(self.options),
        }

    @classmethod
    def from_message(cls, message: dict[str, Any]) -> Job:
        """The job of a message; its voxels are mapped from the files, not read."""
        folder = Path(message["folder"])
        voxels = read_array(folder / VOXELS, mapped=True)
        grid = Grid(voxels.shape, np.array(message["affine"]))
        return cls(
            int(message["job"]),
            str(message["task"]),
            Volume(voxels, grid, source=str(message["source"])),
            str(message["device"]),
            None if message["spine"] is None else from_json(message["spine"]),
            None if message["labels"] is None else _labels(message["labels"], folder),
            message["options"],
        )


def _described(labels: LabelMap) -> dict[str, Any]:
    return {
        "affine": labels.grid.affine.tolist(),
        "names": {str(number): name for number, name in labels.names.items()},
        "source": labels.source,
    }


def _labels(described: dict[str, Any], folder: Path) -> LabelMap:
    voxels = read_array(folder / LABELS, mapped=True)
    grid = Grid(voxels.shape, np.array(described["affine"]))
    names = {int(number): name for number, name in described["names"].items()}
    return LabelMap(voxels, grid, names, described["source"])
