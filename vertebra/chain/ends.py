"""The two ends of a spine are judged more kindly than what lies between them.

Where a localizer's false places lie on the line of the spine, a weak place between two vertebrae is
most likely one of them. Beyond the ends a weak place is most likely the next vertebra, cut by the
border of the scan or badly seen.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from . import geometry
from .candidates import Candidate
from .decoder import Decoding, Naming, decode
from .settings import Settings


def decode_with_ends(
    candidates: Sequence[Candidate],
    within: Settings,
    beyond: Settings,
    doubt: Settings | None = None,
) -> Decoding:
    """As `decode`: what is rejected `within` the spine stays out, the rest is named by `beyond`."""
    strict = decode(candidates, within)
    if not len(strict.spine):
        return strict
    chosen = set(strict.naming.candidates)
    order = geometry.along_the_tail(candidates)
    taken = [place for place, index in enumerate(order) if index in chosen]
    inside = set(order[taken[0] : taken[-1]]) - chosen
    kept = [index for index in range(len(candidates)) if index not in inside]
    found = decode([candidates[index] for index in kept], beyond, doubt)
    return replace(
        found,
        naming=_numbered(found.naming, kept),
        runner_up=found.runner_up and _numbered(found.runner_up, kept),
        rejected=tuple(sorted({*inside, *(kept[index] for index in found.rejected)})),
    )


def _numbered(naming: Naming, kept: Sequence[int]) -> Naming:
    """A naming of the kept candidates as one of all."""
    return replace(naming, candidates=tuple(kept[index] for index in naming.candidates))
