"""Models on this machine that segment and label blobs exactly, without having learned anything."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from coded_spine import BlobSegmenter, blob_scan

from vertebra.methods.iterative.inference import Segmenter
from vertebra.methods.iterative.rules import Direction
from vertebra.methods.multiview import inference as multiview
from vertebra.pipeline import networks
from vertebra.runtime import models
from vertebra.runtime.models import Card, save
from vertebra.spine import Spine
from vertebra.volume import LabelMap, Volume

MODELS = {
    "fine": BlobSegmenter.at(1.5),
    "coarse": BlobSegmenter.at(3.0),
    "upwards": BlobSegmenter.at(3.0, Direction.UP),
}


class Machine:
    """A machine whose models a test chooses; `loaded` tells which of them were used."""

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        self.loaded: list[str] = []
        self._patch = patch
        patch.setenv("VERTEBRA_MODELS", str(folder))
        patch.setattr(models, "bundled_folder", lambda: folder / "none")
        patch.setattr(networks, "_warm", {})
        patch.setattr(Segmenter, "load", self._load)

    def install(self, *names: str) -> None:
        """Install segmenting models."""
        for name in names:
            card = Card(name, "iterative", MODELS[name].configuration.to_dict())
            save(card, {"name": torch.tensor([*name.encode()])}, self.folder)

    def install_labeller(self, spine: Spine) -> None:
        """Install a labelling model that always finds this spine."""
        save(Card("labeller", "multiview"), {"x": torch.zeros(1)}, self.folder)
        self._patch.setattr(multiview.Localizer, "load", lambda name, device: name)
        self._patch.setattr(multiview, "label", lambda volume, localizer, progress: spine)

    def _load(self, name: str, device: torch.device) -> BlobSegmenter:
        self.loaded.append(name)
        return MODELS[name]


def body_of_blobs(count: int = 4, seed: int = 0) -> tuple[Volume, LabelMap, Spine]:
    """A scan of blobs that passes for a CT of a body, its masks and points."""
    scan, truth, points = blob_scan(count, seed)
    voxels = np.minimum(scan.voxels, 700)
    voxels[:3], voxels[-3:] = -1000, -1000
    return Volume(voxels, scan.grid, scan.source), truth, points
