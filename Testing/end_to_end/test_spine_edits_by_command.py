"""Correcting a spine at the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from spine_commands import SPINE, vertebra

from vertebra.exchange import markups, table
from vertebra.spine import Flag, from_json


def levels_in(path: Path) -> str:
    return " ".join(level.name for level in from_json(path.read_text()).levels)


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
    inserted = left.vertebrae[-1].instance
    kept = {each.instance: volumes[each.instance] for each in left if each.instance != inserted}
    assert table.read_volumes(file) == pytest.approx(kept)


def _point(document):
    return document["markups"][0]["controlPoints"][1]


LINE = {"type": "Line", "controlPoints": [{"label": "a", "position": [0, 0, 0]}]}
OF_OTHERS = {
    "descriptions of T12": lambda d: _point(d).update(description="Schmorl's node"),
    "points without a position": lambda d: _point(d).update(positionStatus="undefined"),
    "other markups than one list of points": lambda d: d["markups"].append(LINE),
}


@pytest.mark.parametrize("what", OF_OTHERS)
def test_an_edit_does_not_delete_what_others_wrote_into_markups(capsys, tmp_path, what):
    file = markups.write(tmp_path / "a.mrk.json", SPINE)
    document = json.loads(file.read_text())
    OF_OTHERS[what](document)
    file.write_text(json.dumps(document))
    before = file.read_bytes()
    assert vertebra("spine", "edit", "lock", file, "L1") == 1
    said = " ".join(capsys.readouterr().err.split())
    assert f"also holds {what}, which would be lost; write to another file with -o." in said
    assert file.read_bytes() == before
    target = tmp_path / "b.spine.json"
    assert vertebra("spine", "edit", "lock", file, "L1", "-o", target) == 0
    assert f"Not taken along: {what}." in " ".join(capsys.readouterr().out.split())
    assert vertebra("convert", file, tmp_path / "c.csv", "--json") == 0
    assert f"Not taken along: {what}." in json.loads(capsys.readouterr().out)["notes"]


def test_an_edit_keeps_how_slicer_displays_the_points(tmp_path):
    file = markups.write(tmp_path / "a.mrk.json", SPINE)
    document = json.loads(file.read_text())
    document["markups"][0]["display"] = {"glyphScale": 4.0, "color": [1.0, 0.5, 0.5]}
    file.write_text(json.dumps(document))
    assert vertebra("spine", "edit", "lock", file, "L1") == 0
    edited = json.loads(file.read_text())["markups"][0]
    assert edited["display"] == document["markups"][0]["display"]
    assert [point["locked"] for point in edited["controlPoints"]] == [False, False, True, False]


def test_an_edit_does_not_delete_the_columns_of_others_or_other_points_of_interest(
    capsys, tmp_path, mask_file
):
    rows = "level,x_ras_mm,y_ras_mm,z_ras_mm,T-score\nL1,0,0,30,-2.1\nL2,0,0,0,-1.9\n"
    file = tmp_path / "a.csv"
    file.write_text(rows)
    assert vertebra("spine", "edit", "move", file, "L1", "--to", 1, 1, 31) == 1
    assert "also holds the columns T-score" in " ".join(capsys.readouterr().err.split())
    assert file.read_text() == rows
    points = tmp_path / "a_poi.json"
    assert vertebra("convert", file, points, "--image", mask_file) == 0
    header, places = json.loads(points.read_text())
    edit = ("spine", "edit", "relabel", points, "L1", "--as", "L3", "--image", mask_file)
    assert vertebra(*edit) == 0
    places["L2"]["61"] = [1, 2, 3]
    points.write_text(json.dumps([header, places]))
    assert vertebra(*edit[:4], "L2", "--as", "L4", *edit[7:]) == 1
    assert "also holds other points of interest" in " ".join(capsys.readouterr().err.split())


def test_a_file_is_left_as_it_was_when_an_edit_is_refused(spine_file):
    before = spine_file.read_bytes()
    assert vertebra("spine", "edit", "shift", spine_file, "--by", "-40") == 1
    assert vertebra("spine", "edit", "remove", spine_file, "C1") == 1
    assert vertebra("spine", "edit", "remove", spine_file, "#x") == 1
    assert spine_file.read_bytes() == before
