"""What stops a training: what was learned is kept exactly, and no checkpoint is written twice."""

import signal

import pytest
import torch

pytest.importorskip("lightning.fabric")
pytest.importorskip("tensorboard")

from test_training_loop import Line, learn, line

from vertebra.errors import VertebraError
from vertebra.training import checkpoints, loop
from vertebra.training.curves import LOG, Curves


class Stopped(Line):
    """Presses Ctrl-C so often in the middle of one iteration, after the normalization moved."""

    def __init__(self, iteration, times):
        super().__init__()
        self.left, self.times = iteration, times

    def forward(self, batch):
        losses = super().forward(batch)
        self.left -= 1
        if self.left == 0:
            for _ in range(self.times):
                signal.raise_signal(signal.SIGINT)
        return losses


def stopped(iteration, times=1):
    torch.manual_seed(1)
    return Stopped(iteration, times)


def same(one, other):
    return all(torch.equal(tensor, other[name]) for name, tensor in one.items())


def test_a_ctrl_c_within_an_iteration_ends_the_training_after_it_and_nothing_is_learned_twice(
    tmp_path,
):
    straight = learn(line(), tmp_path / "straight")
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        learn(stopped(20), tmp_path / "halves")
    assert signal.getsignal(signal.SIGINT) is before
    assert checkpoints.read_state(tmp_path / "halves")["step"] == 20
    assert same(straight, learn(Line(), tmp_path / "halves", resume=True))


def test_a_second_ctrl_c_ends_at_once_and_leaves_the_checkpoint_that_is_there_alone(tmp_path):
    straight = learn(line(), tmp_path / "straight")
    out = tmp_path / "halves"
    learn(line(), out, 20)
    written = {
        file: file.stat().st_mtime_ns
        for file in out.iterdir()
        if file.suffix in (".safetensors", ".json")
    }
    with pytest.raises(KeyboardInterrupt):
        learn(stopped(1, times=2), out, resume=True)
    assert len(written) == 3
    assert {file: file.stat().st_mtime_ns for file in written} == written
    assert same(straight, learn(Line(), out, resume=True))


class Full(Curves):
    """Curves on a disk that is full."""

    def __init__(self, folder, first_step=0):
        super().__init__(folder, first_step)
        (folder / LOG).unlink()
        (folder / LOG).symlink_to("/dev/full")


def test_a_disk_that_is_full_ends_a_training_with_a_sentence_and_keeps_what_was_learned(
    tmp_path, monkeypatch
):
    monkeypatch.setattr(loop, "Curves", Full)
    with pytest.raises(VertebraError, match="The disk is full"):
        learn(line(), tmp_path)
    assert checkpoints.read_state(tmp_path)["step"] == 25
