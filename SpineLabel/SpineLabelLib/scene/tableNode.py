"""Columns of numbers and texts as a table node, for other modules and for saving."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import slicer
import vtk

Columns = Mapping[str, Sequence[str] | Sequence[float | None]]
"""The values of each column by its title; None where a number is not known."""


def showTable(columns: Columns, name: str, node=None):
    """Fill a table node with these columns; makes the node if there is none."""
    node = node or slicer.mrmlScene.AddNewNodeByClass("vtkMRMLTableNode", name)
    modifying = node.StartModify()
    node.RemoveAllColumns()
    for title, values in columns.items():
        texts = any(isinstance(value, str) for value in values)
        column = vtk.vtkStringArray() if texts else vtk.vtkDoubleArray()
        column.SetName(title)
        for value in values:
            column.InsertNextValue(math.nan if value is None else value)
        node.AddColumn(column)
    node.EndModify(modifying)
    return node
