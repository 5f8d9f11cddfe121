"""Points keep their places, names and what is known of them in every format."""

from __future__ import annotations

import json
from itertools import permutations

import numpy as np
import pytest
from exchange_cases import make_ct_series, oblique_grids, spines_in
from hypothesis import given, settings
from hypothesis import strategies as st

from vertebra import exchange
from vertebra.anatomy import LEVELS
from vertebra.errors import BadFile, VertebraError
from vertebra.exchange import fcsv, markups, table, verse
from vertebra.spine import Flag, Provenance, RunnerUp, Spine, Vertebra
from vertebra.volume import Grid, LabelMap, write_label_map

FILES = {
    "spine": "a.spine.json",
    "markups": "a.mrk.json",
    "csv": "a.csv",
    "verse": "a_seg-subreg_ctd.json",
    "verse-iso-voxel": "a_iso-ctd.json",
    "verse-iso-corner": "b_iso-ctd.json",
    "tptbox": "a_poi.json",
}
COMPLETE = ("spine", "markups", "csv")
SPINE = Spine.of({"T11": (1, 2, 60), "T12": (0, 0, 31.5), "T13": (0, 1, 5), "L1": (2, 0, -25)})
GRID = Grid.of((60, 60, 120), origin=(-20, -20, -40))


def _distance(one, other):
    away = (
        float(np.linalg.norm(np.subtract(one.find(level).centroid, other.find(level).centroid)))
        for level in other.levels
    )
    return max(away, default=0.0)  # VerSe has no number for S1, S2 and the coccyx


@settings(max_examples=12, deadline=None)
@given(data=st.data())
def test_points_stay_within_a_thousandth_of_a_millimetre_from_any_format_to_any_other(
    tmp_path_factory, data
):
    folder = tmp_path_factory.mktemp("points")
    grid = data.draw(oblique_grids())
    spine = data.draw(spines_in(grid))
    for one, other in permutations(FILES, 2):
        first, second = folder / f"1{FILES[one]}", folder / f"2{FILES[other]}"
        exchange.write(first, spine, one, grid=grid)
        exchange.write(second, exchange.read(first, one, grid=grid), other, grid=grid)
        back = exchange.read(second, grid=grid)
        assert _distance(spine, back) < 1e-3
        in_verse = {level for level in spine.levels if level not in verse.NOT_LABELLED}
        assert set(back.levels) in (set(spine.levels), in_verse)


@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_nothing_is_lost_in_formats_that_have_room_for_it(tmp_path_factory, data):
    folder = tmp_path_factory.mktemp("complete")
    spine = data.draw(spines_in(data.draw(oblique_grids())))
    for name in COMPLETE:
        path = exchange.write(folder / FILES[name], spine)
        back = exchange.read(path)
        assert back.vertebrae == spine.vertebrae
        if name != "csv":
            assert back == spine


def test_markups_keep_the_runner_up_and_what_made_the_result(tmp_path):
    full = Spine(
        SPINE.vertebrae,
        False,
        RunnerUp((LEVELS["T10"], LEVELS["T11"], LEVELS["T12"], LEVELS["L1"]), 0.25),
        Provenance("Vertebra 1", "integral", "abc", "2026-01-01", "ct.nii.gz"),
    )
    assert markups.read(markups.write(tmp_path / "a.mrk.json", full)) == full


def test_a_level_used_twice_survives_in_markups_and_tables_and_is_refused_elsewhere(tmp_path):
    twice = Spine((*SPINE.vertebrae, Vertebra(9, LEVELS["L1"], (0, 0, -60))))
    for name in COMPLETE:
        assert exchange.read(exchange.write(tmp_path / FILES[name], twice)) == twice
    for name in ("verse", "tptbox"):
        with pytest.raises(VertebraError, match="L1 is used 2 times"):
            exchange.write(tmp_path / FILES[name], twice, grid=GRID)


def test_points_without_an_instance_get_the_number_of_their_level(tmp_path):
    entries = [{"label": "Th12", "position": [0, 0, 30]}, {"label": "L1", "position": [0, 0, 0]}]
    (tmp_path / "a.mrk.json").write_text(json.dumps({"markups": [{"controlPoints": entries}]}))
    spine = markups.read(tmp_path / "a.mrk.json")
    assert [vertebra.instance for vertebra in spine] == [19, 20]


