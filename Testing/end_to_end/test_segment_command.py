"""`vertebra segment` as its users run it, with models that segment blobs exactly."""

from __future__ import annotations

import csv
import json

import numpy as np
import pytest
from bad_files import FILES
from bad_images import IMAGES
from blob_commands import CUT, ENDINGS, POINTS, SCAN, TRUTH, segment, vertebra
from installed_blobs import Machine

from vertebra.cli.run import run
from vertebra.cli.segment import volumes_of
from vertebra.exchange import labelmap, markups, segmentation, spine_file, table, verse
from vertebra.pipeline import Result
from vertebra.spine import Flag
from vertebra.volume import Grid, LabelMap, Volume, read_label_map, write_volume


def test_every_file_tells_the_same_vertebrae(machine, ct, points, tmp_path, capsys):
    out = tmp_path / "out"
    assert segment(ct, "--points", points, "-o", out) == 0
    assert sorted(file.name for file in out.iterdir()) == [f"scan{ending}" for ending in ENDINGS]
    spine = spine_file.read(out / "scan.spine.json")
    assert spine.levels == POINTS.levels
    assert [vertebra.completeness for vertebra in spine] == [1.0] * 4
    masks = segmentation.read(out / "scan.seg.nrrd")
    assert np.array_equal(masks.voxels, TRUTH.voxels)
    assert list(masks.names.values()) == [level.name for level in POINTS.levels]
    numbers = labelmap.read(out / "scan_seg-vert_msk.nii.gz")
    by_level = {each.instance: each.level.verse for each in POINTS}
    assert np.array_equal(numbers.voxels, TRUTH.renumbered(by_level).voxels)
    for found in (
        markups.read(out / "scan.mrk.json"),
        table.read(out / "scan.csv"),
        verse.read(out / "scan_seg-vert_ctd.json", SCAN.grid),
    ):
        assert found.levels == spine.levels
        assert np.allclose(found.centroids, spine.centroids, atol=0.1)
    assert (out / "scan.png").read_bytes().startswith(b"\x89PNG")
    printed = capsys.readouterr()
    for level in POINTS.levels:
        assert f"{level}: " in printed.err
        assert str(level) in printed.out


