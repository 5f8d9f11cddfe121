"""The report on disk: one JSON with every figure, one HTML page to read."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from pathlib import Path
from typing import Any

from ..anatomy import Level
from ..runtime import replacing_folder, write_text
from ..runtime.files import require_replaceable
from .drawing import require_matplotlib
from .page import page
from .scores import Evaluation
from .views import View

FORMAT = "vertebra evaluation"
VERSION = 1


def write_report(evaluation: Evaluation, folder: Path | str) -> Path:
    """Write `evaluation.json` and `evaluation.html` into a new folder, both or none."""
    with replacing_folder(folder) as content:
        write_text(content / "evaluation.json", to_json(evaluation))
        write_text(content / "evaluation.html", page(evaluation))
    return Path(folder)


def check_report(folder: Path | str) -> None:
    """Raise before the work what would keep `write_report` from succeeding after it."""
    require_matplotlib()
    require_replaceable(Path(folder))


def to_json(evaluation: Evaluation) -> str:
    """Every figure as JSON text; `null` where a figure has no meaning."""
    document = {"format": FORMAT, "version": VERSION, **_plain(evaluation)}
    return json.dumps(document, indent=1, allow_nan=False) + "\n"


def _plain(value: Any) -> Any:
    """Dataclasses with their computed figures, levels by name, as JSON can hold them."""
    if isinstance(value, Level):
        return value.name
    if isinstance(value, Enum):
        return value.value
    if is_dataclass(value) and not isinstance(value, type):
        shown = {each.name: getattr(value, each.name) for each in fields(value)}
        computed = [name for name, kind in vars(type(value)).items() if isinstance(kind, property)]
        shown |= {name: getattr(value, name) for name in computed}
        return {name: _plain(each) for name, each in shown.items() if not isinstance(each, View)}
    if isinstance(value, Mapping):
        return {str(_plain(key)): _plain(each) for key, each in value.items()}
    if isinstance(value, frozenset):
        return sorted(_plain(each) for each in value)
    if isinstance(value, tuple | list):
        return [_plain(each) for each in value]
    return value
