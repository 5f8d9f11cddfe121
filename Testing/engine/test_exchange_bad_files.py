"""Files that are damaged, lying or of another kind give one sentence that names the file."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest
from exchange_cases import make_ct_series

from vertebra import exchange
from vertebra.errors import BadFile, VertebraError
from vertebra.exchange import segmentation
from vertebra.spine import Spine
from vertebra.volume import Grid, LabelMap

GRID = Grid.of((20, 20, 20))
HEAD = '[{"direction": ["R", "A", "S"]}, '
POI = {
    "direction": ["R", "A", "S"],
    "zoom": [1, 1, 1],
    "origin": [0, 0, 0],
    "rotation": np.eye(3).tolist(),
    "shape": [9, 9, 9],
    "format": "POI",
}
FCSV = "# CoordinateSystem = LPS\n# columns = id,x,y,z,label\n"


def _markup(**changes):
    point = {"label": "L1", "position": [0, 0, 0]} | changes
    return json.dumps({"markups": [{"type": "Fiducial", "controlPoints": [point]}]})


def _poi(points, **changes):
    return json.dumps([POI | changes, points])


BAD = {
    "not JSON": ("a.mrk.json", "{"),
    "another JSON": ("a.mrk.json", "[]"),
    "markups that are no list": ("a.mrk.json", '{"markups": 3}'),
    "points that are no list": ("a.mrk.json", '{"markups": [{"controlPoints": 3}]}'),
    "a NaN": ("a.mrk.json", _markup(position=[0, 0, float("nan")])),
    "an infinity": ("a.mrk.json", _markup(position=[0, 0, float("inf")])),
    "a huge number": ("a.mrk.json", _markup(position=[0, 0, 1e300])),
    "two coordinates": ("a.mrk.json", _markup(position=[0, 0])),
    "text for a number": ("a.mrk.json", _markup(position=[0, 0, "1"])),
    "true for a number": ("a.mrk.json", _markup(position=[0, 0, True])),
    "no position": ("a.mrk.json", _markup(position=None)),
    "no level": ("a.mrk.json", _markup(label="F-1")),
    "a level beyond the last": ("a.mrk.json", _markup(label="L9")),
    "a key used twice": ("a.mrk.json", '{"markups": [], "markups": []}'),
    "deeply nested": ("a.mrk.json", "[" * 100_000),
    "another unit": ("a.mrk.json", '{"markups": [{"coordinateUnits": "um"}]}'),
    "a damaged extra": ("a.mrk.json", '{"markups": [], "vertebra": {"made_by": {"who": 1}}}'),
    "not text": ("a.mrk.json", b"\xff\xfe\x00\x80"),
    "a foreign spine": ("a.spine.json", '{"format": "other"}'),
    "a damaged spine": ("a.spine.json", '{"format": "vertebra spine", "version": 1}'),
    "no list": ("a_seg-x_ctd.json", "3"),
    "no objects": ("a_seg-x_ctd.json", "[1, 2]"),
    "no label": ("a_seg-x_ctd.json", HEAD + '{"X": 1, "Y": 1, "Z": 1}]'),
    "no Z": ("a_seg-x_ctd.json", HEAD + '{"label": 20, "X": 1, "Y": 1}]'),
    "a broken label": ("a_seg-x_ctd.json", HEAD + '{"label": 20.5, "X": 1, "Y": 1, "Z": 1}]'),
    "an unknown label": ("a_seg-x_ctd.json", HEAD + '{"label": 99, "X": 1, "Y": 1, "Z": 1}]'),
    "a level twice": (
        "a_seg-x_ctd.json",
        HEAD + ", ".join(['{"label": 20, "X": 1, "Y": 1, "Z": 1}'] * 2) + "]",
    ),
    "axes that are none": ("a_seg-x_ctd.json", '[{"direction": ["A", "B", "C"]}]'),
    "axes used twice": ("a_seg-x_ctd.json", '[{"direction": ["R", "L", "S"]}]'),
    "no axes": ("a_seg-x_ctd.json", '[{"direction": 3}]'),
    "a POI file of one part": ("a_poi.json", json.dumps([POI])),
    "a POI file without geometry": ("a_poi.json", _poi({"L1": {"50": [1, 1, 1]}}, zoom=None)),
    "a flat POI file": ("a_poi.json", _poi({"L1": {"50": [1, 1, 1]}}, zoom=[1, 1, 0])),
    "a POI file of another form": ("a_poi.json", _poi({"L1": {"50": [1] * 3}}, format="POINTS")),
    "a POI point of two numbers": ("a_poi.json", _poi({"L1": {"50": [1, 1]}})),
    "a POI vertebra of no name": ("a_poi.json", _poi({"hip": {"50": [1, 1, 1]}})),
    "a POI vertebra twice": ("a_poi.json", _poi({"L1": {"50": [1] * 3}, "20": {"50": [1] * 3}})),
    "no header": ("a.fcsv", "1,2,3\n"),
    "no coordinate system": ("a.fcsv", "# columns = id,x,y,z,label\n1,0,0,0,L1\n"),
    "a missing coordinate": ("a.fcsv", FCSV + "1,0,0,,L1\n"),
    "a short line": ("a.fcsv", FCSV + "1,0\n"),
    "no columns": ("a.csv", "L1,0,0,0\n"),
    "an empty table": ("a.csv", ""),
    "a word in a table": ("a.csv", "level,x_ras_mm,y_ras_mm,z_ras_mm\nL1,0,0,here\n"),
    "a NaN in a table": ("a.csv", "level,x_ras_mm,y_ras_mm,z_ras_mm\nL1,0,0,nan\n"),
    "a short line in a table": ("a.csv", "level,x_ras_mm,y_ras_mm,z_ras_mm\nL1,0\n"),
    "an odd confidence": (
        "a.csv",
        "level,x_ras_mm,y_ras_mm,z_ras_mm,confidence\nL1,0,0,0,3\n",
    ),
    "an odd flag": ("a.csv", "level,x_ras_mm,y_ras_mm,z_ras_mm,flags\nL1,0,0,0,nice\n"),
    "an odd instance": ("a.csv", "level,x_ras_mm,y_ras_mm,z_ras_mm,instance\nL1,0,0,0,-1\n"),
    "two systems": ("a.csv", "level,x_ras_mm,y_lps_mm,z_ras_mm\nL1,0,0,0\n"),
    "a quote without end": ("a.csv", 'level,x_ras_mm,y_ras_mm,z_ras_mm\nL1,"' + "a" * 2**18),
    "a list with a quote without end": ("a.fcsv", FCSV + '1,0,0,0,"' + "a" * 2**18),
    "a line without a level": ("a.csv", "x_ras_mm,y_ras_mm,z_ras_mm,level\n0,0,0\n"),
    "a number of 400 digits": (
        "a_seg-x_ctd.json",
        HEAD + '{"label": 20, "X": 1' + "0" * 400 + ', "Y": 1, "Z": 1}]',
    ),
    "a margin of 400 digits": (
        "a.mrk.json",
        '{"markups": [], "vertebra": {"runner_up": {"levels": [], "margin": 1' + "0" * 400 + "}}}",
    ),
    "a POI vertebra of a raised digit": ("a_poi.json", _poi({"\u00b2": {"50": [1, 1, 1]}})),
    "a POI file of endless shape": (
        "a_poi.json",
        _poi({"L1": {"50": [1] * 3}}).replace("[9, 9, 9]", "[1e400, 9, 9]"),
    ),
    "no DICOM": ("a.dcm", "hello"),
    "no segmentation": ("a.seg.nrrd", "NRRD0004\nhello"),
}


@pytest.mark.parametrize("case", sorted(BAD))
def test_a_bad_file_is_refused_in_one_sentence_that_names_it(tmp_path, case):
    name, content = BAD[case]
    raw = content if isinstance(content, bytes) else content.encode()
    (tmp_path / name).write_bytes(raw)
    with pytest.raises(BadFile) as refused:
        exchange.read(tmp_path / name, grid=GRID)
    sentence = str(refused.value)
    assert name in sentence
    assert sentence.endswith(".")
    assert "\n" not in sentence
    assert [each.name for each in tmp_path.iterdir()] == [name]


def test_a_file_that_is_too_large_for_points_is_not_read(tmp_path):
    with (tmp_path / "a.csv").open("wb") as file:
        file.truncate(65 * 2**20)
    with pytest.raises(BadFile, match="64 MB"):
        exchange.read(tmp_path / "a.csv")


def test_missing_files_folders_and_unknown_endings_are_refused(tmp_path):
    with pytest.raises(BadFile, match="does not exist"):
        exchange.read(tmp_path / "a.csv")
    with pytest.raises(BadFile, match="is a folder"):
        exchange.read(tmp_path)
    (tmp_path / "a.xyz").write_text("")
    with pytest.raises(VertebraError, match="no known format"):
        exchange.read(tmp_path / "a.xyz")
    with pytest.raises(VertebraError, match="no known format"):
        exchange.write(tmp_path / "b.xyz", Spine())
    with pytest.raises(VertebraError, match="no format 'word'"):
        exchange.write(tmp_path / "b.csv", Spine(), "word")
    (tmp_path / "a.json").write_text('["hello"]')
    with pytest.raises(BadFile, match="no list of points"):
        exchange.read(tmp_path / "a.json")


def test_json_files_are_told_apart_by_what_they_hold(tmp_path):
    spine = Spine.of({"L1": (3, 4, 5)})
    for name in ("spine", "markups", "tptbox", "verse"):
        exchange.write(tmp_path / "a.json", spine, name, grid=GRID)
        assert exchange.recognized(tmp_path / "a.json").name == name
        assert np.allclose(exchange.read(tmp_path / "a.json", grid=GRID).centroids, (3, 4, 5))


def test_a_dicom_image_is_not_a_result(tmp_path):
    pytest.importorskip("highdicom")
    grid = Grid.of((4, 4, 2), directions=np.diag([-1, -1, 1]))
    series = make_ct_series(tmp_path / "ct", grid)
    with pytest.raises(BadFile, match="not a SEG or SR"):
        exchange.read(series / "0000.dcm")
    for name in ("dicom-seg", "dicom-points"):
        with pytest.raises(BadFile, match=r"0000\.dcm"):
            exchange.read(series / "0000.dcm", name)
    make_ct_series(tmp_path / "ct" / "more", grid)
    with pytest.raises(BadFile, match="2 DICOM series"):
        exchange.write(tmp_path / "a.dcm", Spine.of({"L1": (0, 0, 0)}), image=series)
    with pytest.raises(BadFile, match="is not a folder"):
        exchange.write(tmp_path / "a.dcm", Spine.of({"L1": (0, 0, 0)}), image=series / "0000.dcm")
    with pytest.raises(VertebraError, match="at least one vertebra"):
        exchange.write(tmp_path / "a.dcm", Spine(), image=series)


def test_a_segmentation_without_vertebrae_or_with_a_lying_table_is_refused(tmp_path):
    voxels = np.ones(GRID.shape, np.uint8)
    path = segmentation.write(tmp_path / "a.seg.nrrd", LabelMap(voxels, GRID, {1: "L1"}))
    header, body = path.read_bytes().split(b"\n\n", 1)

    def changed(old, new):
        path.write_bytes(header.replace(old, new) + b"\n\n" + body)
        return path

    liver = header.replace(b"Name:=L1", b"Name:=liver").replace(b"66794005", b"10200004")
    path.write_bytes(liver + b"\n\n" + body)
    with pytest.raises(BadFile, match="no segment named after a vertebra"):
        segmentation.read(path)
    for old, new in ((b"Layer:=0", b"Layer:=7"), (b"LabelValue:=1", b"LabelValue:=one")):
        with pytest.raises(BadFile, match=r"a\.seg\.nrrd"):
            segmentation.read(changed(old, new))
    assert segmentation.read(changed(b"Name:=L1", b"Name:=bone")).names == {1: "L1"}


def test_without_highdicom_the_way_to_install_it_is_told(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "highdicom", None)
    with pytest.raises(VertebraError, match=r"vertebra\[dicom\]"):
        exchange.write(tmp_path / "a.dcm", Spine.of({"L1": (0, 0, 0)}), image=tmp_path)


def test_the_page_of_formats_names_every_format_with_its_endings_and_needs():
    page = (Path(__file__).resolve().parents[2] / "docs" / "formats.md").read_text()
    for each in exchange.formats():
        (line,) = [line for line in page.splitlines() if line.startswith(f"| `{each.name}` |")]
        ending, holds, _, needs = [cell.strip() for cell in line.split("|")][2:6]
        assert set(ending.strip("`").split()) <= set(each.endings)
        assert holds == each.holds.value
        assert all(need in needs for need in each.image_for)
        assert bool(needs) == bool(each.image_for)
