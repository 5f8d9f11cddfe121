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
from .paths import BestPaths, Path, Posterior, posterior
from .settings import Settings
from .steps import COUNT

AMBIGUOUS_BELOW = 0.8
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


def decode(candidates: Sequence[Candidate], settings: Settings | None = None) -> Decoding:
    """Name the candidates as a spine; those that fit none are rejected.

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
    best = paths.best()
    chances = posterior(paths)
    if best.log_weight < 0:
        return _nothing(len(candidates), chances.log_evidence)
    second = paths.second(best)
    margin = float(np.tanh((best.log_weight - second.log_weight) / 2))
    naming, runner_up = _naming(best, order), _naming(second, order)
    suspected = frozenset(
        anomaly
        for anomaly, prior in settings.anomaly_priors.items()
        if chances.anomalies[anomaly] >= SUSPECTED_FROM * prior
    )
    confidences = _confidences(best, chances)
    odd = _odd_spacing(ordered, lattice, best, settings)
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


def _naming(path: Path, order: Sequence[int]) -> Naming:
    return Naming(
        tuple(order[node // COUNT] for node in path.nodes),
        tuple(VERTEBRAE[node % COUNT] for node in path.nodes),
    )


def _vertebrae(
    ordered: Sequence[Candidate],
    path: Path,
    confidences: list[float],
    suspected: frozenset[Anomaly],
    odd: set[int],
) -> tuple[Vertebra, ...]:
    showing = {name for anomaly in suspected for name in BORDERS[anomaly]}
    vertebrae = []
    for place, (node, confidence) in enumerate(zip(path.nodes, confidences)):
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


def _confidences(path: Path, chances: Posterior) -> list[float]:
    """The probability of each level on the path, given that its candidate is a vertebra."""
    index, rank = np.divmod(np.array(path.nodes), COUNT)
    share = chances.nodes[index, rank] / chances.nodes[index].sum(axis=1)
    return [float(value) for value in np.minimum(share, 1)]


def _odd_spacing(
    ordered: Sequence[Candidate], lattice: Lattice, path: Path, settings: Settings
) -> set[int]:
    """The places on the path at either end of a step of unusual length."""
    points: Vector = np.array([ordered[node // COUNT].position for node in path.nodes])
    steps, table = np.array(path.steps, dtype=int), lattice.steps
    lengths = np.linalg.norm(np.diff(points, axis=0), axis=1)
    spread = np.hypot(table.length_spread[steps], np.sqrt(2) * settings.position_noise)
    scale = lattice.scales[[path.scale]]
    off = geometry.length_offsets(lengths, table.length[steps], spread, scale)[:, 0]
    odd = np.flatnonzero(abs(off) > ODD_SPACING)
    return {int(place) for step in odd for place in (step, step + 1)}


def _anchored(ordered: Sequence[Candidate], path: Path, confidences: list[float]) -> bool:
    """Does a landmark in view, by its own looks, fix the count?"""
    shares = level_shares(ordered)
    for names in LANDMARKS:
        ranks = [LEVELS[name].rank for name in names]
        for node, confidence in zip(path.nodes, confidences):
            index, rank = divmod(node, COUNT)
            looks_so = shares[index, ranks].sum() >= LOOKS_LIKE_ONE
            if rank in ranks and looks_so and confidence >= ANCHORED_FROM:
                return True
    return False
