"""Where every vertebra of a subject stands: body centres and orientations along the spine.

Spacing and tilt follow the VerSe centroid lists (80 scans of 2019 and 113 of 2020).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..anatomy import Level

Array = NDArray[np.float64]

# level: spacing to the next level below, mm; sagittal tilt of that step, degrees
_STEPS = """
C1 17.3 11  C2 18.6 8  C3 16.2 13  C4 16.4 17  C5 16.3 21  C6 17.7 27  C7 18.9 29  T1 21.0 28
T2 22.1 27  T3 22.3 22  T4 22.8 17  T5 23.5 12  T6 24.0 7  T7 24.4 -1  T8 25.0 -4  T9 25.8 -7
T10 27.7 -9  T11 29.9 -11  T12 31.3 -11  T13 32.0 -11  L1 33.6 -13  L2 34.4 -10  L3 34.3 -4
L4 32.5 7  L5 29.8 21  L6 29.0 23
"""
_words = _STEPS.split()
SPACING = {name: float(mm) for name, mm in zip(_words[::3], _words[1::3])}
TILT = {name: float(degrees) for name, degrees in zip(_words[::3], _words[2::3])}
SACRAL_TURN = 15.0
"""The upper plate of the sacrum is tilted beyond the step from L5 to it by this, degrees."""

ATLAS_TURN = 27.0
"""The atlas' ring is usually tilted back against the axis by this, degrees."""

_PELVIC_ROLL = 0.35
"""A lying patient's pelvis is nearly level: it keeps this share of the spine's lean."""

SPACING_SD = 0.03
"""Spacings differ by this share from level to level once the subject's scale is taken out."""


@dataclass(frozen=True, eq=False)
class Pose:
    """Frames of all bones of the spine: columns right, anterior, superior and the body centre."""

    levels: tuple[Level, ...]
    frames: Array
    """One 4x4 matrix a level, from the vertebra's own millimetres to subject space."""

    @property
    def centres(self) -> Array:
        """Body centres, one row a level."""
        return self.frames[:, :3, 3]


def rotation(pitch: float = 0.0, roll: float = 0.0, yaw: float = 0.0) -> Array:
    """Rotation by degrees: yaw about +z, then pitch about +x (head back), then roll about +y."""
    a, b, c = np.deg2rad([pitch, roll, yaw])
    x = np.array([[1, 0, 0], [0, np.cos(a), -np.sin(a)], [0, np.sin(a), np.cos(a)]])
    y = np.array([[np.cos(b), 0, np.sin(b)], [0, 1, 0], [-np.sin(b), 0, np.cos(b)]])
    z = np.array([[np.cos(c), -np.sin(c), 0], [np.sin(c), np.cos(c), 0], [0, 0, 1]])
    turned: Array = y @ x @ z
    return turned


def _modes(text: str) -> Array:
    """Five modes of 24 numbers."""
    return np.array(text.split(), dtype=np.float64).reshape(5, 24)


# Main modes of the deviation from the mean tilt, C1-2 down to L5-S1, degrees for one SD, found by
# expectation maximisation over the VerSe centroid lists (193 spines, parts missing), and what
# the modes leave.
_TILT_MODES = _modes(
    """
 8.8  8.2 12.2 14.3 15.5 13.6 10.8  8.4  8.0  5.7  3.2  3.4  2.8  2.2  1.9  1.9 -0.6  0.7  0.7
 0.5  0.5 -2.2 -2.1 -2.1
-5.4 -5.6 -2.5 -0.2  1.5  5.5  4.2  3.1  2.2  2.1 -1.7 -0.6 -4.3 -3.0 -3.5 -4.0 -3.2 -2.5 -1.5
-1.1  0.6  2.0  6.0  6.5
 7.8  5.6  4.0  1.2 -0.3 -3.2 -2.7 -1.6 -1.8 -1.7 -2.1 -2.2 -2.1 -2.8 -2.4 -2.3 -2.0 -1.9 -2.0
-1.2  0.9  3.0  5.8  4.5
 0.1  1.6 -0.6 -1.3 -3.8 -0.6 -1.3  1.4  3.1  3.9  5.9  4.7  3.1  1.9  1.7  0.1  0.2 -2.1 -1.4
-1.2  1.5  3.1  3.2  1.0
-4.2 -1.7  3.1  4.7  2.1 -3.0 -2.7 -1.7 -1.6  0.6  1.0  1.0  1.2  1.3 -0.1  0.5  0.1 -1.4 -3.6
-3.7 -3.2 -2.3 -0.5  3.0
"""
)
_TILT_REST = 1.7  # less than the modes leave: neighbouring steps then differ as VerSe's do

