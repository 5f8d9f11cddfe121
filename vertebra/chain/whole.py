"""The geometry of whole paths.

The lattice takes the steps of a path as independent, given the subject's size. They are not: the
error of a position lengthens one step and shortens the next, and neighbouring steps resemble each
other. So the paths that compete are weighed again, the deviations of all steps together. One
vertebra of a spine may lie far off; then its own deviations count little and the others as before.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln

from ..spacing import SUBJECT_SPREAD
from .candidates import Vector
from .geometry import LENGTH_FREEDOM, TURN_FREEDOM, wrapped
from .lattice import Lattice, log_spine_odds
from .paths import Path
from .settings import Settings
from .steps import COUNT

ALIKE_LENGTH, ALIKE_TILT, ALIKE_SIDEWAYS = 0.4, 0.8, 0.7
"""Correlation of a step's deviation with the next step's (113 VerSe'20 scans); it falls
geometrically with the distance in levels."""
DISPLACED, BY = 0.3, 8.0
"""The share of spines in which one vertebra is displaced, and by how much more than usual (mm)."""
_FREEDOM = np.array([LENGTH_FREEDOM, TURN_FREEDOM, TURN_FREEDOM])[:, None]


def log_whole_weights(paths: Sequence[Path], lattice: Lattice, settings: Settings) -> Vector:
    """The log weight of each path over all sizes of the subject."""
    table = lattice.steps
    weights = np.full(len(paths), log_spine_odds(settings))
    for row, path in enumerate(paths):
        nodes = list(path.nodes)
        weights[row] += table.log_first[nodes[0] % COUNT] + lattice.nodes[nodes].sum()
        weights[row] += lattice.last[nodes[-1]]
    if any(path.edges for path in paths):
        weights += _log_steps(paths, lattice, settings)
    return weights


def _log_steps(paths: Sequence[Path], lattice: Lattice, settings: Settings) -> Vector:
    """The log weight of all steps of each path: their price and their geometry."""
    moves, table = lattice.moves, lattice.steps
    count = np.array([len(path.edges) for path in paths])
    edges = _padded([path.edges for path in paths], count.max())
    on = np.arange(count.max()) < count[:, None]
    pair, step = lattice.pair[edges], lattice.step[edges]
    length = np.where(on, moves.length[pair], 1.0)
    sideways = np.where(on, moves.sideways[pair], 0.0)
    expected = table.length[step]

    candidates = _padded([path.nodes for path in paths], count.max() + 1) // COUNT
    noise = _of_differences(moves.noise_at[candidates] ** 2)
    middle = (table.upper[step] + table.lower[step]) / 2
    apart = abs(middle[:, :, None] - middle[:, None])
    spreads = (
        (table.length_spread[step], ALIKE_LENGTH),
        (table.tilt_spread[step] * length, ALIKE_TILT),
        (np.radians(settings.coronal_spread) * length, ALIKE_SIDEWAYS),
    )
    spread = np.stack([_outer(own) * alike**apart + noise for own, alike in spreads])
    spread[0] += _outer(SUBJECT_SPREAD * expected)
    spread = np.where(on[:, :, None] & on[:, None], spread, np.eye(count.max()))
    tilted = wrapped(moves.tilt[pair] - table.tilt[step])
    off = np.where(on, np.stack([length - expected, tilted * length, sideways * length]), 0.0)

    others = table.log_prior[step] + np.log(settings.false_volume)
    others += moves.log_direction[pair] - np.log(np.cos(sideways))
    return np.asarray(_log_fit(off, spread, on) + np.where(on, others, 0.0).sum(axis=1))


def _log_fit(off: Vector, spread: Vector, on: NDArray[np.bool_]) -> Vector:
    """The log density of each path's deviations: Student's in length, tilt and sideways tilt.

    `spread` is the identity where no step is `on`. A displaced vertebra adds BY² g gᵀ to it, where
    g is 1 for the step above the vertebra and -1 for the one below; so distance and determinant
    follow from the usual ones.
    """
    count = on.sum(axis=1)
    power = (_FREEDOM + count) / 2
    inverse = np.linalg.inv(spread)
    pull = np.einsum("...ij,...j->...i", inverse, off)
    distance = (pull * off).sum(axis=-1)
    usual = gammaln(power) - gammaln(_FREEDOM / 2) - count / 2 * np.log(_FREEDOM * np.pi)
    usual = usual - np.linalg.slogdet(spread)[1] / 2 - power * np.log1p(distance / _FREEDOM)

    own = _with_ends(np.diagonal(inverse, axis1=-2, axis2=-1) * on)
    both = _with_ends(np.diagonal(inverse, 1, axis1=-2, axis2=-1) * on[:, 1:])
    pull = _with_ends(pull)
    stiffness = own[..., :-1] + own[..., 1:] - 2 * both
    spared = (pull[..., :-1] - pull[..., 1:]) ** 2 / (BY**-2 + stiffness)
    gain = -power[..., None] * np.log1p(-spared / (_FREEDOM + distance)[..., None])
    gain = (gain - np.log1p(BY**2 * stiffness) / 2).sum(axis=0)
    gain[:, 1:][~on] = -np.inf
    displaced = np.logaddexp.reduce(gain, axis=1) - np.log(count + 1)
    return np.asarray(
        usual.sum(axis=0) + np.logaddexp(np.log1p(-DISPLACED), np.log(DISPLACED) + displaced)
    )


def _with_ends(rows: Vector) -> Vector:
    return np.pad(rows, [(0, 0), (0, 0), (1, 1)])


def _of_differences(variance: Vector) -> Vector:
    """The covariance of the differences between neighbours that vary independently."""
    size = variance.shape[1] - 1
    covariance = (variance[:, :-1] + variance[:, 1:])[:, :, None] * np.eye(size)
    row = np.arange(size - 1)
    covariance[:, row, row + 1] = covariance[:, row + 1, row] = -variance[:, 1:-1]
    return np.asarray(covariance)


def _outer(rows: Vector) -> Vector:
    return np.asarray(rows[:, :, None] * rows[:, None])


def _padded(rows: Sequence[Sequence[int]], width: int) -> NDArray[np.intp]:
    """Rows of different lengths as one array, filled with zeros."""
    return np.array([[*row, *[0] * (width - len(row))] for row in rows], dtype=np.intp)
