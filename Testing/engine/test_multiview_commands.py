"""`vertebra label` and `vertebra train`, from a terminal's point of view, on toy patients."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

pytest.importorskip("typer")
pytest.importorskip("lightning.fabric")
pytest.importorskip("tensorboard")

import typer
from blocks import TINY, block_example, shorter
from typer.testing import CliRunner

from vertebra.anatomy import level
from vertebra.cli import label, train
from vertebra.errors import VertebraError
from vertebra.exchange import markups, table, verse, verse_folder
from vertebra.methods.common.picture import draw_spine
from vertebra.methods.multiview import configuration
from vertebra.methods.multiview.networks import MultiViewNetwork
from vertebra.runtime import models, write_bytes
from vertebra.runtime.models import Card
from vertebra.spine import Flag, RunnerUp, Spine, from_json
from vertebra.training.curves import Curves
from vertebra.volume import write_volume

app = typer.Typer()
app.command("label")(label.label)
app.add_typer(train.app, name="train")


def vertebra(*words: object) -> str:
    """Run a command and give what it printed."""
    ended = CliRunner().invoke(app, [str(word) for word in words])
    if ended.exception and not isinstance(ended.exception, SystemExit):
        raise ended.exception
    assert ended.exit_code == 0, ended.output
    return ended.output


@pytest.fixture
def verse_data(tmp_path: Path) -> Path:
    """Two toy patients in VerSe's layout."""
    folder = tmp_path / "verse"
    for seed in (1, 2):
        example = block_example(seed)
        ct = folder / f"rawdata/sub-b{seed}/sub-b{seed}_ct.nii.gz"
        points = folder / f"derivatives/sub-b{seed}/sub-b{seed}_seg-subreg_ctd.json"
        for file in (ct, points):
            file.parent.mkdir(parents=True)
        write_volume(example.volume, ct)
        verse.write(points, example.spine, example.volume.grid)
    assert len(verse_folder.read_cases(folder)) == 2
    return folder


def test_pretraining_training_installing_and_labelling(verse_data, tmp_path, monkeypatch):
    monkeypatch.setenv("VERTEBRA_MODELS", str(tmp_path / "models"))
    monkeypatch.setitem(configuration.CONFIGURATIONS, "compact", shorter(TINY, 3))
    for number in range(20):
        strange = tmp_path / f"out/exposures/phantom-{number}.safetensors"
        write_bytes(strange, b"not to be learned from")
    common = ("train", "multiview", "--data", verse_data, "-o", tmp_path / "out", "--device", "cpu")
    assert "encoder" in vertebra(*common, "--stage", "pretrain", "--resume")
    said = vertebra(*common, "--name", "toy")
    assert "toy.safetensors" in said.replace("\n", "")
    models.install(tmp_path / "out/model/toy.json")
    assert models.model("toy").card.data == str(verse_data)
    ct = verse_data / "rawdata/sub-b1/sub-b1_ct.nii.gz"
    rows = json.loads(vertebra("label", ct, "--model", "toy", "--device", "cpu", "--json"))
    assert rows["made_by"]["method"] == "multiview tiny"
    assert rows["notes"] == [], "what the table would be followed by"
    tuned = vertebra(
        "train", "multiview", "--data", verse_data, "-o", tmp_path / "tuned", "--from", "toy",
        "--device", "cpu",
    )  # fmt: skip
    assert "multiview-trained" in tuned.replace("\n", "")


def test_a_pre_training_that_was_stopped_in_its_first_iteration_is_not_asked_for_an_encoder(
    verse_data, tmp_path, monkeypatch
):
    monkeypatch.setitem(configuration.CONFIGURATIONS, "compact", shorter(TINY, 1))
    Curves(tmp_path / "out/pretrain").close()  # what such a run leaves
    vertebra("train", "multiview", "--data", verse_data, "-o", tmp_path / "out", "--device", "cpu")


def test_an_unknown_configuration_is_refused(tmp_path):
    with pytest.raises(VertebraError, match="compact"):
        vertebra("train", "multiview", "-o", tmp_path, "--configuration", "huge")


def test_labelling_writes_every_file_and_says_what_is_uncertain(tmp_path, monkeypatch):
    monkeypatch.setenv("VERTEBRA_MODELS", str(tmp_path / "models"))
    torch.manual_seed(0)
    weights = MultiViewNetwork(TINY).state_dict()
    models.save(Card("blank", "multiview", TINY.to_dict()), weights, tmp_path / "models")
    example = block_example(1)
    ct = tmp_path / "scan.nii.gz"
    write_volume(example.volume, ct)
    said = vertebra("label", ct, "-o", tmp_path / "out", "--model", "blank", "--device", "cpu")
    assert "No vertebra was found" in said
    names = sorted(file.name for file in (tmp_path / "out").iterdir())
    endings = [".csv", ".mrk.json", ".png", ".spine.json", "_seg-vert_ctd.json"]
    assert names == [f"scan{ending}" for ending in endings]


@pytest.mark.parametrize(
    ("names", "anchored", "said"),
    [
        (["L1", "L5", "S1"], True, "3 vertebrae, L1 to S1; counted from the sacrum."),
        (["C1", "C2"], True, "2 vertebrae, C1 to C2; counted from the axis."),
        (["T7"], False, "1 vertebra, T7."),
    ],
)
def test_a_sentence_sums_up_what_was_found_and_what_it_was_counted_from(names, anchored, said):
    spine = Spine.of({name: (0, 0, -30 * place) for place, name in enumerate(names)})
    assert label.summary(replace(spine, anchored_count=anchored)) == said


def test_where_names_are_doubtful_the_next_best_are_told():
    spine = Spine.of({"T7": (0, 0, 0), "T8": (0, 0, -22)})
    doubtful = tuple(replace(each, flags=frozenset({Flag.AMBIGUOUS})) for each in spine)
    others = RunnerUp((level("T8"), level("T9")), 0.1)
    said = label.summary(replace(spine, vertebrae=doubtful, runner_up=others))
    assert said == "2 vertebrae, T7 to T8. The next best names are T8 to T9."


def test_all_written_files_tell_the_same_spine(tmp_path):
    example = block_example(1)
    label.write_results(example.volume, example.spine, tmp_path, "x")
    grid = example.volume.grid
    for found in (
        markups.read(tmp_path / "x.mrk.json"),
        table.read(tmp_path / "x.csv"),
        verse.read(tmp_path / "x_seg-vert_ctd.json", grid),
        from_json((tmp_path / "x.spine.json").read_text()),
    ):
        assert found.levels == example.spine.levels
        assert np.allclose(found.centroids, example.spine.centroids, atol=0.1)


def test_a_level_that_is_used_twice_leaves_out_only_the_file_of_verse(tmp_path):
    example = block_example(1)
    twice = example.spine.relabelled(example.spine.levels[1], example.spine.levels[0])
    label.write_results(example.volume, example.spine, tmp_path, "x")
    (note,) = label.write_results(example.volume, twice, tmp_path, "x")
    assert note.startswith("The file in VerSe's numbers is left out: ")
    endings = [".csv", ".mrk.json", ".png", ".spine.json"]
    assert sorted(file.name for file in tmp_path.iterdir()) == [f"x{ending}" for ending in endings]


def test_the_picture_can_be_drawn_without_any_vertebra(tmp_path):
    draw_spine(block_example(1).volume, Spine(), tmp_path / "x.png")
    assert (tmp_path / "x.png").read_bytes().startswith(b"\x89PNG")
