"""Slicer's markups: control points in a .mrk.json file (schema 1.0.3), in LPS millimetres.

The label is the level's name. What is known of a vertebra stands in words in the description and
is read back from there; its instance is in the point's id. Slicer keeps both when it saves the
file again. What concerns the whole spine is in an extra entry that Slicer ignores.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ..anatomy import Level
from ..errors import BadFile
from ..runtime import write_text
from ..spine import Flag, Point, Provenance, RunnerUp, Spine, Vertebra
from .parsing import listed, named_level, point_of, read_json
from .points import instance_id, instance_of, spine_from

SCHEMA = (
    "https://raw.githubusercontent.com/slicer/slicer/master/Modules/Loadable/Markups/Resources/"
    "Schema/markups-schema-v1.0.3.json#"
)
_UPRIGHT = [-1.0, 0.0, 0.0, 0.0, -1.0, 0.0, 0.0, 0.0, 1.0]
_NUMBER = r"(\d+(?:\.\d+)?(?:e-\d+)?)"


def write(path: Path | str, spine: Spine, display: Mapping[str, Any] | None = None) -> Path:
    """Write the body centres as one list of control points, displayed as told or Slicer's way."""
    markup: dict[str, Any] = {
        "type": "Fiducial",
        "coordinateSystem": "LPS",
        "coordinateUnits": "mm",
        "locked": False,
        "fixedNumberOfControlPoints": False,
        "labelFormat": "%N-%d",
        "lastUsedControlPointNumber": max((each.instance for each in spine), default=0),
        "controlPoints": [_control_point(vertebra) for vertebra in spine],
    }
    if display is not None:
        markup["display"] = display
    runner_up = spine.runner_up
    about = {
        "anchored": spine.anchored_count,
        "runner_up": runner_up
        and {"levels": [str(each) for each in runner_up.levels], "margin": runner_up.margin},
        "made_by": asdict(spine.provenance),
    }
    document = {"@schema": SCHEMA, "markups": [markup], "vertebra": about}
    return write_text(path, json.dumps(document, indent=1) + "\n")


def read(path: Path | str) -> Spine:
    """The spine of all placed control points; points without a position are templates: left out."""
    document = read_json(path)
    if not isinstance(document, dict):
        raise BadFile(f"'{path}' is not a markups file of Slicer; choose a .mrk.json file.")
    vertebrae = [
        _vertebra(point, sign, path)
        for markup in listed(document.get("markups"), path, "markups")
        if _is_points(markup)
        for sign in [_sign(markup, path)]
        for point in listed(markup.get("controlPoints", []), path, "control points")
        if _is_placed(point)
    ]
    return _with_about(spine_from(vertebrae), document.get("vertebra"), path)


def unread(path: Path | str) -> list[str]:
    """What a file that can be read holds besides: other markups, templates, a person's words."""
    markups = read_json(path)["markups"]
    lists = [markup for markup in markups if _is_points(markup)]
    points = [point for markup in lists for point in markup.get("controlPoints", [])]
    placed = [point for point in points if _is_placed(point)]
    found = []
    if len(markups) > 1 or len(lists) < len(markups):
        found.append("other markups than one list of points")
    if len(placed) < len(points):
        found.append("points without a position")
    words = [
        str(point["label"])
        for point in placed
        if str(point.get("description", "")).strip() != describe(_vertebra(point, 1.0, path))
    ]
    if words:
        found.append(f"descriptions of {', '.join(words)}")
    return found


def read_display(path: Path | str) -> dict[str, Any] | None:
    """How Slicer displays the points, where it wrote that."""
    displays = [each.get("display") for each in read_json(path)["markups"] if _is_points(each)]
    return displays[0] if displays and isinstance(displays[0], dict) else None


def describe(vertebra: Vertebra) -> str:
    """What is known of a vertebra, in words.

    >>> describe(Vertebra(1, named_level("T4", ""), (0, 0, 0), 0.93, 1.0, frozenset({Flag.METAL})))
    'Confidence 0.93. Completeness 1.0. Metal nearby: position and mask are less sure.'
    """
    words = []
    if vertebra.confidence is not None:
        words.append(f"Confidence {float(vertebra.confidence)!r}.")
    if vertebra.completeness is not None:
        words.append(f"Completeness {float(vertebra.completeness)!r}.")
    words += [flag.sentence for flag in Flag if flag in vertebra.flags]
    return " ".join(words)


def understand(point_id: str, level: Level, centroid: Point, text: str, locked: bool) -> Vertebra:
    """The vertebra of a control point; in its text only what `describe` writes is understood."""
    return Vertebra(
        instance_of(point_id),
        level,
        centroid,
        _share("Confidence", text),
        _share("Completeness", text),
        frozenset(flag for flag in Flag if flag.sentence in text),
        locked,
    )


def _control_point(vertebra: Vertebra) -> dict[str, Any]:
    x, y, z = vertebra.centroid
    return {
        "id": instance_id(vertebra.instance),
        "label": vertebra.level.name,
        "description": describe(vertebra),
        "associatedNodeID": "",
        "position": [-x, -y, z],
        "orientation": _UPRIGHT,
        "selected": True,
        "locked": vertebra.locked,
        "visibility": True,
        "positionStatus": "defined",
    }


def _vertebra(point: dict[str, Any], sign: float, path: Path | str) -> Vertebra:
    label = str(point.get("label", ""))
    x, y, z = point_of(point.get("position"), path, f"the point '{label}'")
    return understand(
        str(point.get("id", "")),
        named_level(label, path),
        (sign * x, sign * y, z),
        str(point.get("description", "")),
        bool(point.get("locked", False)),
    )


def _is_points(markup: dict[str, Any]) -> bool:
    return bool(markup.get("type", "Fiducial") == "Fiducial")


def _is_placed(point: dict[str, Any]) -> bool:
    return bool(point.get("positionStatus", "defined") == "defined")


def _sign(markup: dict[str, Any], path: Path | str) -> float:
    system, units = markup.get("coordinateSystem", "LPS"), markup.get("coordinateUnits", "mm")
    if system not in ("LPS", "RAS") or units not in ("mm", ["mm", "UCUM", "millimeter"]):
        raise BadFile(f"'{path}' is in {system} {units}; save it in LPS or RAS millimetres.")
    return -1.0 if system == "LPS" else 1.0


def _share(word: str, text: str) -> float | None:
    found = re.search(rf"\b{word} {_NUMBER}", text)
    share = float(found[1]) if found else None
    return share if share is not None and share <= 1 else None


def _with_about(spine: Spine, about: Any, path: Path | str) -> Spine:
    if not isinstance(about, dict):
        return spine
    try:
        other = about.get("runner_up")
        levels = tuple(named_level(str(name), path) for name in other["levels"]) if other else ()
        return Spine(
            spine.vertebrae,
            about.get("anchored"),
            RunnerUp(levels, float(other["margin"])) if other else None,
            Provenance(**{key: str(value) for key, value in about.get("made_by", {}).items()}),
        )
    except (TypeError, KeyError, ValueError, OverflowError, AttributeError) as error:
        raise BadFile(f"'{path}': its entry 'vertebra' is damaged; remove that entry.") from error
