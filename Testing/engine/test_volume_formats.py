"""NIfTI, NRRD and MetaImage: what is written is read again, and other readers agree."""

from __future__ import annotations

import gzip
import struct
import tempfile
from pathlib import Path

import nibabel
import numpy as np
import pytest
import SimpleITK as sitk
from geometries import grids
from hypothesis import given, settings
from hypothesis import strategies as st

from vertebra.errors import VertebraError
from vertebra.volume import (
    LPS_FROM_RAS,
    Grid,
    LabelMap,
    Volume,
    oriented,
    read_label_map,
    read_volume,
    write_label_map,
    write_volume,
)

ENDINGS = [".nii", ".nii.gz", ".nrrd", ".mha"]


def some_ct(grid: Grid, dtype: type = np.int16) -> Volume:
    values = np.random.default_rng(1).integers(-1024, 3072, grid.shape)
    return Volume(values.astype(dtype) + dtype(0.25 if dtype == np.float32 else 0), grid)


@settings(max_examples=15, deadline=None)
@given(grid=grids(largest=6), dtype=st.sampled_from([np.int16, np.float32]))
@pytest.mark.parametrize("ending", ENDINGS)
def test_a_ct_comes_back_with_the_same_numbers_at_the_same_place(ending, grid, dtype):
    volume = some_ct(grid, dtype)
    with tempfile.TemporaryDirectory() as folder:
        again = read_volume(write_volume(volume, Path(folder, "ct" + ending)))
        other = sitk.ReadImage(str(Path(folder, "ct" + ending)))
    assert again.voxels.dtype == dtype
    assert np.array_equal(again.voxels, volume.voxels)
    assert again.grid.same_as(grid, 1e-3)
    assert not again.notes
    assert np.array_equal(sitk.GetArrayFromImage(other).T, volume.voxels)
    last = [n - 1 for n in grid.shape]
    point = LPS_FROM_RAS[:3, :3] @ other.TransformIndexToPhysicalPoint(last)
    assert np.allclose(point, grid.to_world(last), atol=1e-2)


@settings(max_examples=10, deadline=None)
@given(grid=grids(largest=6), shear=st.floats(-0.5, 0.5))
@pytest.mark.parametrize("ending", ENDINGS)
def test_a_sheared_grid_survives_every_format(ending, grid, shear):
    affine = grid.affine.copy()
    affine[:3, 2] += shear * affine[:3, 1]
    volume = some_ct(Grid(grid.shape, affine))
    with tempfile.TemporaryDirectory() as folder:
        again = read_volume(write_volume(volume, Path(folder, "ct" + ending)))
    assert again.grid.same_as(volume.grid, 1e-3)


@settings(max_examples=20, deadline=None)
@given(grid=grids(largest=6))
def test_nibabel_reads_the_same_place_from_our_nifti(grid):
    volume = some_ct(grid)
    with tempfile.TemporaryDirectory() as folder:
        image = nibabel.load(write_volume(volume, Path(folder, "ct.nii.gz"), made_by="Vertebra 1"))
        assert np.array_equal(np.asanyarray(image.dataobj), volume.voxels)
        assert np.allclose(image.affine, grid.affine, atol=1e-3)
        assert np.allclose(image.get_qform(), grid.affine, atol=1e-2)
        assert image.header["descrip"] == b"Vertebra 1"


@settings(max_examples=20, deadline=None)
@given(grid=grids(largest=6), big_endian=st.booleans(), form=st.sampled_from(["s", "q", "both"]))
@pytest.mark.parametrize("kind", [nibabel.Nifti1Image, nibabel.Nifti2Image])
def test_any_nifti_of_nibabel_is_read_at_its_place(kind, grid, big_endian, form):
    voxels = some_ct(grid).voxels
    header = kind.header_class(endianness=">" if big_endian else "<")
    header.set_data_dtype(np.int16)
    image = kind(voxels, grid.affine, header)
    image.set_sform(grid.affine, code=0 if form == "q" else 2)
    image.set_qform(grid.affine, code=0 if form == "s" else 1)
    with tempfile.TemporaryDirectory() as folder:
        nibabel.save(image, Path(folder, "ct.nii"))
        again = read_volume(Path(folder, "ct.nii"))
    assert np.array_equal(again.voxels, voxels)
    # Near half turns the four-byte quaternion tells the angle to 0.0007 only.
    assert again.grid.same_as(grid, 0.05 if form == "q" else 2e-3)


