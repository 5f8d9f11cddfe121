"""The dynamic programming of the multi-view paper (Wu et al.), Eq. 1, 2 and 6, as published.

`P` has a row for each vertebra from head to tail and a column for each level. The functions take
numpy arrays, or torch tensors (and then let gradients through) with `xp=torch`.

Where the text leaves a choice open, this is how it is read:

- Eq. 1 needs P[i, j + 1] at the last column, which does not exist: it drops out of the maximum.
- `j = 1 or i = 1` is taken literally: the first row and the first column enter undamped, without
  beta. A perfect sequence therefore reaches 1 + (n - 1) beta, and the loss of Eq. 2, normalised by
  beta n, goes slightly below zero.
- "The largest accumulated probability in the last row" as the last vertebra, with the others
  counted back from it: columns with too few levels above them for all rows are not considered.
"""

from __future__ import annotations

from types import ModuleType
from typing import Any

import numpy as np

from ..errors import VertebraError

ALPHA = 0.1
BETA = 0.8

Array = Any
"""A numpy array or a torch tensor."""


def accumulated(P: Array, xp: ModuleType = np) -> Array:
    """Eq. 1: the largest accumulated probability of an ascending sequence up to each cell.

    >>> accumulated(np.eye(3))[-1].round(1).tolist()
    [0.0, 0.1, 2.6]
    """
    rows = [P[0]]
    for row in P[1:]:
        centre_left = xp.maximum(ALPHA * row[:-1], BETA * row[1:])
        right = xp.concatenate([ALPHA * row[2:], xp.zeros_like(row[:1])])
        D = xp.maximum(centre_left, right)
        rows.append(xp.concatenate([row[:1], rows[-1][:-1] + D]))
    return xp.stack(rows)


def sequence_loss(P: Array, xp: ModuleType = np) -> Array:
    """Eq. 2: how far the best ascending sequence falls short, 1 for none at all."""
    return 1 - accumulated(P, xp)[-1].max() / (BETA * len(P))


def voted(maps: Array, xp: ModuleType = np) -> Array:
    """Eq. 6: the maps of K views (K, n, c) as one, each weighted by 1 - its Sequence Loss."""
    gains = xp.stack([1 - sequence_loss(P, xp) for P in maps])
    return (maps * (gains / gains.sum())[:, None, None]).sum(0)


def corrected_labels(V: Array, xp: ModuleType = np) -> list[int]:
    """The columns of all rows: the last row's best by Eq. 1, and the others counted back from it.

    >>> corrected_labels(np.array([[0.1, 0.8, 0.1, 0], [0.6, 0.2, 0.2, 0], [0, 0, 0.3, 0.7]]))
    [1, 2, 3]
    """
    count, levels = V.shape
    if count > levels:
        raise VertebraError(
            f"{count} vertebrae cannot follow each other in {levels} levels; remove false ones."
        )
    last = int(accumulated(V, xp)[-1][count - 1 :].argmax()) + count - 1
    return list(range(last - count + 1, last + 1))
