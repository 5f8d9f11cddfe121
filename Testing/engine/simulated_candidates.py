"""True spines and what an imperfect localizer would report of them.

The simulator shares no code and no numbers with the decoder beyond the mean spacing: its spines
are smooth curves whose tilts are correlated from step to step, or real VerSe chains.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

import numpy as np
from scipy.sparse.csgraph import shortest_path

from vertebra.anatomy import LEVELS, VERTEBRAE, Anomaly, Level, adjacent, chain
from vertebra.chain import Candidate
from vertebra.spacing import to_next

Random = np.random.Generator

POPULATION = {Anomaly.NO_T12: 0.03, Anomaly.T13: 0.01, Anomaly.NO_L5: 0.02, Anomaly.L6: 0.06}
"""How common the anomalies are; see docs/decisions/0004-chain-decoder.md."""

_TILT_SPREAD = {"C": 14, "T": 8, "L": 7}
_THORACIC = (28, 27, 22, 16, 11, 6, -1, -4, -7, -10, -11, -10)
_TILTS = {
    **{f"C{i}": tilt for i, tilt in enumerate((10, 5, 11, 15, 20, 30, 31), 1)},
    **{f"T{i}": tilt for i, tilt in enumerate(_THORACIC, 1)},
    **{"T13": -10, "L1": -13, "L2": -10, "L3": -5, "L4": 6, "L5": 15, "L6": 18},
}


@dataclass(frozen=True)
class TrueSpine:
    """The vertebrae in view, from head to tail."""

    levels: tuple[Level, ...]
    positions: np.ndarray
    anomalies: frozenset[Anomaly] = frozenset()


@dataclass(frozen=True)
class Localizer:
    """How bad the localizer is; the defaults are those of the acceptance criterion."""

    missed: float = 0.15
    false: float = 0.15
    noise: float = 2.0
    displaced: float = 0.0
    """Share of vertebrae whose position is off by another 6 mm on each axis."""
    right: float = 0.60
    across_regions: float = 0.25
    knows_existence: bool = True
    knows_rare_levels: bool = True
    sure_of_landmarks: bool = False


@dataclass(frozen=True)
class Scan:
    """What was reported: `truth` has the true level of each candidate, None for false ones."""

    spine: TrueSpine
    candidates: list[Candidate]
    truth: list[Level | None] = field(default_factory=list)

    @property
    def anchored(self) -> bool:
        """Is a landmark (C1, C2 or the sacrum) among the detected vertebrae?"""
        names = {level.name for level in self.truth if level}
        return bool(names & {"C1", "C2", "S1"})

    @property
    def anomalies_in_view(self) -> set[Anomaly]:
        """Those whose place is shown by detected vertebrae on both of its sides."""
        ranks = [level.rank for level in self.truth if level]
        between = {
            Anomaly.NO_T12: ("T11", "L1"),
            Anomaly.T13: ("T13", "T13"),
            Anomaly.NO_L5: ("L4", "S1"),
            Anomaly.L6: ("L6", "L6"),
        }
        return {
            anomaly
            for anomaly in self.spine.anomalies
            if min(ranks) <= LEVELS[between[anomaly][0]].rank
            and max(ranks) >= LEVELS[between[anomaly][1]].rank
        }


def draw_anomalies(random: Random, rates: dict[Anomaly, float] = POPULATION) -> frozenset[Anomaly]:
    """At most one anomaly at each border."""
    found = []
    for pair in ((Anomaly.NO_T12, Anomaly.T13), (Anomaly.NO_L5, Anomaly.L6)):
        shares = [rates.get(anomaly, 0.0) for anomaly in pair]
        drawn = random.choice(3, p=[*shares, 1 - sum(shares)])
        found += [pair[drawn]] if drawn < 2 else []
    return frozenset(found)


def draw_spine(
    random: Random,
    anomalies: frozenset[Anomaly] = frozenset(),
    scoliosis: float | None = None,
) -> TrueSpine:
    """A whole spine, C1 to S1; `scoliosis` is the largest sideways tilt in degrees."""
    levels = [level for level in chain(anomalies) if level.rank <= LEVELS["S1"].rank]
    size = np.exp(0.066 * random.standard_normal())
    if scoliosis is None:
        scoliosis = random.uniform(5, 30) if random.random() < 0.05 else 0.0
    phase, waves = random.uniform(0, 2 * np.pi), random.uniform(0.8, 1.5)
    lean, swerve = _smooth(random, len(levels), 0.75), _smooth(random, len(levels), 0.6)
    positions = [random.normal(0, 50, 3)]
    for index, level in enumerate(levels[:-1]):
        length = to_next(level) * size * (1 + 0.03 * random.standard_t(5))
        tilt = np.radians(_TILTS[level.name] + _TILT_SPREAD[level.name[0]] * lean[index])
        bend = scoliosis * np.sin(phase + 2 * np.pi * waves * index / len(levels))
        side = np.radians(4.5 * swerve[index] + bend)
        step = (np.sin(side), -np.cos(side) * np.sin(tilt), -np.cos(side) * np.cos(tilt))
        positions.append(positions[-1] + length * np.array(step))
    return TrueSpine(tuple(levels), np.array(positions), anomalies)


def real_spines(folder: Path) -> list[TrueSpine]:
    """The chains of VerSe'20 body centres (RAS mm) with at least four vertebrae in a row."""
    names = [f"C{i}" for i in range(1, 8)] + [f"T{i}" for i in range(1, 13)]
    names += [f"L{i}" for i in range(1, 7)] + ["T13"]
    spines = []
    with (folder / "verse2020_landmarks.csv").open() as file:
        for row in csv.reader(file):
            points = np.array(row[1:], dtype=float).reshape(-1, 3) * (1, -1, 1)
            seen = [
                (LEVELS[name], point) for name, point in zip(names, points) if point[0] == point[0]
            ]
            seen.sort(key=lambda pair: pair[0].rank)
            levels = tuple(level for level, _ in seen)
            has = {level.name for level in levels}
            anomalies = {Anomaly(name) for name in ("T13", "L6") if name in has}
            if {"T11", "L1"} <= has and "T12" not in has:
                anomalies.add(Anomaly.NO_T12)
            if len(levels) >= 4:
                positions = np.array([point for _, point in seen])
                spines.append(TrueSpine(levels, positions, frozenset(anomalies)))
    return spines


