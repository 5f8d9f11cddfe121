"""From the sample to exported labels and masks with the models that ship: clicks and nothing else.

Which levels a model finds is not tested here (docs/results.md), only that the window shows, lets
correct, keeps and exports what was found.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from bench import Bench, point_names, segment_names
from scipy.spatial import distance
from SpineLabelLib.scene import keptSpine, labelMapFromNode

from vertebra.anatomy import LEVELS
from vertebra.exchange import read
from vertebra.runtime.models import models

SHIPPED = {model.card.method for model in models()}
pytestmark = pytest.mark.skipif(
    not {"multiview", "iterative"} <= SHIPPED, reason="no models of both methods are installed"
)
MINUTES = 600
BELOW = 18
"""From a lumbar body's centre to the gap below it, mm."""


@pytest.fixture
def open_sample(window: Any, slicer: Any) -> Callable[[str], Bench]:
    """Opens a module with the sample loaded and chosen; the real engine answers."""

    def open_sample(module: str) -> Bench:
        if not slicer.util.getNodesByClass("vtkMRMLScalarVolumeNode"):
            window.load_sample()
        bench = Bench(window, slicer, module)
        bench.engine.client.close()
        window.choose(bench.ui.inputSelector, slicer.util.getNode("SpinePhantom"))
        return bench

    return open_sample


def lumbar(bench: Bench) -> int:
    """The row of a vertebra in the middle, with neighbours above and below."""
    return len(bench.rows()) // 2


def set_level(bench: Bench, row: int, name: str) -> None:
    bench.window.click_row(bench.table, row)
    bench.ui.levelBox.currentIndex = LEVELS[name].rank
    bench.window.click(bench.ui.setButton)


def test_label_correct_save_and_reopen(
    open_sample: Callable[[str], Bench], slicer: Any, reopened: Callable[[str], None]
) -> None:
    bench = open_sample("SpineLabel")
    bench.window.choose(bench.ui.spineSelector, slicer.util.getNode("SpinePhantom spine"))
    truth = bench.panel.correction.spine
    bench.start()
    bench.finish(MINUTES)
    assert bench.status().startswith("Done"), bench.status()
    node, spine = bench.panel.correction.node, bench.panel.correction.spine
    assert bench.rows() == point_names(node) == [level.name for level in spine.levels]
    apart = distance.cdist(spine.centroids, truth.centroids)
    assert np.median(apart.min(axis=1)) < 10, "what was found lies in the spine"
    bench.window.click(bench.ui.dragCheckBox)
    row = lumbar(bench)
    bench.window.click_row(bench.table, row)
    bench.window.drag("Yellow", spine.centroids[row], (12, 8))
    moved = bench.panel.correction.spine
    assert [a != b for a, b in zip(moved.centroids, spine.centroids)].count(True) == 1
    names = bench.rows()
    set_level(bench, row, names[row + 1])
    assert bench.rows()[:-1] == names[1:], "all others are one level lower too"
    assert bench.rows() == point_names(node)
    bench.window.click(bench.ui.undoButton)
    assert bench.panel.correction.spine == moved
    bench.window.click(bench.ui.allDownButton)
    corrected = bench.panel.correction.spine
    reopened("mrb")
    bench.window.settle()
    assert bench.panel.correction.spine == corrected
    assert bench.ui.inputSelector.currentNode().GetName() == "SpinePhantom"
    assert keptSpine(slicer.util.getNode("SpinePhantom spine")) == truth


def test_segment_cancel_again_relabel_paint_delete_undo_and_export(
    open_sample: Callable[[str], Bench],
    slicer: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import qt

    bench = open_sample("SpineSegment")
    points = slicer.util.getNode("SpinePhantom spine")
    bench.window.choose(bench.ui.spineSelector, points)
    bench.window.choose(bench.ui.segmentationSelector, None)
    before = bench.made()
    bench.start()
    bench.window.wait_until(lambda: len(bench.made()) > len(before), MINUTES)
    bench.start()
    bench.finish()
    assert bench.made() == before
    bench.start()
    bench.finish(MINUTES)
    assert bench.status().startswith("Done"), bench.status()
    correction = bench.panel.correction
    node, case = correction.node, correction.case
    first = labelMapFromNode(node, correction.volume).voxels
    np.testing.assert_array_equal(first, case.labelMap().voxels)
    row = lumbar(bench)
    bench.window.click_row(bench.table, row)
    chosen = correction.spine.vertebrae[row]
    paint_below(bench, chosen.centroid)
    painted = labelMapFromNode(node, correction.volume).voxels
    grown = painted != first
    assert grown.any()
    assert set(painted[grown]) == {chosen.instance}, "only the chosen one grows"
    assert set(first[grown]) == {0}, "and only where nobody was"
    bench.window.click(bench.ui.allDownButton)
    bench.window.click(bench.ui.deleteButton)
    assert segment_names(node) == [name for name in bench.rows() if name in segment_names(node)]
    assert point_names(points) == bench.rows()
    for target in (tmp_path / "masks.seg.nrrd", tmp_path / "masks.nii.gz"):
        bench.ui.formatBox.currentIndex = 0 if target.suffix == ".nrrd" else 1
        monkeypatch.setattr(qt.QFileDialog, "getSaveFileName", lambda *_, to=target: str(to))
        bench.panel._onExportButton(True)
        back, shown = read(target), correction.case.labelMap()
        assert sorted(back.names.values()) == sorted(shown.names.values())
        np.testing.assert_array_equal(back.voxels > 0, shown.voxels > 0)
    for _ in range(3):
        bench.window.click(bench.ui.undoButton)
    again = labelMapFromNode(node, correction.volume).voxels
    np.testing.assert_array_equal(again, first)


def paint_below(bench: Bench, centre: tuple[float, float, float]) -> None:
    """A stroke of the Segment Editor over the gap to the neighbour below."""
    if bench.ui.editorSection.collapsed:
        bench.window.click(bench.ui.editorSection._header)
    editor = bench.ui.segmentEditor
    editor.radius.value = 9
    bench.window.click(editor.buttons["Paint"])
    bench.window.click_in_view("Yellow", (centre[0], centre[1] + 2, centre[2] - BELOW))
    editor.setActiveEffect(None)


def test_an_mr_volume_is_refused_by_both_modules(
    open_sample: Callable[[str], Bench], window: Any, slicer: Any
) -> None:

    signals = np.random.default_rng(2).integers(0, 900, (80, 40, 40)).astype(np.int16)
    for module in ("SpineLabel", "SpineSegment"):
        bench = open_sample(module)
        scan = slicer.util.addVolumeFromArray(signals, np.diag([-3.0, -3, 4, 1]), f"MR {module}")
        window.choose(bench.ui.inputSelector, scan)
        before = bench.made()
        bench.start()
        bench.finish(MINUTES)
        assert bench.status().startswith("This is not a CT of a body")
        assert bench.made() == before
