"""A synthetic patient as plain numbers: everything that is drawn before any voxel is made."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ..anatomy import Anomaly, Level, chain
from ..errors import VertebraError
from .cage import Rib
from .cervical_length import Neck
from .form import Form, draw_form
from .measures import FEMALE_SCALE, MALE_SCALE, SCALE_SD, SIZES, Size
from .pathology import Findings, draw_findings
from .pose import SPACING, Pose, Scoliosis, draw_pose, draw_scoliosis

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Transition:
    """The last lumbar vertebra reaches for the sacrum with one or both transverse processes."""

    level: str
    right: float
    """0 free, 1 fully joined to the wing of the sacrum."""
    left: float


@dataclass(frozen=True, eq=False)
class Subject:
    """One patient; subject space is RAS mm, its origin in the body of the last thoracic vertebra.

    >>> Subject.draw(3).levels[0].name
    'C1'
    """

    seed: int
    sex: str
    age: float
    scale: float
    arms: str
    """up or down."""
    shrug: float
    """How far lying down pushes the shoulders up, mm."""
    anomalies: frozenset[Anomaly]
    pose: Pose
    forms: dict[str, Form]
    """By level name, C1 to S1."""
    ribs: tuple[Rib, ...]
    rib_slope: float
    chest: tuple[float, float]
    """Width and depth of the trunk's skeleton against the usual."""
    scoliosis: Scoliosis | None
    transition: Transition | None
    findings: Findings

    @classmethod
    def draw(
        cls,
        seed: int,
        *,
        sex: str | None = None,
        age: float | None = None,
        arms: str | None = None,
        anomalies: frozenset[Anomaly] | None = None,
        cobb: float | None = None,
        findings: Findings | None = None,
        healthy: bool = False,
    ) -> Subject:
        """The subject of a seed; what is wished for is kept, the rest is drawn.

        `healthy` leaves out anomalies, scoliosis, transition and every finding.
        """
        rng, odd = (np.random.Generator(np.random.PCG64([seed, part])) for part in (1, 2))
        drawn_sex = "FM"[int(rng.random() < 0.5)]
        drawn_age = float(np.clip(rng.normal(58, 16), 18, 95))
        drawn_arms = "up" if rng.random() < 0.7 else "down"
        sex, age, arms = sex or drawn_sex, age or drawn_age, arms or drawn_arms
        if sex not in ("F", "M") or arms not in ("up", "down"):
            raise VertebraError("A subject's sex is F or M and its arms are up or down.")
        base = FEMALE_SCALE if sex == "F" else MALE_SCALE
        scale = base * (1 + SCALE_SD * 0.8 * float(np.clip(rng.standard_normal(), -2.5, 2.5)))
        drawn_anomalies = frozenset() if healthy else _draw_anomalies(odd)
        anomalies = drawn_anomalies if anomalies is None else anomalies
        levels = tuple(level for level in chain(anomalies) if level.name not in ("S2", "Co"))
        names = [level.name for level in levels]
        forms = {name: draw_form(name, SIZES[name], scale, age, rng) for name in names}
        neck = Neck.draw(seed)
        scoliosis = draw_scoliosis(odd, cobb)
        transition = _draw_transition(names, odd)
        if healthy:
            scoliosis, transition = (scoliosis if cobb else None), None
        drawn_findings = Findings() if healthy else draw_findings(names, age, odd)
        findings = drawn_findings if findings is None else findings
        forms = {
            name: replace(form, fracture=findings.fracture_of(name)) for name, form in forms.items()
        }
        sunk, kinks = _consequences(names, forms, findings, scale)
        pose = draw_pose(levels, scale, rng, scoliosis, sunk, kinks, neck.steps(), neck.atlas_turn)
        forms = neck.fitted(forms, pose, scale)
        slope, wide, deep = rng.uniform(0.72, 1.08), rng.normal(1, 0.05), rng.normal(1, 0.07)
        ribs = _draw_ribs(names, odd, healthy)
        shrug = float(np.clip(rng.normal(24, 12), 0, 52))
        chest = (float(np.clip(wide, 0.86, 1.14)), float(np.clip(deep, 0.84, 1.2)))
        return cls(
            seed, sex, age, scale, arms, shrug, anomalies, pose, forms, ribs, float(slope), chest,
            scoliosis, transition, findings,
        )  # fmt: skip

    @property
    def levels(self) -> tuple[Level, ...]:
        """The levels present, C1 to S1 (the sacrum)."""
        return self.pose.levels

    @property
    def sizes(self) -> dict[str, Size]:
        """The sizes of every level, mm."""
        return {name: form.size for name, form in self.forms.items()}

    def index(self, name: str) -> int:
        """Which place a level has among `levels`; a missing T12 or L5 gives its neighbour above."""
        names = [level.name for level in self.levels]
        return names.index(name) if name in names else names.index(f"{name[0]}{int(name[1:]) - 1}")

    @cached_property
    def _descending(self) -> tuple[Array, Array]:
        """Body centres made strictly monotone in z, top first, with points beyond both ends."""
        centres = self.pose.centres
        index = np.arange(len(centres), dtype=np.float64)
        head = centres[0] + [0, 4, 80]
        tail = centres[-1] + [0, -45 * self.scale, -95 * self.scale]
        points = np.concatenate([head[None], centres, tail[None]])
        points[:, 2] = np.minimum.accumulate(points[:, 2]) - 1e-6 * np.arange(len(points))
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
        coordinate = self.region_at(z)
        table = np.array(_CAGE)
        rows = [np.interp(coordinate, table[:, 0], table[:, column]) for column in (1, 2, 3)]
        factors = (self.chest[0], 1.0, self.chest[1])
        return np.stack([row * f for row, f in zip(rows, factors)], -1) * self.scale

    def region_at(self, z: Array) -> Array:
        """0 at C1, 7 at T1, 19 at L1, 24 at S1 whatever the counts of thoracic and lumbar."""
        names = [level.name for level in self.levels]
        marks = [-4.0, *(names.index(name) for name in ("C1", "T1", "L1", "S1"))]
        return np.asarray(
            np.interp(self.level_at(z), [*marks, marks[-1] + 4.0], [-4, 0, 7, 19, 24, 28])
        )


