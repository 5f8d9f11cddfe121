"""Scans without vertebrae, damaged files, results in several formats: all others are scored."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from spine_commands import vertebra

from vertebra.anatomy import level
from vertebra.errors import VertebraError
from vertebra.evaluation import Annotation, Case, evaluate, paired_cases
from vertebra.evaluation.page import page
from vertebra.exchange import write
from vertebra.spine import Spine
from vertebra.volume import Grid, LabelMap

GRID = Grid.of((20, 20, 60))
SPINE = Spine.of({"T12": (10, 10, 50), "L1": (10, 10, 30), "L2": (10, 10, 10)})
NUMBERS = {each.level.verse: each.level.name for each in SPINE}


def masks(spine: Spine = SPINE) -> LabelMap:
    """Cubes around the centres."""
    voxels = np.zeros(GRID.shape, np.uint8)
    for each in spine:
        k = int(each.centroid[2])
        voxels[6:14, 6:14, k - 4 : k + 4] = each.level.verse
    return LabelMap(voxels, GRID, NUMBERS)


def folders(tmp_path: Path, *names: str) -> tuple[Path, Path]:
    """References and predictions alike, one file of points a scan."""
    ours, theirs = tmp_path / "reference", tmp_path / "prediction"
    for name in names:
        write(ours / f"{name}.spine.json", SPINE)
        write(theirs / f"{name}.spine.json", SPINE)
    return ours, theirs


def test_what_is_found_in_a_scan_without_vertebrae_is_false() -> None:
    nothing = LabelMap(np.zeros(GRID.shape, np.uint8), GRID, NUMBERS)
    result = evaluate(
        [
            Case("spine", Annotation(SPINE, masks()), Annotation(SPINE, masks())),
            Case("legs", Annotation(Spine(), nothing), Annotation(SPINE, masks())),
        ]
    )
    assert result.scans[1].extra == 3
    assert result.detection.agnostic.precision == 0.5
    assert result.quality.recognition == pytest.approx(3 / (3 + 3 / 2))
    assert result.total.identification_rate == 1.0
    assert (result.all_right, result.named_scans) == (1, 1)
    assert result.any_anomaly.absent == 2
    assert "legs" in page(result)


def test_a_scan_without_vertebrae_where_none_was_found_is_in_order() -> None:
    result = evaluate([Case("legs", Annotation(Spine()), Annotation(Spine()))])
    assert (result.scans[0].extra, result.total.vertebrae) == (0, 0)
    assert result.all_right_rate is None
    assert "legs" in page(result)


def test_sides_that_have_nothing_in_common_cannot_be_compared() -> None:
    with pytest.raises(VertebraError, match="points or masks with levels on both sides"):
        evaluate([Case("a", Annotation(SPINE), Annotation(mask=masks()))])


def test_a_damaged_prediction_counts_as_missed_and_the_others_are_scored(
    tmp_path: Path, capsys
) -> None:
    ours, theirs = folders(tmp_path, "a", "b", "c")
    (theirs / "b.spine.json").write_text('{"for')
    (ours / "c.spine.json").write_text('{"for')
    report = tmp_path / "report"
    assert vertebra("evaluate", ours, theirs, "-o", report) == 1
    said = " ".join(capsys.readouterr().err.split())
    assert "b, counted as missed: " in said
    assert "c, in no figure: " in said
    document = json.loads((report / "evaluation.json").read_text())
    assert [each["name"] for each in document["scans"]] == ["a", "b"]
    assert document["total"]["identification_rate"] == 0.5
    told = [(each["name"], each["counts"]) for each in document["failures"]]
    assert told == [("b", "counted as missed"), ("c", "in no figure")]
    assert "is damaged" in document["failures"][0]["reason"]
    shown = (report / "evaluation.html").read_text()
    assert "<h2>Not compared</h2>" in shown
    assert "counted as missed" in shown
    assert vertebra("evaluate", ours, theirs, "--json") == 1
    assert json.loads(capsys.readouterr().out)["failures"] == document["failures"]


def test_where_no_scan_can_be_compared_the_first_fault_is_told(tmp_path: Path) -> None:
    ours, theirs = folders(tmp_path, "a", "b")
    for name in "ab":
        (theirs / f"{name}.spine.json").write_text('{"for')
    with pytest.raises(VertebraError, match=r"None of the 2 scans can be compared\. a: .*damaged"):
        evaluate(paired_cases(ours, theirs))
    (ours / "b.spine.json").unlink()
    with pytest.raises(VertebraError, match=r"^'.*a\.spine\.json': The spine file is damaged"):
        evaluate(paired_cases(ours, theirs))


def test_a_result_in_several_formats_is_compared_by_the_fullest(tmp_path: Path) -> None:
    ours, theirs = folders(tmp_path, "a")
    write(ours / "a.nii.gz", masks())
    write(theirs / "a.mrk.json", SPINE)
    write(theirs / "a.csv", SPINE)
    write(theirs / "a_seg-vert_ctd.json", SPINE, grid=GRID)
    write(theirs / "a_seg-vert_msk.nii.gz", masks())
    write(theirs / "a.seg.nrrd", masks().renumbered({level("L1").verse: level("L1").verse}))
    [scan] = evaluate(paired_cases(ours, theirs)).scans
    assert scan.all_right
    assert scan.masks.missed == ("T12", "L2")
    assert scan.notes == (
        "Of the files with points, 'a.spine.json' was taken.",
        "Of the files with mask, 'a.seg.nrrd' was taken.",
    )
