"""Segment vertebrae, cancel, crash, run again: with a real worker process that only pretends."""

from __future__ import annotations

import os
import queue
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pretend_segmenter import block
from SpineLabelLib.scene import (
    createSpineNode,
    geometryFromNode,
    keptSpine,
    labelMapFromNode,
    showSpine,
)

from vertebra.anatomy import LEVELS
from vertebra.errors import VertebraError
from vertebra.runtime.models import Card, save
from vertebra.spine import Spine
from vertebra.worker import Client

PRETEND = Path(__file__).with_name("pretend_segmenter.py")
NAMES = ["T11", "T12", "L1", "L2", "L3", "L4", "L5"]


@pytest.fixture
def panel(window: Any) -> Iterator[Any]:
    panel = window.select_module("SpineSegment").panel
    client = panel.segmenting.client
    real, client.command = client.command, (sys.executable, str(PRETEND))
    client.close()
    yield panel
    client.close()
    client.command = real


@pytest.fixture
def choose_scan(panel: Any, window: Any, slicer: Any) -> Callable[..., Any]:
    """Adds a scan and chooses it; its name tells the pretended method what to do."""

    def choose(name: str = "CT", size: int = 80, spacing: float = 2.5) -> Any:
        toRas = np.diag([-spacing, -spacing, spacing, 1.0])
        toRas[:3, 3] = (spacing * 20, spacing * 20, -spacing * 40)
        voxels = np.full((size, 40, 40), 200, np.int16)
        node = slicer.util.addVolumeFromArray(voxels, toRas, name)
        window.choose(panel.ui.inputSelector, node)
        return node

    return choose


def rows(panel: Any) -> list[str]:
    table = panel.ui.segmentTable
    return [table.item(row, 0).text() for row in range(table.rowCount)]


def names(node: Any) -> list[str]:
    segmentation = node.GetSegmentation()
    count = segmentation.GetNumberOfSegments()
    return [segmentation.GetNthSegment(n).GetName() for n in range(count)]


def labels(points: Any) -> list[str]:
    return [points.GetNthControlPointLabel(n) for n in range(points.GetNumberOfControlPoints())]


def left_behind(slicer: Any) -> list[str]:
    """The names of everything that a run makes."""
    kinds = ("Segmentation", "MarkupsFiducial", "LabelMapVolume", "Table")
    return [
        node.GetName()
        for kind in kinds
        for node in slicer.util.getNodesByClass(f"vtkMRML{kind}Node")
    ]


def half_drawn(slicer: Any) -> Callable[[], bool]:
    nodes = slicer.util.getNodesByClass
    return lambda: any(len(names(node)) >= 3 for node in nodes("vtkMRMLSegmentationNode"))


def finish(panel: Any, window: Any) -> None:
    window.wait_until(lambda: not panel.segmenting.running)
    window.settle()


def run(panel: Any, window: Any) -> None:
    window.click(panel.ui.segmentButton)
    finish(panel, window)


def test_one_click_segments_the_vertebrae_and_makes_their_points(
    panel: Any, window: Any, choose_scan: Callable[..., Any]
) -> None:
    scan = choose_scan()
    run(panel, window)
    assert rows(panel) == NAMES
    node = panel.ui.segmentationSelector.currentNode()
    assert (node.GetName(), names(node)) == ("CT vertebrae", NAMES)
    points = panel.ui.spineSelector.currentNode()
    assert [level.name for level in keptSpine(points).levels] == NAMES
    labels, grid = labelMapFromNode(node, scan), geometryFromNode(scan)
    for vertebra in keptSpine(points):
        box, bone = block(grid, vertebra.centroid)
        np.testing.assert_array_equal(labels.voxels[box] == vertebra.instance, bone)
    assert panel.ui.statusLabel.text == "Done: 7 vertebrae."
    assert panel.ui.segmentButton.text == "Segment vertebrae"
    assert not panel.ui.progressBar.visible


