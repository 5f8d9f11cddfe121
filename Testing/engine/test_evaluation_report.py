"""An evaluation of whole cases, the files it comes from, and the report written about it."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Sequence
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from vertebra.anatomy import LEVELS, Anomaly, Region, level
from vertebra.errors import Cancelled, VertebraError
from vertebra.evaluation import (
    Annotation,
    Case,
    Evaluation,
    check_report,
    evaluate,
    score,
    to_json,
    write_report,
)
from vertebra.evaluation.evaluate import PICTURED
from vertebra.evaluation.page import page
from vertebra.evaluation.views import view_of
from vertebra.runtime import Progress
from vertebra.spine import Provenance, Spine
from vertebra.volume import Grid, LabelMap, Volume, read_label_map

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


def lower_by_one(annotation: Annotation) -> Annotation:
    """The same vertebrae, every level wrong by one."""
    assert annotation.spine is not None
    assert annotation.mask is not None
    names = {number: level(name).next().name for number, name in annotation.mask.names.items()}
    return Annotation(annotation.spine.shifted(1), replace(annotation.mask, names=names))


def ct(grid: Grid = GRID) -> Volume:
    hu = np.full(grid.shape, 40, np.int16)
    hu[14:26, 20:30] = 400
    return Volume(hu, grid)


def sure(spine: Spine, confidence: float) -> Spine:
    return replace(spine, vertebrae=tuple(replace(each, confidence=confidence) for each in spine))


@pytest.fixture(scope="module")
def evaluation() -> Evaluation:
    right = truth()
    wrong = lower_by_one(truth())
    return evaluate(
        [
            Case("good", truth(), replace(right, spine=sure(right.spine, 0.9)), ct()),
            Case("shifted & <odd>", truth(), replace(wrong, spine=sure(wrong.spine, 0.4))),
            Case("points only", Annotation(truth().spine), Annotation(sure(right.spine, 0.8))),
        ]
    )


def test_a_shift_by_one_ruins_labelled_dice_but_not_instance_dice(evaluation: Evaluation) -> None:
    good, shifted, _ = evaluation.scans
    assert {each.dice for each in good.vertebrae} == {1.0}
    assert {each.dice for each in shifted.vertebrae} == {0.0}
    assert {each.instance_dice for each in shifted.vertebrae} == {1.0}
    assert {each.surface_distance for each in shifted.vertebrae} == {0.0}
    assert [each.mask_called.name for each in shifted.vertebrae] == ["T12", "L1", "L2", "L3"]
    assert shifted.masks is not None
    assert shifted.masks.quality.panoptic == 1.0


def test_regions_levels_and_scans_add_up(evaluation: Evaluation) -> None:
    assert evaluation.total.vertebrae == 12
    assert (evaluation.total.named, evaluation.total.identified) == (12, 8)
    assert list(evaluation.regions) == [Region.THORACIC, Region.LUMBAR]
    assert sum(each.vertebrae for each in evaluation.regions.values()) == 12
    assert [each.name for each in evaluation.levels] == list(NAMES)
    assert evaluation.total.identification_rate == pytest.approx(2 / 3)
    assert (evaluation.all_right, evaluation.all_right_rate) == (2, pytest.approx(2 / 3))
    assert evaluation.named_scans == 3
    assert evaluation.total.error_identified.mean == 0.0
    assert evaluation.total.dice.count == 8  # the third scan has no masks
    assert evaluation.reliability is not None
    assert evaluation.anomalies[Anomaly.T13].recall is None
    assert evaluation.scans[1].errors == 4


def test_masks_without_points_are_named_by_their_overlap() -> None:
    mask = truth().mask
    lost = replace(mask, voxels=np.where(mask.voxels == level("L2").verse, 0, mask.voxels))
    scan = score(Case("masks", Annotation(mask=mask), Annotation(mask=lost)))
    assert scan.all_right is None
    assert [each.identified for each in scan.vertebrae] == [None] * 4
    assert [each.wrong for each in scan.vertebrae] == [False, False, False, True]
    assert scan.masks.missed == ("L2",)
    last = scan.vertebrae[-1]
    assert (last.dice, last.instance_dice, last.surface_distance) == (0.0, 0.0, None)
    whole = evaluate([Case("masks", Annotation(mask=mask), Annotation(mask=lost))])
    assert whole.total.identification_rate is None
    assert (whole.detection, whole.any_anomaly, whole.all_right_rate) == (None, None, None)
    assert "no L2" in page(whole)


def test_the_numbers_of_a_mask_without_names_are_instances_of_the_spine() -> None:
    side = truth()
    numbered = replace(
        side.mask, voxels=side.mask.renumbered({18: 1, 19: 2, 20: 3, 21: 4}).voxels, names={}
    )
    levels = Annotation(side.spine, numbered).levels_of_mask()
    assert {number: each.name for number, each in levels.items()} == dict(enumerate(NAMES, 1))
    named = Annotation(side.spine, replace(numbered, names={1: "left hip", 9: "vertebrae_T4"}))
    assert named.levels_of_mask() == {9: LEVELS["T4"]}
    assert Annotation().levels_of_mask() == {}


def test_a_prediction_on_a_turned_grid_is_scored_as_if_it_lay_on_the_references() -> None:
    side = truth()
    order, flips = GRID.steps_to("PIR")
    turned = GRID.permuted(order, flips)
    flipped = [axis for axis, flip in enumerate(flips) if flip]
    voxels = np.flip(side.mask.voxels.transpose(order), flipped)
    other = Annotation(side.spine, LabelMap(voxels, turned, side.mask.names))
    scan = score(Case("turned", side, other))
    assert {each.dice for each in scan.vertebrae} == {1.0}
    assert {each.hd95 for each in scan.vertebrae} == {0.0}
    assert scan.notes == ("The predicted mask was brought onto the reference's grid.",)


def test_what_cannot_be_compared_is_refused_with_a_sentence() -> None:
    points, masks = Annotation(truth().spine), Annotation(mask=truth().mask)
    with pytest.raises(VertebraError, match="'odd' cannot be compared"):
        evaluate([Case("odd", points, masks)])
    with pytest.raises(VertebraError, match="nothing to evaluate"):
        evaluate([])


def test_a_cancelled_evaluation_stops_at_once() -> None:
    progress = Progress(lambda fraction, message: progress.cancel())
    with pytest.raises(Cancelled):
        evaluate([Case("one", truth(), truth()), Case("two", truth(), truth())], progress)


def test_only_the_scans_with_the_most_errors_keep_their_pictures() -> None:
    points = Annotation(truth().spine)
    shifted = Annotation(truth().spine.shifted(1))
    cases = [Case(f"right {i}", points, points) for i in range(PICTURED)]
    cases += [Case(f"wrong {i}", points, shifted) for i in range(2)]
    scans = evaluate(cases).scans
    assert sum(scan.view is not None for scan in scans) == PICTURED
    assert all(scan.view is not None for scan in scans if scan.name.startswith("wrong"))


def test_sections_show_points_and_masks_where_they_are() -> None:
    view = view_of(Case("one", truth(), lower_by_one(truth()), ct()))
    for section, axis in ((view.sagittal, 1), (view.coronal, 0)):
        left, right, bottom, top = section.extent
        rows, columns = section.reference.mask.shape
        for (across, height, each), centre in zip(section.reference.points, truth().spine):
            assert (across, height) == (-centre.centroid[axis], centre.centroid[2])
            row = int((top - height) / (top - bottom) * rows)
            column = int((across - left) / (right - left) * columns)
            assert section.reference.mask[row, column] == each.verse
            assert section.ct[row, column] == pytest.approx(255 * 750 / 1500, abs=1)
            assert section.prediction.mask[row, column] == each.next().verse
    assert view.sagittal.extent[3] <= 180.0  # not above the scan


def test_sections_need_a_place_and_take_it_from_masks_without_points() -> None:
    assert view_of(Case("none", Annotation(), Annotation())) is None
    view = view_of(Case("masks", Annotation(mask=truth().mask), Annotation(mask=truth().mask)))
    assert set(np.unique(view.sagittal.reference.mask)) == {0, 18, 19, 20, 21}


class Page(HTMLParser):
    """Whether tags are closed, and everything a page would have to load from elsewhere."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attributes: list) -> None:
        if tag not in ("meta", "br", "img", "link"):
            self.open.append(tag)
        for name, value in attributes:
            if name == "id":
                self.ids.append(value)
            if name in ("href", "src", "xlink:href"):
                self.links.append(value)

    def handle_startendtag(self, tag: str, attributes: list) -> None:
        self.handle_starttag(tag, attributes)
        self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_report_is_one_json_and_one_page_that_needs_nothing_else(
    evaluation: Evaluation, tmp_path: Path
) -> None:
    folder = write_report(evaluation, tmp_path / "report")
    assert sorted(each.name for each in folder.iterdir()) == ["evaluation.html", "evaluation.json"]
    text = (folder / "evaluation.html").read_text("utf-8")
    shown = Page(text)
    assert shown.open == []
    # names are unique, or one picture would be clipped by another's outline
    clips = [each for each in shown.ids if len(each) == 11 and each.startswith("p")]
    assert len(set(clips)) == len(clips) > 8
    assert all(link.startswith(("#", "data:image/png;base64,")) for link in shown.links)
    assert "shifted &amp; &lt;odd&gt;" in text
    assert "T11 as T12, T12 as L1, L1 as L2, L2 as L3" in text
    assert evaluation.made.date[:10] in text
    assert not re.search(r"\bnan\b|\bNone\b|\binf\b", re.sub(r"base64,[^\"]+", "", text))


