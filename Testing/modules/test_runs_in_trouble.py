"""What goes wrong in a run is said in a sentence and leaves nothing behind, in either module."""

from __future__ import annotations

import os
import signal
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from bench import MODULES, NAMES, Bench, BenchFor, segment_names

from vertebra.worker import Piece, client
from vertebra.worker.result import piece_of


@pytest.fixture(params=list(MODULES))
def bench(request: pytest.FixtureRequest, bench_for: BenchFor) -> Bench:
    return bench_for(request.param)


def test_cancelling_half_way_leaves_nothing_behind_and_the_next_run_works(
    bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    scan = bench.choose_scan("slow")
    title = bench.button.text
    bench.start()
    assert bench.button.text == "Cancel"
    bench.half_way()
    assert bench.ui.progressBar.visible
    assert 0 < bench.ui.progressBar.value < 100
    start = time.monotonic()
    bench.start()
    bench.finish()
    assert time.monotonic() - start < 1
    assert bench.made() == []
    bench.window.wait_until(lambda: not list(tmp_path.iterdir()))
    assert bench.rows() == []
    assert bench.status() == "Cancelled; nothing was changed."
    assert (bench.button.text, bench.ui.progressBar.visible) == (title, False)
    scan.SetName("CT")
    bench.run()
    assert bench.rows() == NAMES


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("refuse", "This is an MR image; choose a CT."),
        ("crash", "The computation ended unexpectedly (out of shared memory); try again"),
        ("fault", "This is a fault in Vertebra, please report it"),
    ],
)
def test_what_goes_wrong_is_said(bench: Bench, name: str, sentence: str) -> None:
    title = bench.button.text
    bench.choose_scan(name)
    bench.run()
    assert bench.status().startswith(sentence)
    assert bench.made() == []
    assert bench.button.text == title


def test_an_mr_volume_is_refused(bench: Bench) -> None:
    scan = bench.choose_scan("checked")
    signals = np.random.default_rng(2).integers(0, 900, (80, 40, 40)).astype(np.int16)
    bench.slicer.util.updateVolumeFromArray(scan, signals)
    bench.run()
    assert bench.status().startswith("This is not a CT of a body")
    assert bench.made() == []


def test_a_worker_that_is_killed_is_reported_and_starts_again(bench: Bench) -> None:
    bench.choose_scan("slow")
    bench.start()
    bench.half_way()
    os.kill(bench.engine.client.pid, signal.SIGKILL)
    bench.finish()
    assert "ended unexpectedly" in bench.status()
    assert bench.made() == []
    bench.choose_scan("again")
    bench.run()
    assert bench.rows() == NAMES


def test_closing_the_scene_during_a_run_ends_it(bench: Bench) -> None:
    title = bench.button.text
    bench.choose_scan("slow")
    bench.start()
    bench.half_way()
    bench.slicer.mrmlScene.Clear(False)
    bench.window.settle()
    assert not bench.engine.running
    assert bench.engine.client.pid is None
    assert bench.button.text == title
    assert not bench.button.enabled
    assert bench.made() == []
    bench.choose_scan()
    bench.run()
    assert bench.rows() == NAMES


def test_without_a_scan_there_is_nothing_to_click(bench: Bench) -> None:
    bench.window.choose(bench.ui.inputSelector, None)
    assert not bench.button.enabled


def test_a_volume_under_a_bending_transform_is_refused(bench: Bench) -> None:
    scan = bench.choose_scan()
    bending = bench.slicer.mrmlScene.AddNewNodeByClass("vtkMRMLBSplineTransformNode")
    scan.SetAndObserveTransformNodeID(bending.GetID())
    bench.start()
    assert bench.status() == "'CT' stands under a transform that bends it; harden that transform."
    assert not bench.engine.running


def test_removing_the_scan_during_labelling_still_gives_its_spine(bench_for: BenchFor) -> None:
    bench = bench_for("SpineLabel")
    scan = bench.choose_scan("slow")
    bench.start()
    bench.slicer.mrmlScene.RemoveNode(scan)
    bench.finish()
    assert bench.rows() == NAMES
    assert not bench.button.enabled


@pytest.mark.parametrize("kind", ["ScalarVolume", "Segmentation"])
def test_removing_the_scan_or_its_masks_during_segmenting_ends_it(
    bench_for: BenchFor, kind: str
) -> None:
    bench = bench_for("SpineSegment")
    bench.choose_scan("slow")
    bench.start()
    bench.half_way()
    removed = bench.slicer.util.getNodesByClass(f"vtkMRML{kind}Node")[0]
    bench.slicer.mrmlScene.RemoveNode(removed)
    bench.finish()
    assert bench.made() == []


def test_removing_one_segment_during_segmenting_costs_no_other(bench_for: BenchFor) -> None:
    bench = bench_for("SpineSegment")
    bench.choose_scan("slow")
    bench.start()
    bench.half_way()
    node = bench.slicer.util.getNodesByClass("vtkMRMLSegmentationNode")[0]
    node.GetSegmentation().RemoveSegment("vertebra-2")
    bench.finish()
    assert bench.status() == "Done: 6 vertebrae."
    assert bench.ui.segmentationSelector.currentNode() is node
    assert segment_names(node) == [NAMES[0], *NAMES[2:]]
    assert bench.rows() == NAMES
    assert "A point without a mask." in bench.table.item(1, 6).text()
    bench.window.click_row(bench.table, 1)
    bench.window.click(bench.ui.resegmentButton)
    bench.finish()
    assert segment_names(node) == NAMES


def test_a_scan_without_vertebrae_makes_no_masks(bench_for: BenchFor) -> None:
    bench = bench_for("SpineSegment")
    bench.choose_scan("empty")
    bench.run()
    assert bench.status() == "No vertebra was found in this scan; nothing was changed."
    assert bench.made() == []


def test_a_mask_that_is_lost_on_its_way_to_the_window_keeps_the_earlier_case_and_is_said(
    bench_for: BenchFor, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = bench_for("SpineSegment")
    bench.choose_scan()
    bench.run()
    case, made = bench.panel.correction.case, bench.made()

    def read(message: dict[str, Any], folder: Path) -> Piece:
        if message["instance"] == 3:
            raise OSError("the disk is gone")
        return piece_of(message, folder)

    monkeypatch.setattr(client, "piece_of", read)
    bench.window.click_row(bench.table, 2)
    for button in (bench.button, bench.ui.resegmentButton):
        bench.panel.say("")
        bench.window.click(button)
        bench.finish()
        assert bench.status() == client.LOST
        assert bench.panel.correction.case is case
        assert bench.made() == made
    monkeypatch.undo()
    bench.window.click(bench.ui.resegmentButton)
    bench.finish()
    assert bench.status() == "Segmented anew: L1."
