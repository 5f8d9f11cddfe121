"""Our levels in Slicer's terminology selector, which has no single vertebrae of its own."""

from __future__ import annotations

import slicer

from .engine import engineFolder


def registerTerminology() -> None:
    """Load the terminology file that ships with the extension."""
    file = engineFolder() / "Resources" / "Vertebra.term.json"
    slicer.modules.terminologies.logic().LoadTerminologyFromFile(str(file))
