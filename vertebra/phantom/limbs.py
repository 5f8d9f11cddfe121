"""Shoulder girdle, arms, thighs, jaw, hyoid and coccyx: bones that follow the spine's ends."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .pose import rotation
from .shapes.pelvis import HIP_JOINT, SACRAL_SLOPE
from .shapes.solids import Rows
from .shapes.tubes import Tube

if TYPE_CHECKING:
    from .subject import Subject

Array = NDArray[np.float64]

COCCYX = 27
SKULL, MANDIBLE, HYOID, TEETH = 200, 201, 204, 205
HIP_RIGHT, HIP_LEFT, FEMUR_RIGHT, FEMUR_LEFT = 210, 211, 212, 213
SCAPULA_RIGHT, SCAPULA_LEFT, CLAVICLE_RIGHT, CLAVICLE_LEFT = 220, 221, 222, 223
HUMERUS_RIGHT, HUMERUS_LEFT = 224, 225


def pelvis_frame(subject: Subject) -> Array:
    """The upright pelvis: S1's frame, leaned back by the sacral slope, in mm of this subject."""
    frame: Array = subject.pose.frames[-1].copy()
    frame[:3, :3] = frame[:3, :3] @ rotation(pitch=SACRAL_SLOPE) * subject.scale
    return frame


_CONDYLES = np.array([0.0, -7.0, 5.5])
"""Where skull and atlas touch, in the frames of both (mm, before scaling)."""
_ATLAS_ON_SKULL = 12.0
"""How far the ring of the atlas is tilted back against the hard palate, degrees."""


def head_frame(subject: Subject) -> Array:
    """The skull sits on C1 and keeps half of its nod."""
    atlas = subject.pose.frames[0]
    frame: Array = atlas.copy()
    nod = np.degrees(np.arctan2(frame[1, 2], frame[2, 2])) + _ATLAS_ON_SKULL
    level = float(np.clip(nod * 0.5, -20, 20)) - _ATLAS_ON_SKULL
    frame[:3, :3] = frame[:3, :3] @ rotation(pitch=level)
    frame[:3, :3] *= subject.scale**0.6  # heads differ less than bodies
    frame[:3, 3] += (atlas[:3, :3] * subject.scale - frame[:3, :3]) @ _CONDYLES
    return frame


def chest_frame(subject: Subject) -> Array:
    """Upright at the body of T4."""
    frame = np.eye(4)
    frame[:3, :3] *= subject.scale
    frame[:3, 3] = subject.pose.centres[subject.index("T4")]
    return frame


def limb_tubes(subject: Subject) -> list[Tube]:
    """All of them."""
    tubes = []
    for side in (-1, 1):
        tubes += _shoulder(subject, side) + _thigh(subject, side)
    return tubes + _jaw(subject) + _coccyx(subject)


def _placed(
    frame: Array,
    points: Rows,
    radii: Rows,
    code: int,
    side: int = 1,
    up: ArrayLike = (0, 0, 1),
) -> Tube:
    """A tube from points in a frame, mirrored for the left side."""
    mirror = np.array([side, 1.0, 1.0])
    path = np.asarray(points, dtype=np.float64) * mirror
    scale = float(np.cbrt(np.linalg.det(frame[:3, :3])))
    ups = np.broadcast_to(np.asarray(up, dtype=np.float64) * mirror, path.shape)
    sizes = np.broadcast_to(np.asarray(radii, dtype=np.float64), (len(path), 2))
    return Tube(path @ frame[:3, :3].T + frame[:3, 3], ups @ frame[:3, :3].T, sizes * scale, code)


def _shoulder(subject: Subject, side: int) -> list[Tube]:
    frame = chest_frame(subject)
    blade_code = SCAPULA_RIGHT if side > 0 else SCAPULA_LEFT
    bone_code = CLAVICLE_RIGHT if side > 0 else CLAVICLE_LEFT
    arm_code = HUMERUS_RIGHT if side > 0 else HUMERUS_LEFT
    raised = subject.arms == "up"
    shrug = np.array([-4.0, 2, 22 if raised else subject.shrug])
    socket = np.array([142.0, 4, 14]) + shrug
    spread = 24.0 if raised else 0.0  # raised arms swing the lower angle outwards
    upper = np.array([74.0, -52, 40]) + shrug * 0.7
    lower = np.array([92.0 + spread, -68, -105]) + shrug * 0.7
    tubes = []
    root = np.array([70.0, -60, 5]) + shrug * 0.7
    for share in np.linspace(0, 1, 9):
        edge = (
            (upper + (root - upper) * share * 3)
            if share < 1 / 3
            else root + (lower - root) * (share * 1.5 - 0.5)
        )
        neck = socket + [-18, -6, -4 - 14 * share]
        bow = (neck + edge) / 2 + [2, -6, 0]
        tubes.append(
            _placed(
                frame,
                [neck, bow, edge],
                [[11, 3.5], [11, 2.2], [10, 2.6]],
                blade_code,
                side,
                up=(0, 0.2, 1),
            )
        )
    tubes.append(
        _placed(frame, [lower, socket + [-12, -4, -14]], [[5, 4.5], [7, 5.5]], blade_code, side)
    )
    tubes.append(
        _placed(
            frame,
            [socket + [-14, -4, 0], socket + [-4, 1, 0]],
            [[12, 8], [17, 11]],
            blade_code,
            side,
        )
    )
    spine = [
        root + [2, -3, 2],
        socket + [-34, -32, 14],
        socket + [2, -22, 32],
        socket + [14, -2, 36],
    ]
    tubes.append(
        _placed(frame, spine, [[3, 3], [10, 3], [9, 4], [5, 8]], blade_code, side, up=(0, -1, 0.4))
    )
    beak = [socket + [-14, 2, 14], socket + [-16, 20, 22], socket + [-2, 34, 14]]
    tubes.append(_placed(frame, beak, [[7, 6], [5.5, 5], [4.5, 4.5]], blade_code, side))
    notch = _notch(subject)
    inner = (notch - frame[:3, 3]) / subject.scale * [side, 1, 1] + [18, 2, 2]
    tip = socket + [8, 4, 34]
    collar = [
        inner,
        inner * 0.68 + tip * 0.32 + [0, 12, 2],
        inner * 0.3 + tip * 0.7 + [0, -12, 4],
        tip,
    ]
    tubes.append(_placed(frame, collar, [[10, 9], [6.5, 6], [6, 6.5], [5, 9]], bone_code, side))
    head = socket + [22, 3, 2]
    if raised:
        shaft = [head + [8, 2, 16], head + [28, 14, 90], head + [40, 26, 210]]
    else:
        shaft = [head + [10, 0, -18], head + [20, -4, -100], head + [34, -8, -260]]
    tubes.append(_placed(frame, [head, head + [1, 0, 1]], [[23, 23]] * 2, arm_code, side))
    tubes.append(
        _placed(
            frame,
            [head + [5, 1, 0], *shaft],
            [[20, 20], [16, 16], [11, 11], [11, 12]],
            arm_code,
            side,
        )
    )
    return tubes


