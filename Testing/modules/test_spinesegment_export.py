"""Measures, tables and files of the masks, saved with real clicks and read back."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import vtk
from dicom_files import write_series
from pretend_segmenter import block
from SpineLabelLib.scene import createSegmentationNode, geometryFromNode, showLabelMap

from vertebra.exchange.convert import read
from vertebra.exchange.dicom_reference import grid_of, read_headers
from vertebra.exchange.masks import on_grid
from vertebra.spine import Spine
from vertebra.volume import Grid, LabelMap

CENTRES = {"T12": (0, 0, 60), "L1": (0, 0, 30), "L2": (0, 0, 0)}


@pytest.fixture
def show(window: Any, slicer: Any) -> Callable[..., Any]:
    """Puts a scan with masks of three vertebrae into the scene and opens the panel on them."""

    def show(grid: Grid, name: str = "CT") -> Any:
        voxels = np.full(grid.shape[::-1], 150, np.int16)
        scan = slicer.util.addVolumeFromArray(voxels, np.array(grid.affine), name)
        spine, masks = Spine.of(CENTRES), np.zeros(grid.shape, np.uint8)
        for vertebra in spine:
            box, bone = block(grid, vertebra.centroid)
            masks[box][bone] = vertebra.instance
        node = createSegmentationNode(scan)
        showLabelMap(LabelMap(masks, grid), spine, node)
        widget = window.select_module("SpineSegment")
        window.choose(widget.ui.inputSelector, scan)
        window.choose(widget.ui.segmentationSelector, node)
        if widget.ui.exportSection.collapsed:
            window.click(widget.ui.exportSection._header)
        return widget.panel

    return show


@pytest.fixture
def panel(show: Callable[..., Any]) -> Any:
    affine = np.diag([-2.0, -2.0, 2.0, 1.0])
    affine[:3, 3] = (50, 50, -40)
    return show(Grid((50, 50, 70), affine))


@pytest.fixture
def save(window: Any, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Chooses a kind of file by its title, clicks Save and answers with a path."""
    import qt

    def save(panel: Any, title: str, target: Path) -> None:
        box = panel.ui.formatBox
        titles = [box.itemText(n) for n in range(box.count)]
        box.currentIndex = next(n for n, each in enumerate(titles) if title in each)
        for asks in ("getSaveFileName", "getExistingDirectory"):
            monkeypatch.setattr(qt.QFileDialog, asks, lambda *_: str(target))
        window.click(panel.ui.exportButton)

    return save


@pytest.mark.parametrize(
    ("title", "ending"), [("Slicer segmentation", ".seg.nrrd"), ("VerSe", ".nii.gz")]
)
def test_masks_are_saved_and_read_back_voxel_for_voxel(
    panel: Any, save: Callable[..., None], tmp_path: Path, title: str, ending: str
) -> None:
    target = tmp_path / f"masks{ending}"
    save(panel, title, target)
    assert panel.ui.statusLabel.text == f"Saved: {target}"
    back, shown = read(target), panel.correction.case.labelMap()
    for number, name in back.names.items():
        mine = next(n for n, each in shown.names.items() if each == name)
        np.testing.assert_array_equal(back.voxels == number, shown.voxels == mine)
    assert sorted(back.names.values()) == ["L1", "L2", "T12"]


def test_what_was_corrected_is_what_is_saved_and_slicer_loads_it(
    panel: Any, window: Any, slicer: Any, save: Callable[..., None], tmp_path: Path
) -> None:
    window.click_row(panel.ui.segmentTable, 0)
    window.click(panel.ui.deleteButton)
    window.click(panel.ui.allDownButton)
    save(panel, "Slicer segmentation", tmp_path / "masks.seg.nrrd")
    node = slicer.util.loadSegmentation(str(tmp_path / "masks.seg.nrrd"))
    names = [node.GetSegmentation().GetNthSegment(n).GetName() for n in range(2)]
    assert names == ["L2", "L3"]
    window.choose(panel.ui.segmentationSelector, node)
    table = panel.ui.segmentTable
    assert [table.item(row, 0).text() for row in range(table.rowCount)] == ["L2", "L3"]
    assert not panel.ui.undoButton.enabled


