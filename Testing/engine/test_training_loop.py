"""The training loop: exact resumption, cancel, curves, checkpoints without pickle."""

import json
import subprocess
import sys

import pytest
import torch
from torch import nn

pytest.importorskip("lightning.fabric")
pytest.importorskip("tensorboard")

from vertebra.errors import BadModel, Cancelled, VertebraError
from vertebra.runtime import Progress
from vertebra.training import checkpoints, curves
from vertebra.training.batches import stream
from vertebra.training.loop import train
from vertebra.training.schedule import Schedule


class Line(nn.Module):
    """Learns y = 2x, with a normalization and a dropout that need state and random numbers."""

    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(
            nn.BatchNorm1d(1), nn.Linear(1, 8), nn.Dropout(0.2), nn.Linear(8, 1)
        )

    def forward(self, batch):
        away = (self.layers(batch["x"]) - 2 * batch["x"]).square().mean()
        return {"loss": away, "square": away}


class Numbers:
    """Batches that depend on their number alone."""

    def __getitem__(self, number):
        return {"x": torch.randn(16, 1, generator=torch.Generator().manual_seed(number))}


def line():
    torch.manual_seed(1)
    return Line()


def learn(network, out, iterations=60, optimiser="adam", **options):
    schedule = Schedule(iterations, 16, 1e-2, optimiser=optimiser, every=40)
    train(network, Numbers(), schedule, out, device="cpu", precision="32-true", **options)
    return network.state_dict()


@pytest.mark.parametrize("optimiser", ["adam", "sgd"])
def test_an_interrupted_and_resumed_training_ends_with_the_same_weights(tmp_path, optimiser):
    straight = learn(line(), tmp_path / "straight", optimiser=optimiser)
    progress = Progress(lambda fraction, message: fraction > 0.5 and progress.cancel())
    with pytest.raises(Cancelled):
        learn(line(), tmp_path / "halves", optimiser=optimiser, progress=progress)
    assert 30 < checkpoints.read_state(tmp_path / "halves")["step"] < 35
    halves = learn(Line(), tmp_path / "halves", optimiser=optimiser, resume=True)
    for name, tensor in straight.items():
        assert torch.equal(tensor, halves[name]), name


def test_training_lowers_the_loss_and_keeps_its_course(tmp_path):
    learn(line(), tmp_path, 100, notes={"method": "line"})
    course = curves.read(tmp_path)
    assert [entry["step"] for entry in course] == [25, 50, 75, 100]
    assert course[-1]["loss"] < 0.5 * course[0]["loss"]
    assert course[-1]["rate"] == pytest.approx(1e-4)
    assert (tmp_path / "curves.png").read_bytes().startswith(b"\x89PNG")
    assert list((tmp_path / "tensorboard").iterdir())
    assert checkpoints.read_state(tmp_path)["notes"] == {"method": "line"}
    assert sorted(file.name for file in tmp_path.glob("*.safetensors")) == [
        "network-100.safetensors",
        "optimiser-100.safetensors",
    ]


def test_resuming_forgets_entries_of_the_log_that_come_again(tmp_path):
    learn(line(), tmp_path, 50)
    log = tmp_path / curves.LOG
    log.write_text(log.read_text() + json.dumps({"step": 75, "loss": 9.0}) + "\n")
    learn(line(), tmp_path, 75, resume=True)
    assert [entry["step"] for entry in curves.read(tmp_path)] == [25, 50, 75]
    assert curves.read(tmp_path)[-1]["loss"] < 9


def test_a_line_of_the_log_that_was_cut_by_a_crash_is_passed_over(tmp_path):
    learn(line(), tmp_path, 50)
    log = tmp_path / curves.LOG
    log.write_text(log.read_text()[:-20])
    learn(line(), tmp_path, 75, resume=True)
    assert [entry["step"] for entry in curves.read(tmp_path)] == [25, 75]


def test_a_folder_that_holds_a_training_is_not_overwritten(tmp_path):
    learn(line(), tmp_path, 3)
    with pytest.raises(VertebraError, match="resume"):
        learn(line(), tmp_path, 3)


def test_a_training_of_something_else_is_not_resumed(tmp_path):
    notes = {"method": "line", "configuration": {"widths": (8, 8), "training": {"rate": 1}}}
    learn(line(), tmp_path, 30, notes=notes)
    longer = {"method": "line", "configuration": {"widths": (8, 8), "training": {"rate": 2}}}
    learn(line(), tmp_path, 40, resume=True, notes=longer)
    other = {"method": "line", "configuration": {"widths": (8, 16), "training": {"rate": 2}}}
    with pytest.raises(BadModel, match=r"configuration\.widths \[8, 8\], not \[8, 16\]; resume"):
        learn(line(), tmp_path, 50, resume=True, notes=other)
    assert checkpoints.read_state(tmp_path)["step"] == 40