def seen_part(random: Random, spine: TrueSpine) -> TrueSpine:
    """A field of view of four to all vertebrae."""
    count = int(random.integers(4, len(spine.levels) + 1))
    first = int(random.integers(0, len(spine.levels) - count + 1))
    view = slice(first, first + count)
    return TrueSpine(spine.levels[view], spine.positions[view], spine.anomalies)


def localize(random: Random, spine: TrueSpine, localizer: Localizer = Localizer()) -> Scan:
    """Candidates in random order, at least one of them true."""
    found = random.random(len(spine.levels)) >= localizer.missed
    found[random.integers(len(found))] |= not found.any()
    reported: list[tuple[Candidate, Level | None]] = []
    for index in np.flatnonzero(found):
        level = spine.levels[index]
        noise = (
            np.hypot(localizer.noise, 6) if _is_displaced(random, localizer) else localizer.noise
        )
        position = spine.positions[index] + random.normal(0, noise, 3)
        existence = _existence(random, True, localizer)
        reported.append((Candidate(position, _looks(random, level, localizer), existence), level))
    for _ in range(random.binomial(len(reported), localizer.false / (1 - localizer.false))):
        nearest = random.integers(len(spine.levels))
        looks = _looks(random, spine.levels[nearest], localizer)
        position = _false_position(random, spine, nearest)
        reported.append((Candidate(position, looks, _existence(random, False, localizer)), None))
    random.shuffle(reported)
    return Scan(spine, [candidate for candidate, _ in reported], [true for _, true in reported])


