"""Two scans in one scene: what was made on one of them is not used for the other."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from bench import NAMES, Bench, BenchFor, point_names, segment_names
from SpineLabelLib.scene import (
    createSpineNode,
    geometryFromNode,
    keptSpine,
    labelMapFromNode,
    showSpine,
)

from vertebra.exchange import markups, read
from vertebra.spine import Spine

OTHER = {"name": "Other", "shape": (50, 50, 90)}


@pytest.fixture
def bench(bench_for: BenchFor) -> Bench:
    return bench_for("SpineSegment")


def test_a_second_scan_is_segmented_without_the_points_of_the_first(bench: Bench) -> None:
    first = bench.choose_scan()
    bench.run()
    masks, points = bench.panel.correction.node, bench.panel.correction.points
    bench.window.click(bench.ui.allDownButton)
    down = bench.rows()
    bench.choose_scan(**OTHER)
    assert bench.rows() == []
    assert bench.status() == (
        "'CT vertebrae' was made on 'CT'; choose that scan to go on with it. "
        "'CT spine' was made on 'CT'; choose that scan to go on with it."
    )
    bench.run()
    assert bench.rows() == NAMES
    assert bench.status() == (
        "Done: 7 vertebrae. The earlier points are kept, hidden: CT spine. "
        "The earlier masks are kept, hidden: CT vertebrae."
    )
    assert bench.panel.correction.node.GetName() == "Other vertebrae"
    assert bench.panel.correction.points.GetName() == "Other spine"
    assert segment_names(masks) == point_names(points) == down
    for selector, node in (
        (bench.ui.inputSelector, first),
        (bench.ui.segmentationSelector, masks),
        (bench.ui.spineSelector, points),
    ):
        bench.window.choose(selector, node)
    assert bench.rows() == down
    assert bench.status() == ""


def test_points_of_another_scan_do_not_name_the_masks_of_this_one(bench: Bench) -> None:
    bench.choose_scan()
    bench.run()
    first = bench.panel.correction.points
    bench.window.click(bench.ui.allDownButton)
    bench.choose_scan(**OTHER)
    bench.run()
    bench.window.choose(bench.ui.spineSelector, first)
    assert bench.rows() == segment_names(bench.panel.correction.node) == NAMES
    assert bench.panel.correction.points is None
    assert bench.status() == "'CT spine' was made on 'CT'; choose that scan to go on with it."


def test_points_of_a_person_are_used_for_the_scan_that_is_chosen(
    bench: Bench, tmp_path: Path
) -> None:
    markups.write(tmp_path / "mine.mrk.json", Spine.of({"L2": (0, 0, 30), "L3": (0, 0, 0)}))
    points = bench.slicer.util.loadMarkups(str(tmp_path / "mine.mrk.json"))
    bench.window.choose(bench.ui.spineSelector, points)
    for name in ("CT", "Other"):
        bench.choose_scan(**{**OTHER, "name": name})
        bench.run()
        assert bench.rows() == ["L2", "L3"]
        assert bench.panel.correction.points is points


def test_masks_and_points_go_on_with_a_scan_whose_voxels_lie_in_the_same_places(
    bench: Bench,
) -> None:
    bench.choose_scan("sharp")
    bench.run()
    correction, points = bench.panel.correction, bench.panel.correction.points
    bench.choose_scan("soft")
    assert bench.rows() == NAMES
    assert correction.points is points
    bench.run()
    assert correction.points is points


@pytest.mark.parametrize("module", ["SpineLabel", "SpineSegment"])
def test_another_scan_that_is_chosen_during_a_run_gives_way_to_the_one_of_the_run(
    bench_for: BenchFor, module: str
) -> None:
    bench = bench_for(module)
    scan = bench.choose_scan("slow")
    bench.start()
    bench.half_way()
    bench.choose_scan(**OTHER)
    bench.finish()
    assert bench.ui.inputSelector.currentNode() is scan
    assert bench.rows() == NAMES
    assert bench.status() == "Done: 7 vertebrae."
    if module == "SpineSegment":
        correction = bench.panel.correction
        assert correction.case.grid.same_as(geometryFromNode(scan))
        shown = labelMapFromNode(correction.node, scan).voxels
        np.testing.assert_array_equal(shown, correction.case.labelMap().voxels)


def test_points_that_were_chosen_for_another_scan_during_a_run_stay_with_that_one(
    bench: Bench,
) -> None:
    bench.choose_scan("slow")
    bench.start()
    bench.half_way()
    points = createSpineNode(bench.choose_scan(**OTHER))
    spine = Spine.of({"T3": (0, 0, 20), "T4": (0, 0, 0)})
    showSpine(spine, points)
    bench.window.choose(bench.ui.spineSelector, points)
    bench.finish()
    assert bench.rows() == point_names(bench.panel.correction.points) == NAMES
    assert keptSpine(points) == spine


@pytest.mark.parametrize("other", [OTHER, {"name": "soft"}])
def test_a_vertebra_that_is_segmented_again_is_not_drawn_into_another_scan(
    bench: Bench, other: dict[str, Any]
) -> None:
    scan = bench.choose_scan("slow")
    bench.run()
    masks = bench.panel.correction.node
    before = labelMapFromNode(masks, scan).voxels
    bench.window.click_row(bench.table, 3)
    bench.window.click(bench.ui.resegmentButton)
    bench.choose_scan(**other)
    bench.finish()
    assert bench.status() == (
        "Other masks or another scan were chosen meanwhile; nothing was changed."
    )
    np.testing.assert_array_equal(labelMapFromNode(masks, scan).voxels, before)
    assert not bench.ui.undoButton.enabled


def test_points_are_exported_with_the_scan_they_were_made_on(
    bench_for: BenchFor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import qt

    bench = bench_for("SpineLabel")
    scan = bench.choose_scan()
    bench.run()
    bench.choose_scan("Other", shape=(20, 20, 30), spacing=1.0)
    target = tmp_path / "case_ctd.json"
    monkeypatch.setattr(qt.QFileDialog, "getSaveFileName", lambda *_: str(target))
    bench.ui.formatBox.currentIndex = 1
    bench.window.click(bench.ui.exportButton)
    assert bench.status() == f"Saved: {target}"
    back = read(str(target), grid=geometryFromNode(scan))
    np.testing.assert_allclose(back.centroids, bench.panel.correction.spine.centroids, atol=1e-3)


def test_a_saved_scene_knows_which_scan_its_points_and_masks_were_made_on(
    bench: Bench, reopened: Any
) -> None:
    bench.choose_scan()
    bench.run()
    reopened("mrb")
    bench.window.settle()
    assert bench.rows() == NAMES
    bench.choose_scan(**OTHER)
    assert bench.rows() == []