def test_volumes_are_millilitres(machine, ct, points, tmp_path, capsys):
    assert segment(ct, "--points", points, "-o", tmp_path / "out", "--json") == 0
    printed = capsys.readouterr()
    told = {each["level"]: each["volume_ml"] for each in json.loads(printed.out)["vertebrae"]}
    sizes = np.bincount(TRUTH.voxels.ravel())[1:] * 27 / 1000
    assert list(told.values()) == pytest.approx(sizes, abs=0.01)
    with (tmp_path / "out/scan.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [float(row["volume_ml"]) for row in rows] == pytest.approx(sizes, abs=0.01)
    assert "ml" not in printed.err


def test_a_vertebra_without_a_mask_has_no_volume_rather_than_one_of_0(
    machine, ct, points, tmp_path, capsys
):
    out, alone = tmp_path / "out", POINTS.levels[1].name
    assert segment(ct, "--points", points, "--only", alone, "-o", out, "--json") == 0
    vertebrae = json.loads(capsys.readouterr().out)["vertebrae"]
    with (out / "scan.csv").open() as file:
        rows = {row["level"]: row["volume_ml"] for row in csv.DictReader(file)}
    for each in vertebrae:
        assert (each["volume_ml"] is None) is (each["level"] != alone)
        assert (rows[each["level"]] == "") is (each["level"] != alone)


def test_volumes_are_right_on_a_sheared_grid():
    affine = np.diag([1, 1, 1.25, 1])
    affine[1, 2] = 1.25 * np.tan(np.radians(20))
    voxels = np.zeros((10, 10, 10), np.uint8)
    voxels[2:6, 2:6, 2:6] = 1
    volumes = volumes_of(Result(POINTS, LabelMap(voxels, Grid(voxels.shape, affine))))
    assert volumes == {1: pytest.approx(64 * 1.25 / 1000)}


def test_partial_vertebrae_are_flagged_and_not_in_the_files_of_verse(machine, tmp_path, capsys):
    ct, out = write_volume(CUT, tmp_path / "cut.nrrd"), tmp_path / "out"
    assert segment(ct, "-o", out) == 0
    spine = spine_file.read(out / "cut.spine.json")
    partial = [Flag.PARTIAL in vertebra.flags for vertebra in spine]
    assert partial[0]
    assert not all(partial)
    assert len(segmentation.read(out / "cut.seg.nrrd").names) == len(partial)
    kept = [level for level, cut in zip(spine.levels, partial) if not cut]
    assert list(verse.read(out / "cut_seg-vert_ctd.json", CUT.grid).levels) == kept
    masks = labelmap.read(out / "cut_seg-vert_msk.nii.gz")
    assert sorted(masks.names.values()) == sorted(level.name for level in kept)
    said = " ".join(capsys.readouterr().out.split())
    assert f"{spine.levels[0]}: Cut by the edge of the scan." in said
    assert "No model for labelling spines is installed, so the levels are told by" in said


def test_one_vertebra_is_segmented_anew_in_an_earlier_result(machine, ct, points, tmp_path):
    out = tmp_path / "out"
    assert segment(ct, "--points", points, "-o", out) == 0
    edited = TRUTH.voxels.copy()
    edited[edited == 2] = 0
    edited[edited == 3] = 1
    spine = spine_file.read(out / "scan.spine.json")
    segmentation.write(out / "scan.seg.nrrd", TRUTH.__class__(edited, TRUTH.grid), spine)
    middle = POINTS.levels[1]
    assert segment(ct, "-o", out, "--only", middle.name) == 0
    masks = segmentation.read(out / "scan.seg.nrrd").voxels
    assert np.array_equal(masks == 2, TRUTH.voxels == 2)
    assert np.array_equal(np.where(masks == 2, 0, masks), edited)
    assert segment(ct, "-o", tmp_path / "alone", "--points", points, "--only", middle.name) == 0
    alone = segmentation.read(tmp_path / "alone/scan.seg.nrrd")
    assert list(alone.names.values()) == [middle.name]


def test_the_mask_of_a_removed_vertebra_is_left_out_when_another_is_segmented_anew(
    machine, ct, points, tmp_path, capsys
):
    out = tmp_path / "out"
    assert segment(ct, "--points", points, "-o", out) == 0
    _, removed, again, _ = (level.name for level in POINTS.levels)
    assert run(["spine", "edit", "remove", str(out / "scan.spine.json"), removed]) == 0
    assert segment(ct, "-o", out, "--only", again) == 0
    assert removed not in segmentation.read(out / "scan.seg.nrrd").names.values()
    masks = segmentation.read(out / "scan.seg.nrrd").voxels
    assert np.array_equal(masks, np.where(TRUTH.voxels == 2, 0, TRUTH.voxels))
    said = " ".join(capsys.readouterr().out.split())
    assert f"The mask of {removed} is left out: the spine has it no more." in said


def test_direction_and_search_are_chosen(machine, ct, capsys):
    assert segment(ct, "--direction", "up", "--search", "fine", "--json") == 0
    assert machine.loaded == ["upwards"]
    found = json.loads(capsys.readouterr().out)["vertebrae"]
    assert [each["instance"] for each in found] == [4, 3, 2, 1]


@pytest.mark.parametrize("direction", ["up", "down"])
def test_from_points_both_directions_give_the_same_masks(machine, ct, points, tmp_path, direction):
    out = tmp_path / direction
    assert segment(ct, "--points", points, "--direction", direction, "-o", out) == 0
    assert machine.loaded == ["upwards" if direction == "up" else "coarse"]
    assert np.array_equal(segmentation.read(out / "scan.seg.nrrd").voxels, TRUTH.voxels)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--only", "L1"], "One vertebra alone needs a point; give --points"),
        (["--points", "missing.csv"], "does not exist"),
        (["--model", "other"], "There is no model 'other' on this machine"),
        (["--search", "coarse"], "No model for a coarse search is installed"),
        (["--search", "points"], "No model for labelling spines is installed"),
    ],
)
def test_what_is_not_possible_is_one_sentence(machine, ct, capsys, arguments, sentence):
    assert segment(ct, *arguments) == 1
    printed = capsys.readouterr()
    assert sentence in " ".join(printed.err.split())
    assert "Traceback" not in printed.err


def test_without_any_model_it_says_what_to_do(tmp_path, monkeypatch, ct, capsys):
    Machine(tmp_path / "none", monkeypatch)
    assert segment(ct) == 1
    said = capsys.readouterr().err.replace("\n", " ")
    assert "No model for segmenting vertebrae is installed; put a model's two files" in said


def test_a_model_of_another_method_is_named_with_those_that_would_do(machine, ct, capsys):
    assert vertebra("label", ct, "--model", "coarse") == 1
    said = " ".join(capsys.readouterr().err.split())
    assert "'coarse' is a model of the method iterative, which is not for labelling" in said
    assert "install one that does." in said
    machine.install_labeller(POINTS)
    assert vertebra("label", ct, "--model", "coarse") == 1
    assert "choose one of: labeller." in " ".join(capsys.readouterr().err.split())
    assert segment(ct, "--model", "labeller") == 1
    assert "choose one of: coarse, upwards." in " ".join(capsys.readouterr().err.split())


