"""A spine as JSON text: our own complete and versioned form; nothing of it is lost."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from ..anatomy import level
from ..errors import BadFile, VertebraError
from .spine import RunnerUp, Spine
from .vertebra import Flag, Provenance, Vertebra

FORMAT = "vertebra spine"
VERSION = 1
HIGHEST_INSTANCE = 65535
"""Label maps hold no higher number."""


def to_json(spine: Spine) -> str:
    """The JSON text of a spine."""
    runner_up = spine.runner_up
    document = {
        "format": FORMAT,
        "version": VERSION,
        "coordinates": "RAS mm, centres of the vertebral bodies",
        "vertebrae": [
            {
                "instance": vertebra.instance,
                "level": vertebra.level.name,
                "centroid": list(vertebra.centroid),
                "confidence": vertebra.confidence,
                "completeness": vertebra.completeness,
                "flags": sorted(flag.value for flag in vertebra.flags),
                "locked": vertebra.locked,
            }
            for vertebra in spine
        ],
        "anchored": spine.anchored_count,
        "runner_up": None
        if runner_up is None
        else {"levels": [each.name for each in runner_up.levels], "margin": runner_up.margin},
        "made_by": asdict(spine.provenance),
    }
    return json.dumps(document, indent=1) + "\n"


def from_json(text: str) -> Spine:
    """The spine of a JSON text written by `to_json`."""
    try:
        document = json.loads(text)
        if not isinstance(document, dict) or document.get("format") != FORMAT:
            raise BadFile("This JSON file does not hold a spine written by Vertebra.")
        if document.get("version") != VERSION:
            raise BadFile(
                f"This spine file has version {document.get('version')}; this Vertebra reads "
                f"version {VERSION}: use the Vertebra that wrote it, or a newer one."
            )
        return _spine(document)
    except BadFile:
        raise
    except (
        ValueError,
        OverflowError,
        TypeError,
        KeyError,
        AttributeError,
        RecursionError,
        VertebraError,
    ) as error:
        reason = str(error).rstrip(".")
        raise BadFile(f"The spine file is damaged: {reason}.") from error


def _spine(document: dict[str, Any]) -> Spine:
    vertebrae = tuple(_vertebra(entry) for entry in document["vertebrae"])
    instances = [vertebra.instance for vertebra in vertebrae]
    if len(set(instances)) < len(instances):
        raise BadFile("The spine file is damaged: two vertebrae share an instance number.")
    other = document.get("runner_up")
    runner_up = other and RunnerUp(
        tuple(level(name) for name in other["levels"]), float(other["margin"])
    )
    anchored = document.get("anchored")
    made_by = {key: str(value) for key, value in document.get("made_by", {}).items()}
    return Spine(
        vertebrae,
        None if anchored is None else bool(anchored),
        runner_up or None,
        Provenance(**made_by),
    )


def _vertebra(entry: dict[str, Any]) -> Vertebra:
    x, y, z = (float(value) for value in entry["centroid"])
    if not all(abs(value) < 1e6 for value in (x, y, z)):
        raise VertebraError("a centroid is not a finite point")
    instance = int(entry["instance"])
    if not 1 <= instance <= HIGHEST_INSTANCE:
        raise VertebraError(f"instance {instance} is not between 1 and {HIGHEST_INSTANCE}")
    return Vertebra(
        instance=instance,
        level=level(str(entry["level"])),
        centroid=(x, y, z),
        confidence=_probability(entry.get("confidence")),
        completeness=_probability(entry.get("completeness")),
        flags=frozenset(Flag(flag) for flag in entry.get("flags", ())),
        locked=bool(entry.get("locked", False)),
    )


def _probability(value: Any) -> float | None:
    if value is None:
        return None
    if not 0 <= float(value) <= 1:
        raise BadFile(f"The spine file is damaged: {value} is not a probability.")
    return float(value)
