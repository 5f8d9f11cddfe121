"""The worker: a warm process that can be cancelled, may crash, and never outlives its parent."""

from __future__ import annotations

import os
import signal
import sys
import tempfile
import textwrap
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from vertebra.errors import VertebraError
from vertebra.spine import Spine
from vertebra.volume import Grid, LabelMap, Volume
from vertebra.worker import Client, Piece, Result, client
from vertebra.worker.process import WorkerProcess
from vertebra.worker.result import piece_of

HERE = Path(__file__).resolve().parent
PRETEND = (sys.executable, str(HERE / "pretend_worker.py"))
NAMES = ["T11", "T12", "L1", "L2", "L3", "L4", "L5"]


def scan(name: str = "CT") -> Volume:
    voxels = np.zeros((4, 5, 6), np.int16)
    return Volume(voxels, Grid.of(voxels.shape, (2, 2, 3), (-4, 7, 90)), source=name)


class Heard:
    """Everything a client said, in order."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.events: list[tuple[str, tuple[object, ...]]] = []
        for name in ("progressed", "found", "drawn", "finished", "failed", "cancelled"):
            getattr(client, name).connect(
                lambda *values, name=name: self.events.append((name, values))
            )

    def names(self) -> list[str]:
        return [name for name, _ in self.events]

    def until(self, arrived: Callable[[], bool], seconds: float = 20) -> None:
        end = time.monotonic() + seconds
        while not arrived():
            assert time.monotonic() < end, f"nothing more came after {self.events[-3:]}"
            self.client.poll()
            time.sleep(0.005)

    def until_idle(self) -> tuple[str, tuple[object, ...]]:
        self.until(lambda: not self.client.busy)
        return self.events[-1]


@pytest.fixture(scope="module")
def warm() -> Iterator[Client]:
    client = Client(PRETEND)
    yield client
    client.close()


@pytest.fixture
def heard(warm: Client) -> Heard:
    return Heard(warm)


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
        return Path(f"/proc/{pid}/stat").read_text().split(") ")[1][0] != "Z"
    except ProcessLookupError:
        return False
    except FileNotFoundError:  # gone in between, or no Linux
        return not Path("/proc").exists()


def wait_until_gone(pid: int, seconds: float) -> None:
    end = time.monotonic() + seconds
    while is_alive(pid):
        assert time.monotonic() < end, "the worker lives on"
        time.sleep(0.01)


def test_a_job_ends_with_its_spine_in_the_scans_place(heard: Heard) -> None:
    heard.client.start("label", scan())
    name, (result,) = heard.until_idle()
    assert name == "finished"
    assert isinstance(result, Result)
    assert result.labels is None
    spine = result.spine
    assert [level.name for level in spine.levels] == NAMES
    assert spine.centroids[0] == pytest.approx((-1, 11, 175.5))


def test_progress_and_each_vertebra_arrive_as_they_come(heard: Heard) -> None:
    heard.client.start("label", scan())
    heard.until_idle()
    fractions = [values[0] for name, values in heard.events if name == "progressed"]
    assert fractions == sorted(fractions)
    assert len(fractions) == 7
    found = [len(values[0]) for name, values in heard.events if name == "found"]  # type: ignore[arg-type]
    assert found == [1, 2, 3, 4, 5, 6, 7]


def test_each_mask_arrives_as_it_is_drawn_and_all_of_them_at_the_end(heard: Heard) -> None:
    heard.client.start("segment", scan())
    name, (result,) = heard.until_idle()
    assert name == "finished"
    assert isinstance(result, Result)
    assert result.labels is not None
    assert result.labels.grid.same_as(scan().grid, tolerance=0)
    assert result.labels.names == dict(enumerate(NAMES, 1))
    assert result.notes == ("These masks are pretended.",)
    assert [each.completeness for each in result.spine] == [0.9] * 7
    drawn = np.zeros(scan().grid.shape, np.uint8)
    for piece in (values[0] for event, values in heard.events if event == "drawn"):
        assert isinstance(piece, Piece)
        assert piece.name == NAMES[piece.instance - 1]
        box = tuple(slice(a, a + n) for a, n in zip(piece.start, piece.mask.shape))
        drawn[box][piece.mask] = piece.instance
    np.testing.assert_array_equal(drawn, result.labels.voxels)
    assert drawn.any()


def test_one_vertebra_is_segmented_anew_from_the_points_and_masks_that_are_sent(
    heard: Heard,
) -> None:
    spine = Spine.of({"L1": (-1, 11, 93), "L2": (-1, 11, 102)})
    voxels = np.zeros(scan().grid.shape, np.uint16)
    voxels[:, 0], voxels[0, 4] = 700, 2
    masks = LabelMap(voxels, scan().grid, {700: "T5", 2: "L2"})
    heard.client.start("segment", scan(), spine=spine, labels=masks, options={"only": 2})
    _, (result,) = heard.until_idle()
    assert isinstance(result, Result)
    assert result.labels is not None
    assert [event for event in heard.names() if event == "drawn"] == ["drawn"]
    np.testing.assert_array_equal(result.labels.voxels == 700, voxels == 700)
    assert set(np.unique(result.labels.voxels)) == {0, 2, 700}
    assert result.labels.voxels[0, 4, 0] == 0
    assert [each.completeness for each in result.spine] == [None, 0.9]


def test_the_process_stays_warm_between_jobs(heard: Heard) -> None:
    heard.client.start("label", scan())
    heard.until_idle()
    before = heard.client.pid
    heard.client.start("label", scan())
    heard.until_idle()
    assert heard.client.pid == before


def test_cancelling_takes_less_than_a_second_and_the_process_stays_warm(heard: Heard) -> None:
    heard.client.start("label", scan("slow"))
    heard.until(lambda: "found" in heard.names())
    before, start = heard.client.pid, time.monotonic()
    heard.client.cancel()
    assert heard.until_idle() == ("cancelled", ())
    assert time.monotonic() - start < 1
    assert heard.client.pid == before


def test_work_that_is_deaf_to_cancel_is_ended_within_a_second(heard: Heard) -> None:
    heard.client.start("label", scan("deaf"))
    heard.until(lambda: heard.client.pid is not None)
    pid, start = heard.client.pid, time.monotonic()
    assert pid
    heard.client.cancel()
    assert heard.until_idle() == ("cancelled", ())
    assert time.monotonic() - start < 1
    wait_until_gone(pid, 1)
    heard.client.start("label", scan())
    assert heard.until_idle()[0] == "finished"


def test_a_second_job_is_refused_while_one_runs(heard: Heard) -> None:
    heard.client.start("label", scan("slow"))
    with pytest.raises(VertebraError, match="A computation is running"):
        heard.client.start("label", scan())
    heard.client.cancel()
    heard.until_idle()


def test_segmenting_is_cancelled_within_a_second(heard: Heard) -> None:
    heard.client.start("segment", scan("slow"))
    heard.until(lambda: "drawn" in heard.names())
    start = time.monotonic()
    heard.client.cancel()
    assert heard.until_idle() == ("cancelled", ())
    assert time.monotonic() - start < 1


@pytest.mark.parametrize("task", ["label", "segment"])
@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("refuse", "This is an MR image; choose a CT."),
        ("exhausted", "There is not enough memory for this scan; close other programs or crop it."),
        ("fault", "This is a fault in Vertebra, please report it: ZeroDivisionError('by zero')"),
    ],
)
def test_an_error_arrives_as_one_sentence_and_the_next_job_runs(
    heard: Heard, task: str, name: str, sentence: str
) -> None:
    heard.client.start(task, scan(name))
    assert heard.until_idle() == ("failed", (sentence,))
    heard.client.start("label", scan())
    assert heard.until_idle()[0] == "finished"


def test_a_crash_is_reported_with_its_reason_and_the_next_job_starts_anew(heard: Heard) -> None:
    heard.client.start("label", scan("crash"))
    name, (sentence,) = heard.until_idle()
    assert name == "failed"
    assert sentence == (
        "The computation ended unexpectedly (out of shared memory); "
        "try again, it starts anew by itself."
    )
    heard.client.start("label", scan())
    assert heard.until_idle()[0] == "finished"


def test_a_killed_worker_is_reported(heard: Heard) -> None:
    heard.client.start("label", scan("slow"))
    heard.until(lambda: "found" in heard.names())
    assert heard.client.pid
    os.kill(heard.client.pid, signal.SIGTERM)
    name, (sentence,) = heard.until_idle()
    assert name == "failed"
    assert "ended unexpectedly" in str(sentence)


def test_what_libraries_print_does_not_disturb_the_events(heard: Heard) -> None:
    heard.client.start("label", scan("chatty"))
    assert heard.until_idle()[0] == "finished"


def test_the_file_of_the_voxels_is_removed_with_the_job(
    heard: Heard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    heard.client.start("label", scan("slow"))
    heard.until(lambda: "found" in heard.names())
    assert [file.name for file in tmp_path.glob("*/*")] == ["voxels.npy"]
    heard.client.cancel()
    heard.until_idle()
    heard.until(lambda: not list(tmp_path.iterdir()))  # a thread of the client's removes it
    heard.client.start("segment", scan())
    heard.until_idle()
    heard.until(lambda: not list(tmp_path.iterdir()))


def test_threads_of_the_worker_that_wait_sleep_unless_the_user_wishes_otherwise(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    code = "import json, os; print(json.dumps({'event': os.environ['OMP_WAIT_POLICY']}))"
    for wished, found in ((None, "PASSIVE"), ("ACTIVE", "ACTIVE")):
        monkeypatch.delenv("OMP_WAIT_POLICY", raising=False)
        if wished:
            monkeypatch.setenv("OMP_WAIT_POLICY", wished)
        worker = WorkerProcess([sys.executable, "-c", code])
        assert worker.events.get(timeout=30)["event"] == found
        worker.kill()


def test_a_result_that_cannot_be_read_is_one_sentence_and_not_an_endless_wait() -> None:
    says = """
        import json, sys
        job = json.loads(sys.stdin.readline())["job"]
        drawn = {"event": "drawn", "job": job, "start": None}
        for event in (3, drawn, {"event": "result", "job": job}):
            print(json.dumps(event), flush=True)
        sys.stdin.read()
        """
    client = Client((sys.executable, "-c", textwrap.dedent(says)))
    heard = Heard(client)
    client.start("label", scan())
    name, (sentence,) = heard.until_idle()
    assert (name, "could not be read" in str(sentence)) == ("failed", True)
    client.close()


def test_a_mask_that_cannot_be_read_fails_the_run_instead_of_missing_in_it(
    heard: Heard, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads: list[int] = []

    def read(message: dict[str, object], folder: Path) -> Piece:
        reads.append(1)
        if len(reads) == 2:
            raise OSError("the disk is gone")
        return piece_of(message, folder)

    monkeypatch.setattr(client, "piece_of", read)
    heard.client.start("segment", scan())
    name, (sentence,) = heard.until_idle()
    assert (name, sentence) == ("failed", client.LOST)
    monkeypatch.undo()
    heard.client.start("segment", scan())
    assert heard.until_idle()[0] == "finished"


def test_a_worker_that_died_while_idle_is_replaced_without_a_word(heard: Heard) -> None:
    heard.client.start("label", scan())
    heard.until_idle()
    assert heard.client.pid
    os.kill(heard.client.pid, signal.SIGKILL)
    wait_until_gone(heard.client.pid, 5)
    time.sleep(0.3)  # the thread that listens to it hears of it
    heard.client.start("label", scan())
    assert heard.until_idle()[0] == "finished"
