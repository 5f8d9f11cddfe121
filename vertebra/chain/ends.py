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
    """As `decode` with the settings for `within` the spine, then prolonged by those for `beyond`.

    Prolonging names nothing anew: an end at which it would is left as it is.
    """
    strict = decode(candidates, within, doubt)
    if not len(strict.spine):
        return strict
    named = dict(zip(strict.naming.candidates, strict.naming.levels))
    order = geometry.along_the_tail(candidates)
    taken = [place for place, index in enumerate(order) if index in named]
    above, below = order[: taken[0]], order[taken[-1] + 1 :]
    for further in ({*above, *below}, set(above), set(below)):
        if not further:
            continue
        kept = [index for index in range(len(candidates)) if index in named or index in further]
        found = _numbered(decode([candidates[i] for i in kept], beyond, doubt), kept)
        again = dict(zip(found.naming.candidates, found.naming.levels))
        if all(again.get(index) is level for index, level in named.items()):
            rejected = set(order) - set(found.naming.candidates)
            return replace(found, rejected=tuple(sorted(rejected)))
    return strict


def _numbered(found: Decoding, kept: Sequence[int]) -> Decoding:
    """What was found among the kept candidates, by the numbers of all."""
    runner_up = found.runner_up
    return replace(
        found,
        naming=_renumbered(found.naming, kept),
        runner_up=None if runner_up is None else _renumbered(runner_up, kept),
    )


def _renumbered(naming: Naming, kept: Sequence[int]) -> Naming:
    return replace(naming, candidates=tuple(kept[index] for index in naming.candidates))
