"""The worker process labels with the multi-view method once a model is installed."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
import torch
from blocks import TINY, block_example

from vertebra.methods.multiview.networks import MultiViewNetwork
from vertebra.runtime.models import Card, save
from vertebra.worker import Client, Result


def test_a_ct_is_labelled_in_another_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VERTEBRA_MODELS", str(tmp_path))
    torch.manual_seed(0)
    card = Card("untrained", "multiview", TINY.to_dict())
    save(card, MultiViewNetwork(TINY).state_dict(), tmp_path)
    client, said = Client(), []
    client.finished.connect(said.append)
    client.failed.connect(said.append)
    client.start("label", block_example(1).volume, "cpu")
    end = time.monotonic() + 60
    while not said:
        assert time.monotonic() < end
        client.poll()
        time.sleep(0.02)
    client.close()
    (result,) = said
    assert isinstance(result, Result), result
    spine = result.spine
    assert spine.provenance.source == "blocks 1"
    assert len(spine.provenance.weights) == 64
