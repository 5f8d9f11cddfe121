"""Sacrum and hip bone, in the frame of an upright pelvis with its origin in the body of S1."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ..pose import rotation
from .bodies import block, ellipsoid
from .solids import Clay, Rows, Style, rod

Array = NDArray[np.float64]

SACRAL_SLOPE = 33.0
"""The upper plate of S1 leans forward by this against the upright pelvis, degrees."""
HIP_JOINT = (84.0, 19.0, -82.0)
"""Centre of the right femoral head."""

_BODIES = np.array(
    [[0, -3, 1], [0, -20, -11], [0, -37, -27], [0, -50, -45], [0, -57, -62], [0, -59, -74]], float
)
_HALF = np.array([[24, 13], [20, 9], [17, 7.5], [14, 6.5], [12, 5.5], [10, 4.5]], float)
_LATERAL = np.array(
    [[41, -14, 3], [42, -27, -13], [35, -40, -31], [26, -51, -49], [18, -57, -66]], float
)
CANAL = np.array([[0, -36, -2], [0, -50, -23], [0, -60, -44], [0, -65, -78]], float)
"""The sacral canal below S1."""


def sacrum(step: float, style: Style) -> Clay:
    """Five fused vertebrae: promontory, wings, four pairs of foramina, canal, crest."""
    clay = Clay((-70, -86, -84), (70, 32, 50), step, style)
    lean = rotation(pitch=-SACRAL_SLOPE)

    def bowed(points: Rows) -> Array:
        rows = np.array(points, dtype=np.float64)
        rows[:, 1] -= style.bow * np.sin(np.pi * np.clip(-rows[:, 2] / 74, 0, 1))
        return rows

    bodies, lateral = bowed(_BODIES), bowed(_LATERAL) * [style.breadth, 1, 1]
    plate = block(tuple(lean @ np.array([0, 0, 7.5])), (25, 16.5, 7.5), lean, 4)
    clay.add(plate, (-27, -16, -8), (27, 26, 26), 1)
    clay.limb(bodies, _HALF, flat=(1, 0, 0), blend=3)
    for side in (-1, 1):
        s = np.array([side, 1.0, 1.0])
        wing = block(
            (side * 38 * style.breadth, -12, 2), (18, 13, 14), rotation(pitch=-40, roll=side * 8), 6
        )
        clay.add(wing, (side * 38 - 22, -38, -22), (side * 38 + 22, 14, 24), 6)
        clay.limb(
            lateral * s,
            [[15, 11], [15, 10], [10, 7.5], [7.5, 6], [6, 4.5]],
            flat=(0, -0.7, -0.7),
            blend=4,
        )
        for index, (upper, lower) in enumerate(pairwise(bodies[:5])):  # between the foramina
            bridge = upper * 0.95 + lower * 0.05
            clay.limb([bridge, lateral[index] * s], [[6.5, 6], [6.5, 6]], blend=3)
        root = lean @ np.array([side * 22.0, -20, 6])
        facet = lean @ np.array([side * 27.0, -28.5, 15])
        tip = lean @ np.array([side * 28.0, -29, 23])
        clay.limb([root, facet, tip], [[8, 6], [7.5, 4.5], [5, 3]], flat=(side * 0.6, 0.6, 0.5))
        roof = [
            lean @ np.array([side * 23.0, -22, 0]),
            np.array([side * 20.0, -42, -6]),
            np.array([side * 17.0, -54, -24]),
            np.array([side * 14.0, -61, -46]),
            np.array([side * 11.0, -62, -66]),
        ]
        clay.limb(bowed(roof), [[7, 4.5], [7, 4], [6, 3.5], [5, 3.5], [4, 3]], blend=3)
        ridge = [[0, -37, 14], [0, -49, 1], [0, -60, -19], [0, -66, -42], [0, -64, -58]]
        if style.cleft:
            ridge[0] = [side * 7, -36, 12]
        for outer, inner in zip(bowed(roof), bowed(ridge)):
            clay.limb([outer, inner], [[9, 3.0], [9, 3.0]], flat=(0, 0.4, -0.9), blend=3)
    crest = bowed([[0, -41, 18], [0, -53, 3], [0, -64, -17], [0, -70, -40], [0, -66, -56]])
    crest = crest[1:] if style.cleft else crest
    sizes = [[5, 3], [5, 3], [5, 3], [4, 3], [3, 3]][-len(crest) :]
    clay.limb(crest, sizes, flat=(0, -1, 0.4), blend=3)
    canal = np.array([lean @ np.array([0, -26.0, 24]), lean @ np.array([0, -25.5, 0])])
    canal = np.concatenate([canal, CANAL])
    radii = np.array([[15, 8.5], [14, 8], [11, 6.5], [8, 5], [6, 4], [5, 3]])
    hollow = rod(canal, radii, np.array([1.0, 0, 0]))
    clay.cut(hollow, canal.min(0) - 15, canal.max(0) + 15, 1.0)
    rest = (bodies[0] + bodies[1]) / 2 + [0, -1.5, -1.5]  # what is left of the disc S1-2
    disc = ellipsoid(rest, (15, 8.5, 1.5 * style.hollow), rotation(pitch=-45))
    clay.cut(disc, rest - 17, rest + 17, 0.5)
    for index in range(4):
        middle = (bodies[index] + bodies[index + 1]) / 2
        size = 6.2 - 0.7 * index
        along = np.cross([1.0, 0, 0], bodies[index + 1] - bodies[index])
        along = along / np.linalg.norm(along)
        for side in (-1, 1):
            x = side * (22.5 - 2.6 * index) * style.breadth
            path = np.array([middle + along * 32, middle - along * 32]) + [x, 0, 0]
            tunnel = rod(path, np.array([[size, size]] * 2), np.array([1.0, 0, 0]))
            clay.cut(tunnel, path.min(0) - size, path.max(0) + size, 1.0)
    return clay


def hip(step: float, style: Style) -> Clay:
    """The right hip bone: iliac wing and crest, socket, ischium, pubis and the hole between."""
    clay = Clay((-4, -78, -158), (145, 92, 84), step, style)
    joint = np.array(HIP_JOINT)
    crest = np.array(
        [[46, -60, 16], [58, -52, 42], [78, -32, 60], [101, 0, 66], [121, 32, 55], [129, 58, 30],
         [121, 76, 4]]
    )  # fmt: skip
    waist = np.array([88, 8, -48])
    fan = np.concatenate([crest[:-1], (crest[:-1] + crest[1:]) / 2, crest[-1:]])
    for point in fan:
        middle = (waist + point) / 2 + np.array([-7, -2, 0])
        clay.limb(
            [waist + (point - waist) * 0.06, middle, point],
            [[15, 8], [15, 3.0], [13, 3.6]],
            flat=np.cross(point - waist, [0.87, -0.49, -0.09]),  # in the plane of the wing
            blend=4,
        )
    clay.limb(crest, [[5, 5]] * len(crest), blend=3)
    clay.limb([[121, 75, 3], [108, 60, -28], [98, 40, -50]], [[6, 4], [7, 6], [10, 9]], blend=3)
    auricular = [[56, -46, 20], [53, -34, 4], [52, -44, -18]]
    clay.limb([waist, [66, -18, -8], auricular[1]], [[20, 9], [20, 8], [16, 8]], blend=4)
    clay.limb(auricular, [[13, 8], [14, 8], [9, 6]], flat=(0, 1, 0), blend=4)
    clay.add(
        ellipsoid(joint + [-4, 0, 0], (29, 31, 32)), joint - [34, 34, 36], joint + [30, 34, 36], 5
    )
    clay.limb([waist, joint + [-10, 0, 22]], [[22, 14], [24, 16]], flat=(0, 1, 0), blend=5)
    seat = [joint + [-14, -22, -8], [66, -26, -102], [61, -26, -122], [54, -14, -133]]
    clay.limb(seat, [[15, 12], [13, 12], [14, 12], [10, 9]], blend=4)
    clay.limb([[62, -12, -70], [50, -24, -66]], [[9, 5], [4, 3]], blend=4)  # ischial spine
    clay.limb(
        [[54, -14, -133], [36, 16, -130], [20, 44, -122], [12, 58, -114]],
        [[8, 6], [7.5, 5], [8, 5], [11, 6]],
        blend=3,
    )
    clay.limb(
        [joint + [-16, 18, 4], [58, 46, -78], [32, 62, -88], [12, 64, -98]],
        [[13, 10], [9, 8], [8.5, 7.5], [11, 7]],
        blend=4,
    )
    clay.limb([[9, 64, -96], [9, 58, -116]], [[8, 6.5], [8, 6]], flat=(0, 1, 0), blend=3)
    ball = joint + [3, 1, -1]
    clay.cut(ellipsoid(ball, (26.5, 26.5, 26.5)), ball - 27, ball + 27, 1.0)
    mouth = rod(
        np.array([joint, joint + [60, 12, -22]]),
        np.array([[26, 26], [34, 34]]),
        np.array([0, 0, 1.0]),
    )
    clay.cut(mouth, joint - [27, 40, 60], joint + [70, 50, 40], 2.0)
    return clay
