"""The model store: only whole, known weights are ever loaded."""

from __future__ import annotations

import json
import pickle

import pytest
import torch

from vertebra.errors import BadModel
from vertebra.runtime import models as store
from vertebra.runtime.models import Card


@pytest.fixture
def folders(tmp_path, monkeypatch):
    """An empty user folder, and a folder with one model to install."""
    monkeypatch.setenv("VERTEBRA_MODELS", str(tmp_path / "user"))
    card = Card("tiny", "multiview", {"views": 10}, "For tests.", metrics={"error_mm": None})
    saved = store.save(card, {"weight": torch.arange(6.0).reshape(2, 3).T}, tmp_path / "made")
    return tmp_path, saved


def test_a_saved_model_is_installed_loaded_and_removed(folders):
    _, saved = folders
    installed = store.install(saved.weights)
    assert "tiny" in [model.card.name for model in store.models()]
    weights = store.load(store.model("tiny"))
    assert torch.equal(weights["weight"], torch.arange(6.0).reshape(2, 3).T)
    assert installed.size > 0
    assert store.model("tiny").card.configuration == {"views": 10}
    store.remove("tiny")
    with pytest.raises(BadModel, match="no model 'tiny'"):
        store.model("tiny")


def test_damaged_weights_are_refused(folders):
    _, saved = folders
    content = bytearray(saved.weights.read_bytes())
    content[-1] ^= 1
    saved.weights.write_bytes(content)
    with pytest.raises(BadModel, match="damaged"):
        store.install(saved.weights)
    assert "tiny" not in [model.card.name for model in store.models()]


def test_a_pickle_in_place_of_weights_is_never_opened(folders):
    _, saved = folders
    saved.weights.write_bytes(pickle.dumps({"weight": 1}))
    card = json.loads(saved.weights.with_suffix(".json").read_text())
    card["sha256"] = store._sha256(saved.weights)
    saved.weights.with_suffix(".json").write_text(json.dumps(card))
    with pytest.raises(BadModel, match="cannot be read"):
        store.install(saved.weights)


def test_both_files_of_a_model_are_needed(folders):
    _, saved = folders
    saved.weights.unlink()
    with pytest.raises(BadModel, match="missing"):
        store.install(saved.weights.with_suffix(".json"))


def test_a_folder_is_no_file_of_a_model(folders, monkeypatch):
    tmp_path, _ = folders
    monkeypatch.chdir(tmp_path)
    for folder in (".", tmp_path / "made"):
        with pytest.raises(BadModel, match="is a folder; give one of the two files"):
            store.install(folder)


def test_weights_that_may_not_be_read_are_told_of(folders):
    """A folder in their place is as unreadable as a file of somebody else."""
    _, saved = folders
    found = store.Model(saved.card, saved.weights.parent, bundled=False)
    with pytest.raises(BadModel, match=r"made' cannot be read \(.+\); copy it again"):
        store.load(found)


@pytest.mark.parametrize("name", ["../evil", "a/b", "", ".hidden", "x" * 99])
def test_a_name_cannot_lead_out_of_the_store(folders, name):
    tmp_path, saved = folders
    card_file = saved.weights.with_suffix(".json")
    card_file.write_text(json.dumps({**json.loads(card_file.read_text()), "name": name}))
    with pytest.raises(BadModel, match="name has letters"):
        store.install(saved.weights)
    assert not (tmp_path / "evil.safetensors").exists()


def test_a_card_must_belong_to_its_file(folders):
    _, saved = folders
    card_file = saved.weights.with_suffix(".json")
    card_file.write_text(json.dumps({**json.loads(card_file.read_text()), "name": "other"}))
    with pytest.raises(BadModel, match="belongs to a model called 'other'"):
        store.install(saved.weights)


@pytest.mark.parametrize("text", ["", "[]", '{"name": "tiny"}', '{"nonsense": 1}'])
def test_something_else_in_place_of_a_card_is_refused(folders, text):
    _, saved = folders
    saved.weights.with_suffix(".json").write_text(text)
    with pytest.raises(BadModel, match="not the card"):
        store.install(saved.weights)


@pytest.mark.parametrize("configuration", [None, [], "compact"])
def test_a_card_whose_configuration_is_no_list_of_names_is_refused(folders, configuration):
    _, saved = folders
    card_file = saved.weights.with_suffix(".json")
    changed = {**json.loads(card_file.read_text()), "configuration": configuration}
    card_file.write_text(json.dumps(changed))
    with pytest.raises(BadModel, match="not the card"):
        store.install(saved.weights)


def test_what_ships_with_vertebra_cannot_be_removed(folders, monkeypatch):
    tmp_path, _ = folders
    monkeypatch.setattr(store, "bundled_folder", lambda: tmp_path / "made")
    assert store.model("tiny").bundled
    with pytest.raises(BadModel, match="ships with Vertebra"):
        store.remove("tiny")


def test_an_installed_model_goes_before_a_bundled_namesake(folders, monkeypatch):
    tmp_path, saved = folders
    store.install(saved.weights)
    monkeypatch.setattr(store, "bundled_folder", lambda: tmp_path / "made")
    assert not store.model("tiny").bundled


def test_a_file_that_is_no_model_is_passed_over_told_with_its_path_and_removed_by_its_name(folders):
    tmp_path, saved = folders
    store.install(saved.weights)
    user = tmp_path / "user"
    (user / "stray.json").write_text("{}")
    (user / "stray.safetensors").write_bytes(b"")
    for ending in (".json", ".safetensors"):
        (user / f"tiny{ending}").rename(user / f"renamed{ending}")
    store.install(saved.weights)
    names = [model.card.name for model in store.models()]
    assert "tiny" in names
    assert not {"stray", "renamed"} & set(names)
    told = store.unreadable()
    assert list(told) == [user / "renamed.json", user / "stray.json"]
    assert all(f"'{file}'" in why for file, why in told.items())
    with pytest.raises(BadModel, match="belongs to a model called 'tiny'; give both of its files"):
        store.model("renamed")
    store.remove("renamed")
    store.remove("stray")
    assert store.unreadable() == {}
    assert sorted(file.name for file in user.iterdir()) == ["tiny.json", "tiny.safetensors"]


def test_a_damaged_card_does_not_hide_the_bundled_model_of_its_name(folders, monkeypatch):
    tmp_path, saved = folders
    monkeypatch.setattr(store, "bundled_folder", lambda: tmp_path / "made")
    store.install(saved.weights)
    (tmp_path / "user/tiny.json").write_bytes(b"\xff")
    assert store.model("tiny").bundled
    store.remove("tiny")
    assert list((tmp_path / "user").iterdir()) == []
    assert store.model("tiny").bundled
