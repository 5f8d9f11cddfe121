"""What is learned from: scans with true masks, synthetic or from a VerSe-style folder."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ...anatomy import VERTEBRAE, Region
from ...errors import VertebraError
from ...training.examples import phantom_case, phantom_name, phantom_seeds
from ...training.preparing import FromFiles
from ...volume import LabelMap, Volume, require_body_ct

if TYPE_CHECKING:
    from ...phantom.shapes.source import ShapeSource

MASKED = tuple(level.verse for level in VERTEBRAE if level.region is not Region.SACRAL)
"""The VerSe numbers of what is segmented, from head to tail: the sacrum is no vertebra here."""
PHANTOM_COMPLETE = 0.97


@dataclass(frozen=True, eq=False)
class Lesson:
    """A scan, its masks by VerSe number, and the numbers of the completely visible vertebrae."""

    name: str
    volume: Volume
    labels: LabelMap
    complete: frozenset[int]


Recipe = tuple[str, Callable[[], Lesson]]
"""A lesson's name, and how to get it."""


def lessons(
    data: str, count: int, spacing: float, shapes: ShapeSource | None = None
) -> Iterator[Recipe]:
    """The lessons of "phantoms", of "phantoms:SEED", or of a folder laid out as VerSe's.

    `count` is how many phantoms to make, at which voxel size (mm), and of which shapes.
    """
    seeds = phantom_seeds(data, count)
    if seeds is None:
        yield from _verse(Path(data))
        return
    for seed in seeds:
        yield phantom_name(seed), partial(phantom, seed, spacing, shapes)


def phantom(seed: int, spacing: float, shapes: ShapeSource | None = None) -> Lesson:
    """The synthetic scan of a seed."""
    case = phantom_case(seed, spacing, shapes)
    complete = frozenset(
        vertebra.level.verse
        for vertebra in case.spine
        if (vertebra.completeness or 0) >= PHANTOM_COMPLETE
    )
    return Lesson(phantom_name(seed), case.volume, case.labels, complete)


def untouched(labels: LabelMap) -> frozenset[int]:
    """The numbers that do not reach the border of the scan: what a data set without marks says."""
    cut: set[int] = set()
    for axis in range(3):
        for end in (0, -1):
            cut |= set(np.unique(labels.voxels.take(end, axis)).tolist())
    return frozenset(set(np.unique(labels.voxels).tolist()) - cut - {0})


def _verse(folder: Path) -> Iterator[Recipe]:
    from ...exchange.verse_folder import Case, read_cases

    def lesson(case: Case) -> Lesson:
        labels, volume = case.masks(), case.volume()
        require_body_ct(volume)
        return Lesson(case.name, volume, labels, untouched(labels))

    usable = [(case, (case.ct, case.mask)) for case in read_cases(folder) if case.ct and case.mask]
    if not usable:
        raise VertebraError(f"'{folder}' has no case with both a CT and a mask to learn from.")
    for case, files in usable:
        yield case.name, FromFiles(files, partial(lesson, case))