_ROLL_MODES = _modes(
    """
-4.3 -5.0 -7.2 -7.0 -6.9 -4.8 -6.9 -4.6 -3.5 -2.5  0.0  0.1 -0.3 -0.4 -0.8 -1.8  1.6  0.8  0.9
-0.7 -1.8 -0.2  0.1  1.0
-0.8 -5.0 -4.9 -2.4 -1.2  5.9  2.8  5.3  4.5  2.9  2.3  1.3  0.2  0.6 -0.5 -1.3  1.6  1.1  1.8
 1.1  0.5 -0.8  0.6 -0.1
-1.3 -0.6 -0.8 -0.7  1.2  1.0 -2.0  1.0  0.7  1.5  0.0 -0.7 -0.2  0.5  1.3  1.2 -3.2 -4.4 -3.5
-2.3  0.1  2.4  4.1  3.6
-1.0 -0.9  0.5 -1.2 -1.2  1.1  0.4  0.5  1.7 -1.0 -1.8 -2.0 -0.9  0.6  1.5  3.6 -1.9 -1.1 -1.9
-1.7 -3.5 -3.4 -3.0 -2.9
-0.5  0.8 -0.6  0.2  0.4 -0.4 -1.6 -0.3 -0.4  1.1  2.8  2.4  1.9  2.4  3.3  4.4  0.9  1.1  0.5
 0.5  0.7  0.2 -0.5 -0.2
"""
)
_ROLL_REST = 1.0


@dataclass(frozen=True)
class Scoliosis:
    """A coronal curve: its Cobb angle (degrees; + bows to the right) and its end vertebrae."""

    cobb: float
    upper: str
    lower: str
    rotation: float
    """Axial turn of the apex as a share of the Cobb angle."""


def draw_scoliosis(rng: np.random.Generator, cobb: float | None = None) -> Scoliosis | None:
    """One spine in eight is scoliotic, mostly mildly; a wished-for angle always gives a curve."""
    lottery, size, side = rng.random(), rng.random(), rng.random()
    upper, lower = [("T2", "T8"), ("T5", "T11"), ("T5", "T12"), ("T9", "L2"), ("T11", "L4")][
        int(rng.integers(5))
    ]
    rotation = float(rng.uniform(0.3, 0.55))
    if cobb is None:
        if lottery > 0.125:
            return None
        cobb = 10 + 50 * size**2
    right = side < (0.8 if upper in ("T2", "T5") else 0.35)
    return Scoliosis(abs(cobb) if right else -abs(cobb), upper, lower, rotation)


def draw_pose(
    levels: tuple[Level, ...],
    scale: float,
    rng: np.random.Generator,
    scoliosis: Scoliosis | None = None,
    sunk: Mapping[str, float] | None = None,
    kinks: Mapping[str, float] | None = None,
    stretch: Mapping[str, float] | None = None,
    atlas_turn: float = ATLAS_TURN,
) -> Pose:
    """A pose of a subject of this scale; spacing, tilt and curves vary as VerSe's do.

    `sunk` says by how many mm the step below a level is shorter, `kinks` by how many degrees the
    spine bends forward at a level, `stretch` how many times longer the step below a level is,
    `atlas_turn` by how many degrees the atlas is tilted back against the axis.
    """
    steps = [level.name for level in levels if level.name in SPACING]
    usual = _usual_index(steps)
    count = len(steps)
    loose = np.where(usual < 6, 1.5, 1.0)  # cervical steps scatter more
    noise = np.clip(rng.standard_normal(count), -2.5, 2.5)
    spacing = np.array([SPACING[name] for name in steps])
    spacing = spacing * scale * (1 + SPACING_SD * loose * noise)

    def deviation(modes: Array, rest: float) -> Array:
        weights = np.clip(rng.standard_normal(len(modes)), -2.2, 2.2)
        own = np.clip(rng.standard_normal(count), -2, 2) * rest * loose
        columns = [np.interp(usual, np.arange(24), mode) for mode in modes]
        return np.asarray(weights @ np.array(columns) + own)

    tilt = np.array([TILT[name] for name in steps]) + deviation(_TILT_MODES, _TILT_REST)
    roll = deviation(_ROLL_MODES, _ROLL_REST)
    spacing = spacing * np.array([(stretch or {}).get(name, 1.0) for name in steps])
    spacing = spacing - np.array([(sunk or {}).get(name, 0.0) for name in steps])
    for name, angle in (kinks or {}).items():
        place = steps.index(name)
        tilt[max(place - 2, 0) : place] += angle / 2
        tilt[place : place + 2] -= angle / 2
    yaw = np.interp(
        np.arange(count + 1), np.linspace(0, count, 6), np.clip(rng.standard_normal(6), -2, 2) * 1.5
    )
    if scoliosis is not None:
        names = [level.name for level in levels]
        roll, turn = _bowed(roll, scoliosis, names)
        yaw = yaw + turn
    return assemble(levels, spacing, tilt, roll, yaw, atlas_turn)


