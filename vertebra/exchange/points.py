"""From the points of a file to a spine."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

from ..anatomy import Level
from ..errors import BadFile, VertebraError
from ..spine import Point, Spine, Vertebra

UNNUMBERED = 0
"""The instance of a vertebra whose file gives none."""

_ID = re.compile(r"vertebra-(\d{1,4})")


def instance_id(instance: int) -> str:
    """How an instance is written where a format has room for a text."""
    return f"vertebra-{instance}"


def instance_of(text: str) -> int:
    """The instance that `instance_id` wrote; `UNNUMBERED` for any other text."""
    found = _ID.fullmatch(text)
    return int(found[1]) if found else UNNUMBERED


def spine_from(vertebrae: Iterable[Vertebra]) -> Spine:
    """A spine from head to tail: in the file's order where it runs downwards, else by level."""
    found = list(vertebrae)
    if any(upper.centroid[2] <= lower.centroid[2] for upper, lower in pairwise(found)):
        found.sort(key=lambda each: (each.level, -each.centroid[2]))
    instances = numbered([each.level for each in found], [each.instance for each in found])
    return Spine(tuple(replace(each, instance=n) for each, n in zip(found, instances)))


def one_a_level(points: Sequence[tuple[Level, Point]], path: Path | str) -> Spine:
    """The spine of a format in which a level occurs once."""
    seen: set[Level] = set()
    for level, _ in points:
        if level in seen:
            raise BadFile(f"'{path}' gives {level} twice; remove one of the two.")
        seen.add(level)
    by_level = sorted(points, key=lambda point: point[0])
    return Spine(tuple(Vertebra(level.verse, level, centroid) for level, centroid in by_level))


def unique_levels(levels: Iterable[Level], format_name: str) -> None:
    """Refuse two vertebrae of one level, which a format of level numbers cannot tell apart."""
    found = list(levels)
    for level in found:
        if found.count(level) > 1:
            raise VertebraError(
                f"{level} is used {found.count(level)} times, but {format_name} holds one "
                "vertebra a level; rename one of them first."
            )


def numbered(levels: Sequence[Level], given: Sequence[int]) -> list[int]:
    """An instance for each vertebra: the given one, else its level's VerSe number, else a new one.

    So points and masks of files that know no instances belong together.
    """
    kept = {number for number in given if number != UNNUMBERED and given.count(number) == 1}
    taken, instances = set(kept), []
    for level, number in zip(levels, given):
        if number not in kept:
            number = level.verse if level.verse not in taken else max(30, *taken) + 1
            taken.add(number)
        instances.append(number)
    return instances