def test_vertebrae_appear_as_they_are_drawn_and_cancelling_leaves_nothing_behind(
    panel: Any,
    window: Any,
    slicer: Any,
    choose_scan: Callable[..., Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    scan = choose_scan("slow")
    window.click(panel.ui.segmentButton)
    assert panel.ui.segmentButton.text == "Cancel"
    window.wait_until(half_drawn(slicer))
    assert panel.ui.progressBar.visible
    assert 0 < panel.ui.progressBar.value < 100
    assert "Segmenting" in panel.ui.statusLabel.text
    start = time.monotonic()
    window.click(panel.ui.segmentButton)
    window.wait_until(lambda: not panel.segmenting.running)
    assert time.monotonic() - start < 1
    window.settle()
    assert left_behind(slicer) == []
    window.wait_until(lambda: not list(tmp_path.iterdir()))
    assert rows(panel) == []
    assert panel.ui.statusLabel.text == "Cancelled; nothing was changed."
    scan.SetName("CT")
    run(panel, window)
    assert rows(panel) == NAMES


def test_the_remaining_time_is_told(
    panel: Any, window: Any, slicer: Any, choose_scan: Callable[..., Any]
) -> None:
    choose_scan("slow")
    window.click(panel.ui.segmentButton)
    window.wait_until(lambda: "left)" in panel.ui.statusLabel.text)
    finish(panel, window)


def test_the_window_is_never_blocked_for_long_and_shows_the_result_at_once(
    panel: Any, window: Any, slicer: Any
) -> None:
    import qt

    toRas = np.diag([-0.8, -0.8, 1.0, 1.0])
    toRas[:3, 3] = (205, 205, -150)
    scan = slicer.util.addVolumeFromArray(np.zeros((300, 512, 512), np.int16), toRas, "large")
    window.choose(panel.ui.inputSelector, scan)
    beats = []
    timer = qt.QTimer()
    timer.setInterval(5)
    timer.connect("timeout()", lambda: beats.append(time.thread_time()))
    shown = []
    for signal_ in (panel.segmenting.drawn, panel.segmenting.finished):
        signal_.connect(lambda _news: shown.append(time.monotonic()))
    timer.start()
    window.settle()
    window.click(panel.ui.segmentButton)
    arrived = noted(panel.segmenting.client._process.events)
    window.wait_until(lambda: not panel.segmenting.running, seconds=60)
    window.settle()
    timer.stop()
    assert rows(panel) == NAMES
    assert max(np.diff(beats)) < 0.1, "work of the window's own thread, whatever else runs here"
    assert len(shown) == len(arrived) == 8
    assert np.median(np.subtract(shown, arrived)) < 0.2, "each waits for the next look, 50 ms"


def noted(events: queue.Queue[Any]) -> list[float]:
    """When each mask arrives."""
    times: list[float] = []
    put = events.put

    def note(event: dict[str, Any]) -> None:
        if "unpacked" in event:
            times.append(time.monotonic())
        put(event)

    events.put = note
    return times


def test_chosen_points_are_where_it_starts_and_stay_as_they_are(
    panel: Any, window: Any, slicer: Any, choose_scan: Callable[..., Any]
) -> None:
    scan = choose_scan()
    points = createSpineNode(scan)
    spine = Spine.of({"L2": (0, 0, 30), "L3": (0, 0, 0)})
    showSpine(spine, points)
    points.SetNthControlPointPositionWorld(0, (0, 0, 33))
    window.choose(panel.ui.spineSelector, points)
    run(panel, window)
    assert rows(panel) == ["L2", "L3"]
    assert keptSpine(points) == spine
    assert panel.correction.spine.centroids[0] == (0, 0, 33), "where a person put it"
    assert panel.correction.case.masks[1].contains(geometryFromNode(scan), (0, 0, 42))
    assert panel.ui.spineSelector.currentNode() is points
    assert panel.correction.spine.vertebrae[1].completeness == 0.9


def test_running_again_keeps_the_corrected_masks_hidden_and_says_so(
    panel: Any, window: Any, choose_scan: Callable[..., Any]
) -> None:
    choose_scan()
    run(panel, window)
    window.click(panel.ui.allDownButton)
    corrected = panel.correction.node
    run(panel, window)
    assert panel.correction.node is not corrected
    assert names(corrected) == ["T12", "L1", "L2", "L3", "L4", "L5", "S1"]
    assert not corrected.GetDisplayVisibility()
    kept = "The earlier masks are kept, hidden: CT vertebrae."
    assert kept in panel.ui.statusLabel.text
    assert rows(panel) == ["T12", "L1", "L2", "L3", "L4", "L5", "S1"], "the points were corrected"


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("refuse", "This is an MR image; choose a CT."),
        ("crash", "The computation ended unexpectedly (out of shared memory); try again"),
        ("fault", "This is a fault in Vertebra, please report it"),
        ("empty", "No vertebra was found in this scan; nothing was changed."),
    ],
)
def test_what_goes_wrong_is_said_and_leaves_nothing_behind(
    panel: Any,
    window: Any,
    slicer: Any,
    choose_scan: Callable[..., Any],
    name: str,
    sentence: str,
) -> None:
    choose_scan(name)
    run(panel, window)
    assert panel.ui.statusLabel.text.startswith(sentence)
    assert left_behind(slicer) == []
    assert panel.ui.segmentButton.text == "Segment vertebrae"


