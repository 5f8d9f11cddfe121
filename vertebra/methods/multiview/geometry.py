"""Where a view's source, detector and rays are: the only place that knows the cone beam.

A view looks horizontally at a point in the body, its pivot. Detector coordinates are scaled to the
plane through the pivot, so a pixel is as large there as it says.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]
UP = np.array([0.0, 0.0, 1.0])


@dataclass(frozen=True, eq=False)
class View:
    """One cone-beam view, all in RAS millimetres.

    `azimuth` (degrees) is where the X-rays head: at 0 towards anterior, as in a postero-anterior
    radiograph, at 90 towards the patient's left. Row 0 is the top of the image; columns run
    towards the patient's left at azimuth 0.

    >>> view = View(pivot=(0, 0, 0), azimuth=0, distance=1500, pixel=2, shape=(64, 32))
    >>> view.project([0, 0, 0]).tolist()
    [31.5, 15.5]
    """

    pivot: tuple[float, float, float]
    azimuth: float
    distance: float
    pixel: float
    shape: tuple[int, int]

    @cached_property
    def forward(self) -> Array:
        """The unit vector from the source to the pivot."""
        angle = np.radians(self.azimuth)
        return np.array([-np.sin(angle), np.cos(angle), 0.0])

    @cached_property
    def along_columns(self) -> Array:
        """The unit vector in which the column number grows."""
        angle = np.radians(self.azimuth)
        return np.array([-np.cos(angle), -np.sin(angle), 0.0])

    @cached_property
    def source(self) -> Array:
        """Where the X-rays start."""
        return np.asarray(self.pivot) - self.distance * self.forward

    @cached_property
    def row_offsets(self) -> Array:
        """How far each row lies above the pivot, in its plane, mm."""
        rows = np.arange(self.shape[0], dtype=np.float64)
        return ((self.shape[0] - 1) / 2 - rows) * self.pixel

    @cached_property
    def column_offsets(self) -> Array:
        """How far each column lies from the pivot, in its plane, mm."""
        columns = np.arange(self.shape[1], dtype=np.float64)
        return (columns - (self.shape[1] - 1) / 2) * self.pixel

    def project(self, points: ArrayLike) -> Array:
        """Where points appear: (row, column), fractional; the last dimension is 3."""
        away = np.asarray(points, dtype=np.float64) - self.source
        shrink = self.distance / (away @ self.forward)
        rows = (self.shape[0] - 1) / 2 - (away @ UP) * shrink / self.pixel
        columns = (self.shape[1] - 1) / 2 + (away @ self.along_columns) * shrink / self.pixel
        return np.stack([rows, columns], axis=-1)

    def ray(self, pixels: ArrayLike) -> Array:
        """The unit vectors of the rays from the source through (row, column)."""
        at = np.asarray(pixels, dtype=np.float64)
        up = ((self.shape[0] - 1) / 2 - at[..., 0]) * self.pixel
        across = (at[..., 1] - (self.shape[1] - 1) / 2) * self.pixel
        rays = (
            self.distance * self.forward
            + across[..., None] * self.along_columns
            + up[..., None] * UP
        )
        return np.asarray(rays / np.linalg.norm(rays, axis=-1, keepdims=True))

    def sees(self, points: ArrayLike) -> NDArray[np.bool_]:
        """Which points appear inside the image."""
        at = self.project(points)
        inside: NDArray[np.bool_] = np.all((at > -0.5) & (at < np.array(self.shape) - 0.5), axis=-1)
        return inside


def views_around(
    pivot: Sequence[float],
    count: int,
    *,
    distance: float,
    pixel: float,
    shape: tuple[int, int],
    start: float = 0.0,
) -> list[View]:
    """`count` views from all sides, every 360/count degrees."""
    x, y, z = (float(value) for value in pivot)
    return [
        View((x, y, z), start + 360 * number / count, distance, pixel, shape)
        for number in range(count)
    ]
