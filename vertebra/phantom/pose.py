"""Where every vertebra of a subject stands: body centres and orientations along the spine.

Spacing and tilt follow the VerSe centroid lists (80 scans of 2019 and 113 of 2020).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..anatomy import Level

Array = NDArray[np.float64]

# level: spacing to the next level below, mm; sagittal tilt of that step, degrees
_STEPS = """
C1 17.1 11  C2 18.5 8  C3 16.0 13  C4 16.2 17  C5 16.0 21  C6 17.5 27  C7 18.8 29  T1 20.8 28
T2 21.8 27  T3 21.9 22  T4 22.3 17  T5 23.1 12  T6 23.4 7  T7 23.9 -1  T8 24.6 -4  T9 25.5 -7
T10 27.3 -9  T11 29.5 -11  T12 30.8 -11  T13 31.5 -11  L1 33.2 -13  L2 34.0 -10  L3 33.9 -4
L4 32.1 7  L5 29.5 21  L6 29.0 23
"""
_words = _STEPS.split()
SPACING = {name: float(mm) for name, mm in zip(_words[::3], _words[1::3])}
TILT = {name: float(degrees) for name, degrees in zip(_words[::3], _words[2::3])}
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
    """Rotation by degrees: pitch about +x (head goes back), roll about +y, then yaw about +z."""
    a, b, c = np.deg2rad([pitch, roll, yaw])
    x = np.array([[1, 0, 0], [0, np.cos(a), -np.sin(a)], [0, np.sin(a), np.cos(a)]])
    y = np.array([[np.cos(b), 0, np.sin(b)], [0, 1, 0], [-np.sin(b), 0, np.cos(b)]])
    z = np.array([[np.cos(c), -np.sin(c), 0], [np.sin(c), np.cos(c), 0], [0, 0, 1]])
    return np.asarray(z @ y @ x)


def draw_pose(levels: tuple[Level, ...], scale: float, rng: np.random.Generator) -> Pose:
    """A pose of a subject of this scale."""
    upper = [level for level in levels if level.name in SPACING]
    count = len(upper)
    spacing = np.array([SPACING[level.name] for level in upper])
    spacing = spacing * scale * (1 + SPACING_SD * rng.standard_normal(count))
    tilt = np.array([TILT[level.name] for level in upper])
    knots = np.linspace(0, count - 1, 6)
    tilt = tilt + np.interp(np.arange(count), knots, rng.standard_normal(6) * 6)
    roll = np.interp(np.arange(count), knots, rng.standard_normal(6) * 3)
    return assemble(levels, spacing, tilt, roll, np.zeros(count + 1))


def assemble(
    levels: tuple[Level, ...], spacing: Array, tilt: Array, roll: Array, yaw: Array
) -> Pose:
    """Frames from steps: spacing (mm), sagittal tilt, coronal roll and, per level, axial yaw."""
    a, b = np.deg2rad(tilt), np.deg2rad(roll)
    steps = np.stack([np.sin(b) * np.cos(a), -np.sin(a), -np.cos(b) * np.cos(a)], 1)
    centres = np.concatenate([np.zeros((1, 3)), np.cumsum(steps * spacing[:, None], 0)])
    pitches = -np.concatenate([tilt[:1], (tilt[:-1] + tilt[1:]) / 2, tilt[-1:] + 12])
    rolls = -np.concatenate([roll[:1], (roll[:-1] + roll[1:]) / 2, roll[-1:]])
    frames = np.tile(np.eye(4), (len(centres), 1, 1))
    for frame, centre, *angles in zip(frames, centres, pitches, rolls, yaw):
        frame[:3, :3] = rotation(*angles)
        frame[:3, 3] = centre
    last_thoracic = max(i for i, level in enumerate(levels) if level.name.startswith("T"))
    frames[:, :3, 3] -= frames[last_thoracic, :3, 3]
    return Pose(levels[: len(frames)], frames)
