"""Correcting a spine at the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from spine_commands import SPINE, vertebra

from vertebra.exchange import table
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


def test_a_file_is_left_as_it_was_when_an_edit_is_refused(spine_file):
    before = spine_file.read_bytes()
    assert vertebra("spine", "edit", "shift", spine_file, "--by", "-40") == 1
    assert vertebra("spine", "edit", "remove", spine_file, "C1") == 1
    assert vertebra("spine", "edit", "remove", spine_file, "#x") == 1
    assert spine_file.read_bytes() == before
