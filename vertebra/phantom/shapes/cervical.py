"""The vertebrae of the neck: the atlas' ring, the axis with its dens, and C3 to C7."""

from __future__ import annotations

import numpy as np

from ..measures import Size
from ..pose import SPACING, rotation
from .bodies import block, body, ellipsoid
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
        mass = block((side * x, y, 0.8), (6.5, 8.5, 7.4), rotation(roll=side * 12), 4.5)
        clay.add(mass, (side * x - 9, y - 11, -11), (side * x + 9, y + 11, 11), 1)
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
        [np.sin(a * 1.75) * (x + 1), y + depth * (0.18 + 0.82 * np.cos(a * 1.45) ** 1), -1]
        for a in angles
    ]
    ring[0], ring[-1] = [-x, y - 6, -1], [x, y - 6, -1]
    clay.limb(ring, [[3.2 + 1.8 * (1 - abs(a)), 2.6] for a in angles], blend=1.5)
    clay.limb([[0, tip + 4.5, -1], [0, tip + 2.3, -1]], [[5.0, 3.2], [4.0, 2.7]], blend=2)
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
        [[0, -1, h * 0.3], [0, -2, h / 2 + 5], [0, -2.4, h / 2 + 11], [0, -3, h / 2 + 14.5]],
        [[5.6, 5.6], [4.7, 5.0], [5.2, 5.0], [3.4, 3.4]],
        flat=(1, 0, 0),
        blend=3,
    )
    for side in (-1, 1):
        x = side * (inner + 3.5)
        shoulder = block((x, -1.5, h / 2 - 2.5), (8, 8, 4.2), rotation(roll=side * 24), 3)
        clay.add(shoulder, (x - 11, -13, -5), (x + 11, 10, h / 2 + 9), 3)
        pillar = block(
            (side * (inner + 4), lamina + 5.5, -h / 2 + 1),
            (5, 6.5, 5.5),
            rotation(pitch=40),
            2.5,
        )
        clay.add(pillar, (x - 9, lamina - 6, -h), (x + 9, lamina + 16, h / 2), 2)
        outer = side * (wide - 2.5)
        clay.limb(
            [[side * (inner + 5), -3, 1], [outer, back - 4, -5]], [[3.5, 2.5], [3, 2.5]], blend=2
        )
        clay.limb(
            [
                [side * (inner + 3), back - 3, 1],
                [side * (inner + 3), lamina + 4, -4],
                [side * 7, lamina - 3, -5],
                [0, lamina - 5, -5],
            ],
            [[4.5, 4], [5, 3.5], [6, 3], [6.5, 3]],
            blend=2.5,
        )
        clay.limb(
            [[side * 1.5, tip + 8, -11], [side * 6, tip + 3.2, -14]],
            [[5.5, 3.5], [3.8, 3.2]],
            blend=2.5,
        )
    clay.limb(  # spinous process, one piece up to its forked end
        [[0, lamina - 4, -5.5], [0, tip + 5.5, -12]], [[6.8, 4.0], [6.2, 4.2]], blend=2.5
    )
    return clay


def cervical(name: str, size: Size, step: float, style: Style) -> Clay:
    """C3 to C7: hooked bodies, pillars with facets at 45 degrees, holes for the artery."""
    number = int(name[1])
    back = -size.depth / 2
    lamina = back - size.canal_depth
    tip = back - size.spinous_length
    wide = size.transverse_span / 2
    h, inner, spacing = size.height, size.canal_width / 2, SPACING[name]
    drop = {3: 9, 4: 9, 5: 10, 6: 12, 7: 14}[number]
    fork = {3: 5.0, 4: 5.0, 5: 5.0, 6: 4.0, 7: 0.0}[number]
    clay = Clay((-wide - 8, tip - 8, -h / 2 - drop - 12), (wide + 8, 18, h / 2 + 14), step, style)
    half = np.array([size.width, size.depth, h]) / 2 + 3
    clay.add(
        body(size, waist=0.05 * style.waist, hollow=0.8 * style.hollow, saddle=1.6), -half, half, 1
    )
    for side in (-1, 1):
        clay.limb(  # uncinate process
            [
                [side * (size.width_upper / 2 - 1.4), back + 3, h / 2 - 0.5],
                [side * (size.width_upper / 2 - 1.0), size.depth * 0.18, h / 2 - 0.5],
            ],
            [[3.2, 2.0], [2.6, 1.7]],
            blend=2,
        )
        x, y = inner + 4.6, back - 0.42 * size.canal_depth
        n = rotation(pitch=42)
        pillar = block((side * x, y, -1), (5.6, 8.6, spacing * 0.5 * 0.74 - 0.55), n, 1.8)
        low, high = (side * x - 7, y - 12, -spacing * 0.8), (side * x + 7, y + 12, spacing * 0.8)
        clay.add(pillar, low, high, 1)
        pedicle = [size.pedicle_height / 2, size.pedicle_width / 2]
        clay.limb(
            [
                [side * (size.width / 2 - 2), back + 2.5, 1],
                [side * (inner + 1.8), back - 2.5, 0],
                [side * x, y, 0],
            ],
            [pedicle, pedicle, pedicle],
            blend=2,
        )
        # transverse process: a front and a back bar around the artery's hole
        front_y, rear_y = back + 6.0, back - 4.5
        tubercle = side * (wide - 2.5)
        shrink = 0.75 if number == 7 else 1.0
        clay.limb(
            [[side * (size.width / 2 - 2), front_y, 0], [tubercle, front_y - 1.0, -2]],
            [[2.4 * shrink, 1.7 * shrink], [2.8 * shrink, 2.2 * shrink]],
            blend=1.5,
        )
        clay.limb(
            [[side * (x - 2), rear_y, 0], [tubercle, rear_y - 0.5, -3]],
            [[3.0, 2.6], [3.2, 2.6]],
            blend=1.5,
        )
        clay.limb(
            [[tubercle - side * 1.5, front_y - 1, -2], [tubercle - side * 1.5, rear_y, -3]],
            [[2.2, 2.0]] * 2,
            blend=1.5,
        )
        radius = 2.0 if number == 7 else 2.9
        hx = side * (size.width / 2 + 2.2 + radius)
        hole = ellipsoid((hx, (front_y + rear_y) / 2 + 0.6, -1), (radius, radius, 60))
        clay.cut(hole, (hx - 4, rear_y - 1, -9), (hx + 4, front_y + 1, 9), 0.6)
        clay.limb(  # lamina
            [[side * x, lamina + 5, -1.5], [side * 5, lamina - 0.5, -3], [0, lamina - 3.2, -3]],
            [[h * 0.5, 2.4], [h * 0.5, 2.2], [h * 0.4, 2.2]],
            blend=2,
        )
        if fork:
            clay.limb(
                [[side * 1.0, tip + 7, -3 - drop * 0.75], [side * fork, tip + 2.8, -3 - drop]],
                [[3.6, 2.6], [3.0, 2.8]],
                blend=2,
            )
    end = [0, tip + 4.8, -3 - drop * 0.9] if fork else [0, tip + 3.8, -3 - drop]
    clay.limb(  # spinous process, one piece up to its forked end
        [[0, lamina - 2.5, -3], end], [[4.6, 3.0], [3.9, 3.2] if fork else [4.8, 3.9]], blend=2
    )
    return clay
