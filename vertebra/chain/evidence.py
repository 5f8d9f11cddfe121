"""What a candidate's looks say about its level and about its being a vertebra at all."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from ..anatomy import VERTEBRAE, adjacent
from .candidates import Candidate, Vector
from .settings import Settings


def level_shares(candidates: Sequence[Candidate]) -> Vector:
    """The level probabilities, each row summing to one; even where nothing speaks for any."""
    weights = np.array([candidate.probabilities for candidate in candidates])
    weights = weights.reshape(-1, len(VERTEBRAE))
    total = weights.sum(axis=1, keepdims=True)
    even = np.full_like(weights, 1 / len(VERTEBRAE))
    return np.asarray(np.divide(weights, total, out=even, where=total > 0))


def log_levels(candidates: Sequence[Candidate], settings: Settings) -> Vector:
    """How much more each candidate's looks fit each level than an average one, as logarithm.

    A localizer takes neighbours for each other and knows T13 and L6 badly, so a share of the
    evidence for a level is taken to stem from its neighbours.
    """
    shares = level_shares(candidates) ** settings.independence
    shares /= shares.sum(axis=1, keepdims=True)
    likelihood = shares @ _confusion(settings.confused_with_neighbour)
    floor = settings.evidence_floor
    return np.asarray(np.log((1 - floor) * likelihood * len(VERTEBRAE) + floor))


def log_existence(candidates: Sequence[Candidate], settings: Settings) -> Vector:
    """Log odds of each candidate against the usual odds, as a gain over being false."""
    share = np.clip([candidate.existence for candidate in candidates], 1e-4, 1 - 1e-4)
    usual = settings.usual_existence
    return np.asarray(np.log(share / (1 - share)) - np.log(usual / (1 - usual)))


@lru_cache(maxsize=8)
def _confusion(share: float) -> Vector:
    """Rows: the level that the evidence names; columns: the level it is."""
    touching = np.array([[adjacent(a, b) or adjacent(b, a) for b in VERTEBRAE] for a in VERTEBRAE])
    return np.asarray(share * touching + np.diag(1 - share * touching.sum(axis=1)))