def test_the_json_says_null_where_a_figure_has_no_meaning(evaluation: Evaluation) -> None:
    document = json.loads(to_json(evaluation))
    assert document["format"] == "vertebra evaluation"
    assert document["total"]["identification_rate"] == pytest.approx(2 / 3)
    assert document["anomalies"]["T13"]["recall"] is None
    assert document["completeness"]["accuracy"] is None
    assert document["scans"][2]["masks"] is None
    assert document["scans"][2]["vertebrae"][0]["dice"] is None
    assert document["scans"][1]["vertebrae"][0]["called"] == "T12"
    assert document["quality"]["panoptic"] == 1.0
    assert set(document["made"]) == {"date", "software", "machine", "command"}
    assert "view" not in document["scans"][0]


def test_the_page_shows_completeness_and_what_is_wrong_with_masks() -> None:
    side = truth()
    partial = replace(
        side.spine, vertebrae=tuple(replace(each, completeness=0.9) for each in side.spine)
    )
    merged = np.where(side.mask.voxels == 21, 20, side.mask.voxels)
    merged[:, :, 55:60][side.mask.voxels[:, :, 55:60] == 19] = 25
    found = Annotation(partial, replace(side.mask, voxels=merged))
    text = page(evaluate([Case("one", replace(side, spine=partial), found)]))
    assert "one mask over several: L1" in text
    assert "several masks in T12" in text
    assert "Completely in view" in text
    assert "100.0 %" in text


