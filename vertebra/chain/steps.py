"""Every way from one detected level to the next detected one, with its price and its geometry."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from ..anatomy import LEVELS, VERTEBRAE, Anomaly, Level, anomalies_of
from ..spacing import to_next
from .candidates import Vector
from .settings import Settings

COUNT = len(VERTEBRAE)

TILT: dict[str, tuple[float, float]] = {
    **{"C1": (10, 14), "C2": (5, 13), "C3": (11, 13), "C4": (15, 15), "C5": (20, 17)},
    **{"C6": (30, 16), "C7": (31, 12), "T1": (28, 10), "T2": (27, 9), "T3": (22, 7)},
    **{"T4": (16, 7), "T5": (11, 6), "T6": (6, 7), "T7": (-1, 5), "T8": (-4, 5)},
    **{"T9": (-7, 8), "T10": (-10, 7), "T11": (-11, 6), "T12": (-10, 5), "T13": (-10, 6)},
    **{"L1": (-13, 6), "L2": (-10, 5), "L3": (-5, 6), "L4": (6, 8), "L5": (15, 10)},
    **{"L6": (18, 12), "S1": (40, 12), "S2": (40, 15)},
}
"""Sagittal tilt of the step below each level, degrees, mean and deviation; + is backwards.

C1 to L5 from 113 VerSe'20 scans, below that by estimate.
"""


@dataclass(frozen=True)
class Steps:
    """All steps as parallel arrays; parallel ways between the same levels are steps of their own.

    `log_prior` holds the price: the anomalies on the way, the levels missed, one more in view.
    `length` (mm), `tilt` (radians) describe the mean displacement of a subject of usual size.
    """

    routes: tuple[tuple[Level, ...], ...]
    upper: NDArray[np.intp]
    lower: NDArray[np.intp]
    log_prior: Vector
    length: Vector
    length_spread: Vector
    tilt: Vector
    tilt_spread: Vector
    proves: NDArray[np.bool_]
    log_first: Vector
    log_last: Vector


@lru_cache(maxsize=8)
def steps_for(settings: Settings) -> Steps:
    """The table of steps under these settings."""
    following = _following(settings)
    routes, log_prior = zip(*_routes(following, settings))
    sums, spreads, tilts = zip(*(_displacement(route, settings) for route in routes))
    mean = np.array(sums)
    return Steps(
        routes=routes,
        upper=np.array([route[0].rank for route in routes]),
        lower=np.array([route[-1].rank for route in routes]),
        log_prior=np.array(log_prior),
        length=np.hypot(*mean.T),
        length_spread=np.array(spreads),
        tilt=np.arctan2(mean[:, 1], mean[:, 0]),
        tilt_spread=np.array(tilts),
        proves=np.array([[anomaly in _met(route) for anomaly in Anomaly] for route in routes]),
        log_first=_log_first(settings),
        log_last=_log_last(following, settings),
    )


def _following(settings: Settings) -> dict[Level, dict[Level, float]]:
    """The probability of each level to be the next one below, whether detected or not."""
    following: dict[Level, dict[Level, float]] = {}
    for level in VERTEBRAE:
        below = level.next()
        following[level] = {below: 1.0} if below in VERTEBRAE else {}
    for last, extra, first, absent, added in (
        ("T12", "T13", "L1", settings.no_t12, settings.t13),
        ("L5", "L6", "S1", settings.no_l5, settings.l6),
    ):
        above = LEVELS[last].previous()
        assert above is not None
        rate = added / (1 - absent)
        following[above] = {LEVELS[last]: 1 - absent, LEVELS[first]: absent}
        following[LEVELS[last]] = {LEVELS[extra]: rate, LEVELS[first]: 1 - rate}
        following[LEVELS[extra]] = {LEVELS[first]: 1.0}
    return following


def _routes(
    following: dict[Level, dict[Level, float]], settings: Settings
) -> Iterator[tuple[tuple[Level, ...], float]]:
    """Each way from a detected level over missed ones to the next detected, with its price."""
    stack: list[tuple[tuple[Level, ...], float]] = [((level,), 0.0) for level in VERTEBRAE]
    while stack:
        route, price = stack.pop()
        for level, probability in following[route[-1]].items():
            onward = price + float(np.log(settings.view_continues * probability))
            detection = _detection(level, settings)
            yield (*route, level), onward + float(np.log(detection))
            if len(route) <= settings.longest_gap:
                stack.append(((*route, level), onward + float(np.log1p(-detection))))


def _detection(level: Level, settings: Settings) -> float:
    return settings.detection_of_s2 if level.name == "S2" else settings.detection


def _displacement(
    route: tuple[Level, ...], settings: Settings
) -> tuple[tuple[float, float], float, float]:
    """The mean way (down, back) in mm, the spread of its length, the spread of its tilt."""
    lengths = np.array([to_next(level) for level in route[:-1]])
    tilts = np.radians([TILT[level.name] for level in route[:-1]])
    down, back = lengths @ np.cos(tilts[:, 0]), lengths @ np.sin(tilts[:, 0])
    spread = settings.step_spread * float(np.linalg.norm(lengths))
    return (down, back), spread, float(lengths @ tilts[:, 1] / lengths.sum())


def _met(route: tuple[Level, ...]) -> frozenset[Anomaly]:
    """The anomalies met on the way; that the first level exists was met before."""
    return anomalies_of(route) - {anomaly for anomaly in Anomaly if anomaly.value == route[0].name}


def _log_first(settings: Settings) -> Vector:
    """Log probability of each level to be the first one detected: even, where it exists."""
    exists = np.array([_detection(level, settings) for level in VERTEBRAE])
    exists[LEVELS["T12"].rank] *= 1 - settings.no_t12
    exists[LEVELS["T13"].rank] *= settings.t13
    exists[LEVELS["L5"].rank] *= 1 - settings.no_l5
    exists[LEVELS["L6"].rank] *= settings.l6
    return np.asarray(np.log(exists / exists.sum()))


def _log_last(following: dict[Level, dict[Level, float]], settings: Settings) -> Vector:
    """Log probability that nothing is detected below each level."""
    last = np.ones(COUNT)
    for level in reversed(VERTEBRAE):
        if following[level]:
            missed = sum(
                share * (1 - _detection(below, settings)) * last[below.rank]
                for below, share in following[level].items()
            )
            last[level.rank] = 1 - settings.view_continues * (1 - missed)
    return np.asarray(np.log(last))