def test_a_half_turn_in_a_quaternion_is_read_exactly(tmp_path):
    axes = np.array([[-1.0, 0, 0], [0, 0, 1], [0, -1, 0]])
    grid = Grid.of((2, 3, 200), (1, 1, 4), directions=axes)
    image = nibabel.Nifti1Image(some_ct(grid).voxels, grid.affine)
    image.set_sform(grid.affine, code=0)
    image.set_qform(grid.affine, code=1)
    nibabel.save(image, tmp_path / "ct.nii")
    assert read_volume(tmp_path / "ct.nii").grid.same_as(grid, 1e-3)


@pytest.mark.parametrize("dtype", ["u1", "i1", "u2", "i4", "u4", "i8", "u8", "f4", "f8"])
def test_whole_numbers_become_16_bits_whatever_the_file_stores(dtype, tmp_path):
    low = 0 if dtype[0] == "u" else (-100 if dtype == "i1" else -1024)
    voxels = np.linspace(low, 100, 60).round().reshape(3, 4, 5).astype(dtype)
    image = nibabel.Nifti1Image(voxels, np.eye(4), dtype=voxels.dtype)
    nibabel.save(image, tmp_path / "ct.nii.gz")
    again = read_volume(tmp_path / "ct.nii.gz").voxels
    assert again.dtype == np.int16
    assert np.array_equal(again, voxels)


@pytest.mark.parametrize(
    ("slope", "intercept", "dtype"),
    [(1, -1024, np.int16), (2, -1024, np.int16), (0.5, -1000, np.float32), (0, 77, np.int16)],
)
def test_the_scale_of_a_nifti_is_applied(slope, intercept, dtype, tmp_path):
    stored = np.arange(60, dtype=np.uint16).reshape(3, 4, 5) + 1000
    nibabel.save(nibabel.Nifti1Image(stored, np.eye(4)), tmp_path / "ct.nii")
    content = bytearray((tmp_path / "ct.nii").read_bytes())
    struct.pack_into("<2f", content, 112, slope, intercept)
    (tmp_path / "ct.nii").write_bytes(content)
    again = read_volume(tmp_path / "ct.nii").voxels
    assert again.dtype == dtype
    expected = stored.astype(float) * slope + intercept if slope else stored
    assert np.array_equal(again, expected)


def test_numbers_too_large_for_16_bits_are_kept_as_float(tmp_path):
    voxels = np.full((3, 3, 3), -1000, np.int32)
    voxels[1, 1, 1] = 40000
    nibabel.save(nibabel.Nifti1Image(voxels, np.eye(4)), tmp_path / "ct.nii")
    again = read_volume(tmp_path / "ct.nii").voxels
    assert again.dtype == np.float32
    assert np.array_equal(again, voxels)


def test_a_fourth_dimension_of_one_is_no_dimension(tmp_path):
    nibabel.save(
        nibabel.Nifti1Image(np.zeros((4, 5, 6, 1), np.int16), np.eye(4)), tmp_path / "a.nii"
    )
    assert read_volume(tmp_path / "a.nii").grid.shape == (4, 5, 6)


def test_bytes_after_the_voxels_do_no_harm(tmp_path):
    volume = some_ct(Grid.of((4, 5, 6)))
    path = write_volume(volume, tmp_path / "ct.nii.gz")
    path.write_bytes(gzip.compress(gzip.decompress(path.read_bytes()) + b"more"))
    assert np.array_equal(read_volume(path).voxels, volume.voxels)


