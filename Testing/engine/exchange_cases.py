"""Spines, masks and a DICOM series to convert, for the tests of the exchange formats."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pydicom
from hypothesis import strategies as st
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid
from pydicom.valuerep import format_number_as_ds
from scipy.spatial.transform import Rotation

from vertebra.anatomy import VERTEBRAE
from vertebra.spine import Flag, Provenance, Spine, Vertebra
from vertebra.volume import LPS_FROM_RAS, Grid, LabelMap

SHARES = st.none() | st.floats(0, 1)


@st.composite
def oblique_grids(draw: st.DrawFn, shape: tuple[int, int, int] = (9, 8, 26)) -> Grid:
    """Oblique, flipped, anisotropic grids that are large enough to hold a whole spine."""
    spacing = [draw(st.floats(0.3, 5.0)) for _ in range(3)]
    origin = [draw(st.floats(-800, 800)) for _ in range(3)]
    angles = [draw(st.floats(-180, 180)) for _ in range(3)]
    axes = Rotation.from_euler("xyz", angles, degrees=True).as_matrix()
    axes = axes[:, list(draw(st.permutations(range(3))))]
    flips = [draw(st.sampled_from((-1.0, 1.0))) for _ in range(3)]
    return Grid.of(shape, spacing, origin, axes * np.array(flips))


@st.composite
def spines_in(draw: st.DrawFn, grid: Grid) -> Spine:
    """A spine with all sorts of levels, from head to tail inside the grid."""
    levels = sorted(draw(st.sets(st.sampled_from(VERTEBRAE), min_size=1, max_size=12)))
    inside = st.tuples(*[st.floats(0, n - 1) for n in grid.shape])
    points = [grid.to_world(draw(inside)) for _ in levels]
    points.sort(key=lambda point: -point[2])
    points = [point - (0, 0, 1e-6 * index) for index, point in enumerate(points)]
    instances = draw(st.permutations(range(1, 60)))
    return Spine(
        tuple(
            Vertebra(
                instance,
                level,
                tuple(float(value) for value in point),
                draw(SHARES),
                draw(SHARES),
                frozenset(draw(st.sets(st.sampled_from(list(Flag)), max_size=3))),
                draw(st.booleans()),
            )
            for instance, level, point in zip(instances, levels, points)
        ),
        provenance=Provenance(
            software="Vertebra 1", method=draw(st.sampled_from(("", "integral")))
        ),
    )


def masks_of(spine: Spine, grid: Grid, seed: int = 0) -> LabelMap:
    """Random voxels for every vertebra of a spine, numbered by instance."""
    random = np.random.default_rng(seed)
    instances = np.array([0, *(vertebra.instance for vertebra in spine)])
    voxels = random.choice(instances, size=grid.shape).astype(np.uint8)
    voxels.flat[: len(instances)] = instances
    names = {vertebra.instance: vertebra.level.name for vertebra in spine}
    return LabelMap(voxels, grid, names)


def same_places(one: LabelMap, other: LabelMap) -> bool:
    """Do both maps put every voxel of every level at the same place, within 0.001 mm?"""
    if set(_used_names(one)) != set(_used_names(other)):
        return False
    for name, number in _used_names(one).items():
        expected = np.argwhere(one.voxels == number)
        found = other.grid.to_world(np.argwhere(other.voxels == _used_names(other)[name]))
        index = np.rint(one.grid.to_index(found)).astype(int)
        if len(found) != len(expected) or np.abs(one.grid.to_world(index) - found).max() > 1e-3:
            return False
        if set(map(tuple, index)) != set(map(tuple, expected)):
            return False
    return True


def _used_names(masks: LabelMap) -> dict[str, int]:
    used = set(np.unique(masks.voxels))
    return {name: number for number, name in masks.names.items() if number in used}


def make_ct_series(folder: Path, grid: Grid) -> Path:
    """A CT series of empty slices on a grid whose axes are at right angles."""
    lps = LPS_FROM_RAS @ grid.affine
    axes = lps[:3, :3] / grid.spacing
    series, study, frame = generate_uid(), generate_uid(), generate_uid()
    folder.mkdir(parents=True, exist_ok=True)
    for index in range(grid.shape[2]):
        meta = FileMetaDataset()
        meta.MediaStorageSOPClassUID = CTImageStorage
        meta.MediaStorageSOPInstanceUID = generate_uid()
        meta.TransferSyntaxUID = ExplicitVRLittleEndian
        image = FileDataset(None, {}, file_meta=meta, preamble=b"\0" * 128)
        image.SOPClassUID = CTImageStorage
        image.SOPInstanceUID = meta.MediaStorageSOPInstanceUID
        image.SeriesInstanceUID, image.StudyInstanceUID = series, study
        image.FrameOfReferenceUID, image.PositionReferenceIndicator = frame, ""
        image.PatientID, image.PatientName, image.Modality = "1", "Test^One", "CT"
        image.PatientBirthDate, image.PatientSex, image.AccessionNumber = "", "", ""
        image.StudyDate, image.StudyTime, image.StudyID = "20200101", "120000", "1"
        image.ReferringPhysicianName, image.SeriesNumber = "", 1
        image.InstanceNumber = index + 1
        image.Rows, image.Columns = grid.shape[1], grid.shape[0]
        image.PixelSpacing = [_decimal(grid.spacing[1]), _decimal(grid.spacing[0])]
        image.SliceThickness = _decimal(grid.spacing[2])
        image.ImageOrientationPatient = [_decimal(value) for value in axes[:, :2].T.ravel()]
        position = lps[:3, :3] @ (0, 0, index) + lps[:3, 3]
        image.ImagePositionPatient = [_decimal(value) for value in position]
        image.SamplesPerPixel, image.PhotometricInterpretation = 1, "MONOCHROME2"
        image.BitsAllocated, image.BitsStored, image.HighBit = 16, 16, 15
        image.PixelRepresentation, image.RescaleSlope, image.RescaleIntercept = 1, 1, 0
        image.PixelData = np.zeros((grid.shape[1], grid.shape[0]), np.int16).tobytes()
        pydicom.dcmwrite(folder / f"{index:04d}.dcm", image, enforce_file_format=True)
    return folder


def _decimal(value: float) -> str:
    """A number in the sixteen characters that DICOM allows."""
    return format_number_as_ds(float(value))