def test_an_mr_volume_is_refused(
    panel: Any, window: Any, slicer: Any, choose_scan: Callable[..., Any]
) -> None:
    scan = choose_scan("checked")
    signals = np.random.default_rng(2).integers(0, 900, (80, 40, 40)).astype(np.int16)
    slicer.util.updateVolumeFromArray(scan, signals)
    run(panel, window)
    assert panel.ui.statusLabel.text.startswith("This is not a CT of a body")
    assert left_behind(slicer) == []


def test_a_worker_that_is_killed_is_reported_and_starts_again(
    panel: Any, window: Any, slicer: Any, choose_scan: Callable[..., Any]
) -> None:
    choose_scan("slow")
    window.click(panel.ui.segmentButton)
    window.wait_until(half_drawn(slicer))
    os.kill(panel.segmenting.client.pid, signal.SIGKILL)
    finish(panel, window)
    assert "ended unexpectedly" in panel.ui.statusLabel.text
    assert left_behind(slicer) == []
    choose_scan("again")
    run(panel, window)
    assert rows(panel) == NAMES


def test_closing_the_scene_during_a_run_ends_it(
    panel: Any, window: Any, slicer: Any, choose_scan: Callable[..., Any]
) -> None:
    choose_scan("slow")
    window.click(panel.ui.segmentButton)
    window.wait_until(half_drawn(slicer))
    slicer.mrmlScene.Clear(False)
    window.settle()
    assert not panel.segmenting.running
    assert panel.segmenting.client.pid is None
    assert panel.ui.segmentButton.text == "Segment vertebrae"
    assert not panel.ui.segmentButton.enabled
    assert left_behind(slicer) == []
    choose_scan()
    run(panel, window)
    assert rows(panel) == NAMES


@pytest.mark.parametrize("kind", ["ScalarVolume", "Segmentation"])
def test_removing_the_scan_or_its_masks_during_a_run_ends_it(
    panel: Any, window: Any, slicer: Any, choose_scan: Callable[..., Any], kind: str
) -> None:
    choose_scan("slow")
    window.click(panel.ui.segmentButton)
    window.wait_until(half_drawn(slicer))
    slicer.mrmlScene.RemoveNode(slicer.util.getNodesByClass(f"vtkMRML{kind}Node")[0])
    finish(panel, window)
    assert left_behind(slicer) == []


