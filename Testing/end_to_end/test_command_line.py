"""The command line as its users run it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from dicom_files import body, write_series
from pydicom import dcmread

from vertebra.cli import main
from vertebra.cli.run import run
from vertebra.exchange import table
from vertebra.runtime import models
from vertebra.runtime.models import Card
from vertebra.spine import Flag, Spine, from_json, to_json
from vertebra.volume import Grid, LabelMap, Volume, write_label_map, write_volume

GRID = Grid.of((40, 36, 60), spacing=(1.5, 1.5, 2), origin=(-30, -27, -60))
SPINE = Spine.of({"T11": (0, 0, 50), "T12": (0, 1, 21), "L1": (0, 2, -10), "L2": (0, 2, -43)})


@pytest.fixture
def spine_file(tmp_path: Path) -> Path:
    path = tmp_path / "case.spine.json"
    path.write_text(to_json(SPINE))
    return path


@pytest.fixture
def mask_file(tmp_path: Path) -> Path:
    voxels = np.zeros(GRID.shape, np.uint8)
    for vertebra in SPINE:
        i, j, k = np.round(GRID.to_index(vertebra.centroid)).astype(int)
        voxels[i - 8 : i + 8, j - 8 : j + 8, k - 5 : k + 5] = vertebra.level.verse
    names = {vertebra.level.verse: vertebra.level.name for vertebra in SPINE}
    return write_label_map(LabelMap(voxels, GRID, names), tmp_path / "case_msk.nii.gz")


def vertebra(*arguments: object) -> int:
    return run([str(argument) for argument in arguments])


def levels_in(path: Path) -> str:
    return " ".join(level.name for level in from_json(path.read_text()).levels)


def test_without_a_command_it_shows_its_help(capsys):
    vertebra()
    assert "convert" in capsys.readouterr().out


def test_the_installed_command_runs_and_names_its_version():
    command = Path(sys.executable).with_name("vertebra")
    ran = subprocess.run([command, "--version"], capture_output=True, text=True, check=True)
    assert ran.stdout.startswith("vertebra ")


def test_info_without_a_file_describes_the_installation(capsys):
    assert vertebra("info", "--json") == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["torch"] == torch.__version__
    assert "cpu" in facts["devices"]
    assert {"markups", "verse", "dicom-seg"} <= set(facts["formats"])


def test_info_lists_the_labels_of_a_mask(capsys, mask_file):
    assert vertebra("info", mask_file, "--json") == 0
    facts = json.loads(capsys.readouterr().out)
    assert [label["number"] for label in facts["labels"]] == [18, 19, 20, 21]
    assert facts["spacing_mm"] == [1.5, 1.5, 2.0]


def test_info_says_why_an_image_is_no_ct_of_a_body(capsys, tmp_path):
    noise = np.random.default_rng(0).integers(-5, 2000, GRID.shape).astype(np.int16)
    path = write_volume(Volume(noise, GRID), tmp_path / "mr.nrrd")
    assert vertebra("info", path, "--json") == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["body_ct"] is False
    assert facts["reasons"]
    assert vertebra("info", path) == 0
    assert "No CT of a body" in capsys.readouterr().out


def test_info_shows_the_problems_of_a_spine(capsys, spine_file):
    assert vertebra("spine", "edit", "remove", spine_file, "L1") == 0
    capsys.readouterr()
    assert vertebra("info", spine_file, "--json") == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["levels"] == ["T11", "T12", "L2"]
    assert facts["problems"] == ["Between T12 and L2 a level is missing."]


@pytest.mark.parametrize(
    ("arguments", "levels"),
    [
        (["shift", "--by", "+1"], "T12 L1 L2 L3"),
        (["shift", "--by", "-1", "--below", "L1"], "T11 T12 T12 L1"),
        (["shift", "--by", "-1", "--above", "T12"], "T10 T11 L1 L2"),
        (["anchor", "T12", "--as", "T10"], "T9 T10 T11 T12"),
        (["relabel", "#1", "--as", "C3"], "C3 T12 L1 L2"),
        (["swap", "T12", "L1"], "T11 L1 T12 L2"),
        (["remove", "T12", "--close-gap"], "T11 T12 L1"),
        (["insert", "--at", "0", "2", "-77"], "T11 T12 L1 L2 L3"),
        (["insert", "--at", "0", "2", "-77", "--as", "L4"], "T11 T12 L1 L2 L4"),
        (["anomaly", "T13"], "T11 T12 T13 L1"),
    ],
)
def test_each_edit_of_a_spine_is_one_command(capsys, spine_file, arguments, levels):
    edit, *rest = arguments
    assert vertebra("spine", "edit", edit, spine_file, *rest) == 0
    assert levels_in(spine_file) == levels
    assert levels.split()[0] in capsys.readouterr().out


def test_a_point_is_moved_and_locked_and_another_format_written(capsys, spine_file, tmp_path):
    moved = tmp_path / "moved.mrk.json"
    edit = ("spine", "edit")
    assert vertebra(*edit, "move", spine_file, "L1", "--to", "1", "2", "3", "-o", moved) == 0
    assert levels_in(spine_file) == "T11 T12 L1 L2"
    assert vertebra(*edit, "lock", spine_file, "L1") == 0
    assert vertebra(*edit, "shift", spine_file, "--by", "1") == 1
    assert "L1 is locked" in capsys.readouterr().err
    assert vertebra(*edit, "lock", spine_file, "L1", "--release") == 0
    capsys.readouterr()
    assert vertebra("spine", "show", moved, "--json") == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown["vertebrae"][2]["centroid"] == pytest.approx([1, 2, 3])
    assert Flag.CORRECTED.value in shown["vertebrae"][2]["flags"]


@pytest.mark.parametrize("name", ["a_seg-vert_ctd.json", "a_poi.json"])
def test_a_lock_that_a_format_cannot_hold_is_refused_and_nothing_is_written(
    capsys, spine_file, mask_file, tmp_path, name
):
    points = tmp_path / name
    assert vertebra("convert", spine_file, points, "--image", mask_file) == 0
    before = points.read_bytes()
    lock = ("spine", "edit", "lock", points, "L1", "--image", mask_file)
    assert vertebra(*lock) == 1
    assert "cannot hold locks; write a .spine.json file with -o." in capsys.readouterr().err
    assert points.read_bytes() == before
    kept = tmp_path / "kept.spine.json"
    assert vertebra(*lock, "-o", kept) == 0
    assert [each.locked for each in from_json(kept.read_text())] == [False, False, True, False]


def test_an_edit_tells_what_its_format_does_not_keep(capsys, spine_file, mask_file, tmp_path):
    points = tmp_path / "a_seg-vert_ctd.json"
    assert vertebra("convert", spine_file, points, "--image", mask_file) == 0
    edit = ("--image", mask_file, "--json")
    capsys.readouterr()
    assert vertebra("spine", "edit", "shift", points, "--by", "1", *edit) == 0
    assert json.loads(capsys.readouterr().out)["notes"] == []
    assert vertebra("spine", "edit", "relabel", points, "L3", "--as", "L4", *edit) == 0
    (note,) = json.loads(capsys.readouterr().out)["notes"]
    assert note == "VerSe centroids in voxels does not keep all that is known of each vertebra."
    assert vertebra("spine", "edit", "relabel", points, "L4", "--as", "S1", *edit[:2]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "VerSe centroids in voxels does not hold S1: left out." in said


def test_an_edit_of_a_table_keeps_the_volumes_that_segmenting_measured(tmp_path):
    volumes = {each.instance: 10.0 + each.instance for each in SPINE}
    file = table.write(tmp_path / "a.csv", SPINE, volumes)
    assert vertebra("spine", "edit", "remove", file, "T12", "--close-gap") == 0
    assert vertebra("spine", "edit", "insert", file, "--at", "0", "2", "-77") == 0
    left = table.read(file)
    assert [each.level.name for each in left] == ["T11", "T12", "L1", "L2"]
    kept = [volumes.get(each.instance, 0.0) for each in left]
    assert kept[-1] == 0
    assert list(table.read_volumes(file).values()) == pytest.approx(kept)


def test_points_go_through_every_format_and_come_back(spine_file, mask_file, tmp_path, capsys):
    for name in ("a.mrk.json", "a.csv", "a_ctd.json", "a_poi.json", "b.spine.json"):
        target = tmp_path / name
        assert vertebra("convert", spine_file, target, "--image", mask_file) == 0, name
        back = tmp_path / "back.spine.json"
        assert vertebra("convert", target, back, "--image", mask_file) == 0, name
        found = from_json(back.read_text())
        assert found.levels == SPINE.levels
        assert np.allclose(found.centroids, SPINE.centroids, atol=1e-3)
    assert "Wrote" in capsys.readouterr().out


def test_masks_become_a_slicer_segmentation_and_come_back(mask_file, tmp_path, capsys):
    seg, back = tmp_path / "a.seg.nrrd", tmp_path / "back_msk.nii.gz"
    assert vertebra("convert", mask_file, seg, "--from-scheme", "verse", "--json") == 0
    assert json.loads(capsys.readouterr().out)["written"] == str(seg)
    assert vertebra("convert", seg, back, "--scheme", "totalsegmentator") == 0
    capsys.readouterr()
    assert vertebra("info", back, "--json") == 0
    labels = json.loads(capsys.readouterr().out)["labels"]
    assert [label["number"] for label in labels] == [30, 31, 32, 33]


def test_convert_lists_its_formats(capsys):
    assert vertebra("convert", "--list", "--json") == 0
    names = [row["name"] for row in json.loads(capsys.readouterr().out)]
    assert {"spine", "markups", "verse", "segmentation"} <= set(names)
    assert vertebra("convert", "--list") == 0
    assert "segmentation" in capsys.readouterr().out
    assert vertebra("convert") == 2


def test_evaluate_scores_and_writes_a_report(spine_file, mask_file, tmp_path, capsys):
    prediction = tmp_path / "prediction.spine.json"
    assert vertebra("spine", "edit", "shift", spine_file, "--by", "1", "-o", prediction) == 0
    capsys.readouterr()
    report = tmp_path / "report"
    assert vertebra("evaluate", spine_file, prediction, "-o", report, "--json") == 0
    figures = json.loads(capsys.readouterr().out)
    assert figures["total"]["identification_rate"] == 0
    assert (report / "evaluation.html").is_file()
    assert json.loads((report / "evaluation.json").read_text())["total"] == figures["total"]
    assert vertebra("evaluate", spine_file, spine_file) == 0
    assert "100.0%" in capsys.readouterr().out


def test_models_are_listed_installed_and_removed(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("VERTEBRA_MODELS", str(tmp_path / "store"))
    made = models.save(Card("tiny", "none"), {"w": torch.zeros(2)}, tmp_path / "made")
    assert vertebra("models", "install", made.weights) == 0
    capsys.readouterr()
    assert vertebra("models", "list", "--json") == 0
    assert "tiny" in [card["name"] for card in json.loads(capsys.readouterr().out)]
    assert vertebra("models", "list") == 0
    assert vertebra("models", "show", "tiny") == 0
    assert vertebra("models", "remove", "tiny") == 0
    assert vertebra("models", "show", "tiny") == 1
    assert "no model 'tiny'" in capsys.readouterr().err


def test_a_file_among_the_models_that_is_none_is_listed_and_stops_no_command(
    tmp_path, monkeypatch, capsys
):
    monkeypatch.setenv("VERTEBRA_MODELS", str(tmp_path))
    (tmp_path / "stray.json").write_text("[]")
    (tmp_path / "stray.safetensors").write_bytes(b"")
    assert vertebra("info") == 0
    assert vertebra("models", "list") == 0
    assert f"Left out: '{tmp_path / 'stray.json'}' is not the card" in capsys.readouterr().err
    assert vertebra("models", "list", "--json") == 0
    listed = json.loads(capsys.readouterr().out)
    assert "stray" not in [card["name"] for card in listed]
    assert vertebra("models", "remove", "stray") == 0
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (["info", "missing.nii.gz"], 1, "does not exist"),
        (["spine", "show", "missing.csv"], 1, "does not exist"),
        (["convert", "missing.csv", "a.mrk.json"], 1, "does not exist"),
        (["evaluate", "missing", "other"], 1, "does not exist"),
        (["models", "install", "missing.safetensors"], 1, "missing"),
        (["nonsense"], 2, "No such command"),
        (["info", "--nonsense"], 2, "No such option"),
    ],
)
def test_a_failure_is_one_sentence_and_an_exit_code(capsys, arguments, code, sentence):
    assert vertebra(*arguments) == code
    printed = capsys.readouterr()
    assert sentence in " ".join(printed.err.split())
    assert "Traceback" not in printed.err


def test_brackets_in_names_and_sentences_are_shown_as_they_are(capsys, spine_file, tmp_path):
    vertebra("info", "case[red].nii")
    assert "'case[red].nii' does not exist" in capsys.readouterr().err
    copy = tmp_path / "case[bold].spine.json"
    vertebra("convert", spine_file, copy)
    assert "case[bold].spine.json" in capsys.readouterr().out
    vertebra("spine", "show", copy)
    assert "case[bold].spine.json" in capsys.readouterr().out


def test_characters_that_the_output_lacks_stop_no_command(spine_file):
    file = spine_file.rename(spine_file.with_name("Łódź.spine.json"))
    ran = subprocess.run(
        [Path(sys.executable).with_name("vertebra"), "spine", "show", file],
        capture_output=True,
        env={**os.environ, "PYTHONIOENCODING": "cp1252"},
    )
    assert ran.returncode == 0, ran.stderr
    said = ran.stdout.decode("cp1252")
    assert "?ód?.spine.json" in said
    assert "? T12" not in said, "a name that seems to be doubted"


def test_help_quotes_the_number_of_a_vertebra_since_shells_take_it_for_a_comment(capsys):
    vertebra("spine", "edit", "lock", "--help")
    assert "('#3')" in " ".join(capsys.readouterr().out.split())


def test_the_legend_says_in_which_coordinates_places_are(capsys, spine_file):
    vertebra("spine", "show", spine_file)
    assert "in the patient's coordinates (RAS)" in " ".join(capsys.readouterr().out.split())


def test_one_series_of_several_is_named_and_chosen(capsys, tmp_path):
    thin = write_series(tmp_path / "ct", body(slices=20), SeriesDescription="thin")
    write_series(tmp_path / "ct", SeriesDescription="thick")
    assert vertebra("label", tmp_path / "ct") == 1
    assert "choose one with --series" in capsys.readouterr().err
    chosen = str(dcmread(thin[0]).SeriesInstanceUID)
    assert vertebra("info", tmp_path / "ct", "--series", chosen) == 0
    assert "24 x 24 x 20" in capsys.readouterr().out
    assert vertebra("label", tmp_path / "ct", "--series", "1.2") == 1
    assert "has no series 1.2" in capsys.readouterr().err


def test_a_missing_package_is_named(capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    assert vertebra("info") == 1
    assert "The package 'torch' is not installed" in capsys.readouterr().err


def test_ctrl_c_is_one_sentence_and_an_exit_code(capsys, monkeypatch, spine_file, tmp_path):
    def interrupted(*arguments, **options):
        raise KeyboardInterrupt

    monkeypatch.setattr("vertebra.exchange.convert", interrupted)
    assert vertebra("convert", spine_file, tmp_path / "case.csv") == 130
    assert capsys.readouterr().err.strip() == "Error: Cancelled; nothing was changed."
    assert vertebra("convert", spine_file, tmp_path / "case.csv", "--json") == 130
    assert json.loads(capsys.readouterr().out)["exit_code"] == 130


def test_ctrl_c_while_the_libraries_are_loaded_is_one_sentence_too(capsys, monkeypatch):
    class Interrupted:
        def find_spec(self, name, path=None, target=None):
            if name == "vertebra.cli.run":
                raise KeyboardInterrupt

    monkeypatch.delitem(sys.modules, "vertebra.cli.run")
    monkeypatch.delattr("vertebra.cli.run")
    monkeypatch.setattr(sys, "meta_path", [Interrupted(), *sys.meta_path])
    with pytest.raises(SystemExit) as left:
        main()
    assert left.value.code == 130
    assert capsys.readouterr().err == "Error: Cancelled; nothing was changed.\n"


def test_a_failure_is_json_where_json_was_asked_for(capsys):
    assert vertebra("info", "missing.nii.gz", "--json") == 1
    assert json.loads(capsys.readouterr().out)["exit_code"] == 1


def test_a_file_is_left_as_it_was_when_an_edit_is_refused(spine_file):
    before = spine_file.read_bytes()
    assert vertebra("spine", "edit", "shift", spine_file, "--by", "-40") == 1
    assert vertebra("spine", "edit", "remove", spine_file, "C1") == 1
    assert vertebra("spine", "edit", "remove", spine_file, "#x") == 1
    assert spine_file.read_bytes() == before


def test_a_mask_is_not_taken_for_points(mask_file, capsys):
    assert vertebra("spine", "show", mask_file) == 1
    assert "mask" in capsys.readouterr().err


@pytest.mark.parametrize(("wished", "found"), [(None, "PASSIVE"), ("ACTIVE", "ACTIVE")])
def test_threads_that_wait_sleep_unless_the_user_wishes_otherwise(wished, found):
    told = "import os; print(os.environ['OMP_WAIT_POLICY'])"
    code = (
        f"import atexit; atexit.register(lambda: exec({told!r}))\n"
        "from vertebra.cli import main; main()"
    )
    environment = {key: text for key, text in os.environ.items() if key != "OMP_WAIT_POLICY"}
    environment |= {"OMP_WAIT_POLICY": wished} if wished else {}
    command = [sys.executable, "-c", code, "--version"]
    ran = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert ran.stdout.split()[-1] == found