def _usual_index(steps: list[str]) -> Array:
    """Each step's place among the 24 of a usual spine, so that anomalies stretch its curves."""
    marks = [steps.index("T1"), steps.index("L1"), len(steps)]
    return np.asarray(np.interp(np.arange(len(steps)), [0, *marks], [0, 7, 19, 24]))


def _bowed(roll: Array, scoliosis: Scoliosis, names: list[str]) -> tuple[Array, Array]:
    """Coronal tilts with the curve put in, and the axial turn of every vertebra."""
    upper = names.index(scoliosis.upper)
    lower = names.index(scoliosis.lower) if scoliosis.lower in names else upper + 6
    share = (np.arange(len(roll)) + 0.5 - upper) / (lower - upper)
    half = scoliosis.cobb / 2
    beyond = np.maximum(np.maximum(-share, share - 1), 0) * (lower - upper)
    fading = np.exp(-((beyond / 3.0) ** 2))  # compensating curves straighten the rest
    wave = half * np.cos(np.pi * np.clip(share, 0, 1)) * fading
    own = roll * (1 - 0.6 * fading)
    apex = (np.arange(len(roll) + 1) - upper) / (lower - upper)
    inside = np.sin(np.pi * np.clip(apex, 0, 1))
    return own + wave, -scoliosis.rotation * scoliosis.cobb * inside


def assemble(
    levels: tuple[Level, ...],
    spacing: Array,
    tilt: Array,
    roll: Array,
    yaw: Array,
    atlas_turn: float = ATLAS_TURN,
) -> Pose:
    """Frames from steps: spacing (mm), sagittal tilt, coronal roll and, per level, axial yaw.

    A vertebra is turned as the mean of the steps above and below it, the sacrum farther forward,
    the atlas farther back.
    """
    a, b = np.deg2rad(tilt), np.deg2rad(roll)
    steps = np.stack([np.sin(b) * np.cos(a), -np.sin(a), -np.cos(b) * np.cos(a)], 1)
    centres = np.concatenate([np.zeros((1, 3)), np.cumsum(steps * spacing[:, None], 0)])
    pitches = -np.concatenate([tilt[:1], (tilt[:-1] + tilt[1:]) / 2, tilt[-1:] + SACRAL_TURN])
    pitches[0] = pitches[1] + atlas_turn
    rolls = -np.concatenate([roll[:1] / 2, (roll[:-1] + roll[1:]) / 2, roll[-1:] * _PELVIC_ROLL])
    yaw = np.append(yaw[:-1], yaw[-1] * _PELVIC_ROLL)
    frames = np.tile(np.eye(4), (len(centres), 1, 1))
    for frame, centre, *angles in zip(frames, centres, pitches, rolls, yaw):
        frame[:3, :3] = rotation(*angles)
        frame[:3, 3] = centre
    last_thoracic = max(i for i, level in enumerate(levels) if level.name.startswith("T"))
    frames[:, :3, 3] -= frames[last_thoracic, :3, 3]
    return Pose(levels[: len(frames)], frames)