def test_without_a_scan_there_is_nothing_to_click(panel: Any, window: Any) -> None:
    window.choose(panel.ui.inputSelector, None)
    assert not panel.ui.segmentButton.enabled


def test_a_scan_under_a_transform_is_segmented_where_the_scene_shows_it(
    panel: Any, window: Any, slicer: Any, choose_scan: Callable[..., Any]
) -> None:
    scan = choose_scan()
    transform = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLinearTransformNode")
    shift = np.eye(4)
    shift[:3, 3] = (100, -50, 25)
    transform.SetMatrixTransformToParent(slicer.util.vtkMatrixFromArray(shift))
    scan.SetAndObserveTransformNodeID(transform.GetID())
    run(panel, window)
    bounds = [0.0] * 6
    panel.correction.node.GetSegmentation().GetSegment("vertebra-4").GetBounds(bounds)
    centre = panel.correction.spine.find(4).centroid
    assert np.mean(bounds[:2]) == pytest.approx(centre[0], abs=2.5)
    assert centre[0] == pytest.approx(100, abs=5)
    np.testing.assert_array_equal(
        labelMapFromNode(panel.correction.node, scan).voxels,
        panel.correction.case.labelMap().voxels,
    )


def test_partial_vertebrae_are_half_transparent_and_can_be_hidden(
    panel: Any, window: Any, choose_scan: Callable[..., Any]
) -> None:
    choose_scan()
    run(panel, window)
    assert panel.ui.segmentTable.item(0, 1).text() == "30%"
    display = panel.correction.node.GetDisplayNode()
    opacities = [display.GetSegmentOpacity3D(f"vertebra-{n}") for n in (1, 2)]
    assert opacities[0] < 0.6 < opacities[1]
    window.click(panel.ui.partialCheckBox)
    assert not display.GetSegmentVisibility("vertebra-1")
    assert display.GetSegmentVisibility("vertebra-2")
    window.click(panel.ui.partialCheckBox)
    assert display.GetSegmentVisibility("vertebra-1")


def test_the_result_counts_where_it_is_not_what_was_drawn(
    panel: Any, window: Any, choose_scan: Callable[..., Any]
) -> None:
    choose_scan("differs")
    run(panel, window)
    assert names(panel.correction.node) == NAMES[:-1]


def test_all_segments_share_one_layer(
    panel: Any, window: Any, choose_scan: Callable[..., Any]
) -> None:
    choose_scan()
    run(panel, window)
    segmentation = panel.correction.node.GetSegmentation()
    assert segmentation.GetNumberOfLayers("Binary labelmap") == 1


def test_one_vertebra_is_segmented_again_after_its_point_was_moved(
    panel: Any, window: Any, choose_scan: Callable[..., Any]
) -> None:
    choose_scan()
    run(panel, window)
    points, before = panel.correction.points, dict(panel.correction.case.masks)
    centre = np.add(points.GetNthControlPointPositionWorld(3), (5, 0, 0))
    points.SetNthControlPointPositionWorld(3, centre.tolist())
    window.settle()
    assert "Its point was moved: segment it again?" in panel.ui.segmentTable.item(3, 6).text()
    assert panel.correction.case.masks == before, "it is offered, not done"
    window.click_row(panel.ui.segmentTable, 3)
    window.click(panel.ui.resegmentButton)
    finish(panel, window)
    assert panel.ui.statusLabel.text == "Segmented anew: L2."
    assert "moved" not in panel.ui.segmentTable.item(3, 6).text()
    after = panel.correction.case.masks
    assert [n for n in after if after[n] is not before[n]] == [4]
    moved = np.subtract(after[4].start, before[4].start)
    assert moved.tolist() == [-2, 0, 0]
    labels = labelMapFromNode(panel.correction.node, panel.correction.volume)
    np.testing.assert_array_equal(labels.voxels, panel.correction.case.labelMap().voxels)
    window.click(panel.ui.undoButton)
    assert panel.correction.case.masks == before
    assert "Its point was moved" in panel.ui.segmentTable.item(3, 6).text()


