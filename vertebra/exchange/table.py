"""Body centres as a CSV table, for spreadsheets and scripts.

The header names the coordinate system and the unit. Read are our own table (RAS) and short ones of
level, x, y, z, whose coordinate system stands in the header or, as in centroids_lps_mm.csv, in the
file's name.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping
from pathlib import Path

from ..errors import BadFile
from ..runtime import write_text
from ..spine import Flag, Spine, Vertebra
from .parsing import named_level, point_of, read_rows, read_text
from .points import UNNUMBERED, spine_from

COLUMNS = (
    "level",
    "x_ras_mm",
    "y_ras_mm",
    "z_ras_mm",
    "confidence",
    "completeness",
    "flags",
    "locked",
    "instance",
)
VOLUME = "volume_ml"
"""A further column, in tables of vertebrae that were segmented."""
_AXIS = re.compile(r"([xyz])(?:[_ ]?(ras|lps))?(?:[_ ]?mm|[_ ]?\[mm\])?", re.IGNORECASE)


def write(path: Path | str, spine: Spine, volumes: Mapping[int, float] | None = None) -> Path:
    """Write one line a vertebra, from head to tail; `volumes` are millilitres by instance.

    What has no mask has an empty volume, not one of 0.
    """
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow([*COLUMNS, *([] if volumes is None else [VOLUME])])
    for vertebra in spine:
        table.writerow(
            [
                vertebra.level.name,
                *(repr(float(value)) for value in vertebra.centroid),
                "" if vertebra.confidence is None else repr(float(vertebra.confidence)),
                "" if vertebra.completeness is None else repr(float(vertebra.completeness)),
                "; ".join(flag.value for flag in Flag if flag in vertebra.flags),
                "yes" if vertebra.locked else "no",
                vertebra.instance,
                *([] if volumes is None else [_millilitres(volumes.get(vertebra.instance))]),
            ]
        )
    return write_text(path, text.getvalue())


def read(path: Path | str) -> Spine:
    """The spine of a table; the order and number of its columns do not matter."""
    header, rows = _content(path)
    axes, sign = _axes(header, Path(path))
    return spine_from(_vertebra(row, axes, sign, path) for row in rows)


def unread(path: Path | str) -> list[str]:
    """The columns that are passed over."""
    header, _ = _content(path)
    known = {*COLUMNS, VOLUME, *_axes(header, Path(path))[0].values()}
    others = [column for column in header if column not in known]
    return [f"the columns {', '.join(others)}"] if others else []


def read_volumes(path: Path | str) -> dict[int, float] | None:
    """Millilitres by instance, where a table of ours has them."""
    header, rows = _content(path)
    if not {VOLUME, "instance"} <= set(header):
        return None
    try:
        return {int(row["instance"]): float(row[VOLUME]) for row in rows if row.get(VOLUME)}
    except (KeyError, ValueError) as error:
        raise BadFile(f"'{path}': a volume is damaged ({error}); correct it.") from error


def _millilitres(volume: float | None) -> str:
    return "" if volume is None else f"{volume:.2f}"


def _content(path: Path | str) -> tuple[list[str], list[dict[str, str]]]:
    """The header, and each line by the columns that it has."""
    header, *lines = read_rows(io.StringIO(read_text(path)), path) or [[]]
    return header, [dict(zip(header, line)) for line in lines]


def _axes(header: list[str], path: Path) -> tuple[dict[str, str], float]:
    """The columns of x, y and z, and the sign that turns x and y into RAS."""
    axes, systems = {}, set()
    for column in header:
        if match := _AXIS.fullmatch(column.strip()):
            axes[match[1].lower()] = column
            systems.add((match[2] or "").lower())
    if "level" not in header or len(axes) < 3:
        raise BadFile(f"'{path}' has no columns level, x, y and z; name them in its first line.")
    if systems == {""}:
        systems = set(re.findall(r"(?<![a-z])(ras|lps)(?![a-z])", path.name.lower()))
    if len(systems) != 1:
        raise BadFile(
            f"'{path}' does not say whether it is in RAS or LPS; name the columns x_ras_mm or "
            "x_lps_mm and so on."
        )
    return axes, 1.0 if systems == {"ras"} else -1.0


def _vertebra(row: dict[str, str], axes: dict[str, str], sign: float, path: Path | str) -> Vertebra:
    name = row.get("level", "")
    try:
        position = [float(row[axes[axis]]) for axis in "xyz"]
        confidence, completeness = _share(row, "confidence"), _share(row, "completeness")
        flags = frozenset(Flag(flag) for flag in (row.get("flags") or "").split("; ") if flag)
        instance = int(row.get("instance") or UNNUMBERED)
        if not 0 <= instance <= 65535:
            raise ValueError(f"instance {instance} is not between 0 and 65535")
    except (KeyError, ValueError) as error:
        raise BadFile(f"'{path}': the line of {name} is damaged ({error}); correct it.") from error
    x, y, z = point_of(position, path, f"the line of {name}")
    level, locked = named_level(name, path), row.get("locked") == "yes"
    centroid = (sign * x, sign * y, z)
    return Vertebra(instance, level, centroid, confidence, completeness, flags, locked)


def _share(row: dict[str, str], column: str) -> float | None:
    text = row.get(column)
    value = float(text) if text else None
    if value is not None and not 0 <= value <= 1:
        raise ValueError(f"{column} {text} is not between 0 and 1")
    return value
