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
from spine_commands import GRID, SPINE, vertebra

from vertebra.cli import main
from vertebra.runtime import models
from vertebra.runtime.models import Card
from vertebra.spine import from_json
from vertebra.volume import Volume, write_volume


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