def test_gradients_are_shortened_unless_the_schedule_lets_them_alone(tmp_path):
    moved = {}
    for largest in (1e-6, None):
        schedule = Schedule(1, 16, 1e-2, optimiser="sgd", largest_gradient=largest, weight_decay=0)
        network, before = line(), line().state_dict()
        out = tmp_path / str(largest)
        train(network, Numbers(), schedule, out, device="cpu", precision="32-true")
        after = network.state_dict()
        weights = [name for name in before if name.endswith(("weight", "bias"))]
        moved[largest] = max(float((after[n] - before[n]).abs().max()) for n in weights)
    assert moved[1e-6] < 1e-7 < 1e-4 < moved[None]


class Damaged(Numbers):
    """Batches of which those from one number to before another are not finite."""

    def __init__(self, start, end):
        self.span = range(start, end)

    def __getitem__(self, number):
        batch = super().__getitem__(number)
        return {"x": batch["x"] * torch.inf} if number in self.span else batch


def learn_from(damaged, out):
    learner = Line()
    learner.layers = nn.Sequential(nn.BatchNorm1d(1), nn.Linear(1, 1))
    schedule = Schedule(100, 16, 1e-2)
    train(learner, damaged, schedule, out, device="cpu", precision="32-true")


def test_iterations_without_a_finite_gradient_change_nothing_and_are_counted(tmp_path):
    learn_from(Damaged(30, 40), tmp_path)
    learned = checkpoints.network_weights(tmp_path)
    assert all(torch.isfinite(tensor).all() for tensor in learned.values())
    assert learned["layers.0.num_batches_tracked"] == 90
    assert [entry["left out"] for entry in curves.read(tmp_path)] == [0, 0.4, 0, 0]


def test_a_training_that_learns_nothing_any_more_ends_with_a_sentence(tmp_path):
    with pytest.raises(VertebraError, match="last 50 iterations were not finite"):
        learn_from(Damaged(10, 100), tmp_path)
    assert checkpoints.read_state(tmp_path)["step"] == 59
    assert all(w.isfinite().all() for w in checkpoints.network_weights(tmp_path).values())


def test_of_two_processes_only_the_first_goes_on_after_the_training(tmp_path):
    program = (
        "import sys\n"
        "from pathlib import Path\n"
        f"sys.path[:0] = {sys.path!r}\n"
        "from test_training_loop import checkpoints, learn, line\n"
        "if __name__ == '__main__':\n"
        "    learn(line(), Path(sys.argv[1]), 9, devices=2)\n"
        "    print('after step', checkpoints.read_state(Path(sys.argv[1]))['step'])\n"
    )
    script = tmp_path / "two.py"
    script.write_text(program)
    command = [sys.executable, script, tmp_path / "out"]
    ran = subprocess.run(command, capture_output=True, text=True, check=True, timeout=300)
    assert ran.stdout.count("after step 9") == 1
    assert "Traceback" not in ran.stderr


class Large(Line):
    """Needs more memory than any machine has."""

    def forward(self, batch):
        return {"loss": torch.empty(1 << 60)}


def test_too_little_memory_is_told_with_what_to_do(tmp_path):
    with pytest.raises(VertebraError, match="too little memory for this training; choose another"):
        learn(Large(), tmp_path)


def test_a_damaged_or_missing_checkpoint_is_refused(tmp_path):
    with pytest.raises(BadModel, match="no checkpoint"):
        learn(line(), tmp_path / "empty", resume=True)
    learn(line(), tmp_path, 3)
    weights = tmp_path / "network-3.safetensors"
    content = weights.read_bytes()
    weights.write_bytes(content[:-1] + b"x")
    with pytest.raises(BadModel, match="changed"):
        checkpoints.network_weights(tmp_path)
    weights.unlink()
    with pytest.raises(BadModel, match="missing"):
        checkpoints.network_weights(tmp_path)
    (tmp_path / checkpoints.STATE).write_text("{}")
    with pytest.raises(BadModel, match="damaged"):
        checkpoints.read_state(tmp_path)


def test_batches_are_the_same_whoever_makes_them():
    alone = list(stream(Numbers(), 2, 6))
    helped = list(stream(Numbers(), 2, 6, workers=1))
    assert all(torch.equal(a["x"], b["x"]) for a, b in zip(alone, helped))
    shares = [list(stream(Numbers(), 1, 3, share=2, place=place)) for place in (0, 1)]
    assert torch.equal(shares[1][0]["x"], alone[1]["x"])
    assert torch.equal(shares[0][1]["x"], alone[2]["x"])


def test_the_learning_rate_follows_its_schedule():
    steps = Schedule(15000, 1, 1e-3)
    rates = [steps.rate_at(step) for step in (0, 3999, 4000, 8000, 12000)]
    assert rates == pytest.approx([1e-3, 1e-3, 1e-4, 1e-5, 1e-6])
    cosine = Schedule(100, 1, 1.0, decay="cosine", warm_up=10)
    assert [cosine.rate_at(step) for step in (0, 50, 100)] == pytest.approx([0.1, 0.5, 0.0])
    with pytest.raises(VertebraError, match="decay"):
        Schedule(1, 1, 1, decay="linear").rate_at(0)
    with pytest.raises(VertebraError, match="optimiser"):
        Schedule(1, 1, 1, optimiser="lion").optimiser_for([])
