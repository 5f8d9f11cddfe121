"""From one probability map a view to one for the patient (Eq. 6), and its correction (Eq. 1).

Maps are (views, vertebrae, levels), vertebrae from head to tail. Sequences are judged in the
paper's levels, C1 to L6; rows that look like a sacrum or a thirteenth rib are left out of it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ...anatomy import VERTEBRAE, Level
from ...chain import published
from .geometry import Array
from .objective import ORDERED


def view_weights(maps: Array) -> Array:
    """W of Eq. 6: each view's share, by how well its map follows a sequence."""
    rows = ordered_rows(maps)
    if not len(rows):
        return np.full(len(maps), 1 / len(maps))
    gains = np.array([1 - published.sequence_loss(P[rows][:, ORDERED]) for P in maps])
    return np.asarray(gains / gains.sum() if gains.sum() > 0 else np.full(len(maps), 1 / len(maps)))


def ordered_rows(maps: Array) -> NDArray[np.intp]:
    """The rows that belong to a run of C1 to L6."""
    return np.flatnonzero(np.isin(maps.mean(axis=0).argmax(axis=1), ORDERED))


def voted(maps: Array) -> Array:
    """V of Eq. 6: the weighted sum of all views' maps."""
    return np.asarray(np.einsum("k,knc->nc", view_weights(maps), maps))


def majority(maps: Array) -> list[Level]:
    """The level that most views name, for each vertebra: the paper's baseline."""
    votes = maps.argmax(axis=2)
    return [VERTEBRAE[np.bincount(column).argmax()] for column in votes.T]


def named_alone(V: Array) -> list[Level]:
    """The most probable level of each vertebra by itself."""
    return [VERTEBRAE[rank] for rank in V.argmax(axis=1)]


def corrected(V: Array) -> list[Level]:
    """The levels after the correction with Eq. 1, as published: a run of C1 to L6."""
    columns: Sequence[int] = published.corrected_labels(V[:, ORDERED])
    return [VERTEBRAE[ORDERED[column]] for column in columns]
