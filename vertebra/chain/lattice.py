"""The lattice of (candidate, level) nodes and the passes over it.

A path picks candidates from head to tail and gives each a level; what it leaves out is false. The
same pass serves two purposes: with (max, +) it finds best paths, with (+, x) it adds them all up.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ..spacing import SUBJECT_SPREAD
from . import evidence, geometry
from .candidates import Candidate, Vector
from .settings import Settings
from .steps import COUNT, Steps, steps_for

SUBJECT_SCALES = np.linspace(-2, 2, 5)
"""Sizes of the subject that are tried, in spreads from the usual one."""

HOPELESS = -10.0
"""Steps whose price and geometry weigh less than this (log) for every scale are left out."""

Nodes = NDArray[np.intp]


@dataclass(frozen=True)
class Lattice:
    """Log weights of all paths for each subject scale, relative to "every candidate is false".

    A node is numbered candidate x 28 + level rank. `nodes` is a node's own weight, `first` that of
    a path that begins there (its own included), `edges` that of a step (with the node it leads to),
    `last` that of a path's end. An edge is a displacement (`pair`) taken as one of the `steps`.
    """

    count: int
    scales: Vector
    steps: Steps
    moves: geometry.Displacements
    nodes: Vector
    first: Vector
    edges: Vector
    last: Vector
    tail: Nodes
    head: Nodes
    pair: NDArray[np.intp]
    step: NDArray[np.intp]
    by_tail: Nodes

    def with_edges(self, kept: NDArray[np.intp]) -> Lattice:
        """The same lattice with some of its edges only."""
        tail = self.tail[kept]
        return replace(
            self,
            edges=self.edges[kept],
            tail=tail,
            head=self.head[kept],
            pair=self.pair[kept],
            step=self.step[kept],
            by_tail=_sorted_by(tail),
        )


def log_spine_odds(settings: Settings) -> float:
    """Log odds that there is a spine at all."""
    return float(np.log(settings.spine_in_view) - np.log1p(-settings.spine_in_view))


def build(ordered: Sequence[Candidate], settings: Settings) -> Lattice:
    """The lattice of candidates given from head to tail."""
    steps = steps_for(settings)
    scales = np.exp(SUBJECT_SPREAD * SUBJECT_SCALES)
    log_scales = -(SUBJECT_SCALES**2) / 2
    log_scales -= np.log(np.exp(log_scales).sum())
    nodes = evidence.log_levels(ordered, settings)
    nodes = (nodes + evidence.log_existence(ordered, settings)[:, None]).ravel()
    moves = geometry.displacements(ordered, settings)
    pair, step = geometry.possible(moves, steps, scales)
    fit = geometry.log_best_fit(moves, pair, steps, step, settings)
    fit += steps.log_prior[step] + np.log(settings.false_volume)
    hopeful = fit > HOPELESS
    pair, step, fit = pair[hopeful], step[hopeful], fit[hopeful]
    edges = geometry.log_length_fit(moves, pair, steps, step, scales) + fit
    tail = moves.source[pair] * COUNT + steps.upper[step]
    head = moves.target[pair] * COUNT + steps.lower[step]
    kept = np.flatnonzero(edges.max(axis=0) > HOPELESS)
    order = kept[_sorted_by(head[kept])]
    pair, step, tail, head = pair[order], step[order], tail[order], head[order]
    edges = np.ascontiguousarray(edges[:, order].T) + nodes[head][:, None]
    first = np.tile(steps.log_first, len(ordered)) + nodes
    return Lattice(
        count=len(ordered),
        scales=scales,
        steps=steps,
        moves=moves,
        nodes=nodes,
        first=first[:, None] + log_scales + log_spine_odds(settings),
        edges=edges,
        last=np.tile(steps.log_last, len(ordered)),
        tail=tail,
        head=head,
        pair=pair,
        step=step,
        by_tail=_sorted_by(tail),
    )


def _sorted_by(nodes: Nodes) -> Nodes:
    """The stable order by node; numbers of 16 bits are sorted several times faster."""
    small = nodes.astype(np.min_scalar_type(nodes.max(initial=0)))
    return np.argsort(small, kind="stable")


def gather(
    start: Vector, edges: Vector, origin: Nodes, goal: Nodes, plus: np.ufunc, times: np.ufunc
) -> Vector:
    """Combine all paths that arrive at each node: `start` there, or an edge from its origin.

    Edges come sorted by goal. The goals of one candidate depend on other candidates only, so the
    candidates are done one after the other, in whichever direction the origins demand.
    """
    total = start.copy()
    if not len(edges):
        return total
    begins = np.flatnonzero(np.diff(goal, prepend=-1))
    goals = goal[begins]
    ends = np.append(begins[1:], len(goal))
    borders = np.flatnonzero(np.diff(goals // COUNT, prepend=-1))
    blocks = list(zip(borders, np.append(borders[1:], len(goals))))
    if origin[0] > goal[0]:
        blocks.reverse()
    for low, high in blocks:
        span = slice(begins[low], ends[high - 1])
        arriving = times(total[origin[span]], edges[span])
        combined = plus.reduceat(arriving, begins[low:high] - begins[low], axis=0)
        here = goals[low:high]
        total[here] = plus(total[here], combined)
    return total


def from_head(lattice: Lattice, first: Vector, edges: Vector, maximal: bool) -> Vector:
    """For each node all beginnings of paths, the node itself included."""
    plus, times = (np.maximum, np.add) if maximal else (np.add, np.multiply)
    return gather(first, edges, lattice.tail, lattice.head, plus, times)


def from_tail(lattice: Lattice, last: Vector, edges: Vector, maximal: bool) -> Vector:
    """For each node all ends of paths, the node itself left out."""
    plus, times = (np.maximum, np.add) if maximal else (np.add, np.multiply)
    order = lattice.by_tail
    return gather(last, edges[order], lattice.head[order], lattice.tail[order], plus, times)
