"""The vertebrae of the neck: the atlas' ring, the axis with its dens, and C3 to C7."""

from __future__ import annotations

import numpy as np

from ..measures import Size
from ..pose import SPACING, rotation
from .bodies import block, body, ellipsoid, pillar
from .solids import Clay, Style


def atlas(size: Size, step: float, style: Style) -> Clay:
    """C1: anterior and posterior arch, lateral masses with hollow facets, wide processes."""
    back = -size.depth / 2
    tip = back - size.spinous_length
    wide = size.transverse_span / 2
    clay = Clay((-wide - 9, tip - 9, -19), (wide + 9, 17, 20), step, style)
    x = size.canal_width / 2 + 5.5
    y = -7.0
    for side in (-1, 1):
        mass = block((side * x, y, 0), (7.2, 8.5, 9.5), None, 3.5)
        clay.add(mass, (side * x - 9, y - 11, -12), (side * x + 9, y + 11, 12), 1)
        tilt = rotation(pitch=-15, roll=side * 20)
        under = block((side * x, y, -15.2), (16, 16, 10), tilt, 1)
        clay.cut(under, (side * x - 9, y - 11, -19), (side * x + 9, y + 11, -2), 1)
        pan = ellipsoid((side * (x - 1), y + 1, 12), (6.5, 10, 6.5))
        clay.cut(pan, (side * x - 9, y - 11, 3), (side * x + 9, y + 11, 19), 1.5)
        outer = side * (wide - 3.5)
        clay.limb([[side * (x + 4), y + 3, -2], [outer, y - 5, -3]], [[4.5, 3], [4, 3.5]], blend=2)
        clay.limb(
            [[side * (x + 4), y - 6, -1], [outer, y - 6, -3]], [[3.5, 2.5], [4, 3.5]], blend=2
        )
        hole = ellipsoid((side * (x + 9), y - 2, -2), (2.8, 2.8, 30))
        clay.cut(hole, (side * (x + 9) - 4, y - 6, -12), (side * (x + 9) + 4, y + 2, 12), 0.5)
    arch = [[-x, y + 6, 0], [-10, 4.6, 0], [0, 7.0, 0], [10, 4.6, 0], [x, y + 6, 0]]
    clay.limb(arch, [[4.5, 3], [5, 2.6], [5.5, 2.8], [5, 2.6], [4.5, 3]], blend=2)
    angles = np.linspace(-1, 1, 9)
    depth = tip + 4 - y
    ring = [
        [np.sin(a * 1.75) * (x + 1), y + depth * (0.18 + 0.82 * np.cos(a * 1.45)), 1 - 2 * abs(a)]
        for a in angles
    ]
    ring[0], ring[-1] = [-x, y - 6, -1], [x, y - 6, -1]
    clay.limb(ring, [[3.2 + 0.8 * (1 - abs(a)), 2.6] for a in angles], blend=1.5)
    clay.limb([[0, tip + 4.5, 1], [0, tip + 2.3, 1]], [[4.2, 3.2], [3.6, 2.7]], blend=2)
    return clay


def axis(size: Size, step: float, style: Style) -> Clay:
    """C2: a tall body with the dens on it, sloping shoulders, a heavy bifid spinous process."""
    back = -size.depth / 2
    lamina = back - size.canal_depth
    tip = back - size.spinous_length
    wide = size.transverse_span / 2
    h, inner = size.height, size.canal_width / 2
    clay = Clay((-wide - 8, tip - 9, -h - 12), (wide + 8, 17, 36), step, style)
    half = np.array([size.width, size.depth, h]) / 2 + 2
    clay.add(
        body(size, waist=0.16 * style.waist, hollow=1.0 * style.hollow, saddle=1.8), -half, half, 1
    )
    clay.limb(
        [[0, -1, h * 0.3], [0, -2, h / 2 + 4.5], [0, -2.4, h / 2 + 9.5], [0, -3, h / 2 + 13]],
        [[5.6, 5.6], [4.7, 5.0], [5.2, 5.0], [3.4, 3.4]],
        flat=(1, 0, 0),
        blend=3,
    )
    for side in (-1, 1):
        x = side * (inner + 3.0)
        shoulder = block((x, -2, h / 2 - 4.6), (8.2, 7.5, 4.2), rotation(roll=side * 22), 2.5)
        clay.add(shoulder, (x - 11, -13, -7), (x + 11, 10, h / 2 + 8), 3)
        behind = back - 0.5 * size.canal_depth
        facet = pillar((side * (inner + 4), behind, -h / 2 + 3), (5.6, 5.8, 5.5), 0.9, 1.8)
        clay.add(facet, (x - 9, behind - 10, -h - 6), (x + 9, behind + 10, h / 2 + 4), 2.5)
        outer = side * (wide - 2.5)
        clay.limb(
            [[side * (inner + 5), -3, 0], [outer, back - 1, -7]], [[3.5, 2.5], [3, 2.5]], blend=2
        )
        clay.limb(
            [
                [side * (inner + 3), back - 3, 0],
                [side * (inner + 3), lamina + 4, -6],
                [side * 7, lamina - 3, -8],
                [0, lamina - 5, -8],
            ],
            [[4.5, 4], [5, 3.5], [6, 3], [6.5, 3]],
            blend=2.5,
        )
        clay.limb(
            [[side * 1.5, tip + 8, -12.5], [side * 6, tip + 3.2, -15]],
            [[5.5, 3.5], [3.8, 3.2]],
            blend=2.5,
        )
    clay.limb(  # spinous process, one piece up to its forked end
        [[0, lamina - 4, -8.5], [0, tip + 5.5, -13]], [[6.8, 4.0], [6.2, 4.2]], blend=2.5
    )
    return clay


