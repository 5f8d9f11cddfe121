"""Density-peak clustering (Rodriguez & Laio 2014) finds the centroids in a heat map.

A centre is a point of high density that lies far from every point of higher density; all other
points belong to the cluster of their nearest neighbour of higher density.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import cdist

Array = NDArray[np.float64]

MOST_POINTS = 4000
"""So many pixels are clustered at most; of more, the hottest of each small block."""


@dataclass(frozen=True, eq=False)
class Peaks:
    """Peaks of one view: (row, column) of each, and its heat."""

    places: Array
    heat: Array


def find_peaks(heat: NDArray[np.float32], *, lowest: float, apart: float, radius: float) -> Peaks:
    """The peaks of a heat map of probabilities.

    Pixels under `lowest` do not count; peaks lie at least `apart` pixels from hotter ones; the
    place is the centre of the heat within `radius` pixels in the peak's own cluster.
    """
    pixels = np.argwhere(heat >= lowest)
    warmth = heat[tuple(pixels.T)].astype(np.float64)
    order = _thinned(pixels, np.argsort(-warmth, kind="stable"))
    points, density = pixels[order].astype(np.float64), warmth[order]
    if not len(points):
        return Peaks(np.zeros((0, 2)), np.zeros(0))
    distance = cdist(points, points)
    hotter = np.where(np.tri(len(points), k=-1, dtype=bool), distance, np.inf)
    nearest, delta = hotter.argmin(axis=1), hotter.min(axis=1)
    centres = np.flatnonzero(delta >= apart)
    cluster = _clusters(nearest, centres)
    places = [
        _middle(points, density * (cluster == centre) * (distance[centre] <= radius))
        for centre in centres
    ]
    return Peaks(np.array(places), density[centres])


def _thinned(pixels: NDArray[np.intp], order: NDArray[np.intp]) -> NDArray[np.intp]:
    """The order without most of the cooler pixels, alike in hot and in cool peaks."""
    side = int(np.ceil(np.sqrt(len(order) / MOST_POINTS)))
    if side <= 1:
        return order
    _, hottest = np.unique(pixels[order] // side, axis=0, return_index=True)
    return order[np.sort(hottest)]


def _clusters(nearest: NDArray[np.intp], centres: NDArray[np.intp]) -> NDArray[np.intp]:
    """The centre that each point, given from hot to cold, belongs to."""
    cluster = np.full(len(nearest), -1, dtype=np.intp)
    cluster[centres] = centres
    for point in np.flatnonzero(cluster < 0):
        cluster[point] = cluster[nearest[point]]
    return cluster


def _middle(points: Array, weight: Array) -> Array:
    return np.asarray(weight @ points / weight.sum())
