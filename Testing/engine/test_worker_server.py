"""The worker's own side, spoken to line by line in this very process."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from blocks import TINY, block_example
from pretend_worker import LEVELS
from pretend_worker import TASKS as PRETENDED

from vertebra.methods.multiview.networks import MultiViewNetwork
from vertebra.runtime import models
from vertebra.runtime.models import Card, save
from vertebra.spine import Spine, from_json
from vertebra.volume import Grid, LabelMap, Volume
from vertebra.worker import Piece
from vertebra.worker.job import Job
from vertebra.worker.result import MASKS
from vertebra.worker.server import Server
from vertebra.worker.shown import Shown
from vertebra.worker.tasks import TASKS


class Spoken:
    """A server and what it has said."""

    def __init__(self, folder: Path, tasks: Any) -> None:
        self._folder = folder
        self._events = io.StringIO()
        self.server = Server(tasks, self._events)

    def ask(self, volume: Volume, number: int = 1, task: str = "label") -> None:
        self.server.hear(json.dumps(Job(number, task, volume, "cpu").to_message(self._folder)))

    def events(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self._events.getvalue().splitlines()]


@pytest.fixture
def spoken(tmp_path: Path) -> Spoken:
    return Spoken(tmp_path, PRETENDED)


def scan(name: str = "CT") -> Volume:
    voxels = np.arange(120, dtype=np.int16).reshape(4, 5, 6)
    return Volume(voxels, Grid.of(voxels.shape, (2, 2, 3)), source=name)


def test_a_job_keeps_its_voxels_and_their_place_without_reading_them_at_once(
    tmp_path: Path,
) -> None:
    sent = Job(7, "label", scan(), "cpu")
    got = Job.from_message(json.loads(json.dumps(sent.to_message(tmp_path))))
    np.testing.assert_array_equal(got.volume.voxels, sent.volume.voxels)
    assert isinstance(got.volume.voxels, np.memmap)
    assert got.volume.grid.same_as(sent.volume.grid, tolerance=0)
    assert (got.number, got.task, got.device, got.volume.source) == (7, "label", "cpu", "CT")


def test_a_job_keeps_points_masks_and_options(tmp_path: Path) -> None:
    spine = Spine.of({"L1": (1, 2, 3)})
    masks = LabelMap(scan().voxels.astype(np.uint16), scan().grid, {300: "L1"}, "mine")
    sent = Job(7, "segment", scan(), "cpu", spine, masks, {"only": 3, "direction": "up"})
    got = Job.from_message(json.loads(json.dumps(sent.to_message(tmp_path))))
    assert got.spine == spine
    assert got.options == {"only": 3, "direction": "up"}
    assert got.labels is not None
    assert isinstance(got.labels.voxels, np.memmap)
    np.testing.assert_array_equal(got.labels.voxels, masks.voxels)
    assert got.labels.grid.same_as(masks.grid, tolerance=0)
    assert (got.labels.names, got.labels.source) == ({300: "L1"}, "mine")


def test_a_full_disk_is_one_sentence(tmp_path: Path) -> None:
    spoken = Spoken(tmp_path, PRETENDED)
    spoken.ask(scan(), task="segment")
    (tmp_path / MASKS).mkdir()
    spoken.server.work()
    sentence = spoken.events()[-1]["sentence"]
    assert sentence.startswith("The voxels could not be handed over (")
    assert sentence.endswith("; free some disk space.")


def test_a_job_is_answered_with_progress_each_vertebra_and_the_spine(spoken: Spoken) -> None:
    spoken.ask(scan())
    spoken.server.work()
    events = spoken.events()
    assert [each["event"] for each in events] == ["progress", "found"] * 7 + ["result"]
    assert {each["job"] for each in events} == {1}
    spine = from_json(events[-1]["spine"])
    assert tuple(level.name for level in spine.levels) == LEVELS


def test_a_job_that_was_cancelled_while_it_waited_is_not_done(spoken: Spoken) -> None:
    spoken.ask(scan())
    spoken.server.hear(json.dumps({"do": "cancel", "job": 1}))
    spoken.server.work()
    assert spoken.events() == [{"event": "cancelled", "job": 1}]


def test_a_cancel_that_comes_too_late_is_no_fault(spoken: Spoken) -> None:
    spoken.ask(scan())
    spoken.server.work()
    said = len(spoken.events())
    spoken.server.hear(json.dumps({"do": "cancel", "job": 1}))
    spoken.ask(scan(), number=2)
    spoken.server.work()
    assert spoken.events()[said:][-1]["event"] == "result"


@pytest.mark.parametrize(
    ("name", "beginning"),
    [
        ("refuse", "This is an MR image; choose a CT."),
        ("exhausted", "There is not enough memory for this scan"),
        ("fault", "This is a fault in Vertebra, please report it: ZeroDivisionError"),
    ],
)
def test_an_error_is_one_sentence(spoken: Spoken, name: str, beginning: str) -> None:
    spoken.ask(scan(name))
    spoken.server.work()
    (event,) = spoken.events()
    assert event["event"] == "error"
    assert event["sentence"].startswith(beginning)
    assert "\n" not in event["sentence"]


@pytest.fixture
def untrained(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine with one model, which has learned nothing."""
    folder = tmp_path / "models"
    monkeypatch.setenv("VERTEBRA_MODELS", str(folder))
    torch.manual_seed(0)
    save(Card("a", "multiview", TINY.to_dict()), MultiViewNetwork(TINY).state_dict(), folder)


