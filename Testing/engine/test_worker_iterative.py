"""The worker process segments with the iterative method once a model is installed."""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np
import pytest
import torch
from installed_blobs import body_of_blobs
from test_iterative_learning import TINY
from torch import nn

from vertebra.methods.iterative.network import MemoryNetwork
from vertebra.runtime.models import Card, save
from vertebra.spine import Flag
from vertebra.volume import Grid, LabelMap, Volume
from vertebra.worker import Client, Look, Piece, Result

SCAN, TRUTH, POINTS = body_of_blobs()
NAMES = [level.name for level in POINTS.levels]
EAGER = {"model": "eager"}


class Told:
    """A client with a model that takes every bright voxel for the vertebra, and what it said."""

    def __init__(self) -> None:
        self.client = Client()
        self.pieces: list[Piece] = []
        self.looks: list[Look] = []
        self.ends: list[object] = []
        self.client.drawn.connect(self.pieces.append)
        self.client.looked.connect(self.looks.append)
        self.client.finished.connect(self.ends.append)
        self.client.failed.connect(self.ends.append)
        self.client.cancelled.connect(lambda: self.ends.append("cancelled"))

    def wait(self, seconds: float = 90) -> object:
        end = time.monotonic() + seconds
        while not self.ends:
            assert time.monotonic() < end
            self.client.poll()
            time.sleep(0.01)
        return self.ends.pop()


@pytest.fixture(scope="module")
def warm(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models")
    configuration = replace(TINY, pointed=True, patch=16, spacing=3.0)
    torch.manual_seed(1)
    network = MemoryNetwork(configuration)
    nn.init.ones_(network.segmentation.bias)
    save(Card("eager", "iterative", configuration.to_dict()), network.state_dict(), folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("VERTEBRA_MODELS", str(folder))
        said = Told()
        yield said
        said.client.close()


@pytest.fixture
def told(warm):
    warm.pieces.clear()
    warm.looks.clear()
    warm.ends.clear()
    return warm


def test_masks_come_from_another_process_and_one_is_made_anew(told):
    told.client.start("segment", SCAN, "cpu", spine=POINTS, options=EAGER)
    result = told.wait()
    assert isinstance(result, Result), result
    assert result.labels.grid.same_as(SCAN.grid, tolerance=0)
    assert result.spine.provenance.method == "iterative tiny"
    masked = [each for each in result.spine if Flag.NO_MASK not in each.flags]
    assert {piece.instance for piece in told.pieces} == {each.instance for each in masked}
    assert set(np.unique(result.labels.voxels)) == {0, *(each.instance for each in masked)}
    assert len(told.looks) >= len(told.pieces)
    assert {look.size for look in told.looks} == {(48.0, 48.0, 48.0)}, "16 voxels of 3 mm"
    assert all(SCAN.grid.contains(look.centre) for look in told.looks)
    nothing = LabelMap(np.zeros(SCAN.grid.shape, np.uint8), SCAN.grid)
    first = masked[0]
    options = {**EAGER, "only": first.instance}
    told.client.start("segment", SCAN, "cpu", spine=POINTS, labels=nothing, options=options)
    again = told.wait()
    assert isinstance(again, Result), again
    assert set(np.unique(again.labels.voxels)) == {0, first.instance}


@pytest.mark.parametrize(
    ("given", "options", "sentence"),
    [
        ({}, {"model": "other"}, "There is no model 'other' on this machine"),
        ({}, {"direction": "up", "model": "iterative-coarse"}, "'iterative-coarse' does not go up"),
        ({"spine": POINTS}, {"only": 1}, "One vertebra alone needs points and masks"),
        ({"spine": POINTS, "labels": TRUTH}, {"only": 9}, "There is no vertebra number 9"),
    ],
)
def test_what_is_not_possible_is_one_sentence(told, given, options, sentence):
    told.client.start("segment", SCAN, "cpu", **given, options=options)
    said = told.wait()
    assert str(said).startswith(sentence)


def test_a_long_search_is_cancelled_within_a_second(told):
    voxels = np.full((200, 200, 200), 40, np.int16)
    voxels[:20], voxels[::9, ::9, ::9] = -1000, 400
    large = Volume(voxels, Grid.of(voxels.shape, (2, 2, 2)))
    told.client.start("segment", large, "cpu", options={"search": "fine"})
    time.sleep(1)
    begin = time.monotonic()
    told.client.cancel()
    assert told.wait() == "cancelled"
    assert time.monotonic() - begin < 1
