"""The line in every result that says what made it."""

from __future__ import annotations

from datetime import datetime, timezone
from pathlib import Path

from .. import __version__
from ..spine import Provenance


def provenance(method: str = "", weights: str = "", source: str = "") -> Provenance:
    """What made a result, as of now: this version, a method, the hash of its weights, the input.

    Of a path only the last part is kept: folders are called after users and patients.
    """
    created = datetime.now(timezone.utc).isoformat(timespec="seconds")
    return Provenance(f"Vertebra {__version__}", method, weights, created, Path(source).name)
