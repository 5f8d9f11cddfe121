"""The skull above the atlas: base with condyles and foramen magnum, vault, face."""

from __future__ import annotations

import numpy as np

from .bodies import block, ellipsoid, shell
from .solids import Clay, Style, rod


def skull(step: float, style: Style) -> Clay:
    """The skull without the jaw, in the frame of C1."""
    clay = Clay((-84, -112, -4), (84, 100, 172), step, style)
    low, high = (-76, -105, 4), (76, 92, 165)
    clay.add(shell(ellipsoid((0, -8, 86), (73, 94, 78)), 6.0), low, high, 0)
    over_dens = block((0, 8, 4), (11, 22, 10), None, 3)
    clay.cut(over_dens, (-11, -14, -4), (11, 30, 14), 1)
    for side in (-1, 1):
        s = np.array([side, 1.0, 1.0])
        condyle = ellipsoid((side * 16, -10, 10.5), (6, 10.5, 5))
        clay.add(condyle, (side * 16 - 8, -22, 4), (side * 16 + 8, 3, 17), 3)
        clay.limb(np.array([[12, 6, 22], [38, -6, 26], [60, -18, 28]]) * s, [[9, 7]] * 3, blend=4)
        clay.limb(
            np.array([[58, -20, 30], [52, -18, 8], [50, -14, 2]]) * s, [[12, 9], [8, 6], [4, 4]]
        )
        clay.limb(
            np.array([[16, -10, 14], [40, -18, 18], [52, -26, 20]]) * s, [[5, 4]] * 3, blend=3
        )
        clay.limb(
            np.array([[64, 8, 38], [66, 32, 36], [56, 56, 34], [36, 66, 32]]) * s,
            [[5, 3], [4.5, 2.5], [8, 4], [9, 5]],
            blend=3,
        )
        clay.limb(np.array([[22, 34, 32], [22, 38, 8]]) * s, [[9, 2], [8, 2]], flat=(0, 1, 0))
        clay.limb(np.array([[54, 60, 38], [54, 66, 60], [34, 78, 70]]) * s, [[5, 4]] * 3)
        orbit = ellipsoid((side * 32, 66, 52), (19, 26, 17))
        clay.cut(orbit, (side * 32 - 20, 38, 34), (side * 32 + 20, 95, 70), 1.5)
    clay.limb([[0, -2, 17.5], [0, 8, 28], [0, 16, 40]], [[12, 4], [12, 6], [12, 9]], flat=(1, 0, 0))
    face = shell(block((0, 62, 20), (33, 27, 19), None, 8), 3.0)
    clay.add(face, (-36, 32, -2), (36, 92, 42), 2)
    arch = np.array(
        [[-29, 44, 3], [-24, 68, 2], [-12, 84, 2], [12, 84, 2], [24, 68, 2], [29, 44, 3]]
    )
    clay.limb(arch, [[7, 5]] * 6, blend=2)
    magnum = rod(
        np.array([[0, -27, -4], [0, -27, 24]]), np.array([[19, 15]] * 2), np.array([0, 1.0, 0])
    )
    clay.cut(magnum, (-16, -47, -4), (16, -7, 24), 1.5)
    return clay
