"""A machine with models that segment blobs exactly, a scan of blobs, and files of a small spine."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from blob_commands import POINTS, SCAN
from installed_blobs import Machine
from spine_commands import GRID, SPINE

from vertebra.exchange import markups
from vertebra.spine import to_json
from vertebra.volume import LabelMap, write_label_map, write_volume


@pytest.fixture
def machine(tmp_path, monkeypatch):
    installed = Machine(tmp_path / "models", monkeypatch)
    installed.install("coarse", "upwards")
    return installed


@pytest.fixture
def ct(tmp_path):
    return write_volume(SCAN, tmp_path / "scan.nii.gz")


@pytest.fixture
def points(tmp_path):
    return markups.write(tmp_path / "points.mrk.json", POINTS)


@pytest.fixture
def spine_file(tmp_path: Path) -> Path:
    path = tmp_path / "case.spine.json"
    path.write_text(to_json(SPINE))
    return path


@pytest.fixture
def mask_file(tmp_path: Path) -> Path:
    voxels = np.zeros(GRID.shape, np.uint8)
    for vertebra in SPINE:
        i, j, k = np.round(GRID.to_index(vertebra.centroid)).astype(int)
        voxels[i - 8 : i + 8, j - 8 : j + 8, k - 5 : k + 5] = vertebra.level.verse
    names = {vertebra.level.verse: vertebra.level.name for vertebra in SPINE}
    return write_label_map(LabelMap(voxels, GRID, names), tmp_path / "case_msk.nii.gz")
