"""The decoder against an exhaustive search that writes the model's formula out once more."""

from __future__ import annotations

from collections import defaultdict
from itertools import combinations, pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from scipy.special import logsumexp

from vertebra.anatomy import LEVELS, VERTEBRAE, Anomaly, anomalies_of
from vertebra.chain import Candidate, Decoding, Settings, decode
from vertebra.chain.geometry import FARTHEST, LENGTH_FREEDOM, TURN_FREEDOM, along_the_tail
from vertebra.chain.lattice import HOPELESS, SUBJECT_SCALES
from vertebra.chain.paths import COMPETING, MOST_COMPETING
from vertebra.chain.steps import steps_for
from vertebra.chain.whole import ALIKE_LENGTH, ALIKE_SIDEWAYS, ALIKE_TILT, BY, DISPLACED
from vertebra.spacing import SUBJECT_SPREAD

MODEL = Settings(longest_gap=2)


def looks(candidate: Candidate) -> np.ndarray:
    """log P(looks | level) / P(looks | any), the neighbours written out by hand."""
    names = [level.name for level in VERTEBRAE]
    pairs = {frozenset(pair) for pair in pairwise(names)}
    pairs |= {
        frozenset(pair) for pair in (("T12", "L1"), ("L5", "S1"), ("T11", "L1"), ("L4", "S1"))
    }
    shares = candidate.probabilities / candidate.probabilities.sum()
    share, floor = MODEL.confused_with_neighbour, MODEL.evidence_floor
    found = []
    for name in names:
        likelihood = 0.0
        for other, value in zip(names, shares):
            if other == name:
                touching = sum(other in pair for pair in pairs)
                likelihood += (1 - share * touching) * value
            elif frozenset((other, name)) in pairs:
                likelihood += share * value
        found.append(np.log((1 - floor) * likelihood * 28 + floor))
    return np.array(found)


def step_weights(a: Candidate, b: Candidate, scales: np.ndarray) -> dict:
    """The log weights of all steps by scale, from scipy's distributions, as far as considered."""
    table = steps_for(MODEL)
    vector = b.position - a.position
    length = float(np.linalg.norm(vector))
    noise = np.hypot(*(MODEL.position_noise * (1 + each.partial) for each in (a, b)))
    tilt, side = np.arctan2(-vector[1], -vector[2]), np.arcsin(vector[0] / length)
    weights = {}
    for step in range(len(table.routes)):
        expected = table.length[step]
        slack = FARTHEST * (table.length_spread[step] + noise)
        if length <= 4 or not scales[0] * expected - slack < length < scales[-1] * expected + slack:
            continue
        turn = [(tilt - table.tilt[step] + np.pi) % (2 * np.pi) - np.pi, side]
        turns = np.hypot(
            [table.tilt_spread[step], np.radians(MODEL.coronal_spread)], noise / length
        )
        bent = stats.multivariate_t(shape=np.diag(turns**2), df=TURN_FREEDOM).logpdf(turn)
        across = bent - np.log(np.cos(side) * length**2)
        across += table.log_prior[step] + np.log(MODEL.false_volume)
        spread = np.hypot(table.length_spread[step], noise)
        weight = across + stats.t.logpdf(length, LENGTH_FREEDOM, expected * scales, spread)
        if weight.max() > HOPELESS:
            weights[step] = weight
    return weights


def every_path(candidates: list[Candidate]) -> list[tuple[float, tuple, tuple, int]]:
    """(log weight, ((candidate, level rank), ...), steps, scale) of every legal assignment."""
    table = steps_for(MODEL)
    scales = np.exp(SUBJECT_SPREAD * SUBJECT_SCALES)
    size = stats.norm.pdf(SUBJECT_SCALES)
    order = along_the_tail(candidates)
    onward = defaultdict(list)
    for a, b in combinations(order, 2):
        for step, weights in step_weights(candidates[a], candidates[b], scales).items():
            onward[a, int(table.upper[step])].append((b, step, weights))
    node = {}
    for index, candidate in enumerate(candidates):
        odds = candidate.existence / (1 - candidate.existence)
        for rank, weight in enumerate(looks(candidate)):
            node[index, rank] = weight + np.log(odds) - np.log(0.85 / 0.15)
    found = []

    def extend(weight: float, nodes: tuple, steps: tuple, which: int) -> None:
        found.append((weight + table.log_last[nodes[-1][1]], nodes, steps, which))
        for index, step, weights in onward[nodes[-1]]:
            below = (index, int(table.lower[step]))
            extend(weight + weights[which] + node[below], (*nodes, below), (*steps, step), which)

    for which, share in enumerate(size / size.sum()):
        for index, rank in node:
            start = np.log(share) + np.log(0.99 / 0.01) + table.log_first[rank]
            extend(start + node[index, rank], ((index, rank),), (), which)
    return found


