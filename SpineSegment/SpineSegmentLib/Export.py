"""Writing masks, surfaces and measures to files."""

from __future__ import annotations

import csv
import io
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

import slicer
import vtk
from SpineLabelLib.Dependencies import ensureDicom
from SpineLabelLib.scene import Columns, dicomSeries, ownGeometry
from SpineLabelLib.Target import askToReplace, targetOf

from vertebra.errors import VertebraError
from vertebra.exchange.convert import write
from vertebra.exchange.points import unique_levels
from vertebra.runtime import replacing, write_text

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
    target = targetOf(path, kind.ending)
    kind.write(target, source)
    return target


def _masks(name: str) -> Callable[[Path, Source], object]:
    def save(target: Path, source: Source) -> None:
        with slicer.util.WaitCursor():
            write(target, source.case.labelMap(), name, spine=source.case.spine)

    return save


def _dicom(target: Path, source: Source) -> None:
    with dicomSeries(source.volume) as folder:
        ensureDicom()
        with slicer.util.WaitCursor():
            masks = replace(source.case.labelMap(), grid=ownGeometry(source.volume))
            write(target, masks, "dicom-seg", image=folder, spine=source.case.spine)


def _surfaces(folder: Path, source: Source) -> None:
    """One STL file a vertebra, named after its level."""
    case = source.case
    unique_levels((case.spine.find(number).level for number in case.masks), "a folder of surfaces")
    with tempfile.TemporaryDirectory(prefix="vertebra-surfaces-") as made:
        with slicer.util.WaitCursor():
            _makeSurfaces(made, source)
        files = sorted(Path(made).iterdir())
        askToReplace(folder / file.name for file in files)
        for file in files:
            with replacing(folder / file.name) as temporary:
                shutil.copyfile(file, temporary)


def _makeSurfaces(folder: str, source: Source) -> None:
    """STL files in millimetres, LPS as STL readers expect it."""
    ids = vtk.vtkStringArray()
    for segmentId in source.segmentIds:
        ids.InsertNextValue(segmentId)
    logic = slicer.vtkSlicerSegmentationsModuleLogic
    done = logic.ExportSegmentsClosedSurfaceRepresentationToFiles(
        folder, source.node, ids, "STL", True, 1.0, False
    )
    if not done:
        raise VertebraError("The surfaces could not be made; see Slicer's log.")


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
