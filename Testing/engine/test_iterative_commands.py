"""`vertebra train iterative` on toy patients, and what its models do in `vertebra segment`."""

from __future__ import annotations

import json
import signal
from dataclasses import replace

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

pytest.importorskip("typer")
pytest.importorskip("lightning.fabric")
pytest.importorskip("tensorboard")

from coded_spine import BlobSegmenter
from installed_blobs import body_of_blobs
from test_iterative_learning import TINY

from vertebra.cli.run import run
from vertebra.exchange import markups
from vertebra.methods.iterative import configuration, outline, outline_learning, patches
from vertebra.methods.iterative.inference import Segmenter
from vertebra.methods.iterative.lessons import lessons
from vertebra.methods.iterative.network import MemoryNetwork
from vertebra.phantom import scan as phantom_scan
from vertebra.runtime import models, write_bytes
from vertebra.training import loop
from vertebra.training.examples import recipes
from vertebra.training.schedule import Schedule
from vertebra.volume import read_label_map, write_label_map, write_volume

SHORT = replace(TINY, training=replace(TINY.training, iterations=2))
TOYS = {
    "fine": replace(SHORT, name="small", patch=2 * SHORT.patch, widths=(4, *SHORT.widths)),
    "compact": SHORT,
    "coarse": replace(SHORT, name="large", patch=28, spacing=8.0),
}


@pytest.fixture
def toys(tmp_path, monkeypatch):
    monkeypatch.setenv("VERTEBRA_MODELS", str(tmp_path / "models"))
    for name, each in TOYS.items():
        monkeypatch.setitem(configuration.CONFIGURATIONS, name, each)


@pytest.fixture
def verse_data(tmp_path):
    folder = tmp_path / "verse"
    for seed in range(2):
        scan, truth, spine = body_of_blobs(3, seed)
        by_level = {number: each.level.verse for number, each in enumerate(spine, 1)}
        name = f"sub-{seed}"
        write_volume(scan, folder / "rawdata" / name / f"{name}_ct.nii.gz")
        mask = folder / "derivatives" / name / f"{name}_seg-vert_msk.nii.gz"
        write_label_map(truth.renumbered(by_level), mask)
    return folder


def train(*arguments):
    return run(["train", "iterative", *(str(each) for each in arguments), "--device", "cpu"])


def test_a_trained_model_is_installed_and_segments(toys, verse_data, tmp_path, capsys):
    out = tmp_path / "out"
    common = ("--data", verse_data, "-o", out, "--direction", "up", "--name", "toy")
    assert train(*common) == 0
    assert "toy.safetensors" in capsys.readouterr().out.replace("\n", "")
    models.install(out / "model/toy.json")
    card = models.model("toy").card
    assert (card.method, card.data) == ("iterative", str(verse_data))
    assert configuration.from_dict(dict(card.configuration)) == replace(SHORT, direction="up")
    scan, _, points = body_of_blobs()
    ct = write_volume(scan, tmp_path / "scan.nii.gz")
    file = markups.write(tmp_path / "points.mrk.json", points)
    arguments = [str(ct), "--points", str(file), "--direction", "up", "--device", "cpu", "--json"]
    assert run(["segment", *arguments, "--model", "toy"]) == 0
    assert json.loads(capsys.readouterr().out)["made_by"]["method"] == "iterative tiny"
    assert train(*common) == 1
    assert "resume it or choose another folder" in " ".join(capsys.readouterr().err.split())
    assert train(*common, "--resume") == 0


@pytest.mark.parametrize("stopped_in", [patches, loop])
def test_a_training_that_was_stopped_before_its_first_checkpoint_goes_on_with_resume(
    toys, verse_data, tmp_path, capsys, monkeypatch, stopped_in
):
    """Ctrl-C comes twice, so that the first iteration is not waited for either."""

    def pressed(*_):
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)

    with monkeypatch.context() as patch:
        patch.setattr(stopped_in, {patches: "prepared", loop: "_seed_all"}[stopped_in], pressed)
        assert train("--data", verse_data, "-o", tmp_path / "out") == 130
    assert "go on with --resume" in " ".join(capsys.readouterr().err.split())
    assert train("--data", verse_data, "-o", tmp_path / "out", "--resume") == 0
    assert "the training begins anew" in " ".join(capsys.readouterr().err.split())