def whole_weight(candidates: list[Candidate], nodes: tuple, steps: tuple) -> float:
    """The log weight of a path, its steps weighed together, one vertebra displaced or none."""
    table = steps_for(MODEL)
    weight = np.log(0.99 / 0.01) + table.log_first[nodes[0][1]] + table.log_last[nodes[-1][1]]
    for index, rank in nodes:
        candidate = candidates[index]
        odds = candidate.existence / (1 - candidate.existence)
        weight += looks(candidate)[rank] + np.log(odds) - np.log(0.85 / 0.15)
    if not steps:
        return float(weight)
    step = list(steps)
    weight += table.log_prior[step].sum() + len(step) * np.log(MODEL.false_volume)
    at = [candidates[index] for index, _ in nodes]
    vectors = np.diff([each.position for each in at], axis=0)
    length = np.linalg.norm(vectors, axis=1)
    tilt, side = np.arctan2(-vectors[:, 1], -vectors[:, 2]), np.arcsin(vectors[:, 0] / length)
    weight -= np.log(np.cos(side)).sum()
    turned = (tilt - table.tilt[step] + np.pi) % (2 * np.pi) - np.pi
    middle = (table.upper[step] + table.lower[step]) / 2
    apart = abs(np.subtract.outer(middle, middle))
    variances = [(MODEL.position_noise * (1 + each.partial)) ** 2 for each in at]
    difference = np.diff(np.eye(len(at)), axis=0)
    parts = (
        (length - table.length[step], table.length_spread[step], ALIKE_LENGTH, LENGTH_FREEDOM),
        (turned * length, table.tilt_spread[step] * length, ALIKE_TILT, TURN_FREEDOM),
        (side * length, np.radians(MODEL.coronal_spread) * length, ALIKE_SIDEWAYS, TURN_FREEDOM),
    )

    def fit(variances: list[float]) -> float:
        noise = difference @ np.diag(variances) @ difference.T
        total = 0.0
        for place, (off, spread, alike, freedom) in enumerate(parts):
            shape = np.outer(spread, spread) * alike**apart + noise
            if place == 0:
                shape += np.outer(table.length[step], table.length[step]) * SUBJECT_SPREAD**2
            total += stats.multivariate_t(shape=shape, df=freedom).logpdf(off)
        return float(total)

    displaced = [
        fit([each + BY**2 * (i == j) for j, each in enumerate(variances)]) for i in range(len(at))
    ]
    usual = np.log(1 - DISPLACED) + fit(variances)
    return float(weight + logsumexp([usual, *(np.log(DISPLACED / len(at)) + np.array(displaced))]))


def check_against_exhaustive(candidates: list[Candidate], found: Decoding) -> None:
    by_size = defaultdict(list)
    for weight, nodes, steps, _ in every_path(candidates):
        by_size[nodes, steps].append(weight)
    best_size = {path: max(weights) for path, weights in by_size.items()}
    limit = max(best_size.values()) + COMPETING
    near = sorted((p for p, w in best_size.items() if w > limit), key=lambda p: -best_size[p])
    weights = {path: logsumexp(sizes) for path, sizes in by_size.items()}
    namings = defaultdict(lambda: -np.inf)
    for path in near[:MOST_COMPETING]:
        weights[path] = whole_weight(candidates, *path)
        namings[path[0]] = np.logaddexp(namings[path[0]], weights[path])

    best = max(namings, key=namings.__getitem__)
    if namings[best] < 0:
        assert not len(found.spine)
        return
    nodes = tuple((i, level.rank) for i, level in zip(found.naming.candidates, found.naming.levels))
    assert namings[nodes] == pytest.approx(namings[best], abs=1e-9)

    named = dict(best)
    rivals = [
        weight
        for path, weight in namings.items()
        if any(named.get(index, rank) != rank for index, rank in path)
    ]
    if rivals:
        margin = np.tanh((namings[best] - max(rivals)) / 2)
        assert found.margin == pytest.approx(margin, abs=1e-9)
    else:
        assert found.margin > 0.99

    shares = {path: np.exp(weight) for path, weight in weights.items()}
    total = sum(shares.values()) + 1
    assert found.log_evidence == pytest.approx(np.log(total), abs=1e-6)
    for place, (index, rank) in enumerate(nodes):
        here = sum(share for path, share in shares.items() if (index, rank) in path[0])
        any_level = sum(share for path, share in shares.items() if index in dict(path[0]))
        confidence = found.spine.vertebrae[place].confidence
        assert confidence == pytest.approx(here / any_level, abs=1e-6)
    routes = steps_for(MODEL).routes
    for anomaly in Anomaly:
        shown = sum(
            share
            for (nodes, steps), share in shares.items()
            if anomaly in {a for step in steps for a in anomalies_of(routes[step])}
            or any(VERTEBRAE[rank].name == anomaly.value for _, rank in nodes)
        )
        said = found.anomaly_probabilities[anomaly]
        assert said == pytest.approx(shown / total, abs=1e-6)


@st.composite
def small_cases(draw: st.DrawFn) -> list[Candidate]:
    """Two to four candidates around the thoracolumbar or lumbosacral border, some beside it."""
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    count = draw(st.integers(2, 4))
    start = draw(st.sampled_from(["C1", "C6", "T10", "T11", "L3", "L4"]))
    candidates, height = [], 0.0
    for index in range(count):
        rank = min(LEVELS[start].rank + index, len(VERTEBRAE) - 1)
        position = random.normal((0, 0, height), (5, 5, 3))
        shares = random.dirichlet(np.full(28, 0.3))
        shares[rank] += random.uniform(0, 2)
        partial = bool(random.random() < 0.2)
        candidates.append(Candidate(position, shares, random.uniform(0.3, 0.97), partial=partial))
        height -= random.choice([12, 17, 25, 32, 34, 64])
    random.shuffle(candidates)
    return candidates


@settings(max_examples=20, deadline=None)
@given(small_cases())
def test_the_dynamic_programme_finds_what_exhaustive_search_finds(
    candidates: list[Candidate],
) -> None:
    check_against_exhaustive(candidates, decode(candidates, MODEL))
