"""A machine with models that segment blobs exactly, and a scan of blobs with its points."""

from __future__ import annotations

import pytest
from blob_commands import POINTS, SCAN
from installed_blobs import Machine

from vertebra.exchange import markups
from vertebra.volume import write_volume


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