def test_points_in_any_order_are_sorted_by_level(tmp_path):
    lines = "level,x_ras_mm,y_ras_mm,z_ras_mm\nL2,0,0,-30\nT12,0,0,30\nL1,0,0,0\nL1,0,0,2\n"
    (tmp_path / "a.csv").write_text(lines)
    spine = table.read(tmp_path / "a.csv")
    assert [str(level) for level in spine.levels] == ["T12", "L1", "L1", "L2"]
    assert [vertebra.instance for vertebra in spine] == [19, 20, 31, 21]


def test_template_points_without_a_position_stay_out_of_the_spine(tmp_path):
    points = [
        {"label": "L1", "position": [1, 2, 3], "positionStatus": "defined"},
        {"label": "L2", "position": "", "positionStatus": "undefined"},
        {"label": "L3", "position": [0, 0, 0], "positionStatus": "preview"},
    ]
    document = {"markups": [{"type": "Fiducial", "controlPoints": points}]}
    (tmp_path / "a.mrk.json").write_text(json.dumps(document))
    spine = markups.read(tmp_path / "a.mrk.json")
    assert [(str(each.level), each.centroid) for each in spine] == [("L1", (-1, -2, 3))]


def test_markups_in_ras_are_not_mirrored_and_other_shapes_are_passed_over(tmp_path):
    points = [{"label": "L1", "position": [1, 2, 3]}]
    document = {
        "markups": [
            {"type": "Line", "controlPoints": [{"label": "F-1", "position": [0, 0, 0]}]},
            {"type": "Fiducial", "coordinateSystem": "RAS", "controlPoints": points},
        ]
    }
    (tmp_path / "a.mrk.json").write_text(json.dumps(document))
    assert markups.read(tmp_path / "a.mrk.json").centroids == ((1, 2, 3),)


@pytest.mark.parametrize("system", ["LPS", "1", "RAS", "0"])
def test_old_point_lists_are_read_in_either_coordinate_system(tmp_path, system):
    text = (
        "# Markups fiducial file version = 4.10\n"
        f"# CoordinateSystem = {system}\n"
        "# columns = id,x,y,z,ow,ox,oy,oz,vis,sel,lock,label,desc,associatedNodeID\n"
        "vertebra-4,-1,-2,3,0,0,0,1,1,1,1,L1,Confidence 0.5. Set by a person.,,2,0\n"
        "2,0,0,0,0,0,0,1,1,1,0,L2,,,0,0\n"
    )
    (tmp_path / "a.fcsv").write_text(text)
    expected = (1, 2, 3) if system in ("LPS", "1") else (-1, -2, 3)
    flags = frozenset({Flag.CORRECTED})
    vertebra = Vertebra(4, LEVELS["L1"], expected, 0.5, None, flags, True)
    assert fcsv.read(tmp_path / "a.fcsv").vertebrae == (vertebra,)
    with pytest.raises(VertebraError, match="only read"):
        exchange.write(tmp_path / "b.fcsv", SPINE)


def test_a_table_tells_its_coordinate_system_by_header_or_name(tmp_path):
    rows = "L1,1,2,3\n"
    (tmp_path / "a.csv").write_text("level,x_lps_mm,y_lps_mm,z_lps_mm\n" + rows)
    (tmp_path / "centroids_lps_mm.csv").write_text("level,x,y,z\n" + rows)
    (tmp_path / "centroids.csv").write_text("level,x,y,z\n" + rows)
    assert table.read(tmp_path / "a.csv").centroids == ((-1, -2, 3),)
    assert table.read(tmp_path / "centroids_lps_mm.csv").centroids == ((-1, -2, 3),)
    with pytest.raises(BadFile, match="RAS or LPS"):
        table.read(tmp_path / "centroids.csv")


def test_the_reference_points_of_the_real_scans_are_read(shared_data):
    tables = sorted(shared_data.glob("real/*/centroids_lps_mm.csv"))
    assert len(tables) == 4
    for path in tables:
        spine = exchange.read(path)
        assert len(spine) >= 5
        heights = [point[2] for point in spine.centroids]
        assert heights == sorted(heights, reverse=True)