def test_a_scan_with_voxels_that_hold_no_number_is_left_out(toys, verse_data, tmp_path, capsys):
    scan, _, _ = body_of_blobs(3)
    voxels = scan.voxels.astype("f4")
    voxels[0, 0, :5] = float("nan")
    write_volume(replace(scan, voxels=voxels), verse_data / "rawdata/sub-0/sub-0_ct.nii.gz")
    assert train("--data", verse_data, "-o", tmp_path) == 0
    said = " ".join(capsys.readouterr().err.split())
    assert "sub-0 is left out: This is not a CT of a body: 5 of its voxels hold no number" in said
    assert [file.name for file in (tmp_path / "scans").iterdir()] == ["sub-1.safetensors"]


def test_what_else_lies_in_the_folder_is_not_learned_from(toys, verse_data, tmp_path):
    for number in range(20):
        write_bytes(tmp_path / f"scans/phantom-{number}.safetensors", b"it would be refused")
    assert train("--data", verse_data, "-o", tmp_path) == 0


def test_a_case_that_was_corrected_is_prepared_again_or_left_out(toys, verse_data, tmp_path):
    out = ("--data", verse_data, "-o", tmp_path / "out")
    assert train(*out) == 0
    scans = tmp_path / "out/scans"
    first, other = (scans / f"sub-{number}.safetensors" for number in range(2))
    made = {file: file.stat().st_mtime_ns for file in (first, other)}
    mask = verse_data / "derivatives/sub-0/sub-0_seg-vert_msk.nii.gz"
    old = read_label_map(mask)
    lowest = int(old.voxels.max())
    write_label_map(replace(old, voxels=np.where(old.voxels == lowest, 0, old.voxels)), mask)
    assert train(*out, "--resume") == 0
    assert len(load_file(first)["volumes"]) == len(load_file(other)["volumes"]) - 1
    assert other.stat().st_mtime_ns == made[other]
    (verse_data / "rawdata/sub-0/sub-0_ct.nii.gz").write_bytes(b"cut")
    assert train(*out, "--resume") == 0
    assert sorted(scans.iterdir()) == [other]


def test_a_fine_network_starts_from_a_coarse_one(toys, verse_data, tmp_path, capsys):
    first, second = tmp_path / "coarse", tmp_path / "fine"
    assert train("--data", verse_data, "-o", first, "--configuration", "coarse") == 0
    capsys.readouterr()
    assert train("--data", verse_data, "-o", second, "--from", first / "train") == 0
    said = " ".join(capsys.readouterr().err.split())
    assert "are taken; what has another size starts at random, in: completeness." in said
    models.install(second / "model/iterative-trained.json")
    third = tmp_path / "again"
    assert train("--data", verse_data, "-o", third, "--from", "iterative-trained") == 0
    grown = tmp_path / "grown"
    finer = ("--configuration", "fine", "--from", "iterative-trained")
    assert train("--data", verse_data, "-o", grown, *finer) == 0
    assert "at random" not in capsys.readouterr().err


