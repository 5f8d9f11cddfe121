"""Careful reading of small text files that somebody else wrote."""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from ..anatomy import Level
from ..anatomy import level as level_of
from ..errors import BadFile, VertebraError
from ..spine import Point

MAX_BYTES = 64 * 2**20
"""No list of points is larger; what is larger is another kind of file."""

FARTHEST_MM = 1e5
"""No scanner puts a point farther from its origin."""


def read_text(path: Path | str) -> str:
    """The text of a small UTF-8 file."""
    path = Path(path)
    try:
        if path.stat().st_size > MAX_BYTES:
            raise BadFile(f"'{path}' is larger than 64 MB: it is not a list of points.")
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadFile(f"'{path}' is not a text file; choose another file.") from error
    except OSError as error:
        reason = error.strerror or str(error)
        raise BadFile(f"'{path}' cannot be read ({reason}); check its name.") from error


def read_json(path: Path | str) -> Any:
    """The content of a JSON file; NaN, infinity and keys used twice are refused."""
    text = read_text(path)
    try:
        return json.loads(text, object_pairs_hook=_unique, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise BadFile(f"'{path}' is not valid JSON ({error}); write it again.") from error


def read_rows(lines: Iterable[str], path: Path | str) -> list[list[str]]:
    """The lines of a comma-separated table, without empty ones."""
    try:
        return [row for row in csv.reader(lines) if row]
    except csv.Error as error:
        raise BadFile(f"'{path}' is not a readable table ({error}); save it again.") from error


def point_of(values: Any, path: Path | str, what: str) -> Point:
    """Three finite coordinates within the reach of a scanner."""
    if not isinstance(values, Sequence) or isinstance(values, str) or len(values) != 3:
        raise BadFile(f"'{path}': {what} needs three coordinates; correct that entry.")
    x, y, z = (number_of(value, path, what) for value in values)
    if max(abs(x), abs(y), abs(z)) > FARTHEST_MM:
        raise BadFile(f"'{path}': {what} lies {FARTHEST_MM:.0f} or more away; correct that entry.")
    return x, y, z


def number_of(value: Any, path: Path | str, what: str) -> float:
    """A finite number."""
    try:
        if not isinstance(value, bool) and isinstance(value, int | float) and math.isfinite(value):
            return float(value)
    except OverflowError:  # a whole number of more than 300 digits
        value = "over 300 digits"
    raise BadFile(f"'{path}': {what} has {value!r} where a number belongs; correct that entry.")


def named_level(name: str | int, path: Path | str) -> Level:
    """The level that a file names."""
    try:
        return level_of(name)
    except VertebraError as error:
        raise BadFile(f"'{path}': {error}") from error


def listed(value: Any, path: Path | str, what: str) -> list[Any]:
    """A list of JSON objects."""
    if not isinstance(value, list) or not all(isinstance(entry, dict) for entry in value):
        raise BadFile(f"'{path}' has no list of {what}; it is not the format it was taken for.")
    return value


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        twice = next(key for index, (key, _) in enumerate(pairs) if key in dict(pairs[:index]))
        raise ValueError(f"the key '{twice}' is used twice")
    return found


def _refuse_constant(name: str) -> float:
    raise ValueError(f"it holds {name} where a number belongs")
