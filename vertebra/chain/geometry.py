"""How well the displacement between two candidates fits a step along the spine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln

from .candidates import Candidate, Vector
from .settings import Settings
from .steps import Steps

NEAREST = 4.0
"""Two candidates closer than this (mm) are the same vertebra."""
FARTHEST = 4.0
"""A step whose length lies this many spreads (its own and the noise) off is not considered."""
LENGTH_FREEDOM = 12.0
TURN_FREEDOM = 4.0
"""Degrees of freedom of the Student distributions: tails for fractures, heavy for scoliosis."""
_LENGTH_NORM = float(
    gammaln((LENGTH_FREEDOM + 1) / 2)
    - gammaln(LENGTH_FREEDOM / 2)
    - np.log(LENGTH_FREEDOM * np.pi) / 2
)
TAIL_AXIS = (0.0, -np.sin(np.radians(9)), -np.cos(np.radians(9)))
"""The middle of all mean tilts; along it the vertebrae follow each other, however bent."""
_BLIND_DIRECTIONS = 0.05


@dataclass(frozen=True)
class Displacements:
    """From each candidate to each one farther along the spine's axis."""

    source: NDArray[np.intp]
    target: NDArray[np.intp]
    length: Vector
    tilt: Vector
    sideways: Vector
    noise: Vector
    noise_at: Vector
    """Of each candidate alone."""
    log_direction: Vector


def along_the_tail(candidates: Sequence[Candidate]) -> list[int]:
    """The candidates' indices from head to tail."""
    places = [float(candidate.position @ np.array(TAIL_AXIS)) for candidate in candidates]
    return [int(index) for index in np.argsort(places, kind="stable")]


def displacements(candidates: Sequence[Candidate], settings: Settings) -> Displacements:
    """All displacements between candidates given from head to tail."""
    positions = np.array([candidate.position for candidate in candidates]).reshape(-1, 3)
    source, target = np.triu_indices(len(candidates), k=1)
    vectors = positions[target] - positions[source]
    lengths = np.linalg.norm(vectors, axis=1)
    apart = lengths > NEAREST
    source, target, vectors, lengths = source[apart], target[apart], vectors[apart], lengths[apart]
    noise = settings.position_noise * np.array([1 + each.partial for each in candidates])
    right, front, up = vectors.T
    return Displacements(
        source=source,
        target=target,
        length=lengths,
        tilt=np.arctan2(-front, -up),
        sideways=np.arcsin(np.clip(right / lengths, -1, 1)),
        noise=np.hypot(noise[source], noise[target]),
        noise_at=noise,
        log_direction=_log_direction(
            candidates, source, target, vectors / lengths[:, None], settings
        ),
    )


def log_best_fit(
    moves: Displacements,
    pair: NDArray[np.intp],
    steps: Steps,
    step: NDArray[np.intp],
    settings: Settings,
) -> Vector:
    """Log density (per mm³) of displacement `pair` if its length were exactly the expected one."""
    blur = (moves.noise / moves.length)[pair] ** 2
    tilt_variance = blur + (steps.tilt_spread**2)[step]
    side_variance = blur + np.radians(settings.coronal_spread) ** 2
    off = wrapped(moves.tilt[pair] - steps.tilt[step]) ** 2 / tilt_variance
    off += (moves.sideways**2)[pair] / side_variance
    turn = -(TURN_FREEDOM / 2 + 1) * np.log1p(off / TURN_FREEDOM)
    variance = (steps.length_spread**2)[step] + (moves.noise**2)[pair]
    own = moves.log_direction - np.log(np.cos(moves.sideways) * moves.length**2 + 1e-9)
    spreads = tilt_variance * side_variance * variance
    return np.asarray(turn - np.log(spreads) / 2 + (own + _LENGTH_NORM - np.log(2 * np.pi))[pair])


def log_length_fit(
    moves: Displacements,
    pair: NDArray[np.intp],
    steps: Steps,
    step: NDArray[np.intp],
    scales: Vector,
) -> Vector:
    """What is to add to the above for the true length: a row for each subject scale."""
    spread = np.hypot(steps.length_spread[step], moves.noise[pair])
    off = length_offsets(moves.length[pair], steps.length[step], spread, scales)
    off *= off
    off /= LENGTH_FREEDOM
    return np.asarray(-(LENGTH_FREEDOM + 1) / 2 * np.log1p(off, out=off))


def length_offsets(length: Vector, expected: Vector, spread: Vector, scales: Vector) -> Vector:
    """By how many spreads each length differs from the expected one: a row for each scale."""
    return np.asarray((length - expected * scales[:, None]) / spread)


def possible(
    moves: Displacements, steps: Steps, scales: Vector
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """The pairs (displacement, step) whose length fits some subject scale."""
    low, high = scales.min() * steps.length, scales.max() * steps.length
    widest = FARTHEST * (steps.length_spread.max() + moves.noise.max(initial=0))
    near = np.flatnonzero(moves.length < high.max() + widest)
    slack = FARTHEST * (steps.length_spread + moves.noise[near, None])
    length = moves.length[near, None]
    pair, step = np.nonzero((length < high + slack) & (length > low - slack))
    return near[pair], step


def _log_direction(
    candidates: Sequence[Candidate],
    source: NDArray[np.intp],
    target: NDArray[np.intp],
    unit: Vector,
    settings: Settings,
) -> Vector:
    """How much more the candidates' own directions speak for this step than chance would.

    Each direction is used by two steps, so each of them counts its half.
    """
    given = [candidate.direction is not None for candidate in candidates]
    if not any(given):
        return np.zeros(len(unit))
    directions = np.array(
        [np.zeros(3) if each.direction is None else each.direction for each in candidates]
    )
    sharpness = 1 / np.radians(settings.direction_spread) ** 2
    total = np.zeros(len(unit))
    for end in (source, target):
        cosine = np.einsum("ij,ij->i", directions[end], unit)
        peaked = 2 * sharpness * np.exp(sharpness * (cosine - 1))
        ratio = np.log(_BLIND_DIRECTIONS + (1 - _BLIND_DIRECTIONS) * peaked)
        total += np.where(np.array(given)[end], ratio / 2, 0)
    return total


def wrapped(angle: Vector) -> Vector:
    """Angles (radians) of less than a whole turn, within half a turn to either side."""
    return np.asarray(angle - 2 * np.pi * np.rint(angle / (2 * np.pi)))
