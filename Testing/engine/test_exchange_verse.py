"""VerSe's centroid files, their variants, conflicts with the mask, and the whole data set."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest

from vertebra import exchange
from vertebra.errors import BadFile, VertebraError
from vertebra.exchange import labelmap, verse, verse_conflicts, verse_folder
from vertebra.spine import Spine
from vertebra.volume import Grid, LabelMap, Volume, write_volume

GRID = Grid.of((40, 50, 60), (1, 1, 2), (-20, -25, -60))
SPINE = Spine.of({"T12": (0, 0, 30), "T13": (1, 5, 5), "L6": (2, 10, -40), "S1": (0, 0, -50)})


def _file(folder, direction, entries, name="sub-a_seg-subreg_ctd.json"):
    header = [{"direction": list(direction)}] if direction else []
    points = [{"label": n, "X": x, "Y": y, "Z": z} for n, (x, y, z) in entries.items()]
    (folder / name).write_text(json.dumps([*header, *points]))
    return folder / name


def _masks(spine, grid=GRID, half=4):
    voxels = np.zeros(grid.shape, np.uint8)
    for vertebra in spine:
        i, j, k = np.rint(grid.to_index(vertebra.centroid)).astype(int)
        near = [slice(max(0, n - half), n + half + 1) for n in (i, j, k)]
        voxels[tuple(near)] = vertebra.level.verse
    return LabelMap(voxels, grid, {each.level.verse: each.level.name for each in spine})


def test_numbers_count_voxels_along_the_directions_of_the_file(tmp_path):
    path = _file(tmp_path, "RAS", {20: (1, 2, 3)})
    assert verse.read(path, GRID).centroids == (tuple(GRID.to_world((1, 2, 3))),)
    path = _file(tmp_path, "PIR", {20: (1, 2, 3)})  # X towards P, Y towards I, Z towards R
    expected = GRID.to_world((3, 49 - 1, 59 - 2))
    assert np.allclose(verse.read(path, GRID).centroids, expected)


def test_the_sacrum_is_not_written_and_t13_is_28(tmp_path):
    verse.write(tmp_path / "a_ctd.json", SPINE, GRID)
    header, *entries = json.loads((tmp_path / "a_ctd.json").read_text())
    assert header["direction"] == ["R", "A", "S"]
    assert [entry["label"] for entry in entries] == [19, 28, 25]


def test_the_two_readings_of_the_challenge_differ_by_half_a_voxel(tmp_path):
    path = _file(tmp_path, None, {20: (10, 20, 30)}, "a_iso-ctd.json")
    first = verse.read(path, GRID, verse.Variant.MM_FROM_FIRST_VOXEL)
    corner = verse.read(path, GRID, verse.Variant.MM_FROM_CORNER)
    shift = np.subtract(first.centroids, corner.centroids)
    assert np.allclose(np.abs(shift), GRID.spacing / 2)


@pytest.mark.parametrize("name", ["a_iso-ctd.json", "verse014_ctd.json", "points.json"])
def test_a_file_that_cannot_be_told_apart_is_refused(tmp_path, name):
    path = _file(tmp_path, "PIR", {20: (10, 20, 30)}, name)
    with pytest.raises(BadFile, match="choose the format"):
        exchange.read(path, grid=GRID)
    assert len(exchange.read(path, "verse", grid=GRID)) == 1


def test_a_file_without_direction_is_not_taken_for_voxels(tmp_path):
    with pytest.raises(BadFile, match="file of the challenge"):
        verse.read(_file(tmp_path, None, {20: (1, 1, 1)}), GRID)


def test_points_outside_the_image_are_refused_both_ways(tmp_path):
    path = _file(tmp_path, "RAS", {20: (1, 2, 300)})
    with pytest.raises(BadFile, match="L1 outside the image"):
        verse.read(path, GRID)
    with pytest.raises(VertebraError, match="outside the image"):
        verse.write(tmp_path / "a_ctd.json", Spine.of({"L1": (0, 0, 900)}), GRID)


def test_files_that_agree_have_no_conflict(tmp_path):
    path = verse.write(tmp_path / "a_seg-subreg_ctd.json", SPINE.removed(4), GRID)
    assert verse_conflicts.conflicts(path, _masks(SPINE.removed(4))) == ()


def test_a_wrong_direction_is_found_and_explained(tmp_path):
    spine = SPINE.removed(4)
    indices = GRID.to_index(spine.centroids)
    numbers = dict(zip((19, 28, 25), indices.tolist()))
    path = _file(tmp_path, "LPS", numbers)
    said = " ".join(verse_conflicts.conflicts(path, _masks(spine)))
    assert "counts along LPS, but the mask's axes run RAS" in said
    assert "3 of 3 centroids fit when counted along RAS: the direction in" in said
    again = verse.read(path, GRID, direction="RAS")
    assert np.allclose(again.centroids, spine.centroids)


def test_a_direction_that_even_leads_outside_is_explained(tmp_path):
    spine = Spine.of({"T12": (0, 0, 50), "L1": (0, 0, 20)})
    numbers = dict(zip((19, 20), GRID.to_index(spine.centroids).tolist()))
    said = verse_conflicts.conflicts(_file(tmp_path, "SRA", numbers), _masks(spine))
    assert "outside the image" in said[1]
    assert "2 of 2 centroids fit when counted along RAS" in said[2]


def test_other_axes_alone_are_named_but_read_rightly(tmp_path):
    spine = SPINE.removed(4)
    turned = GRID.permuted(*GRID.steps_to("PIR"))
    path = verse.write(tmp_path / "a_seg-subreg_ctd.json", spine, turned)
    said = verse_conflicts.conflicts(path, _masks(spine))
    assert len(said) == 1
    assert "read along PIR" in said[0]
    assert np.allclose(verse.read(path, GRID).centroids, spine.centroids)


def test_swapped_and_missing_levels_are_found(tmp_path):
    spine = SPINE.removed(4)
    path = verse.write(tmp_path / "a_seg-subreg_ctd.json", spine.swapped(1, 3), GRID)
    said = verse_conflicts.conflicts(path, _masks(spine))
    assert "T12 by" in said[0]
    assert "L6 by" in said[0]
    path = verse.write(tmp_path / "a_seg-subreg_ctd.json", spine.removed(2), GRID)
    assert "same levels: T13" in verse_conflicts.conflicts(path, _masks(spine))[0]


def test_the_sample_of_the_data_set_is_read_whole_and_without_conflicts(shared_data):
    cases = {case.name: case for case in verse_folder.read_cases(shared_data / "verse_sample")}
    extent = {
        name: (case.spine().levels[0], case.spine().levels[-1]) for name, case in cases.items()
    }
    assert {name: tuple(map(str, ends)) for name, ends in extent.items()} == {
        "sub-gl003_dir-ax": ("C1", "T5"),
        "sub-gl017": ("C1", "T4"),
        "sub-verse004": ("T9", "L5"),
        "sub-verse010": ("L1", "L5"),
    }
    assert cases["sub-gl003_dir-ax"].subject == "sub-gl003"
    assert cases["sub-gl003_dir-ax"].dataset.name == "dataset-01training"
    for case in cases.values():
        assert case.ct is None
        assert case.conflicts() == ()
        with pytest.raises(VertebraError, match="no CT"):
            case.volume()


def test_our_conversion_agrees_with_the_published_landmarks_in_millimetres(shared_data):
    """The landmark table is the same centroids, converted by other software; origins differ."""
    table = (shared_data / "verse_centroids" / "verse2019_landmarks.csv").read_text().splitlines()
    row = next(line.split(",") for line in table if line.startswith("verse004,"))
    theirs = np.array(row[1:], float).reshape(-1, 3)
    theirs = theirs[~np.isnan(theirs).any(axis=1)]
    case = next(
        each
        for each in verse_folder.read_cases(shared_data / "verse_sample")
        if each.name == "sub-verse004"
    )
    ours = np.array(case.spine().centroids)
    gaps = [np.linalg.norm(np.diff(points, axis=0), axis=1) for points in (ours, theirs)]
    assert np.abs(gaps[0] - gaps[1]).max() < 2.0  # theirs are rounded to 1 mm


def test_a_folder_with_cts_gives_volumes_and_tells_of_other_grids(tmp_path):
    spine = SPINE.removed(4)
    derived = tmp_path / "dataset-01training" / "derivatives" / "sub-a"
    raw = tmp_path / "dataset-01training" / "rawdata" / "sub-a"
    labelmap.write(derived / "sub-a_dir-sag_seg-vert_msk.nii.gz", _masks(spine))
    verse.write(derived / "sub-a_dir-sag_seg-subreg_ctd.json", spine, GRID)
    ct = Volume(np.zeros(GRID.shape, np.int16), GRID.part((1, 0, 0), GRID.shape))
    write_volume(ct, raw / "sub-a_dir-sag_ct.nii.gz")
    (raw / "sub-a_dir-sag_notes.txt").write_text("hello")
    (case,) = verse_folder.read_cases(tmp_path)
    assert (case.name, case.subject) == ("sub-a_dir-sag", "sub-a")
    assert case.volume().grid.same_as(ct.grid)
    assert case.grid.same_as(ct.grid)
    assert "different grids" in case.conflicts()[-1]
    assert verse_folder.Case("sub-b", tmp_path).conflicts() == ()
    shutil.copy(case.mask, derived / "sub-a_dir-sag_msk.nii.gz")
    with pytest.raises(BadFile, match="second msk"):
        verse_folder.read_cases(tmp_path)


def test_a_folder_without_cases_is_refused(tmp_path):
    for folder in (tmp_path, tmp_path / "missing"):
        with pytest.raises(BadFile, match="VerSe"):
            verse_folder.read_cases(folder)
