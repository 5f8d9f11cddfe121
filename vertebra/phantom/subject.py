"""A synthetic patient as plain numbers: everything that is drawn before any voxel is made."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ..anatomy import Anomaly, Level, chain
from .measures import FEMALE_SCALE, MALE_SCALE, SCALE_SD, SIZES, Size, varied
from .pose import Pose, draw_pose

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Subject:
    """One patient; subject space is RAS millimetres with T12's body centre at the origin.

    >>> Subject.draw(3).levels[0].name
    'C1'
    """

    seed: int
    sex: str
    age: float
    scale: float
    arms: str
    anomalies: frozenset[Anomaly]
    sizes: dict[str, Size]
    pose: Pose

    @classmethod
    def draw(
        cls,
        seed: int,
        *,
        sex: str | None = None,
        age: float | None = None,
        arms: str | None = None,
        anomalies: frozenset[Anomaly] | None = None,
    ) -> Subject:
        """The subject of a seed; what is wished for is kept, the rest is drawn."""
        rng = np.random.Generator(np.random.PCG64(seed))
        drawn_sex = "FM"[int(rng.random() < 0.5)]
        drawn_age = float(np.clip(rng.normal(58, 16), 18, 95))
        drawn_arms = "up" if rng.random() < 0.7 else "down"
        sex, age, arms = sex or drawn_sex, age or drawn_age, arms or drawn_arms
        base = FEMALE_SCALE if sex == "F" else MALE_SCALE
        scale = base * (1 + SCALE_SD * 0.8 * float(np.clip(rng.standard_normal(), -2.5, 2.5)))
        anomalies = frozenset() if anomalies is None else anomalies
        levels = tuple(level for level in chain(anomalies) if level.name not in ("S2", "Co"))
        sizes = {level.name: varied(SIZES[level.name], rng).scaled(scale) for level in levels}
        pose = draw_pose(levels, scale, rng)
        return cls(seed, sex, age, scale, arms, anomalies, sizes, pose)

    @property
    def levels(self) -> tuple[Level, ...]:
        """The levels present, C1 to S1 (the sacrum)."""
        return self.pose.levels

    @cached_property
    def _descending(self) -> tuple[Array, Array]:
        """Body centres made strictly monotone in z, top first, with points beyond both ends."""
        centres = self.pose.centres
        index = np.arange(len(centres), dtype=np.float64)
        head = centres[0] + [0, 4, 80]
        tail = centres[-1] + [0, -45 * self.scale, -95 * self.scale]
        points = np.concatenate([head[None], centres, tail[None]])
        points[:, 2] = np.minimum.accumulate(points[:, 2] - 1e-6 * np.arange(len(points)))
        return points, np.concatenate([[-4.0], index, [index[-1] + 4.0]])

    def centreline(self, z: Array) -> Array:
        """x and y of the line through the body centres at heights z; the last dimension is 2."""
        points, _ = self._descending
        up = points[::-1]
        return np.stack([np.interp(z, up[:, 2], up[:, axis]) for axis in (0, 1)], -1)

    def level_at(self, z: Array) -> Array:
        """Which body lies at heights z as an index into `levels`, fractions between centres."""
        points, index = self._descending
        return np.asarray(np.interp(z, points[::-1, 2], index[::-1]))

    def cage(self, z: Array) -> Array:
        """Inner half width, y of the back wall and y of the front wall of ribs and pelvis at z.

        Both y are relative to the centreline; the last dimension is 3.
        """
        coordinate = self._region_coordinate(self.level_at(z))
        table = np.array(_CAGE)
        rows = [np.interp(coordinate, table[:, 0], table[:, column]) for column in (1, 2, 3)]
        return np.stack(rows, -1) * self.scale

    def _region_coordinate(self, index: Array) -> Array:
        """0 at C1, 7 at T1, 19 at L1, 24 at S1 whatever the counts of thoracic and lumbar."""
        names = [level.name for level in self.levels]
        marks = [names.index(name) for name in ("C1", "T1", "L1", "S1")]
        return np.asarray(np.interp(index, [-4.0, *marks, marks[-1] + 4.0], [-4, 0, 7, 19, 24, 28]))


_CAGE = (
    # coordinate, half width, back y, front y
    (-4, 65, -80, 95),
    (0, 52, -45, 55),
    (5, 50, -35, 45),
    (7, 48, -14, 45),
    (8, 70, -22, 52),
    (10, 96, -32, 75),
    (12, 112, -38, 100),
    (14, 122, -40, 122),
    (16, 127, -38, 132),
    (18, 124, -34, 130),
    (20, 118, -30, 118),
    (22, 116, -28, 108),
    (24, 112, -30, 100),
    (25.5, 78, -48, 85),
    (28, 62, -40, 75),
)
