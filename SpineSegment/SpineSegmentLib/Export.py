"""Writing masks, surfaces and measures to files."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

import slicer
import vtk
from SpineLabelLib.Dependencies import ensureDicom
from SpineLabelLib.scene import Columns, dicomSeries, ownGeometry

from vertebra.errors import VertebraError
from vertebra.exchange.convert import write
from vertebra.runtime import write_text

from .Case import Case


class Source(NamedTuple):
    """What is written: the case, its nodes and segments' IDs, and what was measured."""

    case: Case
    node: object
    volume: object
    segmentIds: list[str]
    columns: Columns


@dataclass(frozen=True)
class Kind:
    """A kind of file; without an ending it is a folder."""

    title: str
    ending: str
    write: Callable[[Path, Source], object]


def export(kind: Kind, path: str, source: Source) -> Path:
    """Write one kind; returns what was written, a file or a folder."""
    target = Path(path if path.endswith(kind.ending) else f"{path}{kind.ending}")
    kind.write(target, source)
    return target


def _masks(name: str) -> Callable[[Path, Source], object]:
    return lambda target, source: write(
        target, source.case.labelMap(), name, spine=source.case.spine
    )


def _dicom(target: Path, source: Source) -> None:
    with dicomSeries(source.volume) as folder:
        ensureDicom()
        masks = replace(source.case.labelMap(), grid=ownGeometry(source.volume))
        write(target, masks, "dicom-seg", image=folder, spine=source.case.spine)


def _surfaces(folder: Path, source: Source) -> None:
    """One STL file a vertebra, in millimetres, LPS as STL readers expect it."""
    ids = vtk.vtkStringArray()
    for segmentId in source.segmentIds:
        ids.InsertNextValue(segmentId)
    logic = slicer.vtkSlicerSegmentationsModuleLogic
    done = logic.ExportSegmentsClosedSurfaceRepresentationToFiles(
        str(folder), source.node, ids, "STL", True, 1.0, False
    )
    if not done:
        raise VertebraError(f"'{folder}' could not be written; choose another folder.")


def _table(target: Path, source: Source) -> None:
    lines = io.StringIO()
    writer = csv.writer(lines, lineterminator="\n")
    writer.writerow(source.columns)
    for row in zip(*source.columns.values()):
        writer.writerow(["" if value is None else _text(value) for value in row])
    write_text(target, lines.getvalue())


def _text(value: str | float) -> str:
    return value if isinstance(value, str) else f"{value:.3f}"


KINDS = (
    Kind("A Slicer segmentation", ".seg.nrrd", _masks("segmentation")),
    Kind("A label map with VerSe's numbers", ".nii.gz", _masks("labelmap")),
    Kind("A DICOM segmentation", ".dcm", _dicom),
    Kind("STL surfaces, one file a vertebra", "", _surfaces),
    Kind("The measurements as a table", ".csv", _table),
)
"""What the panel offers."""
