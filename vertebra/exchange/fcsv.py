"""Slicer's old .fcsv lists of points: read, never written, since Slicer itself gave them up."""

from __future__ import annotations

from pathlib import Path

from ..errors import BadFile
from ..spine import Spine, Vertebra
from .markups import understand
from .parsing import named_level, point_of, read_rows, read_text
from .points import spine_from

_SYSTEMS = {"LPS": -1.0, "1": -1.0, "RAS": 1.0, "0": 1.0}
_COLUMNS = "id,x,y,z,ow,ox,oy,oz,vis,sel,lock,label,desc,associatedNodeID"
_STATUS_COLUMN = 14  # behind the named columns in files of Slicer 4.11 and later
_DEFINED = "2"


def read(path: Path | str) -> Spine:
    """The spine of all placed points; the header tells LPS from RAS and names the columns."""
    sign, columns, rows = 0.0, _COLUMNS.split(","), []
    for line in read_text(path).splitlines():
        key, _, value = line.lstrip("# ").partition("=")
        if not line.startswith("#"):
            rows.append(line)
        elif key.strip() == "CoordinateSystem":
            sign = _SYSTEMS.get(value.strip().upper(), 0.0)
        elif key.strip() == "columns":
            columns = [name.strip() for name in value.split(",")]
    if not sign or not {"x", "y", "z", "label"} <= set(columns):
        raise BadFile(f"'{path}' has no header of Slicer's points; save it as .mrk.json instead.")
    entries = read_rows(rows, path)
    return spine_from(
        _vertebra(row, columns, sign, path)
        for row in entries
        if len(row) <= _STATUS_COLUMN or row[_STATUS_COLUMN].strip() in ("", _DEFINED)
    )


def _vertebra(row: list[str], columns: list[str], sign: float, path: Path | str) -> Vertebra:
    entry = dict(zip(columns, row))
    label = entry.get("label", "")
    try:
        position = [float(entry[axis]) for axis in "xyz"]
    except (KeyError, ValueError) as error:
        raise BadFile(
            f"'{path}': the point '{label}' has no position; correct that line."
        ) from error
    x, y, z = point_of(position, path, f"the point '{label}'")
    return understand(
        entry.get("id", ""),
        named_level(label, path),
        (sign * x, sign * y, z),
        entry.get("desc", ""),
        entry.get("lock", "0").strip() == "1",
    )
