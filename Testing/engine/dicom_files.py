"""Writes small DICOM series for tests, with whatever is wrong with them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.uid import (
    CTImageStorage,
    EnhancedCTImageStorage,
    ExplicitVRLittleEndian,
    generate_uid,
)


def body(size: int = 24, slices: int = 12) -> np.ndarray:
    """A CT of a very small body, (k, row, column): air around soft tissue around bone, noise."""
    noise = np.random.default_rng(5).normal(0, 8, (slices, size, size))
    y, x = np.mgrid[:size, :size] - (size - 1) / 2
    radius = np.hypot(x, y) / size
    flat = np.select([radius < 0.12, radius < 0.4], [400.0, 40.0], -1000.0)
    ramp = np.arange(slices)[:, None, None]
    return np.rint(flat + noise + ramp).astype(np.int16)


def write_series(folder: Path, voxels: np.ndarray | None = None, **overrides: Any) -> list[Path]:
    """One file a slice, numbered backwards so that only positions tell the order.

    `change(dataset, k)` may spoil each slice before it is written.
    """
    voxels = body() if voxels is None else voxels
    change = overrides.pop("change", lambda dataset, k: None)
    series = overrides.pop("series", generate_uid())
    step = overrides.pop("step", (0.0, 0.0, 2.5))
    origin = overrides.pop("origin", (-10.0, -20.0, 30.0))
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for k, values in enumerate(voxels):
        dataset = _dataset(values, series)
        dataset.ImagePositionPatient = [o + k * s for o, s in zip(origin, step)]
        dataset.InstanceNumber = len(voxels) - k
        for name, value in overrides.items():
            setattr(dataset, name, value)
        change(dataset, k)
        path = folder / f"image{(k * 7) % len(voxels):03d}_{series[-4:]}.dcm"
        dataset.save_as(path, enforce_file_format=True)
        paths.append(path)
    return paths


def write_enhanced(path: Path, voxels: np.ndarray | None = None) -> Path:
    """An enhanced multi-frame CT whose frames are stored from top to bottom."""
    voxels = body() if voxels is None else voxels
    dataset = _dataset(voxels[::-1], generate_uid(), EnhancedCTImageStorage)
    for name in ("ImageOrientationPatient", "PixelSpacing", "RescaleSlope", "RescaleIntercept"):
        delattr(dataset, name)
    dataset.NumberOfFrames = len(voxels)
    dataset.Rows, dataset.Columns = voxels.shape[1:]
    shared = Dataset()
    shared.PlaneOrientationSequence = [_item(ImageOrientationPatient=[1, 0, 0, 0, 1, 0])]
    shared.PixelMeasuresSequence = [_item(PixelSpacing=[1.5, 1.25], SliceThickness=2.5)]
    shared.PixelValueTransformationSequence = [
        _item(RescaleIntercept=-1024, RescaleSlope=1, RescaleType="HU")
    ]
    dataset.SharedFunctionalGroupsSequence = Sequence([shared])
    frames = []
    for k in reversed(range(len(voxels))):
        frame = Dataset()
        frame.PlanePositionSequence = [_item(ImagePositionPatient=[-10, -20, 30 + 2.5 * k])]
        frames.append(frame)
    dataset.PerFrameFunctionalGroupsSequence = Sequence(frames)
    path.parent.mkdir(parents=True, exist_ok=True)
    dataset.save_as(path, enforce_file_format=True)
    return path


def _item(**values: Any) -> Dataset:
    item = Dataset()
    for name, value in values.items():
        setattr(item, name, value)
    return item


def _dataset(values: np.ndarray, series: str, kind: str = CTImageStorage) -> FileDataset:
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = kind
    meta.MediaStorageSOPInstanceUID = generate_uid()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset = FileDataset("", {}, file_meta=meta, preamble=b"\0" * 128)
    dataset.SOPClassUID = kind
    dataset.SOPInstanceUID = meta.MediaStorageSOPInstanceUID
    dataset.SeriesInstanceUID = series
    dataset.StudyInstanceUID = "1.2.3.4"
    dataset.SeriesDescription = "Body 2.5"
    dataset.Modality = "CT"
    dataset.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
    dataset.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
    dataset.PixelSpacing = [1.5, 1.25]
    dataset.SliceThickness = 2.5
    dataset.Rows, dataset.Columns = values.shape[-2:]
    dataset.SamplesPerPixel = 1
    dataset.PhotometricInterpretation = "MONOCHROME2"
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = 16, 16, 15
    dataset.PixelRepresentation = 0
    dataset.RescaleIntercept, dataset.RescaleSlope = -1024, 1
    dataset.PixelData = (values.astype(np.int32) + 1024).clip(0).astype("<u2").tobytes()
    return dataset
