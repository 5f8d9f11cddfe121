"""The worker labels with the multi-view method once a model is installed."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest
import torch
from blocks import TINY, block_example

from vertebra.methods.multiview.networks import MultiViewNetwork
from vertebra.runtime.models import Card, save
from vertebra.spine import Spine
from vertebra.volume import Grid, Volume
from vertebra.worker import Client


@pytest.fixture
def client(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A worker on a machine with one model, which has learned nothing."""
    monkeypatch.setenv("VERTEBRA_MODELS", str(tmp_path))
    torch.manual_seed(0)
    card = Card("untrained", "multiview", TINY.to_dict())
    save(card, MultiViewNetwork(TINY).state_dict(), tmp_path)
    client = Client()
    yield client
    client.close()


def outcome(client: Client, volume: Volume) -> tuple[str, object]:
    said: list[tuple[str, object]] = []
    client.finished.connect(lambda spine: said.append(("finished", spine)))
    client.failed.connect(lambda sentence: said.append(("failed", sentence)))
    client.start("label", volume, "cpu")
    end = time.monotonic() + 60
    while not said:
        assert time.monotonic() < end
        client.poll()
        time.sleep(0.02)
    return said[0]


def test_a_ct_is_labelled_and_the_result_says_what_made_it(client: Client) -> None:
    name, spine = outcome(client, block_example(1).volume)
    assert name == "finished", spine
    assert isinstance(spine, Spine)
    assert spine.provenance.method == "multiview tiny"
    assert spine.provenance.source == "blocks 1"
    assert len(spine.provenance.weights) == 64


def test_an_image_that_is_no_ct_is_refused_before_the_work_begins(client: Client) -> None:
    mr = Volume(np.full((40, 40, 40), 300, np.int16), Grid.of((40, 40, 40), (4, 4, 4)))
    name, sentence = outcome(client, mr)
    assert name == "failed"
    assert str(sentence).startswith("This is not a CT of a body")