@pytest.mark.parametrize("name", ["ct.mhd", "ct.nhdr"])
def test_a_header_with_its_data_file_beside_it_is_read(name, tmp_path):
    sitk.WriteImage(sitk.GetImageFromArray(np.ones((4, 5, 6), np.int16)), str(tmp_path / name))
    assert read_volume(tmp_path / name).grid.shape == (6, 5, 4)


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize(("highest", "dtype"), [(28, np.uint8), (255, np.uint8), (300, np.uint16)])
def test_a_label_map_comes_back_exactly_in_the_smallest_type(ending, highest, dtype, tmp_path):
    voxels = np.random.default_rng(2).integers(0, highest + 1, (5, 6, 7))
    voxels[0, 0, 0] = highest
    path = write_label_map(LabelMap(voxels, Grid.of((5, 6, 7))), tmp_path / ("mask" + ending))
    again = read_label_map(path)
    assert again.voxels.dtype == dtype
    assert np.array_equal(again.voxels, voxels)
    assert again.source == str(path)


def test_labels_stored_as_float_are_read_as_whole_numbers(tmp_path):
    voxels = np.random.default_rng(2).integers(0, 29, (5, 6, 7)).astype(np.float64)
    nibabel.save(nibabel.Nifti1Image(voxels, np.eye(4)), tmp_path / "mask.nii.gz")
    assert np.array_equal(read_label_map(tmp_path / "mask.nii.gz").voxels, voxels)


@pytest.mark.parametrize("ending", [".nrrd", ".mha"])
def test_the_maker_is_kept_in_the_file(ending, tmp_path):
    path = write_volume(
        some_ct(Grid.of((4, 4, 4))), tmp_path / ("ct" + ending), made_by="Vertebra 1"
    )
    assert sitk.ReadImage(str(path)).GetMetaData("made_by") == "Vertebra 1"


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_turned_view_is_written_as_it_stands(ending, tmp_path):
    volume = oriented(some_ct(Grid.of((4, 5, 6), (1, 2, 3), (7, 8, 9))), "SPL")
    again = read_volume(write_volume(volume, tmp_path / ("ct" + ending)))
    assert again.grid.codes == "SPL"
    assert np.array_equal(again.voxels, volume.voxels)


def test_the_voxels_of_an_nrrd_outlive_the_reader(tmp_path):
    path = write_volume(some_ct(Grid.of((40, 40, 40))), tmp_path / "ct.nrrd")
    first = read_volume(path).voxels
    expected = first.copy()
    others = [np.full((40, 40, 40), 7, np.int16) for _ in range(50)]
    assert np.array_equal(first, expected)
    assert len(others) == 50
    first += 1
    assert np.array_equal(first, expected + 1)


@pytest.mark.shared_data
def test_real_scans_and_masks_are_read_as_nibabel_reads_them(shared_data):
    paths = [p for p in shared_data.rglob("*.nii.gz") if p.stat().st_size < 3e6]
    assert len(paths) >= 8
    for path in paths:
        is_ct = path.name.endswith("ct.nii.gz")
        image = read_volume(path) if is_ct else read_label_map(path)
        other = nibabel.load(path)
        assert np.allclose(image.grid.affine, other.affine, atol=1e-3)
        part = (slice(None, None, 8),) * 3
        assert np.array_equal(image.voxels[part], np.asanyarray(other.dataobj)[part])
        assert image.voxels.dtype == (np.int16 if is_ct else np.uint8)


def test_a_series_is_not_asked_for_in_vain(tmp_path):
    write_volume(
        Volume(np.zeros((4, 5, 6), np.int16), Grid.of((4, 5, 6), (1, 1, 1))), tmp_path / "ct.nrrd"
    )
    with pytest.raises(VertebraError, match="no series"):
        read_volume(tmp_path / "ct.nrrd", series="1.2.3")