def test_a_level_that_is_used_twice_leaves_out_only_the_files_of_verse(
    machine, ct, tmp_path, capsys
):
    twice = POINTS.relabelled(2, POINTS.levels[0])
    points = spine_file.write(tmp_path / "twice.spine.json", twice)
    assert segment(ct, "--points", points, "-o", tmp_path / "out") == 0
    files = [file.name for file in (tmp_path / "out").iterdir()]
    assert sorted(files) == [f"scan{ending}" for ending in ENDINGS if "_seg-" not in ending]
    assert "Files in VerSe's numbers are left out" in " ".join(capsys.readouterr().out.split())


def test_the_files_of_verse_hold_the_same_vertebrae_those_with_a_whole_mask(
    machine, ct, points, tmp_path
):
    out = tmp_path / "out"
    alone = POINTS.levels[1]
    assert segment(ct, "--points", points, "--only", alone.name, "-o", out) == 0
    assert spine_file.read(out / "scan.spine.json").levels == POINTS.levels
    assert verse.read(out / "scan_seg-vert_ctd.json", SCAN.grid).levels == (alone,)
    assert list(labelmap.read(out / "scan_seg-vert_msk.nii.gz").names.values()) == [alone.name]


def test_a_centre_that_verse_cannot_hold_leaves_out_its_mask_too_also_an_earlier_one(
    machine, ct, points, tmp_path, capsys
):
    out = tmp_path / "out"
    assert segment(ct, "--points", points, "-o", out) == 0
    file, first = out / "scan.spine.json", POINTS.vertebrae[0]
    spine_file.write(file, spine_file.read(file).moved(first.level, (500, 500, 500)))
    assert segment(ct, "-o", out, "--only", POINTS.levels[2].name) == 0
    assert not list(out.glob("*_seg-vert_*"))
    assert "lies outside the image, which VerSe's" in " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize(
    "case",
    [case for case in (*FILES, *IMAGES) if case.kind == "ct" and not case.as_user][::4],
    ids=lambda case: case.name,
)
def test_bad_input_ends_with_one_sentence_and_nothing_written(case, machine, tmp_path, capsys):
    (tmp_path / "in").mkdir()
    code = segment(case.make(tmp_path / "in"), "-o", tmp_path / "out")
    printed = capsys.readouterr()
    assert "Traceback" not in printed.err
    if code:
        said = [line for line in printed.err.splitlines() if line.startswith("Error: ")]
        assert (code, len(said)) == (1, 1), printed.err
        assert said[0].endswith(".")
        assert not (tmp_path / "out").exists()


NASTY = {
    "empty": lambda shape, rng: np.full(shape, -1000),
    "all bone": lambda shape, rng: np.full(shape, 1500),
    "noise": lambda shape, rng: rng.normal(0, 180, shape),
    "metal": lambda shape, rng: np.where(rng.random(shape) < 0.05, 30000, blobs(shape)),
    "upside down": lambda shape, rng: np.flip(blobs(shape), 2),
    "one voxel thick": lambda shape, rng: blobs(shape)[:, :, :1],
    "a sliver": lambda shape, rng: blobs(shape)[14:17],
}


def blobs(shape):
    return SCAN.voxels[: shape[0], : shape[1], : shape[2]]


@pytest.mark.parametrize("search", ["coarse", "fine", None])
@pytest.mark.parametrize("kind", NASTY)
def test_nasty_scans_end_with_masks_or_one_sentence(kind, search, machine, tmp_path, capsys):
    machine.install("fine")
    rng = np.random.default_rng([*kind.encode()])
    voxels = NASTY[kind]((28, 33, 41), rng).astype(np.float32)
    grid = Grid.of(voxels.shape, (3, 3, 3), (40, -10, 0), np.diag([-1, 1, 1]))
    ct, out = write_volume(Volume(voxels, grid), tmp_path / "ct.nrrd"), tmp_path / "out"
    code = segment(ct, "-o", out, *([] if search is None else ["--search", search]))
    printed = capsys.readouterr()
    assert "Traceback" not in printed.err
    if code == 0:
        masks = read_label_map(out / "ct.seg.nrrd").voxels
        spine = spine_file.read(out / "ct.spine.json")
        assert masks.shape == voxels.shape
        assert set(np.unique(masks)) - {0} <= {vertebra.instance for vertebra in spine}
    else:
        assert code == 1
        said = [line for line in printed.err.splitlines() if line.startswith("Error: ")]
        assert len(said) == 1
        assert not out.exists()