def test_a_level_that_is_used_twice_cannot_be_saved_as_numbers_and_says_so(
    panel: Any, window: Any, save: Callable[..., None], tmp_path: Path
) -> None:
    window.click_row(panel.ui.segmentTable, 1)
    window.click(panel.ui.hereUpButton)
    save(panel, "VerSe", tmp_path / "masks.nii.gz")
    assert "T12 is used 2 times" in panel.ui.statusLabel.text
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def from_dicom(show: Callable[..., Any], slicer: Any, tmp_path: Path) -> Any:
    """The panel on a scan that was read from DICOM, beside another series of its study."""
    other, folder = tmp_path / "study" / "other", tmp_path / "study" / "ct"
    voxels, frame = np.zeros((60, 60, 60), np.int16), {"FrameOfReferenceUID": "1.2.3.5"}
    write_series(other, voxels[:4], **frame)
    write_series(folder, voxels, origin=(-40, -40, -40), **frame)
    panel = show(grid_of(read_headers(folder)))
    uids = slicer.dicomDatabase.import_folder(folder)
    panel.correction.volume.SetAttribute("DICOM.instanceUIDs", " ".join(uids))
    return panel


def test_a_dicom_segmentation_refers_to_the_series_that_the_scan_was_read_from(
    from_dicom: Any, save: Callable[..., None], tmp_path: Path
) -> None:
    target = tmp_path / "masks.dcm"
    save(from_dicom, "DICOM", target)
    assert from_dicom.ui.statusLabel.text == f"Saved: {target}"
    back = read(target)
    assert set(back.names.values()) == set(CENTRES)
    import pydicom

    referred = pydicom.dcmread(target).ReferencedSeriesSequence[0].SeriesInstanceUID
    slices = (tmp_path / "study" / "ct").iterdir()
    assert referred == pydicom.dcmread(next(slices)).SeriesInstanceUID


def test_a_dicom_segmentation_of_a_scan_that_was_moved_has_the_voxels_of_its_series(
    from_dicom: Any,
    window: Any,
    save: Callable[..., None],
    tmp_path: Path,
    move: Callable[..., None],
    bend: Callable[[Any], None],
) -> None:
    panel, target = from_dicom, tmp_path / "masks.dcm"
    scan, node = panel.correction.volume, panel.correction.node
    expected, series = panel.correction.case.labelMap().voxels, geometryFromNode(scan)
    move(scan, node)
    window.choose(panel.ui.segmentationSelector, None)
    window.choose(panel.ui.segmentationSelector, node)
    save(panel, "DICOM", target)
    assert panel.ui.statusLabel.text == f"Saved: {target}"
    back = on_grid(read(target), series)
    np.testing.assert_array_equal(back.voxels > 0, expected > 0)
    target.unlink()
    bend(scan)
    window.settle()
    save(panel, "DICOM", target)
    assert "stands under a transform that bends it, so its DICOM" in panel.ui.statusLabel.text
    assert not target.exists()


def test_a_scan_that_was_not_read_from_dicom_gets_no_dicom_segmentation_and_says_why(
    panel: Any, save: Callable[..., None], tmp_path: Path
) -> None:
    save(panel, "DICOM", tmp_path / "masks.dcm")
    assert panel.ui.statusLabel.text.startswith("'CT' was not read from DICOM")
    assert list(tmp_path.iterdir()) == []


def test_surfaces_are_saved_as_one_stl_file_a_vertebra(
    panel: Any, save: Callable[..., None], tmp_path: Path
) -> None:
    save(panel, "STL", tmp_path)
    files = sorted(tmp_path.glob("*.stl"))
    assert [file.stem.rsplit("_", 1)[-1] for file in files] == ["L1", "L2", "T12"]
    reader = vtk.vtkSTLReader()
    reader.SetFileName(str(files[0]))
    reader.Update()
    bounds = reader.GetOutput().GetBounds()
    assert bounds[:2] == pytest.approx((-20, 20), abs=2.5)
    assert bounds[2:4] == pytest.approx((-15, 45), abs=2.5), "LPS: processes point to plus y"
    assert bounds[4:] == pytest.approx((20, 40), abs=2.5)


def test_surfaces_of_a_level_that_is_used_twice_are_refused_since_one_would_replace_the_other(
    panel: Any, window: Any, save: Callable[..., None], tmp_path: Path
) -> None:
    window.click_row(panel.ui.segmentTable, 1)
    window.click(panel.ui.hereUpButton)
    save(panel, "STL", tmp_path)
    assert panel.ui.statusLabel.text == (
        "T12 is used 2 times, but a folder of surfaces holds one vertebra a level; rename one of "
        "them first."
    )
    assert list(tmp_path.iterdir()) == []