def test_points_travel_through_a_dicom_report(tmp_path):
    pytest.importorskip("highdicom")
    series = make_ct_series(tmp_path / "ct", Grid.of((8, 8, 4), directions=np.diag([-1, -1, 1])))
    confident = SPINE.with_vertebra(Vertebra(1, LEVELS["T11"], (1, 2, 60), 0.93))
    exchange.write(tmp_path / "a.dcm", confident, image=series)
    back = exchange.read(tmp_path / "a.dcm")
    assert back.levels == SPINE.levels
    assert _distance(SPINE, back) < 1e-3
    assert back.vertebrae[0].confidence == pytest.approx(0.93)


def test_the_report_is_what_slicer_asks_of_a_report_of_points(tmp_path):
    """Slicer 5.12 tells such a report by these properties and shows the identifier as label."""
    highdicom = pytest.importorskip("highdicom")
    series = make_ct_series(tmp_path / "ct", Grid.of((8, 8, 4), directions=np.diag([-1, -1, 1])))
    exchange.write(tmp_path / "a.dcm", SPINE, image=series)
    report = highdicom.sr.srread(tmp_path / "a.dcm")
    assert report.Modality == "SR"
    assert report.SOPClassUID == "1.2.840.10008.5.1.4.1.1.88.34"
    assert report.ContentTemplateSequence[0].TemplateIdentifier == "1500"
    assert report.SeriesDescription
    groups = report.content.get_planar_roi_measurement_groups(
        graphic_type=highdicom.sr.GraphicTypeValues3D.POINT,
        reference_type=highdicom.sr.CodedConcept("111030", "DCM", "Image Region"),
    )
    assert [group.tracking_identifier for group in groups] == [str(each) for each in SPINE.levels]
    for group, (x, y, z) in zip(groups, SPINE.centroids):
        assert group.finding_type is not None
        assert group.finding_sites[0].value.value
        assert np.allclose(group.roi.value[0], (-x, -y, z), atol=1e-4)


def test_a_conversion_says_what_it_left_out(tmp_path):
    path = tmp_path / "a.spine.json"
    sacral = Spine.of({"L5": (0, 0, 30), "S1": (0, 0, 0)})
    exchange.write(path, Spine((*sacral.vertebrae[:1], *sacral.vertebrae[1:])).locked(1))
    image = write_label_map(LabelMap(np.zeros(GRID.shape, np.uint8), GRID), tmp_path / "i.nii.gz")
    assert exchange.convert(path, tmp_path / "a.mrk.json") == ()
    notes = exchange.convert(path, tmp_path / "a_ctd.json", image=image)
    assert "S1" in notes[0]
    assert "all that is known" in notes[1]
    assert exchange.read(tmp_path / "a_ctd.json", image=image).levels == (LEVELS["L5"],)
    with pytest.raises(VertebraError, match="--image"):
        exchange.convert(path, tmp_path / "b_ctd.json")
    assert not (tmp_path / "b_ctd.json").exists()


@pytest.mark.parametrize("name", [*FILES, "dicom-points"])
def test_each_format_says_truly_whether_it_keeps_locks(tmp_path, name):
    series = None
    if name == "dicom-points":
        pytest.importorskip("highdicom")
        slices = Grid.of((8, 8, 4), directions=np.diag([-1, -1, 1]))
        series = make_ct_series(tmp_path / "ct", slices)
    file = tmp_path / FILES.get(name, "a.dcm")
    exchange.write(file, SPINE.locked(LEVELS["L1"]), name, grid=GRID, image=series)
    back = exchange.read(file, name, grid=GRID)
    (kind,) = [each for each in exchange.formats() if each.name == name]
    assert back.levels == SPINE.levels
    assert any(vertebra.locked for vertebra in back) is kind.locks


@pytest.mark.parametrize("ending", [".spine.json", ".mrk.json", ".csv", "_ctd.json", "_poi.json"])
def test_the_last_point_of_a_file_may_be_removed(tmp_path, ending):
    one = Spine.of({"L1": (0, 0, 0)})
    image = write_label_map(LabelMap(np.zeros(GRID.shape, np.uint8), GRID), tmp_path / "i.nii.gz")
    file = exchange.write(tmp_path / f"a_seg-vert{ending}", one, image=image)
    spine, notes = exchange.edit(file, file, lambda s: s.removed(LEVELS["L1"]), image=image)
    assert (len(spine), notes) == (0, ())
    assert len(exchange.read(file, image=image)) == 0
