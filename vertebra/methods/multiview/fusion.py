"""From peaks in views to points in the patient: rays that meet belong to one vertebra.

Matching: every pair of rays from two views that nearly meet proposes a point; a proposal is scored
by how many views have a peak where it projects. The best proposal takes its peaks, and so on; so
missed peaks lower a score and false ones find no partners. Each point is then the one nearest to
its rays in the least-squares sense (Eq. 4-5), outlying rays counting less.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from .geometry import Array, View
from .peaks import Peaks

MEETING = 8.0
"""Two rays that pass each other this closely (mm) may show the same vertebra."""
REACH = 10.0
"""A peak this near (mm, in the image) to a proposal's projection supports it."""
STEEP = 25.0
"""Rays must cross at this angle (degrees) or more, or their meeting point is too uncertain."""
APART = 6.0
"""Two vertebrae are never closer than this, mm."""
TUNING = 3.0
"""Rays farther than this (mm) count less in the least squares (Huber)."""


@dataclass(frozen=True, eq=False)
class Fused:
    """A point seen in several views: how much heat supports it, and in how many views."""

    position: Array
    support: float
    views: int


def nearest_point(starts: Array, directions: Array, weights: Array | None = None) -> Array:
    """Eq. 5: the point with the least sum of squared distances to lines; S p = q."""
    share = np.ones(len(starts)) if weights is None else weights
    across = np.eye(3) - directions[:, :, None] * directions[:, None, :]
    S = np.einsum("k,kij->ij", share, across)
    q = np.einsum("k,kij,kj->i", share, across, starts)
    return np.asarray(np.linalg.solve(S, q))


def distances(point: Array, starts: Array, directions: Array) -> Array:
    """How far each line passes by a point; Eq. 4 sums their squares."""
    away = point - starts
    along = (away * directions).sum(-1, keepdims=True) * directions
    return np.asarray(np.linalg.norm(away - along, axis=-1))


def robust_point(starts: Array, directions: Array, weights: Array) -> Array:
    """Eq. 5 again and again, with Huber weights, so that a stray ray hardly pulls."""
    point = nearest_point(starts, directions, weights)
    for _ in range(8):
        away = distances(point, starts, directions)
        point = nearest_point(
            starts, directions, weights * np.minimum(1, TUNING / np.maximum(away, 1e-9))
        )
    return point


def fuse(views: Sequence[View], peaks: Sequence[Peaks], least_views: int) -> list[Fused]:
    """All points that at least `least_views` views agree on, the best supported first."""
    rays = [view.ray(found.places) for view, found in zip(views, peaks)]
    proposals = _proposals(views, rays)
    fits = [_fit(proposals, view, found) for view, found in zip(views, peaks)]
    heat = [found.heat.copy() for found in peaks]
    fused: list[Fused] = []
    while len(proposals):
        worth = [fit * warmth for fit, warmth in zip(fits, heat)]
        support = np.array([each.max(axis=1, initial=0) for each in worth])
        best = int(support.sum(axis=0).argmax())
        seen = np.flatnonzero(support[:, best] > 0)
        if len(seen) < max(least_views, 2):
            break
        chosen = [(view, int(worth[view][best].argmax())) for view in seen]
        starts = np.array([views[view].source for view, _ in chosen])
        directions = np.array([rays[view][peak] for view, peak in chosen])
        weights = np.array([peaks[view].heat[peak] for view, peak in chosen])
        point = robust_point(starts, directions, weights)
        if all(np.linalg.norm(point - other.position) > APART for other in fused):
            fused.append(Fused(point, float(weights.sum()), len(chosen)))
        for view, peak in chosen:
            heat[view][peak] = 0
        keep = np.linalg.norm(proposals - point, axis=1) > APART
        keep[best] = False
        proposals, fits = proposals[keep], [fit[keep] for fit in fits]
    return fused


def _proposals(views: Sequence[View], rays: Sequence[Array]) -> Array:
    """Where rays of two views nearly meet."""
    found: list[Array] = [np.zeros((0, 3))]
    for one, other in combinations(range(len(views)), 2):
        found.append(_meetings(views[one].source, rays[one], views[other].source, rays[other]))
    return np.concatenate(found)


def _meetings(start: Array, rays: Array, other_start: Array, other_rays: Array) -> Array:
    """The middles between rays of two views where they pass closely at a steep angle."""
    a, b = rays[:, None], other_rays[None]
    cosine = (a * b).sum(-1)
    steep = 1 - cosine**2
    usable = steep > np.sin(np.radians(STEEP)) ** 2
    safe = np.where(usable, steep, 1.0)
    between = other_start - start
    along, other_along = (a * between).sum(-1), (b * between).sum(-1)
    t = (along - cosine * other_along) / safe
    s = (cosine * along - other_along) / safe
    one = start + t[..., None] * a
    other = other_start + s[..., None] * b
    close = usable & (np.linalg.norm(one - other, axis=-1) <= MEETING) & (t > 0) & (s > 0)
    return np.asarray(((one + other) / 2)[close])


def _fit(proposals: Array, view: View, peaks: Peaks) -> Array:
    """How well each peak of a view fits each proposal, from 0 to 1."""
    away = np.linalg.norm(view.project(proposals)[:, None] - peaks.places, axis=-1) * view.pixel
    return np.asarray(np.maximum(0, 1 - (away / REACH) ** 2))
