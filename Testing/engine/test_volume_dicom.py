"""DICOM series become volumes with every slice in its place, whatever the files' order."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pydicom
import pytest
import SimpleITK as sitk
from dicom_files import body, write_enhanced, write_series
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_dataset
from pydicom.uid import MRImageStorage, RLELossless

from vertebra.errors import BadFile, NotABodyCT, VertebraError
from vertebra.volume import Grid, Series, list_series, oriented, read_volume

GRID = Grid.of((24, 24, 12), (1.25, 1.5, 2.5), (10.0, 20.0, 30.0), np.diag([-1.0, -1.0, 1.0]))
HU = body().clip(-1024).T
SCOUT = ["ORIGINAL", "PRIMARY", "LOCALIZER"]


def test_slices_are_sorted_by_their_place_and_not_by_name_or_number(tmp_path):
    write_series(tmp_path)
    volume = read_volume(tmp_path)
    assert volume.voxels.dtype == np.int16
    assert np.array_equal(volume.voxels, HU)
    assert volume.grid.same_as(GRID)
    assert volume.source == str(tmp_path)
    assert not volume.notes


def test_simpleitk_puts_the_same_series_at_the_same_place(tmp_path):
    write_series(tmp_path)
    names = sitk.ImageSeriesReader.GetGDCMSeriesFileNames(str(tmp_path))
    other = sitk.ReadImage(names)
    assert np.array_equal(sitk.GetArrayFromImage(other).T, HU)
    assert np.allclose(other.GetOrigin(), (-10, -20, 30))
    assert np.allclose(other.GetSpacing(), GRID.spacing)


def test_slices_from_head_to_feet_are_stacked_the_same_way(tmp_path):
    write_series(tmp_path, body()[::-1], step=(0, 0, -2.5), origin=(-10, -20, 57.5))
    assert np.array_equal(read_volume(tmp_path).voxels, HU)


def test_one_file_stands_for_its_series_and_not_for_others_beside_it(tmp_path):
    path = write_series(tmp_path, series="1.2.3")[4]
    write_series(tmp_path, series="1.2.4")
    assert np.array_equal(read_volume(path).voxels, HU)


def test_a_file_of_another_series_than_the_wanted_one_is_refused(tmp_path):
    path = write_series(tmp_path, series="1.2.3")[4]
    with pytest.raises(BadFile, match=r"belongs to the series 1\.2\.3, not to 1\.2\.4"):
        read_volume(path, series="1.2.4")
    assert np.array_equal(read_volume(path, series="1.2.3").voxels, HU)


def test_a_sagittal_series_lies_where_its_cosines_say(tmp_path):
    write_series(tmp_path, ImageOrientationPatient=[0, 1, 0, 0, 0, -1], step=(3.0, 0, 0))
    volume = read_volume(tmp_path)
    assert volume.grid.codes == "PIR"
    first = volume.grid.to_world((0, 0, 0))
    assert np.allclose(first, (10 - 11 * 3, 20, 30))
    assert np.array_equal(oriented(volume, "PIL").voxels, HU)


def test_an_enhanced_file_gives_what_the_single_slices_give(tmp_path):
    volume = read_volume(write_enhanced(tmp_path / "ct.dcm"))
    assert np.array_equal(volume.voxels, HU)
    assert volume.grid.same_as(GRID)


def test_every_slice_has_its_own_rescale(tmp_path):
    def change(dataset: pydicom.Dataset, k: int) -> None:
        dataset.RescaleSlope, dataset.RescaleIntercept = 1 + k % 2, -1024 * (1 + k % 2)

    write_series(tmp_path, change=change)
    expected = HU.astype(int)
    expected[..., 1::2] *= 2
    assert np.array_equal(read_volume(tmp_path).voxels, expected)


def test_a_broken_slope_gives_float_voxels(tmp_path):
    write_series(tmp_path, RescaleSlope=0.5, RescaleIntercept=-512)
    volume = read_volume(tmp_path)
    assert volume.voxels.dtype == np.float32
    assert np.allclose(volume.voxels, HU / 2)


def test_a_tilted_gantry_is_straightened_and_the_bone_stays_in_place(tmp_path):
    voxels = np.full((40, 60, 24), -1000, np.int16)
    voxels[:, 28:33, 10:14] = 900
    step = np.array([0.0, 0.8, 2.4])
    write_series(tmp_path, voxels, step=tuple(step))
    volume = read_volume(tmp_path)
    axes = volume.grid.directions
    assert np.allclose(axes.T @ axes, np.eye(3), atol=1e-6)
    for k in (0, 13, 39):
        lps = np.array([-10.0, -20.0, 30.0]) + k * step + (11.5 * 1.25, 30 * 1.5, 0)
        i, j, n = volume.grid.to_index(lps * (-1, -1, 1)).round().astype(int)
        assert volume.voxels[i, j, n] > 850
    assert "tilted by 18.4 degrees" in volume.notes[0]


@pytest.mark.parametrize("photometric", ["MONOCHROME2", "MONOCHROME1"])
def test_run_length_encoding_is_read(photometric, tmp_path):
    write_series(
        tmp_path,
        PhotometricInterpretation=photometric,
        change=lambda dataset, k: dataset.compress(RLELossless),
    )
    assert np.array_equal(read_volume(tmp_path).voxels, HU)


@pytest.mark.parametrize("photometric", ["MONOCHROME2", "MONOCHROME1"])
@pytest.mark.parametrize("compressor", ["JPEG", "JPEGLS", "JPEG2000"])
def test_compressed_slices_are_read_whichever_library_can(compressor, photometric, tmp_path):
    scratch = tmp_path / "scratch.dcm"

    def compress(dataset: pydicom.Dataset, k: int) -> None:
        writer = sitk.ImageFileWriter()
        writer.SetImageIO("GDCMImageIO")
        writer.SetFileName(str(scratch))
        writer.UseCompressionOn()
        writer.SetCompressor(compressor)
        writer.Execute(sitk.GetImageFromArray(dataset.pixel_array[None].astype(np.uint16)))
        written = pydicom.dcmread(scratch)
        dataset.file_meta.TransferSyntaxUID = written.file_meta.TransferSyntaxUID
        for name in ("BitsAllocated", "BitsStored", "HighBit", "PixelRepresentation"):
            setattr(dataset, name, written[name].value)
        dataset.PixelData = written.PixelData
        dataset["PixelData"].is_undefined_length = True
        dataset.PhotometricInterpretation = photometric

    write_series(tmp_path / "scan", change=compress)
    volume = read_volume(tmp_path / "scan")
    assert np.array_equal(volume.voxels, HU)
    assert volume.grid.same_as(GRID)


def test_files_without_a_preamble_are_read(tmp_path):
    for path in write_series(tmp_path):
        dataset = pydicom.dcmread(path)
        bare = DicomBytesIO()
        bare.is_little_endian = bare.is_implicit_VR = True
        write_dataset(bare, pydicom.Dataset({element.tag: element for element in dataset}))
        path.write_bytes(bare.getvalue())
    assert np.array_equal(read_volume(tmp_path).voxels, HU)


def test_a_folder_tells_which_series_it_holds(tmp_path):
    write_series(tmp_path / "a", series="1.2.3")
    write_series(tmp_path / "scout", body(slices=2), series="1.2.2", ImageType=SCOUT)
    write_series(
        tmp_path / "mr" / "t2",
        body(slices=4),
        series="1.2.9",
        Modality="MR",
        SOPClassUID=MRImageStorage,
        SeriesDescription="T2",
    )
    assert list_series(tmp_path) == [
        Series("1.2.3", "Body 2.5", "CT", 12, (1.25, 1.5, 2.5), True),
        Series("1.2.9", "T2", "MR", 4, (1.25, 1.5, 2.5), False),
        Series("1.2.2", "Body 2.5", "CT", 2, (1.25, 1.5, 2.5), False),
    ]
    assert np.array_equal(read_volume(tmp_path).voxels, HU)


def test_one_of_several_series_is_chosen_by_its_uid(tmp_path):
    write_series(tmp_path / "a", series="1.2.3")
    write_series(tmp_path / "b", body() + 100, series="1.2.4")
    chosen = read_volume(tmp_path, series="1.2.4")
    assert np.array_equal(chosen.voxels, (body() + 100).clip(-1024).T)
    with pytest.raises(BadFile, match=r"has no series 9\.9; it has 1\.2\.3 .*1\.2\.4"):
        read_volume(tmp_path, series="9.9")


def test_a_chosen_series_that_is_no_ct_is_refused(tmp_path):
    write_series(tmp_path, series="1.2.9", Modality="MR", SOPClassUID=MRImageStorage)
    with pytest.raises(NotABodyCT, match=r"The series 1\.2\.9 \(MR .* is not a CT"):
        read_volume(tmp_path, series="1.2.9")


def test_many_series_are_not_all_listed(tmp_path):
    for n in range(13):
        write_series(tmp_path / str(n), body(8, 3), series=f"1.2.{n}")
    with pytest.raises(BadFile, match=r"holds 13 CT series; .*; and 3 more\.$"):
        read_volume(tmp_path)


def test_without_pydicom_the_user_is_told_what_to_install(tmp_path, monkeypatch):
    write_series(tmp_path)
    monkeypatch.setitem(sys.modules, "pydicom", None)
    with pytest.raises(VertebraError, match=r'pip install "vertebra\[dicom\]"'):
        read_volume(tmp_path)


def test_a_broken_file_prints_nothing_on_the_terminal(tmp_path, capfd):
    from bad_dicom import garbage_in_jpeg

    write_series(tmp_path, change=garbage_in_jpeg)
    with pytest.raises(BadFile):
        read_volume(Path(tmp_path))
    assert "Traceback" not in "".join(capfd.readouterr())
