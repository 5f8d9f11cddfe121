"""Folders of phantoms: readable as VerSe, whole or absent."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from vertebra.errors import Cancelled, VertebraError
from vertebra.exchange import verse
from vertebra.exchange.verse_folder import read_cases
from vertebra.phantom.writing import write_phantoms
from vertebra.runtime.progress import Progress
from vertebra.volume.reading import read_label_map, read_volume


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("phantoms") / "out"
    return write_phantoms(target, 2, seed=4, region="lumbar", spacing=5.0)


def test_the_folder_reads_as_verse(folder: Path) -> None:
    cases = read_cases(folder)
    assert [case.name for case in cases] == ["sub-phantom0001", "sub-phantom0002"]
    manifest = json.loads((folder / "manifest.json").read_text())
    for entry in manifest["cases"]:
        name = entry["name"]
        volume = read_volume(folder / "rawdata" / name / f"{name}_ct.nii.gz")
        derived = folder / "derivatives" / name
        masks = read_label_map(derived / f"{name}_seg-vert_msk.nii.gz")
        assert masks.grid.same_as(volume.grid)
        spine = verse.read(derived / f"{name}_seg-subreg_ctd.json", volume.grid)
        for vertebra in spine:
            stated = entry["vertebrae"][vertebra.level.name]
            assert np.allclose(stated["centre"], vertebra.centroid, atol=0.02)
            if stated["in_view"] == 1.0:
                assert (masks.voxels == stated["label"]).any()
        picture = (derived / f"{name}_seg-vert_snp.png").read_bytes()
        assert picture.startswith(b"\x89PNG")
        assert len(picture) > 20_000


def test_cancelling_leaves_nothing_behind(tmp_path: Path) -> None:
    progress = Progress(lambda fraction, message: progress.cancel())
    with pytest.raises(Cancelled):
        write_phantoms(
            tmp_path / "out", 2, region="L3", spacing=8.0, previews=False, progress=progress
        )
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_empty_is_left_alone(folder: Path) -> None:
    before = sorted(folder.rglob("*"))
    with pytest.raises(VertebraError, match="not empty"):
        write_phantoms(folder, 1, spacing=8.0, previews=False)
    assert sorted(folder.rglob("*")) == before


def test_a_count_below_one_is_refused(tmp_path: Path) -> None:
    with pytest.raises(VertebraError, match="at least 1"):
        write_phantoms(tmp_path / "out", 0)
