"""Vertebra's own result file (.spine.json): the JSON form of a spine, complete."""

from __future__ import annotations

from pathlib import Path

from ..errors import BadFile
from ..runtime import write_text
from ..spine import Spine, from_json, to_json
from .parsing import read_text


def write(path: Path | str, spine: Spine) -> Path:
    """Write everything that is known of a spine."""
    return write_text(path, to_json(spine))


def read(path: Path | str) -> Spine:
    """The spine of a file that `write` wrote."""
    try:
        return from_json(read_text(path))
    except BadFile as error:
        raise error if str(path) in str(error) else BadFile(f"'{path}': {error}") from error
