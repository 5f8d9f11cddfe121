"""The vertebrae of the chest: heart-shaped bodies, frontal facets, long falling processes."""

from __future__ import annotations

import numpy as np

from ..measures import Size
from ..pose import SPACING
from .bodies import body, ellipsoid
from .solids import Clay, Style

# level: fall of the spinous process (degrees), how far the transverse tip lies behind its root
# as a share of its length, its rise (mm), and how lumbar the facets are (0 to 1)
_STYLE = {
    1: (15, 0.0, 5, 0.0), 2: (28, 0.3, 4, 0.0), 3: (40, 0.55, 3, 0.0), 4: (46, 0.6, 3, 0.0),
    5: (52, 0.7, 4, 0.0), 6: (55, 0.75, 4, 0.0), 7: (56, 0.8, 4, 0.0), 8: (54, 0.85, 4, 0.0),
    9: (46, 0.9, 4, 0.0), 10: (36, 0.95, 4, 0.1), 11: (24, 1.0, 3, 0.3), 12: (15, 0.9, 0, 0.9),
    13: (12, 0.6, 1, 1.0),
}  # fmt: skip


def thoracic(name: str, size: Size, step: float, style: Style) -> Clay:
    """T1 to T13."""
    number = int(name[1:])
    fall, backwards, rise, lumbar = _STYLE[number]
    back = -size.depth / 2
    lamina = back - size.canal_depth
    tip = back - size.spinous_length
    wide = size.transverse_span / 2
    h, inner, spacing = size.height, size.canal_width / 2, SPACING[name]
    px = inner + size.pedicle_width / 2
    drop = np.tan(np.deg2rad(fall)) * (size.spinous_length - size.canal_depth)
    low = (-max(wide, size.width / 2) - 9, tip - 8, -h / 2 - max(drop, spacing * 0.7) - 9)
    clay = Clay(low, (max(wide, size.width / 2) + 9, size.depth / 2 + 8, h + 16), step, style)
    half = np.array([size.width, size.depth, h]) / 2 + 2
    heart = {1: 0.02, 2: 0.06, 3: 0.1}.get(number, 0.14 if number < 10 else 0.05)
    saddle = 1.0 if number == 1 else 0.0
    clay.add(
        body(
            size,
            waist=0.08 * style.waist,
            dent=0.12,
            hollow=1.4 * style.hollow,
            taper=heart,
            saddle=saddle,
        ),
        -half,
        half,
    )
    middle = back - size.canal_depth * 0.45
    rise_of_pedicle = h * 0.5 - size.pedicle_height * 0.5 + 0.3
    root = np.array([px + 0.5, middle - 2.5, rise_of_pedicle - 1])
    blade = 0.40 * spacing
    for side in (-1, 1):
        s = np.array([side, 1.0, 1.0])
        pedicle = np.array([size.pedicle_height, size.pedicle_width]) / 2
        clay.limb(
            np.array([[px - 1, back + 4, rise_of_pedicle], [px, middle, rise_of_pedicle]]) * s,
            [pedicle * 1.05, pedicle],
            blend=3,
        )
        clay.limb(  # lamina, a tall blade that overlaps the next
            np.array([root, [inner * 0.72, lamina - 1.5, -h * 0.1], [0, lamina - 4.6, -h * 0.25]])
            * s,
            [[blade * 0.9, 3.4], [blade, 2.9], [blade, 2.9]],
            blend=2,
        )
        facet = lamina + 2.0 + 0.12 * size.canal_depth
        clay.limb(  # superior articular process, facing back
            np.array([root, [px + 0.3, facet + 0.8, h / 2 + 2], [px + 0.3, facet, h / 2 + 7]]) * s,
            [[4.6, 2.6], [4.6, 2.2], [4.0, 1.7]],
            flat=(1, 0, 0),
            blend=2,
        )
        end = -spacing + h / 2 + 1.0
        x = px - 1.0 - lumbar * 3.5
        clay.limb(  # inferior articular process, facing forwards, lumbar-like in T12
            np.array(
                [
                    [x - 0.6, lamina - 1.2, -h * 0.1],
                    [x, facet - 4.4, end + 4],
                    [x, facet - 4.2, end],
                ]
            )
            * s,
            [[4.8, 2.8], [4.6, 2.3], [3.6, 1.8]],
            flat=(1, 0, 0),
            blend=2,
        )
        length = wide - 3.5 - root[0]
        end_of_process = root + [length, -length * backwards, rise - 1]
        thick = 4.8 if number <= 10 else 4.0
        clay.limb(
            np.array([root, (root + end_of_process) / 2, end_of_process]) * s,
            [[thick * 1.05, 4.2], [thick * 0.9, 3.6], [thick, 4.3]],
            blend=3,
        )
        if number <= 10:  # hollow for the rib's tubercle
            hollow = end_of_process + [0.5, 7.2, 0]
            ball = ellipsoid(list(hollow * s), (4.5, 4.5, 4.5))
            clay.cut(ball, hollow * s - 5, hollow * s + 5, 1.0)
        if number >= 12:  # mamillary and accessory processes of the passage to the loins
            knob = np.array([px + 4.5, lamina + 1, h * 0.45])
            clay.limb(np.array([root, knob, knob + [0, -2, 4]]) * s, [[3, 3], [3, 3], [2.2, 2.2]])
    middle_of_spine = [0, (lamina + tip) / 2, -h * 0.2 - drop * 0.48]
    flat_blade = 0.23 * spacing + lumbar * 3
    clay.limb(
        [[0, lamina - 5, -h * 0.15], middle_of_spine, [0, tip + 3.5, -h * 0.2 - drop]],
        [[flat_blade * 1.15, 3.0], [flat_blade, 2.7], [flat_blade * 0.75 + 1, 3.4]],
        blend=2.5,
    )
    return clay
