"""What the lattice says: its best paths, and the probability of everything over all paths."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..anatomy import LEVELS, Anomaly
from .candidates import Vector
from .lattice import Lattice, from_head, from_tail
from .steps import COUNT


@dataclass(frozen=True)
class Path:
    """One path: its nodes from head to tail, the steps between them, its scale and log weight."""

    nodes: tuple[int, ...]
    steps: tuple[int, ...]
    scale: int
    log_weight: float


@dataclass(frozen=True)
class BestPaths:
    """The best beginnings and ends of paths at each node, from which any best path is read."""

    lattice: Lattice
    before: Vector
    after: Vector

    @classmethod
    def of(cls, lattice: Lattice) -> BestPaths:
        """Both passes over the lattice."""
        last = np.repeat(lattice.last[:, None], len(lattice.scales), axis=1)
        return cls(
            lattice,
            from_head(lattice, lattice.first, lattice.edges, maximal=True),
            from_tail(lattice, last, lattice.edges, maximal=True),
        )

    def best(self) -> Path:
        """The best path of all."""
        return self._through(int((self.before + self.after).argmax()))

    def second(self, best: Path) -> Path:
        """The best path that gives at least one vertebra of the best path another level."""
        through = self.before + self.after
        renamed = np.isin(np.arange(len(through)) // COUNT, np.array(best.nodes) // COUNT)
        renamed[list(best.nodes)] = False
        through[~renamed] = -np.inf
        return self._through(int(through.argmax()))

    def _through(self, index: int) -> Path:
        node, scale = divmod(index, len(self.lattice.scales))
        weight = float(self.before[node, scale] + self.after[node, scale])
        up_nodes, up_steps = self._up(node, scale)
        down_nodes, down_steps = self._down(node, scale)
        nodes = (*reversed(up_nodes), node, *down_nodes)
        return Path(nodes, (*reversed(up_steps), *down_steps), scale, weight)

    def _up(self, node: int, scale: int) -> tuple[list[int], list[int]]:
        grid, nodes, steps = self.lattice, list[int](), list[int]()
        while self.before[node, scale] > grid.first[node, scale]:
            low, high = np.searchsorted(grid.head, [node, node + 1])
            arriving = self.before[grid.tail[low:high], scale] + grid.edges[low:high, scale]
            edge = low + int(arriving.argmax())
            node = int(grid.tail[edge])
            nodes.append(node)
            steps.append(int(grid.step[edge]))
        return nodes, steps

    def _down(self, node: int, scale: int) -> tuple[list[int], list[int]]:
        grid, nodes, steps = self.lattice, list[int](), list[int]()
        while self.after[node, scale] > grid.last[node]:
            low, high = np.searchsorted(grid.tail[grid.by_tail], [node, node + 1])
            edges = grid.by_tail[low:high]
            leaving = self.after[grid.head[edges], scale] + grid.edges[edges, scale]
            edge = edges[int(leaving.argmax())]
            node = int(grid.head[edge])
            nodes.append(node)
            steps.append(int(grid.step[edge]))
        return nodes, steps


@dataclass(frozen=True)
class Posterior:
    """Probabilities over all paths: of each node, of each anomaly in view; and their sum."""

    nodes: NDArray[np.float64]
    anomalies: dict[Anomaly, float]
    log_evidence: float


def posterior(best: BestPaths) -> Posterior:
    """Forward-backward over the lattice.

    Each candidate's sums are kept relative to the best path's beginning there, so nothing
    overflows however long the spine.
    """
    lattice = best.lattice
    offset = best.before.reshape(lattice.count, -1).max(axis=1).repeat(COUNT)[:, None]
    top = float((best.before + best.after).max())
    edges = np.exp(lattice.edges + offset[lattice.tail] - offset[lattice.head])
    before = from_head(lattice, np.exp(lattice.first - offset), edges, maximal=False)
    last = np.exp(lattice.last[:, None] + offset - top)
    last = np.repeat(last, len(lattice.scales), axis=1)
    after = from_tail(lattice, last, edges, maximal=False)
    total = float((before * last).sum()) + float(np.exp(-top))
    nodes = (before * after).sum(axis=1) / total
    proves = lattice.steps.proves[lattice.step]
    some = np.flatnonzero(proves.any(axis=1))
    flow = before[lattice.tail[some]] * edges[some] * after[lattice.head[some]]
    passed = flow.sum(axis=1) @ proves[some] / total
    begun = (np.exp(lattice.first - offset) * after).sum(axis=1) / total
    begun = begun.reshape(lattice.count, COUNT).sum(axis=0)
    anomalies = {}
    for anomaly, probability in zip(Anomaly, passed):
        named = LEVELS.get(anomaly.value)
        probability += begun[named.rank] if named else 0.0
        anomalies[anomaly] = min(float(probability), 1.0)
    return Posterior(nodes.reshape(lattice.count, COUNT), anomalies, top + float(np.log(total)))
