"""dcmqi, by which Slicer loads and exports DICOM results, reads ours, and we read its."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import numpy as np
import pytest
from exchange_cases import make_ct_series, masks_of, same_places
from scipy.spatial.transform import Rotation

from vertebra import exchange
from vertebra.anatomy import LEVELS
from vertebra.spine import Spine
from vertebra.volume import Grid, LabelMap, read_label_map, write_label_map

dcmqi = pytest.importorskip("dcmqi", reason="needs the package dcmqi")
pytest.importorskip("highdicom")

OBLIQUE = Rotation.from_euler("xyz", [10, -20, 5], degrees=True).as_matrix()
GRID = Grid.of((9, 8, 12), (0.7, 1.5, 3), (100, -50, 33.3), OBLIQUE @ np.diag([-1, -1, 1]))
SPINE = Spine.of({"T12": (0, 0, 60), "T13": (0, 0, 30), "L1": (0, 0, 0)})


def _run(program, *arguments):
    path = Path(dcmqi.__file__).parent / "bin" / program
    subprocess.run([path, *map(str, arguments)], check=True, capture_output=True)


@pytest.fixture
def series(tmp_path):
    return make_ct_series(tmp_path / "ct", GRID)


def test_dcmqi_reads_our_segmentation_with_voxels_names_codes_and_colours(tmp_path, series):
    masks = masks_of(SPINE, GRID)
    path = exchange.write(tmp_path / "a.dcm", masks, image=series, spine=SPINE)
    arguments = ("--outputType", "nrrd", "--mergeSegments", "--outputDirectory", tmp_path)
    _run("segimage2itkimage", "--inputDICOM", path, *arguments)
    segments = json.loads((tmp_path / "meta.json").read_text())["segmentAttributes"][0]
    names = {segment["labelID"]: segment["SegmentLabel"] for segment in segments}
    loaded = read_label_map(tmp_path / "1.nrrd")
    assert same_places(masks, LabelMap(loaded.voxels, loaded.grid, names))
    for segment in segments:
        level = LEVELS[segment["SegmentLabel"]]
        assert segment["SegmentedPropertyTypeCodeSequence"]["CodeValue"] == level.code.value
        assert tuple(segment["recommendedDisplayRGBValue"]) == level.colour


def test_we_read_the_segmentation_that_dcmqi_exports(tmp_path, series):
    masks = masks_of(SPINE, GRID)
    source = write_label_map(masks, tmp_path / "a.nrrd")
    attributes = [
        {
            "labelID": number,
            "SegmentLabel": f"{name} vertebra",
            "SegmentAlgorithmType": "MANUAL",
            "SegmentedPropertyCategoryCodeSequence": {
                "CodeValue": "123037004",
                "CodingSchemeDesignator": "SCT",
                "CodeMeaning": "Anatomical Structure",
            },
            "SegmentedPropertyTypeCodeSequence": {
                "CodeValue": LEVELS[name].code.value,
                "CodingSchemeDesignator": "SCT",
                "CodeMeaning": LEVELS[name].code.meaning,
            },
        }
        for number, name in masks.names.items()
    ]
    description = {"segmentAttributes": [attributes], "SeriesDescription": "Vertebrae"}
    (tmp_path / "meta.json").write_text(json.dumps(description))
    images, about, out = source, tmp_path / "meta.json", tmp_path / "a.dcm"
    arguments = ("--inputMetadata", about, "--inputDICOMDirectory", series, "--outputDICOM", out)
    _run("itkimage2segimage", "--inputImageList", images, *arguments)
    back = exchange.read(out)
    assert set(back.names) == {19, 28, 20}
    assert same_places(masks, back)


def test_dcmqi_reads_our_report_of_points(tmp_path, series):
    path = exchange.write(tmp_path / "a.dcm", SPINE, image=series)
    _run("tid1500reader", "--inputDICOM", path, "--outputMetadata", tmp_path / "a.json")
    found = json.loads((tmp_path / "a.json").read_text())["Measurements"]
    assert [each["TrackingIdentifier"] for each in found] == ["T12", "T13", "L1"]
    assert [each["FindingSite"]["CodeValue"] for each in found] == [
        level.code.value for level in SPINE.levels
    ]