def _notch(subject: Subject) -> Array:
    """The jugular notch, where the clavicles meet the sternum."""
    z = subject.pose.centres[subject.index("T2")][2] - 8 * subject.scale
    at = np.array([z])
    line, wall = subject.centreline(at)[0], subject.cage(at)[0]
    return np.array([line[0], line[1] + wall[2] + 2 * subject.scale, z])


def _thigh(subject: Subject, side: int) -> list[Tube]:
    frame = pelvis_frame(subject)
    code = FEMUR_RIGHT if side > 0 else FEMUR_LEFT
    joint = np.array(HIP_JOINT)
    trochanter = joint + [44, -8, -18]
    great = [trochanter + [6, -6, 16], trochanter + [2, 0, -12]]
    return [
        _placed(frame, [joint, joint + [0.5, 0, 0]], [[23, 23]] * 2, code, side),
        _placed(frame, [joint + [4, 0, -2], trochanter], [[16, 14], [18, 13]], code, side),
        _placed(frame, great, [[10, 12], [19, 17]], code, side, up=(1, 0, 0)),
        _placed(
            frame,
            [trochanter, trochanter + [-6, 4, -60], trochanter + [-22, 6, -320]],
            [[19, 18], [15, 15], [14, 14]],
            code,
            side,
            up=(1, 0, 0),
        ),
    ]


def _jaw(subject: Subject) -> list[Tube]:
    frame = head_frame(subject)
    neck = subject.pose.frames[subject.index("C3")].copy()
    neck[:3, :3] *= subject.scale
    tubes = []
    for side in (-1, 1):
        ramus = [[51, 11, 27], [50, 13, 12], [48, 16, -8], [47, 17, -26]]
        sizes = [[5, 6], [8, 4], [15, 4], [14, 4.5]]
        tubes.append(_placed(frame, ramus, sizes, MANDIBLE, side, up=(0, 1, 0)))
        coronoid = [[49, 31, 16], [48, 24, -8]]
        tubes.append(_placed(frame, coronoid, [[4, 3], [9, 3.5]], MANDIBLE, side, up=(0, 1, 0)))
        row = [[47, 19, -26], [41, 38, -37], [31, 60, -43], [17, 77, -46], [0, 84, -47]]
        sizes = [[12, 5], [12, 5.5], [13, 6], [14, 6], [15, 6.5]]
        tubes.append(_placed(frame, row, sizes, MANDIBLE, side))
        for z in (-17, -29):
            arch = [[28, 44, z], [25, 62, z], [17, 78, z], [8, 87, z], [0, 90, z]]
            sizes = [[5, 4]] * 2 + [[5, 2.5]] * 3
            tubes.append(_placed(frame, arch, sizes, TEETH, side))
        horn = [[20, 18, -8], [17, 30, -10], [9, 41, -12], [0, 44, -12]]
        tubes.append(_placed(neck, horn, [[2.5, 1.8], [3, 2], [4.5, 2.5], [5, 3]], HYOID, side))
    return tubes


def _coccyx(subject: Subject) -> list[Tube]:
    frame = pelvis_frame(subject)
    beads = [[0, -58, -78], [0, -58, -88], [0, -54, -98], [0, -48, -106]]
    radii = [[10, 4.5], [7, 4], [5, 3.5], [3.5, 3]]
    tail = _placed(frame, beads, radii, COCCYX, up=(1, 0, 0))
    horns = [
        _placed(frame, [[9, -60, -80], [8, -64, -72]], [[2.5, 2.5]] * 2, COCCYX, side)
        for side in (-1, 1)
    ]
    return [tail, *horns]
