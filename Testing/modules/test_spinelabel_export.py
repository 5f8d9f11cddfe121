"""The corrected points in every kind of file, saved with real clicks and read back."""

from __future__ import annotations

from pathlib import Path

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


def test_a_dicom_report_of_the_points_refers_to_the_series_of_the_scan(
    bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    voxels = np.zeros((60, 60, 60), np.int16)
    frame = {"FrameOfReferenceUID": "1.2.3.5"}
    write_series(tmp_path / "ct", voxels, origin=(-40, -40, -40), **frame)
    grid = grid_of(read_headers(tmp_path / "ct"))
    scan = bench.slicer.util.addVolumeFromArray(voxels, np.array(grid.affine), "CT")
    bench.window.choose(bench.ui.inputSelector, scan)
    bench.run()
    target, dicom = tmp_path / "points.dcm", bench.ui.formatBox.count - 1
    save(bench, dicom, target, monkeypatch)
    assert bench.status().startswith("'CT' was not read from DICOM")
    uids = bench.slicer.dicomDatabase.import_folder(tmp_path / "ct")
    scan.SetAttribute("DICOM.instanceUIDs", " ".join(uids))
    save(bench, dicom, target, monkeypatch)
    assert bench.status() == f"Saved: {target}"
    back = read(target)
    assert back.levels == bench.panel.correction.spine.levels
    np.testing.assert_allclose(back.centroids, bench.panel.correction.spine.centroids, atol=1e-3)
