"""Masks keep their voxels' places and levels in every format."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import pairwise, permutations

import numpy as np
import pydicom
import pytest
from exchange_cases import make_ct_series, masks_of, oblique_grids, same_places, spines_in
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom.uid import generate_uid

from vertebra import exchange
from vertebra.anatomy import LEVELS, SCHEMES
from vertebra.errors import BadFile, VertebraError
from vertebra.exchange import labelmap
from vertebra.exchange.dicom_reference import MAY_BE_EMPTY
from vertebra.exchange.masks import on_grid
from vertebra.spine import Provenance, Spine, Vertebra
from vertebra.volume import Algorithm, Grid, LabelMap, write_label_map

FILES = ("a.seg.nrrd", "a.nii.gz", "a.nrrd", "a.mha")
GRID = Grid.of((4, 5, 12), (1, 2, 3), directions=np.diag([-1, -1, 1]))


def _column(levels, grid=GRID, numbers=None):
    """Levels stacked from the top slice downwards, numbered as told."""
    voxels = np.zeros(grid.shape, np.uint8)
    numbers = numbers or range(1, len(levels) + 1)
    for k, number in enumerate(numbers):
        voxels[1:3, 1:3, grid.shape[2] - 1 - k] = number
    return LabelMap(voxels, grid, dict(zip(numbers, levels)))


@settings(max_examples=10, deadline=None)
@given(data=st.data())
def test_masks_stay_within_a_thousandth_of_a_millimetre_from_any_format_to_any_other(
    tmp_path_factory, data
):
    folder = tmp_path_factory.mktemp("masks")
    grid = data.draw(oblique_grids())
    spine = data.draw(spines_in(grid))
    masks = masks_of(spine, grid, data.draw(st.integers(0, 99)))
    for one, other in permutations(FILES, 2):
        exchange.write(folder / f"1{one}", masks, spine=spine)
        exchange.write(folder / f"2{other}", exchange.read(folder / f"1{one}"))
        back = exchange.read(folder / f"2{other}")
        assert same_places(masks, back)
        assert back.grid.same_as(grid)


@settings(max_examples=4, deadline=None)
@given(data=st.data())
def test_masks_travel_through_a_dicom_seg_of_an_oblique_series(tmp_path_factory, data):
    pytest.importorskip("highdicom")
    folder = tmp_path_factory.mktemp("seg")
    drawn = data.draw(oblique_grids(shape=(6, 5, 9)))
    flips = (False, False, bool(np.linalg.det(drawn.directions) < 0))
    series_grid = drawn.permuted((0, 1, 2), flips)
    spine = data.draw(spines_in(drawn))
    masks = masks_of(spine, drawn)
    series = make_ct_series(folder / "ct", series_grid)
    exchange.write(folder / "a.dcm", masks, image=series, spine=spine)
    back = exchange.read(folder / "a.dcm")
    assert back.names == {k: v for k, v in masks.names.items() if (masks.voxels == k).any()}
    assert same_places(masks, back)


def test_a_dicom_seg_says_who_made_each_segment(tmp_path):
    highdicom = pytest.importorskip("highdicom")
    series = make_ct_series(tmp_path / "ct", GRID)
    spine = Spine.of({"L1": (0, 0, 30), "L6": (0, 0, 0)}).moved(2, (0, 0, -3))
    spine = replace(spine, provenance=Provenance("Vertebra 1", "iterative"))
    exchange.write(tmp_path / "a.dcm", _column(("L1", "L6")), image=series, spine=spine)
    seg = highdicom.seg.segread(tmp_path / "a.dcm")
    first, second = map(seg.get_segment_description, (1, 2))
    assert (first.algorithm_type.value, second.algorithm_type.value) == (
        "AUTOMATIC",
        "SEMIAUTOMATIC",
    )
    assert first.SegmentAlgorithmName == "Vertebra iterative"
    assert first.segmented_property_type.value == "66794005"
    assert (second.segmented_property_type.value, second.segment_label) == ("51282000", "L6")
    exchange.write(tmp_path / "b.dcm", _column(("L1", "L6")), image=series)
    manual = highdicom.seg.segread(tmp_path / "b.dcm").get_segment_description(1)
    assert manual.algorithm_type.value == "MANUAL"


def test_a_conversion_keeps_what_drew_each_mask(tmp_path):
    highdicom = pytest.importorskip("highdicom")
    series = make_ct_series(tmp_path / "ct", GRID)
    spine = Spine.of({"L1": (0, 0, 30), "L2": (0, 0, 0)}).moved(2, (0, 0, -3))
    spine = replace(spine, provenance=Provenance("Vertebra 1", "iterative"))
    exchange.write(tmp_path / "a.seg.nrrd", _column(("L1", "L2")), spine=spine)
    drawn = {
        1: Algorithm("AUTOMATIC", "Vertebra iterative"),
        2: Algorithm("SEMIAUTOMATIC", "Vertebra iterative"),
    }
    for one, other in pairwise(("a.seg.nrrd", "b.seg.nrrd", "c.dcm", "d.dcm", "e.seg.nrrd")):
        exchange.convert(tmp_path / one, tmp_path / other, image=series)
        assert exchange.read(tmp_path / other).algorithms == drawn
    first = highdicom.seg.segread(tmp_path / "d.dcm").get_segment_description(1)
    assert "SegmentationAlgorithmIdentificationSequence" not in first
    exchange.write(tmp_path / "f.seg.nrrd", _column(("L1", "L2")))
    exchange.convert(tmp_path / "f.seg.nrrd", tmp_path / "g.dcm", image=series)
    assert exchange.read(tmp_path / "g.dcm").algorithms == {}


def test_a_dicom_result_refers_to_each_slice_once_and_to_no_localizer(tmp_path):
    pytest.importorskip("highdicom")
    series = make_ct_series(tmp_path / "ct", GRID)
    slices = sorted(series.iterdir())
    for path in slices:
        copy = pydicom.dcmread(path)
        copy.SOPInstanceUID = copy.file_meta.MediaStorageSOPInstanceUID = generate_uid()
        copy.save_as(path.with_name(f"copy-{path.name}"))
    scout = pydicom.dcmread(slices[0])
    scout.ImageType = ["ORIGINAL", "PRIMARY", "LOCALIZER"]
    scout.ImageOrientationPatient = [1, 0, 0, 0, 0, -1]
    scout.save_as(series / "scout.dcm")
    masks = _column(("L1", "L2"))
    back = exchange.read(exchange.write(tmp_path / "a.dcm", masks, image=series))
    assert same_places(masks, back)
    other = pydicom.dcmread(slices[3])
    other.PixelData = bytes([1]) + other.PixelData[1:]
    other.save_as(series / "other.dcm")
    with pytest.raises(BadFile, match="are different images at one place"):
        exchange.write(tmp_path / "b.dcm", masks, image=series)


def test_a_dicom_result_on_another_series_is_refused(tmp_path):
    pytest.importorskip("highdicom")
    series = make_ct_series(tmp_path / "ct", GRID.part((0, 0, 1), GRID.shape))
    with pytest.raises(VertebraError, match="do not share their voxels"):
        other = Grid.of(GRID.shape, (1, 2, 3.1), directions=GRID.directions)
        exchange.write(tmp_path / "a.dcm", _column(("L1",), other), image=series)
    with pytest.raises(VertebraError, match="at least one vertebra"):
        exchange.write(tmp_path / "a.dcm", _column(()), image=series)
    with pytest.raises(BadFile, match="no DICOM series"):
        (tmp_path / "empty").mkdir()
        exchange.write(tmp_path / "a.dcm", _column(("L1",)), image=tmp_path / "empty")
    assert not (tmp_path / "a.dcm").exists()


@pytest.mark.parametrize("scheme", sorted(SCHEMES))
def test_every_scheme_comes_back_by_its_names_and_by_being_stated(tmp_path, scheme):
    levels = [name for name in ("T11", "T12", "L1", "L5") if name in SCHEMES[scheme]]
    masks = _column(levels)
    path = exchange.write(tmp_path / "a.nii.gz", masks, scheme=scheme)
    numbers = set(np.unique(labelmap.read_label_map(path).voxels)) - {0}
    assert numbers == {SCHEMES[scheme][name] for name in levels}
    assert same_places(exchange.read(path), masks)
    (tmp_path / "a.labels.json").unlink()
    assert same_places(exchange.read(path, scheme=scheme), masks)
    recognized = exchange.read(path)
    assert same_places(recognized, masks)
    assert "recognized as numbers of" in recognized.source


def test_numbers_that_two_schemes_share_are_told_apart_by_their_order_in_the_body(tmp_path):
    upwards = _column(("L3", "L4", "L5", "S1"), numbers=(29, 28, 27, 26))
    path = write_label_map(upwards, tmp_path / "a.nii.gz")
    assert exchange.read(path).names == {22: "L3", 23: "L4", 24: "L5", 26: "S1"}


@pytest.mark.parametrize(
    ("numbers", "fault"),
    [
        ((1, 2, 3), "plain count"),
        ((27,), "several schemes"),
        ((20, 19), "no scheme"),
        ((20, 99), "no scheme"),
    ],
)
def test_a_scheme_is_never_guessed(tmp_path, numbers, fault):
    path = write_label_map(_column(numbers, numbers=numbers), tmp_path / "a.nii.gz")
    with pytest.raises(BadFile, match=fault):
        exchange.read(path)


def test_a_mask_named_as_verse_names_them_has_its_numbers(tmp_path):
    path = write_label_map(_column((1, 2), numbers=(1, 2)), tmp_path / "a_seg-vert_msk.nii.gz")
    assert exchange.read(path).names == {1: "C1", 2: "C2"}


def test_structures_that_are_no_vertebrae_are_left_out_and_named(tmp_path):
    path = write_label_map(_column((1, 2, 3), numbers=(28, 27, 91)), tmp_path / "a.nii.gz")
    masks = exchange.read(path, scheme="totalsegmentator")
    assert masks.names == {23: "L4", 24: "L5"}
    assert "left out as no vertebrae: 91" in masks.source
    assert set(np.unique(masks.voxels)) == {0, 23, 24}


def test_the_real_masks_are_recognized_or_refused(shared_data):
    folder = shared_data / "real" / "totalsegmentator_example"
    masks = exchange.read(folder / "vertebrae_totalsegmentator.nii.gz")
    names = ["T11", "T12", "L1", "L2", "L3", "L4", "L5", "S1"]
    assert sorted(masks.names.values(), key=lambda name: LEVELS[name].rank) == names
    bodies = exchange.read(folder / "bodies_totalsegmentator.nii.gz")
    assert {"T12", "L1", "L5"} <= set(bodies.names.values())


def test_two_vertebrae_of_one_level_are_refused_where_numbers_mean_levels(tmp_path):
    twice = _column(("L1", "L1"))
    with pytest.raises(VertebraError, match="L1 is used 2 times"):
        exchange.write(tmp_path / "a.nii.gz", twice)
    assert not (tmp_path / "a.nii.gz").exists()
    assert exchange.read(exchange.write(tmp_path / "a.seg.nrrd", twice)).names == twice.names


def test_a_segmentation_of_no_vertebra_is_read_as_such(tmp_path):
    path = exchange.write(tmp_path / "a.seg.nrrd", _column(()))
    back = exchange.read(path)
    assert back.names == {}
    assert back.grid.same_as(GRID)
    assert not back.voxels.any()


def test_a_level_that_a_scheme_lacks_and_a_number_without_a_level_are_refused(tmp_path):
    with pytest.raises(VertebraError, match="T13 has no number in the scheme 'monai'"):
        exchange.write(tmp_path / "a.nii.gz", _column(("T13",)), scheme="monai")
    with pytest.raises(VertebraError, match="number 2 belongs to no vertebra"):
        spine = Spine((Vertebra(1, LEVELS["L1"], (0, 0, 0)),))
        exchange.write(tmp_path / "a.nii.gz", _column(("L1", "L2")), spine=spine)
    with pytest.raises(VertebraError, match="no scheme 'mine'"):
        exchange.write(tmp_path / "a.nii.gz", _column(("L1",)), scheme="mine")


def test_masks_never_become_points_nor_points_masks(tmp_path):
    path = exchange.write(tmp_path / "a.seg.nrrd", _column(("L1",)))
    with pytest.raises(VertebraError, match="12 mm behind"):
        exchange.convert(path, tmp_path / "a.mrk.json")
    points = exchange.write(tmp_path / "a.csv", Spine.of({"L1": (0, 0, 0)}))
    with pytest.raises(VertebraError, match="only points"):
        exchange.convert(points, tmp_path / "b.nii.gz")


def test_a_conversion_puts_cropped_masks_back_on_the_image(tmp_path):
    masks = _column(("L1", "L2"))
    whole = LabelMap(np.zeros(GRID.shape, np.uint8), GRID)
    image = write_label_map(whole, tmp_path / "image.nii.gz")
    corner = masks.grid.part((1, 0, 9), (2, 4, 3))
    cropped = LabelMap(masks.voxels[1:3, 0:4, 9:12], corner, masks.names)
    exchange.write(tmp_path / "a.seg.nrrd", cropped)
    notes = exchange.convert(tmp_path / "a.seg.nrrd", tmp_path / "b.nii.gz", image=image)
    assert "a.seg.nrrd" in notes[0]
    back = exchange.read(tmp_path / "b.nii.gz")
    assert back.grid.same_as(GRID)
    assert same_places(masks, back)


def test_a_ct_whose_names_were_hidden_still_carries_results(tmp_path):
    series = make_ct_series(tmp_path / "ct", GRID)
    for path in series.iterdir():
        header = pydicom.dcmread(path)
        for name in MAY_BE_EMPTY:
            delattr(header, name)
        header.save_as(path)
    masks, spine = _column(("L1", "L2")), Spine.of({"L1": (0, 0, 0), "L2": (0, 0, -30)})
    kept = exchange.read(exchange.write(tmp_path / "a.dcm", masks, image=series))
    assert same_places(masks, kept)
    points = exchange.read(exchange.write(tmp_path / "b.dcm", spine, image=series))
    assert points.levels == spine.levels


def test_masks_outside_the_image_leave_it_empty():
    masks = _column(("L1",), GRID.part((100, 0, 0), GRID.shape))
    assert not on_grid(masks, GRID).voxels.any()


def test_a_file_of_names_must_make_sense(tmp_path):
    path = exchange.write(tmp_path / "a.nii.gz", _column(("L1", "L2")))
    names = tmp_path / "a.labels.json"
    for labels in ({"L1": 20, "L2": 20}, {"L1": "20"}, {"spleen": 20}, [20]):
        names.write_text(json.dumps({"labels": labels}))
        with pytest.raises(BadFile, match=r"a\.labels"):
            exchange.read(path)
    names.write_text(json.dumps({"labels": {"background": 0, "vertebrae_T4": 20, "spleen": 21}}))
    masks = exchange.read(path)
    assert masks.names == {11: "T4"}
    assert "left out as no vertebrae: 21" in masks.source


def test_a_map_beside_another_does_not_change_what_the_others_numbers_mean(tmp_path):
    path = write_label_map(_column((1, 2), numbers=(20, 21)), tmp_path / "a.nii.gz")
    names = tmp_path / "a.labels.json"
    names.write_text(json.dumps({"labels": {"L2": 20, "L3": 21}}))
    for labels in ({"L2": 20, "L3": 21}, None):
        if labels is None:
            names.unlink()  # its numbers are recognized, or stated by a person
        with pytest.raises(VertebraError, match=r"'a\.nii\.gz' lies beside 'a\.nrrd' and would"):
            exchange.convert(path, tmp_path / "a.nrrd")
        assert not (tmp_path / "a.nrrd").exists()
        assert names.exists() is (labels is not None)


def test_maps_of_one_scheme_share_their_names(tmp_path):
    path = exchange.write(tmp_path / "a.nii.gz", _column(("T12", "L1")))
    other = exchange.write(tmp_path / "a.nrrd", _column(("L1", "L2")))
    assert exchange.read(path).names == {19: "T12", 20: "L1"}
    assert exchange.read(other).names == {20: "L1", 21: "L2"}
    with pytest.raises(VertebraError, match="give the new file another name"):
        exchange.write(tmp_path / "a.mha", _column(("L1",)), scheme="totalsegmentator")
    verse = write_label_map(_column((20,), numbers=(20,)), tmp_path / "b_seg-vert_msk.nii.gz")
    exchange.convert(verse, tmp_path / "b_seg-vert_msk.nrrd")
    exchange.convert(tmp_path / "a.nrrd", tmp_path / "c.seg.nrrd")
    exchange.convert(tmp_path / "c.seg.nrrd", tmp_path / "c.seg.nii.gz")