def test_a_report_never_overwrites_another(evaluation: Evaluation, tmp_path: Path) -> None:
    (tmp_path / "kept.txt").write_text("mine")
    with pytest.raises(VertebraError, match="exists already"):
        write_report(evaluation, tmp_path)
    assert [each.name for each in tmp_path.iterdir()] == ["kept.txt"]


def test_what_would_spoil_the_report_is_said_before_the_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    check_report(tmp_path / "new")
    check_report(tmp_path)  # empty
    (tmp_path / "kept.txt").write_text("mine")
    with pytest.raises(VertebraError, match="exists already"):
        check_report(tmp_path)
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(VertebraError, match=r"vertebra\[report\]"):
        check_report(tmp_path / "new")


def test_the_page_says_what_made_the_predictions() -> None:
    made_by = Provenance("Vertebra 1.2", "iterative", "sha256:12ab")
    found = Annotation(replace(truth().spine, provenance=made_by))
    text = page(evaluate([Case("one", Annotation(truth().spine), found)]))
    assert "Predictions by Vertebra 1.2, iterative, weights sha256:12ab" in text


def test_a_real_spine_named_one_level_off_keeps_its_instances(shared_data: Path) -> None:
    [path] = shared_data.glob("verse_sample/**/sub-verse004_seg-vert_msk.nii.gz")
    mask = read_label_map(path)
    mask = replace(mask, names={n: level(n).name for n in range(16, 25)})
    moved = replace(
        mask,
        voxels=np.roll(mask.voxels, 1, axis=0),
        names={n: level(n).next().name for n in range(16, 25)},
    )
    scan = score(Case("verse004", Annotation(mask=mask), Annotation(mask=moved)))
    assert max(each.dice for each in scan.vertebrae) < 0.05
    assert min(each.instance_dice for each in scan.vertebrae) > 0.8
    assert all(each.surface_distance < 1.0 for each in scan.vertebrae)
    assert scan.masks.quality.recognition == 1.0
    assert [each.mask_called.name for each in scan.vertebrae][-1] == "S1"
