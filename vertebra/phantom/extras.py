"""Findings as geometry: bridging bone, joined transverse processes, and metal."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..anatomy import LEVELS
from .limbs import pelvis_frame
from .pathology import METAL_CEMENT, METAL_PEEK, METAL_TITANIUM, Fusion
from .shapes.pelvis import HIP_JOINT
from .shapes.tubes import Tube

if TYPE_CHECKING:
    from .subject import Subject

Array = NDArray[np.float64]


def bony_tubes(subject: Subject) -> list[Tube]:
    """Bone that findings add, labelled as part of the vertebra above."""
    tubes = []
    names = [level.name for level in subject.levels]
    for bridge in subject.findings.bridges:
        below = names[names.index(bridge.level) + 1]
        tubes.append(_bridge(subject, bridge.level, below, bridge.angle, bridge.thickness))
    if subject.transition is not None:
        for side, amount in ((1, subject.transition.right), (-1, subject.transition.left)):
            if amount > 0:
                tubes.append(_joint_with_sacrum(subject, subject.transition.level, side, amount))
    return tubes


def metal_tubes(subject: Subject) -> list[Tube]:
    """Screws, rods, cages, cement and hip prostheses; the code is the material."""
    tubes = []
    findings = subject.findings
    if findings.fusion is not None:
        tubes += _fusion(subject, findings.fusion)
    for level in findings.cement:
        form = subject.forms[level]
        size = form.size
        blobs = [
            [-0.2 * size.width, 0.1 * size.depth, 0],
            [0.15 * size.width, 0.15 * size.depth, 1],
        ]
        tubes.append(_at(subject, level, blobs, [[5, 7], [6, 5]], METAL_CEMENT))
    frame = pelvis_frame(subject)
    for side in findings.hip_implants:
        joint = np.array(HIP_JOINT)
        cup_and_head = [joint + [-6, 0, 2], joint]
        stem = [joint, joint + [30, -5, -4], joint + [40, -4, -40], joint + [34, -3, -150]]
        for points, radii in (
            (cup_and_head, [[26, 26], [18, 18]]),
            (stem, [[8, 8], [9, 8], [11, 8], [6, 5]]),
        ):
            path = np.array(points) * [side, 1, 1] @ frame[:3, :3].T + frame[:3, 3]
            ups = np.tile([1.0, 0, 0], (len(path), 1))
            tubes.append(Tube(path, ups, np.array(radii) * subject.scale, METAL_TITANIUM))
    return tubes


def _at(subject: Subject, level: str, points: ArrayLike, radii: ArrayLike, code: int) -> Tube:
    """A tube given in the millimetres of a vertebra."""
    frame = subject.pose.frames[subject.index(level)]
    path = np.asarray(points, dtype=np.float64) @ frame[:3, :3].T + frame[:3, 3]
    sizes = np.broadcast_to(np.asarray(radii, dtype=np.float64), (len(path), 2)).copy()
    return Tube(path, np.tile(frame[:3, 0], (len(path), 1)), sizes, code)


def _rim(subject: Subject, level: str, angle: float, height: float, out: float) -> Array:
    """A point on the side of a body: `height` in half heights, `out` mm outside the wall."""
    size = subject.forms[level].size
    frame = subject.pose.frames[subject.index(level)]
    local = np.array(
        [
            np.sin(angle) * (size.width / 2 + out),
            np.cos(angle) * (size.depth / 2 + out),
            height * size.height / 2,
        ]
    )
    return np.asarray(frame[:3, :3] @ local + frame[:3, 3])


def _bridge(subject: Subject, above: str, below: str, angle: float, thickness: float) -> Tube:
    points = np.stack(
        [
            _rim(subject, above, angle, -0.2, -1.0),
            _rim(subject, above, angle, -0.9, 1.0),
            (_rim(subject, above, angle, -1, 3) + _rim(subject, below, angle, 1, 3)) / 2,
            _rim(subject, below, angle, 0.9, 1.0),
            _rim(subject, below, angle, 0.2, -1.0),
        ]
    )
    frame = subject.pose.frames[subject.index(above)]
    sideways = frame[:3, 0] * np.cos(angle) - frame[:3, 1] * np.sin(angle)
    radii = np.outer([0.6, 1.0, 1.1, 1.0, 0.6], [3.0, 1.0]) * thickness
    return Tube(points, np.tile(sideways, (5, 1)), radii, LEVELS[above].verse)


def _joint_with_sacrum(subject: Subject, level: str, side: int, amount: float) -> Tube:
    """A broad transverse process that reaches down to the wing of the sacrum."""
    size = subject.forms[level].size
    frame, pelvis = subject.pose.frames[subject.index(level)], pelvis_frame(subject)
    root = np.array([side * (size.width / 2), -size.depth * 0.4, 2.0])
    tip = np.array([side * (size.transverse_span / 2 - 4), -size.depth * 0.6, -2.0])
    start, middle = (frame[:3, :3] @ p + frame[:3, 3] for p in (root, tip))
    wing = pelvis[:3, :3] @ np.array([side * 43.0, -14.0, 14.0]) + pelvis[:3, 3]
    reach = middle + (wing - middle) * (0.35 + 0.65 * amount)
    points = np.stack([start, middle, reach])
    radii = np.array([[8, 6], [11, 7], [11, 7]]) * (0.6 + 0.4 * amount) * subject.scale
    return Tube(points, np.tile(frame[:3, 0], (3, 1)), radii, LEVELS[level].verse)


def _fusion(subject: Subject, fusion: Fusion) -> list[Tube]:
    names = [level.name for level in subject.levels]
    levels = names[names.index(fusion.upper) : names.index(fusion.lower) + 1]
    tubes = []
    heads: dict[int, list[Array]] = {-1: [], 1: []}
    for level in levels:
        size = subject.forms[level].size
        for side in (-1, 1):
            start, end = pedicle_axis(subject, level, side)
            along = (end - start) / np.linalg.norm(end - start)
            behind = start - along * 10
            radius = min(3.2, 0.42 * size.pedicle_width)
            path = np.stack([behind, end])
            ups = np.tile([0.0, 0, 1], (2, 1))
            tubes.append(Tube(path, ups, np.full((2, 2), radius), fusion.material))
            head = np.stack([behind - along * 6, behind])
            tubes.append(Tube(head, ups, np.full((2, 2), 5.5), fusion.material))
            heads[side].append(behind - along * 6)
    for points in heads.values():
        path = np.stack(points)
        ups = np.tile([1.0, 0, 0], (len(path), 1))
        if len(path) > 1:
            tubes.append(Tube(path, ups, np.full((len(path), 2), 2.9), fusion.material))
    if fusion.cages:
        for above, below in pairwise(levels):
            a, b = (subject.pose.centres[subject.index(name)] for name in (above, below))
            frame = subject.pose.frames[subject.index(above)]
            size = subject.forms[above].size
            middle = (a + b) / 2
            half = frame[:3, 0] * size.width * 0.22
            path = np.stack([middle - half, middle + half])
            radii = np.tile([4.5, size.depth * 0.26], (2, 1))
            code = METAL_PEEK if fusion.material == METAL_TITANIUM else METAL_TITANIUM
            tubes.append(Tube(path, np.tile(frame[:3, 2], (2, 1)), radii, code))
    return tubes


def pedicle_axis(subject: Subject, level: str, side: int) -> tuple[Array, Array]:
    """From the back of the pedicle into the body, in subject space; `side` +1 is the right."""
    size = subject.forms[level].size
    frame = subject.pose.frames[subject.index(level)]
    back = -size.depth / 2
    x = side * (size.canal_width + size.pedicle_width) / 2
    height = size.height / 2 - size.pedicle_height / 2
    z = {"C": 0.0, "T": height, "L": height - 0.5}.get(level[0], 2.0)
    start = np.array([x * 1.04, back - size.canal_depth * 0.6, z])
    end = np.array([x * 0.72, back + size.depth * 0.55, z - 0.5])
    if level[0] == "C":  # from the pillar steeply inwards
        start = np.array([side * (size.canal_width / 2 + 4.6), back - size.canal_depth * 0.35, z])
        end = np.array([side * size.width * 0.2, back + size.depth * 0.4, z])
    return frame[:3, :3] @ start + frame[:3, 3], frame[:3, :3] @ end + frame[:3, 3]