_CAGE = (
    # coordinate, half width, back y, front y
    (-4, 65, -80, 95),
    (0, 52, -45, 55),
    (5, 50, -35, 45),
    (7, 50, -22, 40),
    (8, 66, -30, 52),
    (9, 82, -36, 66),
    (10, 94, -40, 80),
    (12, 110, -44, 104),
    (14, 121, -45, 124),
    (16, 126, -43, 134),
    (18, 124, -38, 132),
    (20, 119, -32, 118),
    (22, 116, -28, 104),
    (24, 112, -32, 95),
    (25.5, 78, -48, 85),
    (28, 62, -40, 75),
)


def _consequences(
    names: list[str], forms: dict[str, Form], findings: Findings, scale: float
) -> tuple[dict[str, float], dict[str, float]]:
    """What worn discs and fractures take from the steps (mm), and how they bend the spine."""
    sunk, kinks = dict.fromkeys(names, 0.0), {}
    for name, share in findings.worn_discs:
        below = names[names.index(name) + 1]
        heights = (forms[name].size.height + forms[below].size.height) / 2
        sunk[name] += 0.85 * share * max(SPACING[name] * scale - heights, 0.0)
    for name, fracture in findings.fractures:
        size = forms[name].size
        lost = size.height * (1 - (fracture.front + fracture.middle + fracture.back) / 3)
        sunk[name] += lost / 2
        sunk[names[names.index(name) - 1]] += lost / 2
        rise = (fracture.back - fracture.front) * size.height
        kinks[name] = float(np.degrees(np.arctan2(rise, size.depth)))
    return sunk, kinks


def _draw_anomalies(rng: np.random.Generator) -> frozenset[Anomaly]:
    """More often than in a clinic, so that a network that learns from these meets them."""
    chest, loins = rng.random(2)
    found = set()
    if chest < 0.05:
        found.add(Anomaly.NO_T12)
    elif chest < 0.09:
        found.add(Anomaly.T13)
    if loins < 0.05:
        found.add(Anomaly.NO_L5)
    elif loins < 0.14:
        found.add(Anomaly.L6)
    return frozenset(found)


def _draw_transition(names: list[str], rng: np.random.Generator) -> Transition | None:
    lottery, right, left, side = rng.random(4)
    if lottery > 0.10:
        return None
    right, left = 0.4 + 0.6 * right, 0.4 + 0.6 * left
    if side < 0.25:
        right = 0.0
    elif side < 0.5:
        left = 0.0
    return Transition(names[-2], float(right), float(left))


def _draw_ribs(names: list[str], rng: np.random.Generator, healthy: bool) -> tuple[Rib, ...]:
    ribs = []
    stump, lumbar, cervical = rng.random(3)
    if healthy:
        stump = lumbar = cervical = 1.0
    thoracic = [name for name in names if name[0] == "T"]
    for name in thoracic:
        shared = float(np.clip(rng.normal(1, 0.12), 0.7, 1.3))
        for side in (-1, 1):
            length = 1.0
            if int(name[1:]) >= 11:
                length = shared * float(np.clip(rng.normal(1, 0.06), 0.85, 1.15))
            if name == thoracic[-1] and (stump < 0.06 or name == "T13"):
                length = min(length, 1.0) * float(rng.uniform(0.15, 0.6))
            ribs.append(Rib(name, side, length, 0.75 if length < 0.4 else 1.0))
    if lumbar < 0.04:
        ribs += [Rib("L1", side, float(rng.uniform(0.12, 0.38)), 0.7) for side in (-1, 1)]
    if cervical < 0.025:
        sides = [(-1, 1), (1,), (-1,)][int(rng.integers(3))]
        ribs += [Rib("C7", side, float(rng.uniform(0.2, 0.9)), 0.7) for side in sides]
    return tuple(ribs)