def test_surfaces_and_files_that_are_there_already_are_replaced_only_where_the_user_agrees(
    panel: Any, save: Callable[..., None], tmp_path: Path, asked: Any
) -> None:
    save(panel, "STL", tmp_path)
    files = sorted(tmp_path.glob("*.stl"))
    for file in files[:2]:
        file.write_text("mine")
    files[2].unlink()
    questions = asked(False)
    save(panel, "STL", tmp_path)
    assert questions == [f"2 files in '{tmp_path}' exist already. Replace them?"]
    assert panel.ui.statusLabel.text == "Nothing was saved, and nothing was replaced."
    assert {file.name: file.read_text() for file in tmp_path.iterdir()} == {
        file.name: "mine" for file in files[:2]
    }
    (tmp_path / "masks.seg.nrrd").write_text("mine")
    save(panel, "Slicer segmentation", tmp_path / "masks")
    assert questions[1:] == [f"'{tmp_path / 'masks.seg.nrrd'}' exists already. Replace it?"]
    assert (tmp_path / "masks.seg.nrrd").read_text() == "mine"
    asked(True)
    save(panel, "STL", tmp_path)
    assert panel.ui.statusLabel.text == f"Saved: {tmp_path}"
    assert all(file.stat().st_size > 1000 for file in files)


def test_the_measurements_are_saved_as_csv(
    panel: Any, save: Callable[..., None], tmp_path: Path
) -> None:
    target = tmp_path / "measures.csv"
    save(panel, "measurements", target)
    rows = list(csv.DictReader(target.read_text().splitlines()))
    assert [row["Level"] for row in rows] == list(CENTRES)
    mask = panel.correction.case.masks[2]
    assert float(rows[1]["Volume (ml)"]) == pytest.approx(mask.voxels.sum() * 8 / 1000, abs=0.001)
    assert float(rows[1]["Mean of the body (HU)"]) == 150
    assert float(rows[1]["Anterior/posterior"]) == pytest.approx(1, abs=0.01)
    assert rows[1]["In view"] == ""


def test_the_table_button_puts_the_measurements_into_the_scene_and_updates_them(
    panel: Any, window: Any, slicer: Any
) -> None:
    window.click(panel.ui.tableButton)
    table = slicer.util.getNode("CT vertebrae measurements")
    assert table.GetNumberOfRows() == 3
    window.click_row(panel.ui.segmentTable, 0)
    window.click(panel.ui.deleteButton)
    window.click(panel.ui.tableButton)
    assert [node.GetName() for node in slicer.util.getNodesByClass("vtkMRMLTableNode")] == [
        "CT vertebrae measurements"
    ]
    assert table.GetNumberOfRows() == 2
    assert table.GetCellText(0, 0) == "L1"


def test_masks_and_their_table_stand_beside_the_scan_in_its_study(
    panel: Any, window: Any, slicer: Any
) -> None:
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(slicer.mrmlScene)
    scan = panel.correction.volume
    study = hierarchy.CreateStudyItem(hierarchy.GetSceneItemID(), "Study")
    hierarchy.SetItemParent(hierarchy.GetItemByDataNode(scan), study)
    window.click(panel.ui.tableButton)
    table = slicer.util.getNode("CT vertebrae measurements")
    for node in (table, createSegmentationNode(scan)):
        assert hierarchy.GetItemParent(hierarchy.GetItemByDataNode(node)) == study


def test_the_export_keeps_the_grid_of_an_oblique_scan(
    show: Callable[..., Any], save: Callable[..., None], tmp_path: Path
) -> None:
    c, s = np.cos(0.2), np.sin(0.2)
    columns = [-2 * c, 0, 2 * s, 0], [0, -2, 0, 0], [3 * s, 0, 3 * c, 0], [50, 50, -45, 1]
    affine = np.array(columns).T
    panel = show(Grid((50, 50, 50), affine))
    save(panel, "Slicer segmentation", tmp_path / "masks.seg.nrrd")
    back = read(tmp_path / "masks.seg.nrrd")
    assert back.grid.same_as(geometryFromNode(panel.correction.volume), tolerance=1e-3)
    np.testing.assert_array_equal(back.voxels, panel.correction.case.labelMap().voxels)