def test_labelling_twice_says_each_time_what_made_the_result(
    untrained: None, tmp_path: Path
) -> None:
    spoken = Spoken(tmp_path, TASKS)
    for number in (1, 2):
        spoken.ask(block_example(number).volume, number)
        spoken.server.work()
    results = [each for each in spoken.events() if each["event"] == "result"]
    assert len(results) == 2, spoken.events()[-1]
    for each, source in zip(results, ("blocks 1", "blocks 2")):
        made_by = from_json(each["spine"]).provenance
        assert (made_by.method, made_by.source) == ("multiview tiny", source)


def test_what_is_no_ct_is_refused(untrained: None, tmp_path: Path) -> None:
    spoken = Spoken(tmp_path, TASKS)
    spoken.ask(Volume(np.full((40, 40, 40), 300, np.int16), Grid.of((40, 40, 40), (4, 4, 4))))
    spoken.server.work()
    assert spoken.events()[-1]["sentence"].startswith("This is not a CT of a body")


def test_without_a_model_the_user_is_told_where_to_put_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VERTEBRA_MODELS", str(tmp_path / "models"))
    monkeypatch.setattr(models, "bundled_folder", lambda: tmp_path / "none")
    spoken = Spoken(tmp_path, TASKS)
    spoken.ask(scan())
    spoken.server.work()
    assert spoken.events()[-1]["sentence"] == (
        "No model for labelling spines is installed; put a model's two files, .safetensors and "
        f".json, into the folder {tmp_path / 'models'} and try again."
    )


def test_in_the_end_every_mask_was_shown_as_the_result_has_it() -> None:
    heard: list[Piece] = []
    shown = Shown(heard.append)  # type: ignore[arg-type]
    voxels = np.zeros((4, 5, 6), np.uint8)
    voxels[1:3, 1:3, 1:3], voxels[0, 0, 5], voxels[3, 4, 5] = 1, 2, 3
    for number in (1, 2):
        shown.show(Piece(number, f"L{number}", (0, 0, 0), voxels == number))
    shown.show(Piece(4, "L4", (1, 1, 4), np.ones((1, 1, 1), bool)))
    del heard[:]
    voxels[0, 0, 4] = 2
    names = {1: "L1", 2: "L2", 3: "L3"}
    shown.settle(LabelMap(voxels, Grid.of((4, 5, 6)), names))
    told = {piece.instance: (piece.name, piece.start, int(piece.mask.sum())) for piece in heard}
    assert told == {4: ("", (0, 0, 0), 0), 2: ("L2", (0, 0, 4), 2), 3: ("L3", (3, 4, 5), 1)}
