"""A datastore folder is what MONAI Label's server expects, and nothing leads out of it."""

from __future__ import annotations

import hashlib
import json

import numpy as np
import pytest
from filelock import FileLock

from vertebra.errors import BadFile, VertebraError
from vertebra.exchange import datastore, labelmap
from vertebra.volume import Grid, LabelMap, Volume, write_volume

GRID = Grid.of((4, 5, 6))


@pytest.fixture
def image(tmp_path):
    return write_volume(Volume(np.zeros(GRID.shape, np.int16), GRID), tmp_path / "scan.1.nii.gz")


@pytest.fixture
def masks():
    voxels = np.zeros(GRID.shape, np.uint8)
    voxels[1, 1, 1:3] = 7
    return LabelMap(voxels, GRID, {7: "L2"})


def _document(folder):
    return json.loads((folder / datastore.CONFIG).read_text())


def test_images_and_labels_come_back_as_they_were_saved(tmp_path, image, masks):
    folder = tmp_path / "store"
    assert datastore.add_image(folder, image).name == "scan.1"
    datastore.save_label(folder, "scan.1", datastore.FINAL, masks)
    (entry,) = datastore.read(folder)
    assert entry.image.read_bytes() == image.read_bytes()
    assert set(entry.labels) == {"final"}
    assert labelmap.read(entry.labels["final"]).names == {21: "L2"}
    assert entry.info["final"]["params"] == {"label_names": {"L2": 21}}


def test_the_folder_has_the_layout_and_the_json_of_monai_label(tmp_path, image, masks):
    folder = tmp_path / "store"
    datastore.add_image(folder, image, "case")
    datastore.save_label(folder, "case", datastore.ORIGINAL, masks)
    label = folder / "labels" / "original" / "case.nii.gz"
    document = _document(folder)
    assert (document["images_dir"], document["labels_dir"]) == (".", "labels")
    entry = document["objects"]["case"]
    assert entry["image"]["ext"] == ".nii.gz"
    assert entry["image"]["info"]["name"] == "case.nii.gz"
    noted = entry["labels"]["original"]
    assert noted["ext"] == ".nii.gz"
    digest = hashlib.sha256(label.read_bytes()).hexdigest()
    assert noted["info"]["checksum"] == f"SHA256:{digest}"
    assert isinstance(noted["info"]["ts"], int)
    assert (folder / "labels" / "final").is_dir()


def test_what_a_server_wrote_is_kept(tmp_path, image, masks):
    folder = tmp_path / "store"
    datastore.add_image(folder, image, "case")
    document = _document(folder)
    document["name"] = "theirs"
    document["objects"]["case"]["image"]["info"]["strategy"] = "random"
    document["objects"]["gone"] = {"image": {"ext": ".nii.gz", "info": {}}}
    (folder / datastore.CONFIG).write_text(json.dumps(document))
    datastore.save_label(folder, "case", "final", masks)
    kept = _document(folder)
    assert kept["name"] == "theirs"
    assert kept["objects"]["case"]["image"]["info"]["strategy"] == "random"
    assert [entry.name for entry in datastore.read(folder)] == ["case"]
    datastore.add_image(folder, image, "case")
    assert set(_document(folder)["objects"]["case"]["labels"]) == {"final"}


def test_a_folder_that_another_program_holds_is_left_alone(tmp_path, image, masks, monkeypatch):
    folder = tmp_path / "store"
    datastore.add_image(folder, image, "case")
    before = _document(folder)
    monkeypatch.setattr(datastore, "LOCK_SECONDS", 0.05)
    with (
        FileLock(folder / datastore.LOCK),
        pytest.raises(VertebraError, match="Another program"),
    ):
        datastore.save_label(folder, "case", "final", masks)
    assert _document(folder) == before
    assert not (folder / "labels" / "final" / "case.nii.gz").exists()


@pytest.mark.parametrize(
    "change",
    [
        {"images_dir": "/etc"},
        {"labels_dir": "../elsewhere"},
        {"objects": {"../../a": {"image": {"ext": ".nii.gz"}}}},
        {"objects": {"a": {"image": {"ext": "/../../b"}}}},
        {"objects": {"a": {"image": {"ext": ".nii"}, "labels": {"..": {"ext": ".nii"}}}}},
        {"objects": {"a": {}}},
        {"objects": {"a": []}},
        {"objects": []},
    ],
)
def test_a_datastore_that_leads_elsewhere_or_is_damaged_is_refused(tmp_path, image, change):
    datastore.add_image(tmp_path / "store", image, "case")
    document = _document(tmp_path / "store") | change
    (tmp_path / "store" / datastore.CONFIG).write_text(json.dumps(document))
    with pytest.raises(BadFile, match="store"):
        datastore.read(tmp_path / "store")


def test_names_and_tags_of_our_own_cannot_lead_elsewhere_either(tmp_path, image, masks):
    folder = tmp_path / "store"
    datastore.add_image(folder, image, "case")
    with pytest.raises(VertebraError, match="outside it"):
        datastore.add_image(folder, image, "../case")
    with pytest.raises(VertebraError, match="outside it"):
        datastore.save_label(folder, "case", "a/../../..", masks)
    with pytest.raises(VertebraError, match="add the image first"):
        datastore.save_label(folder, "other", "final", masks)
    with pytest.raises(VertebraError, match="not a file ending in"):
        datastore.add_image(folder, tmp_path / "missing.nii.gz")
    assert not (tmp_path / "case.nii.gz").exists()


def test_a_folder_that_does_not_exist_is_refused(tmp_path):
    with pytest.raises(VertebraError, match="missing"):
        datastore.read(tmp_path / "missing")
