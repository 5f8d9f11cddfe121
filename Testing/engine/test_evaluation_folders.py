"""References and predictions find each other by the names of their scans."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from vertebra.anatomy import level
from vertebra.errors import BadFile, VertebraError
from vertebra.evaluation import Annotation, evaluate, paired_cases, score
from vertebra.exchange import write
from vertebra.spine import Spine
from vertebra.volume import Grid, LabelMap, Volume, write_volume

GRID = Grid.of((40, 50, 90), spacing=(2.0, 2.0, 2.0), origin=(-40, -60, 0))
NAMES = ("T11", "T12", "L1", "L2")


def truth(names: Sequence[str] = NAMES, grid: Grid = GRID) -> Annotation:
    """Boxes of 24 x 20 x 20 mm, 40 mm apart, and their centres as body centres."""
    voxels = np.zeros(grid.shape, np.uint8)
    centres = {}
    for place, name in enumerate(names):
        middle = 80 - 20 * place
        voxels[14:26, 20:30, middle - 5 : middle + 5] = level(name).verse
        centres[name] = grid.to_world([19.5, 24.5, middle - 0.5])
    labels = {level(name).verse: name for name in names}
    return Annotation(Spine.of(centres), LabelMap(voxels, grid, labels))


def ct(grid: Grid = GRID) -> Volume:
    hu = np.full(grid.shape, 40, np.int16)
    hu[14:26, 20:30] = 400
    return Volume(hu, grid)


def test_files_are_paired_by_the_name_of_the_scan(tmp_path: Path) -> None:
    side = truth()
    ours, theirs = tmp_path / "reference", tmp_path / "prediction"
    write(ours / "a_seg.nii.gz", side.mask, scheme="verse")
    write(ours / "a_ctd.mrk.json", side.spine)
    write(ours / "b.spine.json", side.spine)
    write_volume(ct(), ours / "a_ct.nii.gz")
    write(theirs / "a" / "vertebrae.seg.nrrd", side.mask)
    write(theirs / "a" / "points.csv", side.spine)
    write(theirs / "z.csv", side.spine)
    (theirs / "notes.txt").write_text("no file of ours")

    cases = paired_cases(ours, theirs)
    assert (cases.names, cases.unused) == (["a", "b"], ["z"])
    first, second = cases[0:2]
    assert first.ct is not None
    assert first.reference.mask is not None
    result = evaluate(cases)
    assert [each.dice for each in result.scans[0].vertebrae] == [1.0] * 4
    assert second.prediction.spine == Spine()
    assert result.scans[1].notes == (
        "The prediction lacks a file of points or masks: counted as missed.",
    )
    assert result.total.identification_rate == 0.5


def test_a_scan_without_predicted_masks_counts_as_missed(tmp_path: Path) -> None:
    side = truth()
    for name in ("a", "b"):
        write(tmp_path / "reference" / f"{name}.nii.gz", side.mask, scheme="verse")
    write(tmp_path / "prediction" / "a.nii.gz", side.mask, scheme="verse")
    result = evaluate(paired_cases(tmp_path / "reference", tmp_path / "prediction"))
    assert [each.instance_dice for each in result.scans[1].vertebrae] == [0.0] * 4
    assert result.total.instance_dice.mean == 0.5


def test_two_files_of_one_scan_are_compared_whatever_their_names(tmp_path: Path) -> None:
    side = truth()
    one = write(tmp_path / "mine.spine.json", side.spine)
    other = write(tmp_path / "theirs.csv", side.spine)
    image = write_volume(ct(), tmp_path / "scan.nii.gz")
    [case] = paired_cases(one, other, images=image)
    assert case.ct is not None
    assert score(case).all_right


def test_folders_that_do_not_fit_are_refused_with_a_sentence(tmp_path: Path) -> None:
    ours, theirs, empty = (tmp_path / each for each in ("ours", "theirs", "empty"))
    empty.mkdir()
    write(ours / "a.spine.json", truth().spine)
    write(theirs / "b.spine.json", truth().spine)
    for references, predictions, says in [
        (tmp_path / "nowhere", theirs, "does not exist"),
        (ours, theirs / "b.spine.json", "two folders or two files"),
        (ours, theirs, "No prediction .* 'a'"),
        (empty, theirs, "holds no points or masks"),
    ]:
        with pytest.raises(VertebraError, match=says):
            paired_cases(references, predictions)
    write(ours / "b.csv", truth().spine)
    write(ours / "b.mrk.json", truth().spine)
    with pytest.raises(BadFile, match="both the points of b"):
        paired_cases(ours, theirs)
    write(ours / "c.spine.json", truth().spine)
    write(ours / "another" / "c.csv", truth().spine)
    (ours / "b.csv").unlink()
    with pytest.raises(BadFile, match="both the points of c"):
        paired_cases(ours, theirs)


def test_cts_that_belong_to_no_scan_are_refused_with_a_sentence(tmp_path: Path) -> None:
    points = write(tmp_path / "case7.csv", Spine.of({"L1": (0, 0, 0)}))
    write_volume(ct(), tmp_path / "images" / "other_ct.nii.gz")
    with pytest.raises(VertebraError, match=r"No CT in .* such as 'case7'"):
        paired_cases(points, points, images=tmp_path / "images")


def test_verses_own_sample_scores_full_marks_against_itself(shared_data: Path) -> None:
    folder = shared_data / "verse_sample" / "Verse19"
    cases = paired_cases(folder, folder)
    assert cases.names == ["sub-verse004", "sub-verse010"]
    result = evaluate(cases)
    assert result.total.vertebrae == 14
    assert result.total.identification_rate == 1.0
    assert result.total.dice.mean == 1.0
    assert result.total.hd95.mean == 0.0