def test_what_was_edited_while_a_vertebra_is_segmented_again_stays(
    panel: Any, window: Any, choose_scan: Callable[..., Any]
) -> None:
    choose_scan("slow")
    run(panel, window)
    window.click_row(panel.ui.segmentTable, 3)
    window.click(panel.ui.resegmentButton)
    assert panel.ui.segmentButton.text == "Cancel"
    window.click(panel.ui.deleteButton)
    finish(panel, window)
    assert "L2 was deleted meanwhile" in panel.ui.statusLabel.text
    assert "L2" not in rows(panel)


def test_the_choices_under_advanced_reach_the_engine(
    panel: Any,
    window: Any,
    choose_scan: Callable[..., Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import torch

    monkeypatch.setenv("VERTEBRA_MODELS", str(tmp_path))
    save(Card("bones", "iterative"), {"w": torch.zeros(1)}, tmp_path)
    save(Card("views", "multiview"), {"w": torch.zeros(1)}, tmp_path)
    window.select_module("SpineLabel")
    window.select_module("SpineSegment")
    offered = [panel.ui.modelBox.itemText(n) for n in range(panel.ui.modelBox.count)]
    assert "bones" in offered
    assert "views" not in offered
    panel.ui.modelBox.currentIndex = offered.index("bones")
    panel.ui.directionBox.currentIndex = 2
    panel.ui.searchBox.currentIndex = 3
    choose_scan()
    run(panel, window)
    assert "Asked for: direction up, model bones, search fine." in panel.ui.statusLabel.text


def test_a_script_segments_a_scan_and_waits(
    panel: Any, window: Any, choose_scan: Callable[..., Any], slicer: Any
) -> None:
    logic = window.select_module("SpineSegment").logic
    scan = choose_scan("CT")
    masks = logic.segment(slicer.util.getNode("CT"))
    assert names(masks) == NAMES
    points = createSpineNode(scan)
    showSpine(Spine.of({"L2": (0, 0, 30), "L3": (0, 0, 0)}), points)
    masks = logic.segment(scan, points, direction="up")
    assert names(masks) == ["L2", "L3"]
    measured = logic.measure(masks, scan, points)
    assert measured["Middle height (mm)"] == pytest.approx([17.5, 17.5])
    assert measured["Mean of the body (HU)"] == pytest.approx([200, 200])
    with pytest.raises(VertebraError, match="This is an MR image"):
        logic.segment(choose_scan("refuse"))


def test_the_script_of_the_tutorial_does_what_it_says(
    panel: Any,
    choose_scan: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    slicer: Any,
) -> None:
    pretend = (sys.executable, str(PRETEND))
    monkeypatch.setattr("SpineLabelLib.WorkerRun.Client", lambda _command: Client(pretend))
    choose_scan("CT")
    tutorial = Path(__file__).resolve().parents[2] / "docs" / "tutorial.md"
    script = tutorial.read_text(encoding="utf-8").split("```python")[1].split("```")[0]
    done: dict[str, Any] = {"slicer": slicer}
    exec(script, done)
    assert names(done["masks"]) == NAMES
    assert labels(done["points"]) == NAMES
    volumes = [float(each) for each in capsys.readouterr().out.strip("[]\n").split(",")]
    assert len(volumes) == 7
    assert min(volumes) > 10


def test_levels_of_points_in_the_scene_are_those_of_the_masks(
    panel: Any, window: Any, choose_scan: Callable[..., Any]
) -> None:
    choose_scan()
    run(panel, window)
    window.click_row(panel.ui.segmentTable, 0)
    panel.ui.levelBox.currentIndex = LEVELS["T12"].rank
    window.click(panel.ui.setButton)
    assert [level.name for level in keptSpine(panel.correction.points).levels] == rows(panel)
    assert rows(panel)[0] == "T12"