def _is_displaced(random: Random, localizer: Localizer) -> bool:
    return localizer.displaced > 0 and random.random() < localizer.displaced


def _existence(random: Random, true: bool, localizer: Localizer) -> float:
    """A calibrated existence: among candidates of existence p, the share p is true."""
    if not localizer.knows_existence:
        return 0.85
    a, b = 5 * (1 - localizer.false), 5 * localizer.false
    return random.beta(a + 1, b) if true else random.beta(a, b + 1)


def _false_position(random: Random, spine: TrueSpine, nearest: int) -> np.ndarray:
    """What is taken for a vertebra: a rib, hip, spinous process, or anything near.

    It lies farther than 20 mm from every vertebra: nearer, the usual rules count it as found.
    """
    while True:
        where, side = random.random(), random.choice([-1, 1])
        if where < 0.5:
            aside = random.normal((side * 45, -15, -5), (15, 10, 10))
        elif where < 0.75:
            aside = random.normal((0, -45, -10), (4, 10, 6))
        else:
            aside = random.uniform((-90, -60, -60), (90, 90, 60))
        position = spine.positions[nearest] + aside
        if np.linalg.norm(spine.positions - position, axis=1).min() > 20:
            return np.asarray(position)


def _looks(random: Random, level: Level, localizer: Localizer) -> np.ndarray:
    """Level probabilities, peaked on the level itself or on a near one.

    They are what the confusion table says about the level once the peak is known, up to noise and
    an over- or underconfident temperature.
    """
    confusion = _confusion(localizer)
    peak = random.choice(len(VERTEBRAE), p=confusion[level.rank])
    shares = confusion[:, peak] ** random.uniform(0.8, 1.25)
    shares = (shares + 0.002) * np.exp(random.normal(0, 0.3, len(shares)))
    shares[peak] = max(shares[peak], 1.05 * np.delete(shares, peak).max())
    return shares / shares.sum()


@lru_cache(maxsize=8)
def _confusion(localizer: Localizer) -> np.ndarray:
    """Rows: the true level; columns: how often each level is named instead."""
    far = _levels_apart()
    weights = np.select([far == 1, far == 2, far == 3], [0.75, 0.2, 0.05], 0.0)
    regions = np.array([level.region.value for level in VERTEBRAE])
    weights[regions[:, None] != regions] *= localizer.across_regions
    weights[:, _RARE] *= 0.1
    right = np.full(len(VERTEBRAE), localizer.right)
    if localizer.sure_of_landmarks:
        right[[LEVELS[name].rank for name in ("C1", "C2", "S1")]] = 0.95
    if not localizer.knows_rare_levels:
        right[_RARE] = 0.0
    wrong = weights * ((1 - right) / weights.sum(axis=1))[:, None]
    return wrong + np.diag(right)


def _levels_apart() -> np.ndarray:
    """Steps between levels, where T12-L1 and L5-S1 are as near as with T13 and L6 between."""
    direct = np.array([[adjacent(a, b) for b in VERTEBRAE] for a in VERTEBRAE])
    for upper, lower in (("T11", "L1"), ("L4", "S1")):
        direct[LEVELS[upper].rank, LEVELS[lower].rank] = False
    return shortest_path(direct, directed=False, unweighted=True)


def _smooth(random: Random, count: int, correlation: float) -> np.ndarray:
    """Standard normal deviations, each correlated with the one before."""
    values = [random.standard_normal()]
    fresh = np.sqrt(1 - correlation**2)
    for _ in range(count - 1):
        values.append(correlation * values[-1] + fresh * random.standard_normal())
    return np.array(values)


_RARE = np.array([level.name in ("T13", "L6") for level in VERTEBRAE])