# level: fall of the spinous tip below its root (mm), half width of its fork, how much the facets
# fall backwards (mm a mm)
_LOWER = {
    3: (5.5, 4.5, 0.9),
    4: (5, 4.5, 0.95),
    5: (5.5, 4.5, 1.0),
    6: (6.5, 3.5, 1.1),
    7: (8, 0, 1.35),
}


def cervical(name: str, size: Size, step: float, style: Style) -> Clay:
    """C3 to C7: hooked bodies, stacked pillars with slanted facets, holes for the artery."""
    number = int(name[1])
    back = -size.depth / 2
    lamina = back - size.canal_depth
    tip = back - size.spinous_length
    wide = size.transverse_span / 2
    h, inner, spacing = size.height, size.canal_width / 2, SPACING[name]
    drop, fork, slope = _LOWER[number]
    clay = Clay((-wide - 8, tip - 8, -h / 2 - drop - 14), (wide + 8, 18, h / 2 + 18), step, style)
    half = np.array([size.width, size.depth, h]) / 2 + 3
    clay.add(
        body(size, waist=0.05 * style.waist, hollow=0.8 * style.hollow, saddle=1.6), -half, half, 1
    )
    between = (SPACING[f"C{number - 1}"] + spacing) / 2
    x, y = inner + 5.0, back - 0.38 * size.canal_depth
    joint = 1.5 * np.sqrt(1 + slope * slope)  # the gap between facets, seen upright
    mass = (6.4, 6.2 if number < 7 else 5.0, (between - joint) / 2)
    for side in (-1, 1):
        s = np.array([side, 1.0, 1.0])
        clay.limb(  # uncinate process
            np.array(
                [
                    [size.width_upper / 2 - 0.8, back + 2.5, h / 2 + 0.2],
                    [size.width_upper / 2 - 0.6, size.depth * 0.15, h / 2],
                ]
            )
            * s,
            [[4.0, 2.2], [3.0, 1.8]],
            blend=2.5,
        )
        clay.add(
            pillar((side * x, y, 0.5), mass, slope, 3.0),
            (side * x - 7, y - 9, -spacing),
            (side * x + 7, y + 9, spacing),
            1,
        )
        pedicle = [size.pedicle_height / 2, size.pedicle_width / 2]
        clay.limb(
            np.array([[size.width / 2 - 2, back + 3, 1], [inner + 2.0, back - 1.5, 1], [x, y, 0]])
            * s,
            [pedicle] * 3,
            blend=2,
        )
        _transverse(clay, number, size, side, (x, y))
        clay.limb(  # lamina, straight from the pillar to the root of the spinous process
            np.array(
                [[x - 1, y - 3.5, -3], [0.42 * inner, lamina - 0.5, -3.5], [0, lamina - 3.6, -3.5]]
            )
            * s,
            [[h * 0.46, 2.4], [h * 0.44, 2.2], [h * 0.4, 2.2]],
            blend=2,
        )
        if fork:
            clay.limb(
                np.array([[1.0, tip + 4.8, -3 - drop * 0.75], [fork, tip + 2.8, -3 - drop]]) * s,
                [[3.4, 2.4], [3.0, 2.8]],
                blend=2,
            )
    end = [0, tip + 4.8, -3 - drop * 0.9] if fork else [0, tip + 3.8, -3 - drop]
    clay.limb(  # spinous process, one piece up to its forked end
        [[0, lamina - 3.4, -3], end], [[5.4, 3.3], [4.8, 3.5] if fork else [5.4, 4.4]], blend=2
    )
    return clay


def _transverse(clay: Clay, number: int, size: Size, side: int, mass: tuple[float, float]) -> None:
    """A transverse process: a front and a back bar around the artery's hole, ending in knobs."""
    back, inner, wide = -size.depth / 2, size.canal_width / 2, size.transverse_span / 2
    x, y = mass
    s = np.array([side, 1.0, 1.0])
    radius = 2.0 if number == 7 else 2.9
    hole = np.array([inner + 2.4, back + 2.4 - 0.25 * (number == 7), 0])
    front = hole[1] + radius + 1.5
    knob = 3.4 if number == 6 else 2.6  # the carotid tubercle
    if number == 7:
        clay.limb(  # heavy, like a thoracic one
            np.array([[x, y + 4, 2.5], [wide - 4, y + 5, 3.5]]) * s,
            [[5.5, 4.5], [4.8, 4.0]],
            blend=3,
        )
        knob, outer = 1.6, x + 5.5
    else:
        outer = wide - 2.5
        clay.limb(
            np.array([[x + 3, y + 4.5, 0], [outer, hole[1] - 0.5, -2.5]]) * s,
            [[3.6, 2.0], [3.2, 2.4]],
            blend=2,
        )
    clay.limb(
        np.array([[size.width / 2 - 2, front, 1], [outer - 1, front - 0.5, -3]]) * s,
        [[2.8, 1.5], [knob, 0.75 * knob]],
        blend=1.5,
    )
    clay.limb(
        np.array([[outer - 1, front - 0.5, -3], [outer - 0.5, hole[1] - 1, -3]]) * s,
        [[2.4, 1.9]] * 2,
        blend=1.5,
    )
    well = ellipsoid(hole * s, (radius, radius, 60))
    low = hole * s - [radius + 1, radius + 1, 12]
    clay.cut(well, low, low + [2 * radius + 2, 2 * radius + 2, 24], 0.6)
