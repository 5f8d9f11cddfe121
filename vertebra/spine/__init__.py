"""The result model: a spine of vertebrae, its edits, problems and JSON form."""

from .json import from_json, to_json
from .problems import Kind, Problem
from .spine import RunnerUp, Spine, Which, refuse_locked
from .vertebra import Flag, Point, Provenance, Vertebra

__all__ = [
    "Flag",
    "Kind",
    "Point",
    "Problem",
    "Provenance",
    "RunnerUp",
    "Spine",
    "Vertebra",
    "Which",
    "from_json",
    "refuse_locked",
    "to_json",
]
