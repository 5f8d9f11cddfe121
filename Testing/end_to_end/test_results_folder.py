"""The folder that `vertebra label` and `segment` write to: nothing is lost, hidden or mixed up."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import pytest
from blob_commands import POINTS, SCAN, segment, vertebra
from dicom_files import body, write_series

from vertebra.cli.results import stem, told
from vertebra.cli.run import run
from vertebra.exchange import spine_file, table
from vertebra.spine import Provenance
from vertebra.volume import write_volume


@pytest.mark.parametrize("command", ["label", "segment"])
def test_ctrl_c_while_files_are_written_says_that_they_may_be_of_two_runs(
    command, machine, ct, tmp_path, monkeypatch, capsys
):
    def interrupted(*arguments):
        raise KeyboardInterrupt

    machine.install_labeller(POINTS)
    monkeypatch.setattr(table, "write", interrupted)
    out = tmp_path / "out"
    assert vertebra(command, ct, "-o", out) == 130
    said = capsys.readouterr().err
    assert f"Error: Stopped while writing; the files in '{out}' may be of two runs." in said
    assert "scan.mrk.json" in [file.name for file in out.iterdir()]


@pytest.mark.parametrize("command", ["label", "segment"])
def test_without_matplotlib_all_is_written_but_the_picture_and_a_note_says_how_to_get_it(
    command, machine, ct, tmp_path, monkeypatch, capsys
):
    machine.install_labeller(POINTS)
    out = tmp_path / "out"
    assert vertebra(command, ct, "-o", out) == 0
    written = sorted(file.name for file in out.iterdir())
    monkeypatch.setitem(sys.modules, "matplotlib.backends.backend_agg", None)
    assert vertebra(command, ct, "-o", out) == 0
    assert sorted(file.name for file in out.iterdir()) == [
        name for name in written if name != "scan.png"
    ]
    said = " ".join(capsys.readouterr().out.split())
    assert "The picture is left out: Pictures need matplotlib: pip install" in said


@pytest.mark.parametrize(
    ("ct", "series", "name"),
    [
        ("case.NII.GZ", None, "case"),
        ("a/case.v2.nrrd", None, "case.v2"),
        (".", None, "here"),
        ("..", None, "above"),
        ("/", None, "scan"),
        (".nii", None, "scan"),
        ("dicom", "1.2.840.7", "dicom_1.2.840.7"),
        ("dicom", "../1.2", "dicom_.._1.2"),
    ],
)
def test_results_are_called_like_their_scan_and_never_hidden_or_elsewhere(
    ct, series, name, tmp_path, monkeypatch
):
    (tmp_path / "above/here").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "above/here")
    assert stem(Path(ct), series) == name


@pytest.mark.parametrize("command", ["label", "segment"])
def test_another_scan_of_the_same_name_does_not_replace_results(
    command, machine, tmp_path, monkeypatch, capsys
):
    machine.install_labeller(POINTS)
    for folder in ("one", "two"):
        write_volume(SCAN, tmp_path / folder / "scan.nii.gz")
    monkeypatch.chdir(tmp_path / "one")
    out = tmp_path / "out"
    assert vertebra(command, "scan.nii.gz", "-o", out) == 0
    before = {file: file.read_bytes() for file in out.iterdir()}
    monkeypatch.chdir(tmp_path / "two")
    assert vertebra(command, "scan.nii.gz", "-o", out) == 1
    said = " ".join(capsys.readouterr().err.split())
    first = tmp_path / "one/scan.nii.gz"
    assert f"'{out / 'scan.spine.json'}' is the result of another scan, scan.nii.gz [" in said
    assert {file: file.read_bytes() for file in out.iterdir()} == before
    assert vertebra(command, "../one/scan.nii.gz", "-o", out) == 0
    (out / "scan.spine.json").write_text("mine")
    assert vertebra(command, first, "-o", out) == 1
    for file in out.iterdir():
        file.unlink()
    assert vertebra(command, "scan.nii.gz", "-o", out) == 0


def test_points_from_elsewhere_make_results_of_the_scan_that_was_segmented(machine, ct, tmp_path):
    made_by = Provenance("Vertebra", "by hand", source="/elsewhere/other.nii.gz")
    points = spine_file.write(tmp_path / "p.spine.json", replace(POINTS, provenance=made_by))
    arguments = (ct, "--points", points, "-o", tmp_path / "out", "--only", POINTS.levels[0].name)
    assert segment(*arguments) == 0
    assert spine_file.read(tmp_path / "out/scan.spine.json").provenance.source == told(ct)
    assert segment(*arguments) == 0


@pytest.mark.parametrize("source", ["/not/there.nii.gz", "a\0b"])
def test_a_result_of_a_scan_that_is_not_there_any_more_is_not_replaced(
    machine, ct, tmp_path, capsys, source
):
    earlier = replace(POINTS, provenance=Provenance(source=source))
    file = spine_file.write(tmp_path / "out/scan.spine.json", earlier)
    loop = tmp_path / "loop/scan.nii.gz"
    loop.parent.mkdir()
    loop.symlink_to(loop)
    for scan in (ct, loop):
        assert segment(scan, "-o", file.parent) == 1
        assert "is the result of another scan" in " ".join(capsys.readouterr().err.split())
    assert spine_file.read(file) == earlier


def test_results_tell_nothing_of_the_folder_that_a_scan_lies_in(machine, tmp_path):
    ct = write_volume(SCAN, tmp_path / "Jane Doe" / "scan.nii.gz")
    assert segment(ct, "-o", tmp_path / "out") == 0
    texts = [file for file in (tmp_path / "out").iterdir() if file.suffix in (".json", ".csv")]
    assert texts
    assert not [file for file in texts if "Jane" in file.read_text()]


def test_corrections_saved_from_slicer_are_gone_on_with(machine, ct, points, tmp_path):
    out = tmp_path / "out"
    assert segment(ct, "--points", points, "-o", out) == 0
    file = out / "scan.spine.json"
    spine = spine_file.read(file)
    spine_file.write(file, replace(spine, provenance=replace(spine.provenance, source="scan")))
    assert segment(ct, "-o", out, "--only", POINTS.levels[0].name) == 0


def test_each_series_of_a_dicom_folder_has_results_of_its_own(machine, tmp_path, capsys):
    pytest.importorskip("pydicom")
    machine.install_labeller(POINTS)
    for series in ("1.2.3", "1.2.4"):
        write_series(tmp_path / "ct", body(slices=24), series=series)
        assert vertebra("label", tmp_path / "ct", "--series", series, "-o", tmp_path / "out") == 0
    names = [file.name for file in (tmp_path / "out").glob("*.spine.json")]
    assert sorted(names) == ["ct_1.2.3.spine.json", "ct_1.2.4.spine.json"]


@pytest.mark.parametrize("command", ["label", "segment", "evaluate"])
def test_a_folder_that_cannot_be_made_is_refused_before_anything_is_read(
    command, ct, tmp_path, capsys
):
    (tmp_path / "file").write_text("mine")
    scans = [ct, ct] if command == "evaluate" else ["missing.nii.gz"]
    assert run([str(word) for word in (command, *scans, "-o", tmp_path / "file/below/out")]) == 1
    assert "could not be written" in " ".join(capsys.readouterr().err.split())
    assert (tmp_path / "file").read_text() == "mine"


@pytest.mark.parametrize("command", ["label", "segment"])
def test_a_file_is_no_folder_for_results(command, ct, tmp_path, capsys):
    (tmp_path / "file").write_text("mine")
    assert vertebra(command, ct, "-o", tmp_path / "file") == 2
    assert "is a file." in " ".join(capsys.readouterr().err.replace("│", " ").split())
    assert (tmp_path / "file").read_text() == "mine"
