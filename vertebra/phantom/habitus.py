"""How a subject's body is built around the bones: outline, fat, and where organs lie.

Places are given as (level, right, front): `level` runs 0 at C1, 7 at T1, 19 at L1, 24 at S1
whatever the counts; `right` and `front` are mm from the centreline for a subject of scale 1.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .random import generator
from .subject import Subject

Array = NDArray[np.float64]

# level: half width, front, back of the muscular body (skin without its fat), from the centreline
_OUTLINE = np.array(
    [
        (-2, 50, 40, -55),
        (0.5, 54, 46, -64),
        (3, 57, 50, -68),
        (5, 58, 50, -70),
        (6.3, 68, 50, -72),
        (7.2, 100, 60, -76),
        (8.5, 138, 76, -80),
        (10, 148, 90, -82),
        (12, 150, 113, -82),
        (14, 150, 132, -82),
        (16, 148, 142, -80),
        (18, 142, 140, -80),
        (20, 134, 128, -82),
        (22, 130, 116, -86),
        (23.5, 140, 108, -88),
        (25, 158, 106, -96),
        (27, 166, 108, -92),
        (30, 165, 108, -90),
    ]
)
# level: thickness of fat under the skin at the side, front and back, relative to the subject's
_FAT = np.array(
    [
        (1, 0.25, 0.2, 0.3),
        (6, 0.4, 0.25, 0.6),
        (9, 0.6, 0.5, 0.6),
        (13, 0.6, 0.7, 0.45),
        (17, 0.7, 0.8, 0.5),
        (21, 1.1, 1.25, 1.0),
        (24, 1.4, 1.35, 1.4),
        (27, 1.4, 1.0, 1.3),
        (30, 1.2, 0.8, 1.0),
    ]
)


@dataclass(frozen=True, eq=False)
class Habitus:
    """The build of a subject; `fatness` in mm is the fat under the skin of the flank."""

    subject: Subject
    fatness: float
    visceral: float
    """How much the belly bulges with inner fat, 0.85 to 1.35."""
    muscularity: float
    breath: float
    """How far the diaphragm stands lower (+) or higher (-) than usual, levels."""

    @classmethod
    def draw(cls, subject: Subject) -> Habitus:
        """The habitus of a subject's seed."""
        rng = generator(subject.seed, "habitus")
        build = float(np.clip(rng.gamma(4.0, 0.25), 0.25, 2.6))
        sex = 1.3 if subject.sex == "F" else 0.85
        return cls(
            subject,
            fatness=float(np.clip(14 * build * sex, 3, 50)),
            visceral=float(np.clip(0.85 + 0.2 * build / sex + rng.normal(0, 0.06), 0.85, 1.4)),
            muscularity=float(
                np.clip(rng.normal(1, 0.06) + (subject.sex == "M") * 0.05, 0.85, 1.2)
            ),
            breath=float(rng.normal(0, 0.7)),
        )

    def level(self, z: ArrayLike) -> Array:
        """The level coordinate at heights z (mm)."""
        return self.subject.region_at(np.asarray(z, dtype=np.float64))

    def height(self, level: ArrayLike) -> Array:
        """The height (mm) of a level coordinate."""
        z = np.arange(-600.0, 1000.0, 1.0)
        return np.asarray(np.interp(np.asarray(level), self.level(z)[::-1], z[::-1]))

    def at(self, places: ArrayLike) -> Array:
        """Subject millimetres of rows (level, right, front)."""
        rows = np.atleast_2d(np.asarray(places, dtype=np.float64))
        z = self.height(rows[:, 0])
        points = self.subject.centreline(z) + rows[:, 1:] * self.subject.scale
        return np.concatenate([points, z[:, None]], 1)

    def outline(self, z: Array) -> tuple[Array, Array]:
        """At heights z: half width, y of the front and back of the muscular body; fat outside it.

        Rows are relative to the centreline; the second result has the fat's thickness at the same
        three places.
        """
        level = self.level(z)
        muscular = _columns(level, _OUTLINE) * self.subject.scale
        cage = self.subject.cage(z)
        belly = np.exp(-(((level - 21) / 2.6) ** 2)) * (self.visceral - 1) * 120
        muscular[:, 0] += belly * 0.45
        muscular[:, 1] += belly
        trunk = np.clip((level - 8) / 2, 0, 1)
        wall = 13.0 * self.subject.scale * self.muscularity
        muscular[:, 0] = np.maximum(muscular[:, 0], trunk * (cage[:, 0] + wall))
        muscular[:, 1] = np.maximum(muscular[:, 1], trunk * (cage[:, 2] + 0.7 * wall))
        return muscular, 2 + _columns(level, _FAT) * self.fatness


def _columns(x: Array, table: Array) -> Array:
    return np.stack([np.interp(x, table[:, 0], table[:, c]) for c in range(1, table.shape[1])], -1)
