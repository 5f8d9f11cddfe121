"""The probability of every naming of every candidate, over all paths."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..anatomy import VERTEBRAE, Anomaly
from .candidates import Vector
from .lattice import from_head, from_tail
from .paths import BestPaths, Path
from .steps import COUNT


@dataclass(frozen=True)
class Posterior:
    """Probabilities over all paths: of each node, of each anomaly in view; and their sum."""

    nodes: NDArray[np.float64]
    anomalies: dict[Anomaly, float]
    log_evidence: float


def posterior(best: BestPaths, competing: Sequence[Path], whole_weights: Vector) -> Posterior:
    """Forward-backward over the lattice; then the competing paths get their whole weights instead.

    Each candidate's sums are kept relative to the best path's beginning there, so nothing
    overflows however long the spine.
    """
    lattice = best.lattice
    offset = best.before.reshape(lattice.count, -1).max(axis=1).repeat(COUNT)[:, None]
    top = best.log_weight
    edges = np.exp(lattice.edges + offset[lattice.tail] - offset[lattice.head])
    before = from_head(lattice, np.exp(lattice.first - offset), edges, maximal=False)
    last = np.exp(lattice.last[:, None] + offset - top)
    last = np.repeat(last, len(lattice.scales), axis=1)
    after = from_tail(lattice, last, edges, maximal=False)
    total = float((before * last).sum()) + float(np.exp(-top))
    nodes = (before * after).sum(axis=1)
    flow = (before[lattice.tail] * edges * after[lattice.head]).sum(axis=1)
    anomalies = flow @ lattice.steps.proves[lattice.step]
    begun = (np.exp(lattice.first - offset) * after).sum(axis=1)
    anomalies += begun.reshape(lattice.count, COUNT).sum(axis=0) @ _BEGINS
    for path, weight in zip(competing, whole_weights):
        gain = np.exp(weight - top) - np.exp(np.subtract(path.log_weights, top)).sum()
        total += gain
        nodes[list(path.nodes)] += gain
        proven = lattice.steps.proves[lattice.step[list(path.edges)]].sum(axis=0)
        anomalies += gain * (proven + _BEGINS[path.nodes[0] % COUNT])
    return Posterior(
        np.maximum(nodes / total, 0.0).reshape(lattice.count, COUNT),
        {each: float(p) for each, p in zip(Anomaly, np.clip(anomalies / total, 0, 1))},
        top + float(np.log(total)),
    )


_BEGINS = np.array([[each.value == level.name for each in Anomaly] for level in VERTEBRAE], float)
"""The anomaly that a path proves by beginning with a level."""
