"""The corrected points in every kind of file, saved with real clicks and read back."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from bench import Bench, BenchFor
from dicom_files import write_series
from SpineLabelLib.scene import geometryFromNode

from vertebra.exchange.convert import read
from vertebra.exchange.dicom_reference import grid_of, read_headers


@pytest.fixture
def bench(bench_for: BenchFor) -> Bench:
    bench = bench_for("SpineLabel")
    if bench.ui.exportSection.collapsed:
        bench.window.click(bench.ui.exportSection._header)
    return bench


def save(bench: Bench, index: int, target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Choose a kind of file, click Save and answer with a path."""
    import qt

    monkeypatch.setattr(qt.QFileDialog, "getSaveFileName", lambda *_: str(target))
    bench.ui.formatBox.currentIndex = index
    bench.window.click(bench.ui.exportButton)


def test_the_corrected_spine_is_exported_in_every_format_and_read_back(
    bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scan = bench.choose_scan()
    bench.run()
    bench.window.click(bench.ui.allUpButton)
    for index, ending in enumerate((".mrk.json", "_ctd.json", ".csv", "_poi.json", ".spine.json")):
        target = tmp_path / f"spine{ending}"
        save(bench, index, target, monkeypatch)
        assert bench.status() == f"Saved: {target}"
        back = read(str(target), grid=geometryFromNode(scan))
        assert back.levels == bench.panel.correction.spine.levels
        np.testing.assert_allclose(
            back.centroids, bench.panel.correction.spine.centroids, atol=1e-3
        )


def test_a_file_that_the_dialog_did_not_ask_about_is_replaced_only_where_the_user_agrees(
    bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, asked: Any
) -> None:
    bench.choose_scan()
    bench.run()
    (tmp_path / "case.csv").write_text("mine")
    questions = asked(False)
    save(bench, 2, tmp_path / "case", monkeypatch)
    assert questions == [f"'{tmp_path / 'case.csv'}' exists already. Replace it?"]
    assert bench.status() == "Nothing was saved, and nothing was replaced."
    assert (tmp_path / "case.csv").read_text() == "mine"
    questions = asked(True)
    save(bench, 2, tmp_path / "case", monkeypatch)
    assert bench.status() == f"Saved: {tmp_path / 'case.csv'}"
    assert read(tmp_path / "case.csv").levels == bench.panel.correction.spine.levels
    save(bench, 2, tmp_path / "case.csv", monkeypatch)
    assert len(questions) == 1, "Qt's dialog has asked about the very file"


@pytest.fixture
def scan(bench: Bench, tmp_path: Path) -> Any:
    """A scan that was read from DICOM."""
    voxels = np.zeros((60, 60, 60), np.int16)
    frame = {"FrameOfReferenceUID": "1.2.3.5"}
    write_series(tmp_path / "ct", voxels, origin=(-40, -40, -40), **frame)
    affine = np.array(grid_of(read_headers(tmp_path / "ct")).affine)
    scan = bench.slicer.util.addVolumeFromArray(voxels, affine, "CT")
    uids = bench.slicer.dicomDatabase.import_folder(tmp_path / "ct")
    scan.SetAttribute("DICOM.instanceUIDs", " ".join(uids))
    bench.window.choose(bench.ui.inputSelector, scan)
    return scan


def test_a_dicom_report_of_the_points_refers_to_the_series_of_the_scan(
    bench: Bench, scan: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.run()
    target, dicom = tmp_path / "points.dcm", bench.ui.formatBox.count - 1
    uids = scan.GetAttribute("DICOM.instanceUIDs")
    scan.RemoveAttribute("DICOM.instanceUIDs")
    save(bench, dicom, target, monkeypatch)
    assert bench.status().startswith("'CT' was not read from DICOM")
    scan.SetAttribute("DICOM.instanceUIDs", uids)
    save(bench, dicom, target, monkeypatch)
    assert bench.status() == f"Saved: {target}"
    back = read(target)
    assert back.levels == bench.panel.correction.spine.levels
    np.testing.assert_allclose(back.centroids, bench.panel.correction.spine.centroids, atol=1e-3)


def test_a_dicom_report_of_a_scan_that_was_moved_has_the_points_where_the_series_has_them(
    bench: Bench,
    scan: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    move: Callable[..., None],
    bend: Callable[[Any], None],
) -> None:
    move(scan)
    bench.run()
    target, dicom = tmp_path / "points.dcm", bench.ui.formatBox.count - 1
    save(bench, dicom, target, monkeypatch)
    assert bench.status() == f"Saved: {target}"
    series = grid_of(read_headers(tmp_path / "ct"))
    in_scan = geometryFromNode(scan).to_index(bench.panel.correction.spine.centroids)
    np.testing.assert_allclose(series.to_index(read(target).centroids), in_scan, atol=1e-3)
    target.unlink()
    bend(scan)
    save(bench, dicom, target, monkeypatch)
    assert bench.status().startswith("'CT' stands under a transform that bends it, so its DICOM")
    assert not target.exists()
