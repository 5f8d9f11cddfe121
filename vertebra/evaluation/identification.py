"""Is each vertebra called by its right name? The rules of Glocker and of VerSe, errors in mm."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..anatomy import Level
from ..errors import VertebraError
from ..spine import Spine

NEAR = 20.0
"""A prediction counts for a reference vertebra up to this distance, mm."""


@dataclass(frozen=True)
class Identification:
    """How one reference vertebra was named.

    `called` is the level of the nearest prediction within 20 mm, `error` the distance to the
    nearest prediction that carries the right level, mm.
    """

    level: Level
    called: Level | None
    identified: bool
    verse_hit: bool
    error: float | None


def identify(reference: Spine, prediction: Spine) -> tuple[Identification, ...]:
    """How each reference vertebra was named, from head to tail.

    >>> truth = Spine.of({"T12": (0, 0, 30), "L1": (0, 0, 0)})
    >>> [each.identified for each in identify(truth, Spine.of({"T12": (0, 3, 31)}))]
    [True, False]
    """
    refuse_duplicates(reference)
    verse = verse_hits(reference, prediction)
    distances = distances_between(reference, prediction)
    named = []
    for vertebra, row in zip(reference, distances):
        nearest = int(row.argmin()) if row.size else None
        near = nearest is not None and row[nearest] <= NEAR
        called = prediction.levels[nearest] if near and nearest is not None else None
        same = [row[i] for i, level in enumerate(prediction.levels) if level is vertebra.level]
        named.append(
            Identification(
                level=vertebra.level,
                called=called,
                identified=called is vertebra.level,
                verse_hit=vertebra.level in verse,
                error=float(min(same)) if same else None,
            )
        )
    return tuple(named)


def verse_hits(reference: Spine, prediction: Spine) -> frozenset[Level]:
    """The levels that VerSe's `get_hits` counts.

    Only levels present on both sides take part; each predicted centroid must have the reference of
    its own level as its nearest one, within 20 mm.
    """
    truth = dict(zip(reference.levels, reference.centroids))
    found = dict(zip(prediction.levels, prediction.centroids))
    both = sorted(truth.keys() & found.keys())
    if not both:
        return frozenset()
    distances = _distances([found[each] for each in both], [truth[each] for each in both])
    return frozenset(
        level
        for index, (level, row) in enumerate(zip(both, distances))
        if row.argmin() == index and row[index] <= NEAR
    )


def distances_between(reference: Spine, prediction: Spine) -> NDArray[np.float64]:
    """Distances in mm: one row a reference vertebra, one column a prediction."""
    return _distances(reference.centroids, prediction.centroids)


def refuse_duplicates(reference: Spine) -> None:
    """A reference that uses a level twice cannot be scored."""
    for level in reference.levels:
        if reference.levels.count(level) > 1:
            raise VertebraError(
                f"The reference uses {level} {reference.levels.count(level)} times; correct it."
            )


def _distances(rows: object, columns: object) -> NDArray[np.float64]:
    a = np.asarray(rows, dtype=np.float64).reshape(-1, 1, 3)
    b = np.asarray(columns, dtype=np.float64).reshape(1, -1, 3)
    return np.asarray(np.linalg.norm(a - b, axis=-1), dtype=np.float64)
