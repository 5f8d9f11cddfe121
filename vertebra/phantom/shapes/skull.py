"""The skull above the atlas: base with condyles and foramen magnum, vault, face with its sinuses.

Its frame is that of the atlas: the dens at the origin, the hard palate level with the atlas' arch.
"""

from __future__ import annotations

import numpy as np

from .bodies import block, ellipsoid, shell
from .solids import Clay, Style, rod

SINUSES = (
    ((26, 62, 26), (13, 16, 16)),  # maxillary
    ((8, 34, 41), (8, 12, 9)),  # sphenoid
    ((7, 64, 50), (6, 20, 10)),  # ethmoid
    ((14, 90, 68), (11, 5, 9)),  # frontal
)
"""Centres and radii of the air in the right half of the face, mm."""


def skull(step: float, style: Style) -> Clay:
    """The skull without the jaw, in the frame of C1."""
    clay = Clay((-84, -108, -24), (84, 114, 172), step, style)
    low, high = (-76, -98, 4), (76, 98, 165)
    clay.add(shell(ellipsoid((0, 0, 86), (73, 94, 78)), 6.0), low, high, 0)
    under_clivus = block((0, 24, 4), (13, 38, 18), None, 3)  # the throat, not the vault's floor
    clay.cut(under_clivus, (-13, -14, -14), (13, 62, 22), 1)
    for side in (-1, 1):
        _base(clay, side)
        _face(clay, side)
    clay.limb([[0, -2, 17.5], [0, 8, 28], [0, 18, 42]], [[12, 4], [12, 6], [12, 9]], flat=(1, 0, 0))
    clay.add(block((0, 62, 5), (25, 26, 2.2), None, 1.5), (-25, 36, 2), (25, 88, 8), 2)  # palate
    septum = block((0, 66, 26), (1.4, 26, 20), None, 0.8)
    clay.add(septum, (-2, 40, 6), (2, 92, 46), 0.5)
    clay.limb([[0, 96, 56], [0, 104, 36]], [[7, 2], [6, 1.5]], flat=(1, 0, 0))  # nasal bones
    crest = [[0, -94, 52], [0, -80, 28], [0, -50, 14]]
    clay.limb(crest, [[16, 5], [9, 4], [6, 3]], flat=(1, 0, 0), blend=4)  # occipital
    magnum = rod(
        np.array([[0, -20, -4], [0, -20, 24]]), np.array([[18, 15]] * 2), np.array([0, 1.0, 0])
    )
    clay.cut(magnum, (-16, -39, -4), (16, -1, 24), 1.5)
    return clay


def _base(clay: Clay, side: int) -> None:
    """Condyle, petrous pyramid, mastoid, styloid, pterygoid plates."""
    s = np.array([side, 1.0, 1.0])
    condyle = ellipsoid((side * 16, -8, 10.5), (6, 10.5, 5))
    clay.add(condyle, (side * 16 - 8, -20, 4), (side * 16 + 8, 5, 17), 3)
    pyramid = np.array([[58, -16, 28], [36, -4, 23], [14, 10, 22]]) * s
    clay.limb(pyramid, [[12, 11], [9, 9], [7, 6]], blend=4)
    mastoid = np.array([[60, -18, 30], [56, -20, 14], [52, -17, -2]]) * s
    clay.limb(mastoid, [[14, 13], [10, 8], [5, 4]], blend=3)
    clay.limb(np.array([[44, -6, 14], [40, 4, -10]]) * s, [[2.4, 2.4], [1.4, 1.4]], blend=1)
    clay.limb(np.array([[18, -8, 14], [40, -16, 18], [54, -24, 20]]) * s, [[5, 4]] * 3, blend=3)
    clay.limb(np.array([[16, 34, 36], [20, 38, 4]]) * s, [[9, 2], [7, 2]], flat=(0, 1, 0))
    clay.limb(
        np.array([[12, 26, 40], [34, 32, 46], [60, 34, 60]]) * s, [[6, 4]] * 3, blend=3
    )  # great wing


def _face(clay: Clay, side: int) -> None:
    """Maxilla with its alveolar arch, cheekbone with its arch, orbit."""
    s = np.array([side, 1.0, 1.0])
    clay.limb(
        np.array([[64, 6, 32], [66, 30, 32], [58, 56, 32], [40, 72, 30]]) * s,
        [[5, 3], [4.5, 2.5], [9, 4], [10, 5]],
        blend=3,
    )
    clay.limb(np.array([[54, 60, 36], [53, 66, 58], [36, 84, 70]]) * s, [[5, 4]] * 3)
    clay.limb(np.array([[36, 78, 30], [18, 88, 36], [8, 92, 50]]) * s, [[4, 3]] * 3, blend=3)
    for centre, radii in SINUSES[:3]:
        x, y, z = centre
        wall = shell(ellipsoid((side * x, y, z), [r + 1.8 for r in radii]), 1.8)
        low, high = (np.array(centre) * s + k * (np.array(radii) + 3) for k in (-1, 1))
        clay.add(wall, low, high, 1)
    arch = [[28, 44, -4], [25, 62, -5], [17, 78, -6], [8, 87, -6], [0, 90, -6]]
    clay.limb(np.array(arch) * s, [[9, 5.5], [9, 5], [9, 4.5], [9, 4], [9, 4]], blend=2)
    orbit = ellipsoid((side * 32, 74, 54), (18, 28, 17))
    clay.cut(orbit, (side * 32 - 20, 44, 36), (side * 32 + 20, 104, 72), 1.5)
