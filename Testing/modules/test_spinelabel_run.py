"""Label spine, cancel, crash, run again: with a real worker process that only pretends to look."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from dicom_files import write_series
from SpineLabelLib.scene import geometryFromNode, keptSpine

from vertebra.anatomy import LEVELS
from vertebra.exchange.convert import read
from vertebra.exchange.dicom_reference import grid_of, read_headers
from vertebra.runtime.models import Card, save

PRETEND = Path(__file__).resolve().parents[1] / "engine" / "pretend_worker.py"
NAMES = "T11 T12 L1 L2 L3 L4 L5"
DOWN = ("T12", "L1", "L2", "L3", "L4", "L5", "S1")


@pytest.fixture
def panel(window: Any) -> Iterator[Any]:
    panel = window.select_module("SpineLabel").panel
    client = panel.labelling.client
    real, client.command = client.command, (sys.executable, str(PRETEND))
    client.close()
    yield panel
    client.close()
    client.command = real


@pytest.fixture
def choose_scan(panel: Any, window: Any, add_scan: Callable[..., Any]) -> Callable[[str], Any]:
    """Adds a scan and chooses it; its name tells the pretended method what to do."""

    def choose(name: str = "CT") -> Any:
        node = add_scan(name)
        window.choose(panel.ui.inputSelector, node)
        return node

    return choose


def rows(panel: Any) -> str:
    table = panel.ui.vertebraTable
    return " ".join(table.item(row, 0).text() for row in range(table.rowCount))


def spine_nodes(slicer: Any) -> list[Any]:
    return slicer.util.getNodesByClass("vtkMRMLMarkupsFiducialNode")


def run(panel: Any, window: Any) -> None:
    window.click(panel.ui.labelButton)
    window.wait_until(lambda: not panel.labelling.running)
    window.settle()


def test_one_click_labels_the_spine(
    panel: Any, window: Any, slicer: Any, choose_scan: Callable[..., Any]
) -> None:
    scan = choose_scan()
    run(panel, window)
    assert rows(panel) == NAMES
    node = panel.ui.spineSelector.currentNode()
    assert node.GetName() == "CT spine"
    middle = geometryFromNode(scan).to_world([5.5, 6.5, 7.5])
    assert node.GetNthControlPointPositionWorld(0)[0] == pytest.approx(middle[0])
    assert panel.ui.statusLabel.text == "Done: 7 vertebrae."
    assert panel.ui.labelButton.text == "Label spine"
    assert not panel.ui.progressBar.visible


def test_vertebrae_appear_while_the_search_goes_on_and_the_button_cancels(
    panel: Any, window: Any, slicer: Any, choose_scan: Callable[..., Any]
) -> None:
    choose_scan("slow")
    window.click(panel.ui.labelButton)
    assert panel.ui.labelButton.text == "Cancel"
    window.wait_until(
        lambda: spine_nodes(slicer) and spine_nodes(slicer)[0].GetNumberOfControlPoints() == 3
    )
    assert panel.ui.progressBar.visible
    assert panel.ui.progressBar.value > 0
    assert "Looking for" in panel.ui.statusLabel.text
    start = time.monotonic()
    window.click(panel.ui.labelButton)
    window.wait_until(lambda: not panel.labelling.running)
    assert time.monotonic() - start < 1
    window.settle()
    assert spine_nodes(slicer) == []
    assert panel.ui.spineSelector.currentNode() is None
    assert panel.ui.statusLabel.text == "Cancelled; nothing was changed."
    run(panel, window)
    assert rows(panel) == NAMES


def test_the_window_is_never_blocked_for_long_and_shows_the_result_at_once(
    panel: Any, window: Any, slicer: Any
) -> None:
    import qt

    large = slicer.util.addVolumeFromArray(np.zeros((200, 512, 512), np.int16), name="slow")
    window.choose(panel.ui.inputSelector, large)
    beats = []
    timer = qt.QTimer()
    timer.setInterval(5)
    timer.connect("timeout()", lambda: beats.append(time.thread_time()))
    arrived = []
    panel.labelling.finished.connect(lambda _spine: arrived.append(time.monotonic()))
    timer.start()
    window.settle()
    window.click(panel.ui.labelButton)
    window.wait_until(lambda: not panel.labelling.running)
    shown = time.monotonic()
    timer.stop()
    assert max(np.diff(beats)) < 0.1, "work of the window's own thread, whatever else runs here"
    assert shown - arrived[0] < 0.2
    assert rows(panel) == NAMES


def test_running_again_keeps_what_a_person_corrected(
    panel: Any, window: Any, slicer: Any, choose_scan: Callable[..., Any]
) -> None:
    choose_scan()
    run(panel, window)
    window.click(panel.ui.allDownButton)
    corrected = panel.correction.node
    run(panel, window)
    assert panel.correction.node is not corrected
    assert [level.name for level in keptSpine(corrected).levels] == list(DOWN)
    assert not corrected.GetDisplayVisibility()
    assert corrected.GetName() in panel.ui.statusLabel.text
    assert rows(panel) == NAMES
    window.choose(panel.ui.spineSelector, corrected)
    assert rows(panel) == " ".join(DOWN)


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("refuse", "This is an MR image; choose a CT."),
        ("crash", "The computation ended unexpectedly (out of shared memory); try again"),
        ("fault", "This is a fault in Vertebra, please report it"),
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
    assert spine_nodes(slicer) == []
    assert panel.ui.labelButton.text == "Label spine"


def test_a_worker_that_is_killed_is_reported_and_starts_again(
    panel: Any, window: Any, slicer: Any, choose_scan: Callable[..., Any]
) -> None:
    choose_scan("slow")
    window.click(panel.ui.labelButton)
    window.wait_until(lambda: bool(spine_nodes(slicer)))
    os.kill(panel.labelling.client.pid, signal.SIGKILL)
    window.wait_until(lambda: not panel.labelling.running)
    window.settle()
    assert "ended unexpectedly" in panel.ui.statusLabel.text
    assert spine_nodes(slicer) == []
    choose_scan("again")
    run(panel, window)
    assert rows(panel) == NAMES


def test_closing_the_scene_during_a_run_ends_it(
    panel: Any, window: Any, slicer: Any, choose_scan: Callable[..., Any]
) -> None:
    choose_scan("slow")
    window.click(panel.ui.labelButton)
    window.wait_until(lambda: bool(spine_nodes(slicer)))
    slicer.mrmlScene.Clear(False)
    window.settle()
    assert not panel.labelling.running
    assert panel.labelling.client.pid is None
    assert panel.ui.labelButton.text == "Label spine"
    assert not panel.ui.labelButton.enabled
    assert spine_nodes(slicer) == []


def test_removing_the_scan_during_a_run_still_gives_its_spine(
    panel: Any, window: Any, slicer: Any, choose_scan: Callable[..., Any]
) -> None:
    scan = choose_scan("slow")
    window.click(panel.ui.labelButton)
    slicer.mrmlScene.RemoveNode(scan)
    window.wait_until(lambda: not panel.labelling.running)
    window.settle()
    assert rows(panel) == NAMES
    assert not panel.ui.labelButton.enabled


def test_without_a_scan_there_is_nothing_to_click(panel: Any, window: Any) -> None:
    window.choose(panel.ui.inputSelector, None)
    assert not panel.ui.labelButton.enabled


def test_a_scan_under_a_transform_is_labelled_where_the_scene_shows_it(
    panel: Any, window: Any, slicer: Any, choose_scan: Callable[..., Any]
) -> None:
    scan = choose_scan()
    before = geometryFromNode(scan).to_world([5.5, 6.5, 7.5])
    transform = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLinearTransformNode")
    shift = np.eye(4)
    shift[:3, 3] = (100, -50, 25)
    transform.SetMatrixTransformToParent(slicer.util.vtkMatrixFromArray(shift))
    scan.SetAndObserveTransformNodeID(transform.GetID())
    run(panel, window)
    first = panel.correction.spine.centroids[0]
    assert first[:2] == pytest.approx((before[0] + 100, before[1] - 50))


def test_the_corrected_spine_is_exported_in_every_format_and_read_back(
    panel: Any,
    window: Any,
    choose_scan: Callable[..., Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import qt

    scan = choose_scan()
    run(panel, window)
    if panel.ui.exportSection.collapsed:
        window.click(panel.ui.exportSection._header)
    for index, ending in enumerate((".mrk.json", "_ctd.json", ".csv", "_poi.json", ".spine.json")):
        target = str(tmp_path / f"spine{ending}")
        monkeypatch.setattr(qt.QFileDialog, "getSaveFileName", lambda *_, to=target: to)
        panel.ui.formatBox.currentIndex = index
        window.click(panel.ui.exportButton)
        assert panel.ui.statusLabel.text == f"Saved: {target}"
        back = read(target, grid=geometryFromNode(scan))
        assert back.levels == panel.correction.spine.levels
        np.testing.assert_allclose(back.centroids, panel.correction.spine.centroids, atol=1e-3)


def test_a_dicom_report_of_the_points_refers_to_the_series_of_the_scan(
    panel: Any,
    window: Any,
    slicer: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import qt

    voxels = np.zeros((60, 60, 60), np.int16)
    frame = {"FrameOfReferenceUID": "1.2.3.5"}
    write_series(tmp_path / "ct", voxels, origin=(-40, -40, -40), **frame)
    grid = grid_of(read_headers(tmp_path / "ct"))
    scan = slicer.util.addVolumeFromArray(voxels, np.array(grid.affine), "CT")
    window.choose(panel.ui.inputSelector, scan)
    run(panel, window)
    target = tmp_path / "points.dcm"
    monkeypatch.setattr(qt.QFileDialog, "getSaveFileName", lambda *_: str(target))
    if panel.ui.exportSection.collapsed:
        window.click(panel.ui.exportSection._header)
    panel.ui.formatBox.currentIndex = panel.ui.formatBox.count - 1
    window.click(panel.ui.exportButton)
    assert panel.ui.statusLabel.text.startswith("'CT' was not read from DICOM")
    uids = slicer.dicomDatabase.import_folder(tmp_path / "ct")
    scan.SetAttribute("DICOM.instanceUIDs", " ".join(uids))
    window.click(panel.ui.exportButton)
    assert panel.ui.statusLabel.text == f"Saved: {target}"
    back = read(target)
    assert back.levels == panel.correction.spine.levels
    np.testing.assert_allclose(back.centroids, panel.correction.spine.centroids, atol=1e-3)


def test_a_script_labels_a_scan_and_waits(window: Any, panel: Any, add_scan: Any) -> None:
    logic = window.select_module("SpineLabel").logic
    node = logic.process(add_scan("CT"))
    assert node.GetNthControlPointLabel(0) == "T11"
    from vertebra.errors import VertebraError

    with pytest.raises(VertebraError, match="This is an MR image"):
        logic.process(add_scan("refuse"))


def test_the_sample_opens_from_sample_data_and_is_labelled(
    panel: Any, window: Any, slicer: Any
) -> None:
    window.load_sample()
    window.choose(panel.ui.inputSelector, slicer.util.getNode("SpinePhantom"))
    window.choose(panel.ui.spineSelector, slicer.util.getNode("SpinePhantom spine"))
    assert rows(panel) == "T11 T12 L1 L2 L3 L4 L5 S1"
    assert panel.ui.problemsLabel.text == "No problems found."
    masks = slicer.util.getNode("SpinePhantom vertebrae")
    assert masks.GetSegmentation().GetNumberOfSegments() == 8
    run(panel, window)
    assert rows(panel) == NAMES


def test_the_first_vertebra_may_be_set_by_hand_where_nothing_was_found(
    panel: Any, window: Any, slicer: Any, choose_scan: Callable[..., Any]
) -> None:
    choose_scan()
    run(panel, window)
    for _ in NAMES.split():
        window.click_row(panel.ui.vertebraTable, 0)
        window.click(panel.ui.deleteButton)
    assert rows(panel) == ""
    panel.correction.edit(lambda spine: spine.inserted((0, 0, 0), LEVELS["L3"]))
    window.settle()
    assert rows(panel) == "L3"


def test_the_installed_models_are_offered_by_name_and_a_saved_scene_keeps_the_choice(
    panel: Any,
    window: Any,
    choose_scan: Callable[..., Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    reopened: Callable[[str], None],
) -> None:
    import torch

    monkeypatch.setenv("VERTEBRA_MODELS", str(tmp_path / "models"))
    save(Card("views", "multiview"), {"w": torch.zeros(1)}, tmp_path / "models")
    save(Card("bones", "iterative"), {"w": torch.zeros(1)}, tmp_path / "models")
    panel.models.refresh()
    box = panel.ui.modelBox
    offered = [box.itemText(n) for n in range(box.count)]
    assert offered[0] == "the best installed"
    assert "views" in offered
    assert "bones" not in offered
    assert box.enabled
    assert panel.ui.modelHint.text == ""
    box.currentIndex = offered.index("views")
    reopened("mrb")
    window.settle()
    assert box.currentText == "views"


def test_without_a_model_the_choice_is_off_and_says_what_to_do(
    panel: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from vertebra.runtime import models

    monkeypatch.setattr(models, "bundled_folder", lambda: tmp_path / "none")
    monkeypatch.setenv("VERTEBRA_MODELS", str(tmp_path / "mine"))
    panel.models.refresh()
    assert not panel.ui.modelBox.enabled
    folder = tmp_path / "mine"
    sentence = f"No model is installed; put one's two files into {folder}."
    assert panel.ui.modelHint.text == sentence
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "bad.json").write_text("{")
    (tmp_path / "mine" / "bad.safetensors").write_bytes(b"")
    panel.models.refresh()
    assert "'bad.json' is not the card of a model" in panel.ui.modelHint.text
