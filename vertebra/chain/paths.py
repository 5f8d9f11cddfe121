"""The best paths of the lattice, in falling order."""

from __future__ import annotations

import heapq
from collections import defaultdict
from dataclasses import dataclass, replace
from itertools import count
from operator import add
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .candidates import Vector
from .lattice import Lattice, from_head, from_tail
from .steps import COUNT

NEGLIGIBLE = -20.0
"""Edges whose best path weighs less than this (log) of the best one are left out of sums."""
COMPETING = -10.0
"""Paths that weigh more than this (log) of the best one compete with it."""
MOST_COMPETING = 200


class Path(NamedTuple):
    """A path: its nodes from head to tail, the edges between, its log weight for each scale."""

    nodes: tuple[int, ...]
    edges: tuple[int, ...]
    log_weights: list[float]

    @property
    def scale(self) -> int:
        """Which size of the subject suits it best."""
        return self.log_weights.index(max(self.log_weights))


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

    @property
    def log_weight(self) -> float:
        """That of the best path of all."""
        return float((self.before + self.after).max())

    def narrowed(self) -> BestPaths:
        """Without the edges that no path near the best one takes."""
        grid, limit = self.lattice, self.log_weight + NEGLIGIBLE
        near = (self.before + self.after).max(axis=1) > limit
        edges = np.flatnonzero(near[grid.tail] & near[grid.head])
        through = self.before[grid.tail[edges]] + grid.edges[edges] + self.after[grid.head[edges]]
        return replace(self, lattice=grid.with_edges(edges[through.max(axis=1) > limit]))

    def competing(self) -> list[Path]:
        """The paths near the best one, best first.

        Beginnings are prolonged in the order of the best path that each of them still allows; so
        complete paths appear in falling order.
        """
        grid, limit = self.lattice, self.log_weight + COMPETING
        onward: dict[int, list[tuple[int, int, list[float]]]] = defaultdict(list)
        steps = zip(grid.tail.tolist(), grid.head.tolist(), grid.edges.tolist())
        for edge, (tail, head, weights) in enumerate(steps):
            onward[tail].append((edge, head, weights))
        after, last = self.after.tolist(), grid.last.tolist()
        queue: list[tuple[float, int, Path, bool]] = []
        number = count()

        def offer(path: Path, best: float, complete: bool) -> None:
            if best > limit:
                heapq.heappush(queue, (-best, next(number), path, complete))

        begins = (grid.first + self.after).max(axis=1)
        for node in np.flatnonzero(begins > limit).tolist():
            offer(Path((node,), (), grid.first[node].tolist()), begins[node], complete=False)
        found: list[Path] = []
        while queue and len(found) < MOST_COMPETING:
            _, _, path, complete = heapq.heappop(queue)
            if complete:
                found.append(path)
                continue
            nodes, edges, weights = path
            ended = Path(nodes, edges, [weight + last[nodes[-1]] for weight in weights])
            offer(ended, max(ended.log_weights), complete=True)
            for edge, head, step in onward[nodes[-1]]:
                longer = list(map(add, weights, step))
                best = max(map(add, longer, after[head]))
                offer(Path((*nodes, head), (*edges, edge), longer), best, complete=False)
        return found

    def renaming(self, nodes: tuple[int, ...]) -> Path:
        """The best path that gives at least one vertebra of these nodes another level."""
        through = self.before + self.after
        renamed = np.isin(np.arange(len(through)) // COUNT, np.array(nodes) // COUNT)
        renamed[list(nodes)] = False
        through[~renamed] = -np.inf
        node, scale = divmod(int(through.argmax()), len(self.lattice.scales))
        return self._path(self._up(node, scale), node, self._down(node, scale))

    def _path(self, up: list[int], node: int, down: list[int]) -> Path:
        grid, edges = self.lattice, (*reversed(up), *down)
        nodes = (*(int(grid.tail[edge]) for edge in reversed(up)), node)
        nodes += tuple(int(grid.head[edge]) for edge in down)
        weights = grid.first[nodes[0]] + grid.edges[list(edges)].sum(axis=0) + grid.last[nodes[-1]]
        return Path(nodes, edges, weights.tolist())

    def _up(self, node: int, scale: int) -> list[int]:
        grid, edges = self.lattice, list[int]()
        while self.before[node, scale] > grid.first[node, scale]:
            low, high = np.searchsorted(grid.head, [node, node + 1])
            arriving = self.before[grid.tail[low:high], scale] + grid.edges[low:high, scale]
            edges.append(int(low + arriving.argmax()))
            node = int(grid.tail[edges[-1]])
        return edges

    def _down(self, node: int, scale: int) -> list[int]:
        grid, edges = self.lattice, list[int]()
        tails = grid.tail[grid.by_tail]
        while self.after[node, scale] > grid.last[node]:
            low, high = np.searchsorted(tails, [node, node + 1])
            leaving: NDArray[np.intp] = grid.by_tail[low:high]
            gain = self.after[grid.head[leaving], scale] + grid.edges[leaving, scale]
            edges.append(int(leaving[gain.argmax()]))
            node = int(grid.head[edges[-1]])
        return edges
