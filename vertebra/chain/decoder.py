"""From candidates to a spine: the best naming, how sure each part of it is, and what is odd."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..anatomy import LEVELS, VERTEBRAE, Anomaly, Level
from ..spine import Flag, RunnerUp, Spine, Vertebra
from . import geometry
from .candidates import Candidate, Vector
from .evidence import level_shares
from .lattice import Lattice, build
from .paths import BestPaths, Path
from .posterior import Posterior, posterior
from .settings import Settings
from .steps import COUNT
from .whole import log_whole_weights

AMBIGUOUS_BELOW = 0.8
TINY = 1e-300
SUSPECTED_FROM = 2.0
"""An anomaly is suspected once it is this many times as likely as before looking."""
ODD_SPACING = 3.0
"""Steps off by more than this many spreads are flagged."""
LANDMARKS = (("C1", "C2"), ("S1", "S2"))
"""Levels that nothing else looks like; one of them in view fixes the count."""
LOOKS_LIKE_ONE = 0.5
ANCHORED_FROM = 0.9
"""A landmark counts if its own looks say so by this share, and its confidence is this high."""
BORDERS = {
    Anomaly.NO_T12: ("T11", "L1"),
    Anomaly.T13: ("T12", "T13"),
    Anomaly.NO_L5: ("L4", "S1"),
    Anomaly.L6: ("L5", "L6"),
}
"""The vertebrae that show an anomaly."""

Nodes = tuple[int, ...]
"""A naming inside the lattice."""


@dataclass(frozen=True)
class Naming:
    """A naming of the whole spine: which candidates are vertebrae, and which ones."""

    candidates: tuple[int, ...]
    levels: tuple[Level, ...]


@dataclass(frozen=True)
class Decoding:
    """What the decoder found.

    `naming` and `runner_up` refer to the candidates by their index; `margin` is the difference of
    the two namings' probabilities when only these two are possible. `anomaly_probabilities` are
    those of an anomaly in view, `suspected` names the ones worth a look. `log_evidence` is that of
    a spine against none.
    """

    spine: Spine
    naming: Naming
    runner_up: Naming | None
    margin: float
    anomaly_probabilities: dict[Anomaly, float]
    suspected: frozenset[Anomaly]
    rejected: tuple[int, ...]
    log_evidence: float


def decode(
    candidates: Sequence[Candidate],
    settings: Settings | None = None,
    doubt: Settings | None = None,
) -> Decoding:
    """Name the candidates as a spine; those that fit none are rejected.

    Given a `doubt`, the names are those of the settings, but only as sure as the doubt's settings
    find them.

    >>> points = {"T12": 64, "L1": 32, "L2": -1}
    >>> found = decode([Candidate.at_level((0, 0, z), LEVELS[n]) for n, z in points.items()])
    >>> [str(level) for level in found.spine.levels]
    ['T12', 'L1', 'L2']
    """
    settings = settings or Settings()
    order = geometry.along_the_tail(candidates)
    ordered = [candidates[index] for index in order]
    if not ordered:
        return _nothing(0, 0.0)
    lattice = build(ordered, settings)
    paths = BestPaths.of(lattice)
    near = paths.narrowed()
    competing = near.competing()
    weights = log_whole_weights(competing, near.lattice, settings)
    chances = posterior(near, competing, weights)
    namings = _namings(competing, weights)
    best = max(namings, key=namings.__getitem__)
    if namings[best] < 0:
        return _nothing(len(candidates), chances.log_evidence)
    second, log_second = _second(best, namings, paths)
    margin = max(0.0, float(np.tanh((namings[best] - log_second) / 2)))
    naming, runner_up = _naming(best, order), _naming(second, order)
    suspected = frozenset(
        anomaly
        for anomaly, prior in settings.anomaly_priors.items()
        if chances.anomalies[anomaly] >= SUSPECTED_FROM * prior
    )
    confidences = _confidences(best, chances)
    if doubt is not None:
        doubted = _confidences(best, _chances(ordered, doubt))
        confidences = [min(pair) for pair in zip(confidences, doubted)]
        # the runner-up has whatever the least sure of the names that it gives differently lacks
        margin = max(0.0, min(margin, 2 * min(confidences) - 1))
    path = next(path for path in competing if path.nodes == best)
    odd = _odd_spacing(path, near.lattice, settings)
    spine = Spine(
        _vertebrae(ordered, best, confidences, suspected, odd),
        _anchored(ordered, best, confidences),
        RunnerUp(runner_up.levels, margin),
    )
    rejected = tuple(sorted(set(order) - set(naming.candidates)))
    return Decoding(
        spine=spine,
        naming=naming,
        runner_up=runner_up,
        margin=margin,
        anomaly_probabilities=chances.anomalies,
        suspected=suspected,
        rejected=rejected,
        log_evidence=chances.log_evidence,
    )


def _chances(ordered: Sequence[Candidate], settings: Settings) -> Posterior:
    near = BestPaths.of(build(ordered, settings)).narrowed()
    competing = near.competing()
    return posterior(near, competing, log_whole_weights(competing, near.lattice, settings))


def _nothing(count: int, log_evidence: float) -> Decoding:
    return Decoding(
        spine=Spine(anchored_count=False),
        naming=Naming((), ()),
        runner_up=None,
        margin=0.0,
        anomaly_probabilities=dict.fromkeys(Anomaly, 0.0),
        suspected=frozenset(),
        rejected=tuple(range(count)),
        log_evidence=log_evidence,
    )


def _namings(paths: Sequence[Path], log_weights: Vector) -> dict[Nodes, float]:
    """The log weight of each naming: ways between the same levels count together."""
    namings: dict[Nodes, float] = {}
    for path, weight in zip(paths, log_weights):
        before = namings.get(path.nodes, -np.inf)
        namings[path.nodes] = float(np.logaddexp(before, weight))
    return namings


def _second(best: Nodes, namings: dict[Nodes, float], paths: BestPaths) -> tuple[Nodes, float]:
    """The best naming that gives at least one vertebra of the best one another level."""
    level = {node // COUNT: node for node in best}
    rivals = [nodes for nodes in namings if any(level.get(n // COUNT, n) != n for n in nodes)]
    if rivals:
        second = max(rivals, key=namings.__getitem__)
        return second, namings[second]
    path = paths.renaming(best)
    return path.nodes, max(path.log_weights)


def _naming(nodes: Nodes, order: Sequence[int]) -> Naming:
    return Naming(
        tuple(order[node // COUNT] for node in nodes),
        tuple(VERTEBRAE[node % COUNT] for node in nodes),
    )


def _vertebrae(
    ordered: Sequence[Candidate],
    nodes: Nodes,
    confidences: list[float],
    suspected: frozenset[Anomaly],
    odd: set[int],
) -> tuple[Vertebra, ...]:
    showing = {name for anomaly in suspected for name in BORDERS[anomaly]}
    vertebrae = []
    for place, (node, confidence) in enumerate(zip(nodes, confidences)):
        candidate, level = ordered[node // COUNT], VERTEBRAE[node % COUNT]
        flags = {
            Flag.PARTIAL: candidate.partial,
            Flag.ANOMALY: level.name in showing,
            Flag.AMBIGUOUS: confidence < AMBIGUOUS_BELOW,
            Flag.SPACING: place in odd,
        }
        x, y, z = (float(value) for value in candidate.position)
        vertebrae.append(
            Vertebra(
                instance=place + 1,
                level=level,
                centroid=(x, y, z),
                confidence=confidence,
                flags=frozenset(flag for flag, holds in flags.items() if holds),
            )
        )
    return tuple(vertebrae)


def _confidences(nodes: Nodes, chances: Posterior) -> list[float]:
    """The probability of each level, given that its candidate is a vertebra."""
    index, rank = np.divmod(np.array(nodes), COUNT)
    share = chances.nodes[index, rank] / np.maximum(chances.nodes[index].sum(axis=1), TINY)
    return [float(value) for value in np.minimum(share, 1)]


def _odd_spacing(path: Path, lattice: Lattice, settings: Settings) -> set[int]:
    """The places on the path at either end of a step of unusual length."""
    edges, table = list(path.edges), lattice.steps
    step = lattice.step[edges]
    spread = np.hypot(table.length_spread[step], np.sqrt(2) * settings.position_noise)
    lengths, scale = lattice.moves.length[lattice.pair[edges]], lattice.scales[[path.scale]]
    off = geometry.length_offsets(lengths, table.length[step], spread, scale)[0]
    odd = np.flatnonzero(abs(off) > ODD_SPACING)
    return {int(place) for step in odd for place in (step, step + 1)}


def _anchored(ordered: Sequence[Candidate], nodes: Nodes, confidences: list[float]) -> bool:
    """Does a landmark in view, by its own looks, fix the count?"""
    shares = level_shares(ordered)
    for names in LANDMARKS:
        ranks = [LEVELS[name].rank for name in names]
        for node, confidence in zip(nodes, confidences):
            index, rank = divmod(node, COUNT)
            looks_so = shares[index, ranks].sum() >= LOOKS_LIKE_ONE
            if rank in ranks and looks_so and confidence >= ANCHORED_FROM:
                return True
    return False