def test_a_model_gets_an_outline_network_of_its_own(
    verse_data, toys, tmp_path, capsys, monkeypatch
):
    monkeypatch.setattr(Segmenter, "load", lambda name, device: BlobSegmenter.at(4.0))
    few = Schedule(iterations=2, batch=2, rate=1e-3)
    monkeypatch.setattr(outline_learning.train, "__kwdefaults__", _shorter(few))
    monkeypatch.setattr(outline_learning, "PATCH", 16)
    memory = MemoryNetwork(SHORT).state_dict()
    models.save(models.Card("toy", "iterative", SHORT.to_dict()), memory, tmp_path / "models")
    out = tmp_path / "out"
    for number in range(20):
        write_bytes(out / f"scans/phantom-{number}.safetensors", b"not to be learned from")
    common = ["train", "outline", "toy", "--data", str(verse_data), "-o", str(out)]
    assert run([*common, "--device", "cpu", "--name", "both"]) == 0
    assert "both.safetensors" in capsys.readouterr().out.replace("\n", "")
    models.install(out / "model/both.json")
    both = models.load(models.model("both"))
    assert {name: both[name].shape for name in memory} == {n: t.shape for n, t in memory.items()}
    card = models.model("both").card
    assert configuration.from_dict(dict(card.configuration)).outline == outline.WIDTHS
    blobs = replace(BlobSegmenter.at(4.0).configuration, outline=outline.WIDTHS)
    assert card.configuration == json.loads(json.dumps(blobs.to_dict()))
    assert run([*common, "--device", "cpu"]) == 1
    assert "resume it or choose another folder" in " ".join(capsys.readouterr().err.split())
    assert run(["train", "outline", "no", "-o", str(out)]) == 1
    assert "There is no model 'no'" in " ".join(capsys.readouterr().err.split())

    tuned = tmp_path / "tuned"
    assert train("--data", verse_data, "-o", tuned, "--from", "both", "--name", "tuned") == 0
    assert "at random" not in capsys.readouterr().err
    models.install(tuned / "model/tuned.json")
    kept = models.load(models.model("tuned"))
    outlines = {name for name in both if name.startswith(outline.PREFIX)}
    assert all(torch.equal(kept[name], both[name]) for name in outlines)
    assert kept.keys() == both.keys()
    assert not all(torch.equal(kept[name], both[name]) for name in both)
    assert models.model("tuned").card.configuration["outline"] == list(outline.WIDTHS)

    sharper = replace(TOYS["fine"], spacing=outline.SPACING)
    monkeypatch.setitem(configuration.CONFIGURATIONS, "fine", sharper)
    itself = ("-o", tmp_path / "itself", "--configuration", "fine", "--name", "itself")
    assert train("--data", verse_data, "--from", "both", *itself) == 0
    models.install(tmp_path / "itself/model/itself.json")
    assert not models.model("itself").card.configuration["outline"]

    still = Schedule(iterations=1, batch=2, rate=1e-12)
    monkeypatch.setattr(outline_learning.train, "__kwdefaults__", _shorter(still))
    arguments = ["both", "--data", str(verse_data), "-o", str(tmp_path / "on"), "--name", "on"]
    assert run(["train", "outline", *arguments, "--device", "cpu"]) == 0
    models.install(tmp_path / "on/model/on.json")
    on = models.load(models.model("on"))
    learned = [name for name in outlines if name.endswith("convolution.weight")]
    assert learned
    assert all(torch.allclose(on[name], both[name], atol=1e-3) for name in learned)


def _shorter(schedule):
    return {**outline_learning.train.__kwdefaults__, "schedule": schedule}


def test_phantoms_may_have_the_bones_of_given_surfaces(monkeypatch):
    asked = []

    def make_case(seed, *, spacing, region, shapes):
        asked.append(shapes)
        return original(seed, spacing=5.0, shape=(20, 24, 20), region="L2", codes="RAS")

    original = phantom_scan.make_case
    monkeypatch.setattr(phantom_scan, "make_case", make_case)
    surfaces = object()
    for make in (recipes, lessons):
        [(name, example)] = make("phantoms:3", 1, 5.0, surfaces)
        assert example().name == name == "phantom-0000003"
    assert asked == [surfaces, surfaces]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--configuration", "huge"], "choose paper or fine or compact or coarse."),
        (["--data", "phantoms:x"], "write phantoms or phantoms:SEED."),
        (["--anatomy", "missing"], "missing"),
        (["--from", "missing"], "There is no model 'missing'"),
    ],
)
def test_what_cannot_be_learned_from_is_one_sentence(toys, tmp_path, capsys, arguments, sentence):
    assert train("-o", tmp_path / "out", "--cases", "1", *arguments) == 1
    printed = capsys.readouterr()
    assert sentence in " ".join(printed.err.split())
    assert "Traceback" not in printed.err
    assert not list(tmp_path.rglob("*.safetensors"))


def test_a_file_in_the_place_of_the_folder_is_one_sentence(toys, tmp_path, capsys):
    (tmp_path / "file").write_text("mine")
    assert train("-o", tmp_path / "file" / "out", "--cases", "1") == 1
    assert "out/scans' could not be written: Not a directory" in "".join(
        capsys.readouterr().err.split("\n")
    )


def test_weights_of_another_method_are_refused(toys, tmp_path, capsys):
    weights = {"x": torch.zeros(1)}
    models.save(models.Card("labeller", "multiview"), weights, tmp_path / "models")
    assert train("-o", tmp_path / "out", "--from", "labeller") == 1
    assert "which is not for segmenting vertebrae" in " ".join(capsys.readouterr().err.split())
    models.save(models.Card("strange", "iterative"), weights, tmp_path / "models")
    assert train("-o", tmp_path / "out", "--from", "strange") == 1
    assert "Nothing of 'strange' fits" in " ".join(capsys.readouterr().err.split())
