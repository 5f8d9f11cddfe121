"""A spine as a table node, for export and for other modules."""

from __future__ import annotations

import slicer
import vtk

from vertebra.spine import Spine, Vertebra

COLUMNS = (
    ("Level", lambda vertebra: vertebra.level.name),
    ("Confidence", lambda vertebra: _number(vertebra.confidence)),
    ("In view", lambda vertebra: _number(vertebra.completeness)),
    ("R (mm)", lambda vertebra: f"{vertebra.centroid[0]:.2f}"),
    ("A (mm)", lambda vertebra: f"{vertebra.centroid[1]:.2f}"),
    ("S (mm)", lambda vertebra: f"{vertebra.centroid[2]:.2f}"),
    ("Flags", lambda vertebra: _flags(vertebra)),
)
"""The title of each column and what it says about a vertebra."""


def showSpineInTable(spine: Spine, node=None):
    """Fill a table node with one row a vertebra; makes the node if there is none."""
    node = node or slicer.mrmlScene.AddNewNodeByClass("vtkMRMLTableNode", "Vertebrae")
    modifying = node.StartModify()
    node.RemoveAllColumns()
    for title, read in COLUMNS:
        column = vtk.vtkStringArray()
        column.SetName(title)
        for vertebra in spine:
            column.InsertNextValue(read(vertebra))
        node.AddColumn(column)
    node.EndModify(modifying)
    return node


def _number(probability: float | None) -> str:
    return "" if probability is None else f"{probability:.3f}"


def _flags(vertebra: Vertebra) -> str:
    return ", ".join(sorted(flag.value for flag in vertebra.flags))
