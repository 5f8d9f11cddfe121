"""Which installed model segments: the direction that is asked for decides, then the voxels."""

from dataclasses import replace

import pytest
import torch

from vertebra.errors import BadModel
from vertebra.methods.iterative.choosing import choose, coarser, with_larger_voxels
from vertebra.methods.iterative.configuration import COARSE, COMPACT
from vertebra.methods.iterative.inference import Segmenter
from vertebra.runtime import models
from vertebra.runtime.models import Card, save

UP = {"direction": "up"}


@pytest.fixture
def shelf(tmp_path, monkeypatch):
    """Two folders as on users' machines: what ships goes both ways, in two cards."""
    bundled, own = tmp_path / "bundled", tmp_path / "own"
    monkeypatch.setenv("VERTEBRA_MODELS", str(own))
    monkeypatch.setattr(models, "bundled_folder", lambda: bundled)

    def put(name, configuration, folder=own):
        card = Card(name, "iterative", configuration.to_dict())
        save(card, {"x": torch.tensor([*name.encode()])}, folder)

    put("iterative-coarse-up", replace(COARSE, **UP), bundled)
    put("iterative-coarse", COARSE, bundled)
    return put


def chosen(*arguments):
    return choose(*arguments).card.name


def test_downwards_unless_upwards_is_asked_for(shelf):
    assert chosen() == chosen("down") == "iterative-coarse"
    assert chosen("up") == "iterative-coarse-up"


def test_smaller_voxels_are_better_but_never_the_wrong_direction(shelf):
    shelf("fine", COMPACT)
    assert chosen() == chosen("down") == "fine"
    assert chosen("up") == "iterative-coarse-up"
    shelf("finest", replace(COMPACT, spacing=1.0, **UP))
    assert chosen() == "fine"
    assert chosen("up") == "finest"


def test_what_the_user_installed_goes_before_what_ships(shelf):
    shelf("mine", COARSE)
    assert chosen() == "mine"
    assert chosen("up") == "iterative-coarse-up"


def test_a_search_in_large_voxels_goes_the_same_way(shelf):
    shelf("fine", COMPACT)
    assert coarser(choose()).card.name == "iterative-coarse"
    assert coarser(choose("up")) is None
    shelf("fine-up", replace(COMPACT, **UP))
    assert coarser(choose("up")).card.name == "iterative-coarse-up"
    shelf("finest", replace(COMPACT, spacing=1.0))
    assert coarser(choose()).card.name == "iterative-coarse"
    larger = [each.card.name for each in with_larger_voxels(choose())]
    assert larger == ["fine", "iterative-coarse"]
    shelf("mine", COARSE)
    assert coarser(choose()).card.name == "mine"


def test_a_named_model_of_the_other_direction_is_refused_with_the_one_that_fits(shelf):
    assert chosen(None, "iterative-coarse-up") == "iterative-coarse-up"
    with pytest.raises(
        BadModel, match="go up; leave out the direction or choose 'iterative-coarse-up'"
    ):
        choose("up", "iterative-coarse")
    with pytest.raises(
        BadModel, match="go down; leave out the direction or choose 'iterative-coarse'"
    ):
        choose("down", "iterative-coarse-up")


@pytest.mark.parametrize(
    "change",
    [
        {"newer": 1},
        {"spacing": "3"},
        {"spacing": 0},
        {"direction": "left"},
        {"training": None},
        {"widths": 5},
    ],
)
def test_a_model_whose_card_does_not_fit_fails_alone_and_by_its_name(shelf, change):
    shelf("fine", COMPACT)
    strange = {**COMPACT.to_dict(), **change}
    card = Card("strange", "iterative", strange)
    save(card, {"x": torch.zeros(1)}, models.user_folder())
    assert chosen() == chosen("down") == chosen(None, "fine") == "fine"
    assert chosen("up") == "iterative-coarse-up"
    assert coarser(choose()).card.name == "iterative-coarse"
    for use in (choose, lambda _, name: Segmenter.load(name)):
        with pytest.raises(BadModel, match="Remove the model 'strange', or choose another one"):
            use("down", "strange")


def test_without_a_model_of_a_direction_it_is_said(shelf, tmp_path, monkeypatch):
    monkeypatch.setattr(models, "bundled_folder", lambda: tmp_path / "none")
    shelf("only", COARSE)
    with pytest.raises(BadModel, match="that goes up is installed; leave out the direction"):
        choose("up")
    with pytest.raises(
        BadModel, match="'only' does not go up; leave out the direction or choose another"
    ):
        choose("up", "only")


def test_where_only_upwards_is_possible_that_is_the_default(shelf, tmp_path, monkeypatch):
    monkeypatch.setattr(models, "bundled_folder", lambda: tmp_path / "none")
    shelf("only", replace(COARSE, **UP))
    assert chosen() == "only"
