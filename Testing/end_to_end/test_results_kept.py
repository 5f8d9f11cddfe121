"""What a person made or corrected in a results folder, and what belongs together, is kept."""

from __future__ import annotations

import pytest
from blob_commands import POINTS, TRUTH, segment, vertebra

from vertebra.cli.run import run
from vertebra.exchange import markups, segmentation, spine_file
from vertebra.spine import Flag, Spine

FIRST, SECOND, THIRD, LAST = (level.name for level in POINTS.levels)


def files(folder):
    return {file.name: file.read_bytes() for file in folder.iterdir()}


def said(capsys):
    return " ".join(capsys.readouterr().err.split())


def backwards(spine: Spine) -> Spine:
    """The same points with the numbers of a run from tail to head."""
    numbers = [vertebra.instance for vertebra in spine]
    return Spine(
        tuple(
            vertebra.__class__(number, vertebra.level, vertebra.centroid)
            for vertebra, number in zip(spine, reversed(numbers))
        ),
        provenance=spine.provenance,
    )


def test_labelling_does_not_replace_the_points_that_masks_belong_to(
    machine, ct, points, tmp_path, capsys
):
    machine.install_labeller(POINTS)
    out = tmp_path / "out"
    assert segment(ct, "--points", points, "-o", out) == 0
    before = files(out)
    assert vertebra("label", ct, "-o", out) == 1
    assert "scan.seg.nrrd' holds masks that belong to the points there" in said(capsys)
    assert files(out) == before


@pytest.mark.parametrize("numbers", ["backwards", "of VerSe"])
def test_masks_and_points_of_two_runs_are_not_joined(
    machine, ct, points, tmp_path, capsys, numbers
):
    out = tmp_path / "out"
    assert segment(ct, "--points", points, "-o", out) == 0
    spine = spine_file.read(out / "scan.spine.json")
    other = backwards(spine)
    if numbers == "of VerSe":
        other = Spine(
            tuple(v.__class__(v.level.verse, v.level, v.centroid) for v in spine),
            provenance=spine.provenance,
        )
    spine_file.write(out / "scan.spine.json", other)
    before = files(out)
    assert segment(ct, "-o", out, "--only", SECOND) == 1
    assert "are of two runs: the centre of" in said(capsys)
    assert files(out) == before


def test_a_point_that_was_moved_into_another_mask_does_not_keep_one_from_segmenting(
    machine, ct, points, tmp_path
):
    out = tmp_path / "out"
    assert segment(ct, "--points", points, "-o", out) == 0
    spine = spine_file.read(out / "scan.spine.json")
    moved = spine.moved(POINTS.levels[0], spine.centroids[3])
    spine_file.write(out / "scan.spine.json", moved)
    assert segment(ct, "-o", out, "--only", SECOND) == 0
    masks = segmentation.read(out / "scan.seg.nrrd")
    assert (masks.voxels == TRUTH.voxels).all()


@pytest.mark.parametrize("command", ["label", "segment"])
@pytest.mark.parametrize("ending", [".mrk.json", ".csv", "_seg-vert_ctd.json", ".png"])
def test_files_that_are_no_result_are_not_replaced(command, ending, machine, ct, tmp_path, capsys):
    machine.install_labeller(POINTS)
    mine = tmp_path / f"scan{ending}"
    mine.write_text("mine")
    assert vertebra(command, ct, "-o", tmp_path) == 1
    assert f"'{mine}' is there already, without the 'scan.spine.json' of a" in said(capsys)
    assert mine.read_text() == "mine"


def test_masks_that_are_no_result_are_not_replaced(machine, ct, points, tmp_path, capsys):
    mine = tmp_path / "scan.seg.nrrd"
    mine.write_text("mine")
    assert segment(ct, "--points", points, "-o", tmp_path) == 1
    assert f"'{mine}' is there already" in said(capsys)
    assert mine.read_text() == "mine"


@pytest.mark.parametrize("edit", [["relabel", SECOND, "--as", "C3"], ["lock", LAST]])
@pytest.mark.parametrize("command", ["label", "segment"])
def test_a_persons_corrections_are_not_labelled_over(command, edit, machine, ct, tmp_path, capsys):
    machine.install_labeller(POINTS)
    out = tmp_path / "out"
    assert vertebra("label", ct, "-o", out) == 0
    file = out / "scan.spine.json"
    name, *words = edit
    assert run(["spine", "edit", name, str(file), *words]) == 0
    before = files(out)
    assert vertebra(command, ct, "-o", out) == 1
    told = said(capsys)
    assert f"'{file}' holds a person's corrections (" in told
    assert files(out) == before
    if command == "segment":
        assert f"give --points '{file}'" in told
        assert segment(ct, "-o", out, "--points", file) == 0
        kept = spine_file.read(file)
        assert any(v.locked or Flag.CORRECTED in v.flags for v in kept)


@pytest.mark.parametrize("ending", [".spine.json", ".mrk.json"])
@pytest.mark.parametrize("command", ["label", "segment"])
@pytest.mark.parametrize(
    "edit", [["shift", "--by", "1"], ["remove", FIRST], ["move", LAST, "--to", "1", "2", "3"]]
)
def test_points_that_were_edited_in_one_of_their_files_are_not_labelled_over(
    command, edit, ending, machine, ct, tmp_path, capsys
):
    machine.install_labeller(POINTS)
    out = tmp_path / "out"
    assert vertebra("label", ct, "-o", out) == 0
    name, *words = edit
    assert run(["spine", "edit", name, str(out / f"scan{ending}"), *words]) == 0
    before = files(out)
    assert vertebra(command, ct, "-o", out) == 1
    assert "a person" in said(capsys)
    assert files(out) == before


def test_a_result_that_nobody_corrected_is_made_anew(machine, ct, tmp_path):
    machine.install_labeller(POINTS)
    for _ in range(2):
        assert vertebra("label", ct, "-o", tmp_path / "out") == 0
    for _ in range(2):
        assert segment(ct, "-o", tmp_path / "out") == 0
    assert markups.read(tmp_path / "out/scan.mrk.json").levels == POINTS.levels
