"""The vertebrae of the loins: broad bodies, facets that lock sideways, hatchet-shaped spines."""

from __future__ import annotations

import numpy as np

from ..measures import Size
from ..pose import SPACING
from .bodies import body
from .solids import Clay, Style

# level: rise of the transverse tip (mm), how far it lies behind its root, thickness of the
# process, half the distance between the facet joints
_STYLE = {
    1: (2, 5, 4.2, 14.0),
    2: (4, 5, 4.2, 14.5),
    3: (3, 4, 4.2, 16.0),
    4: (6, 4, 4.6, 18.5),
    5: (7, 9, 8.0, 23.0),
    6: (7, 9, 8.5, 23.5),
}


def lumbar(name: str, size: Size, step: float, style: Style) -> Clay:
    """L1 to L6."""
    number = int(name[1])
    rise, behind, thick, joint = _STYLE[number]
    joint_below = _STYLE[min(number + 1, 6)][3]
    back = -size.depth / 2
    lamina = back - size.canal_depth
    tip = back - size.spinous_length
    wide = size.transverse_span / 2
    h, inner, spacing = size.height, size.canal_width / 2, SPACING[name]
    px = inner + size.pedicle_width / 2 - 1.0
    clay = Clay(
        (-wide - 9, tip - 8, -spacing - 10), (wide + 9, size.depth / 2 + 9, h / 2 + 20), step, style
    )
    half = np.array([size.width, size.depth, h]) / 2 + 2
    clay.add(
        body(
            size,
            waist=0.11 * style.waist,
            dent=0.10 if number < 4 else 0.04,
            hollow=2.0 * style.hollow,
        ),
        -half,
        half,
    )
    pedicle_z = h / 2 - size.pedicle_height / 2 - 0.5
    middle = back - size.canal_depth * 0.4
    root = np.array([px + 1, middle - 2, pedicle_z - 1])
    isthmus = np.array([px - 1.0, lamina + 2.5, -h * 0.12])
    for side in (-1, 1):
        s = np.array([side, 1.0, 1.0])
        pedicle = np.array([size.pedicle_height, size.pedicle_width]) / 2
        clay.limb(
            np.array([[px - 1, back + 5, pedicle_z], [px, middle - 1, pedicle_z]]) * s,
            [pedicle * 1.08, pedicle],
            blend=3.5,
        )
        sup = np.array([joint + 4.0, lamina + 0.5, h / 2 + 4.5])
        clay.limb(  # superior articular process, facing inwards and back, with its mamillary knob
            np.array([root, [joint + 3.5, lamina + 4, h * 0.35], sup, sup + [0.3, -2, 4]]) * s,
            [[6.5, 4.5], [6.5, 4.0], [6.5, 3.2], [4.5, 2.5]],
            flat=(0.55 * side, 0.85, 0),
            blend=2,
        )
        end = -spacing + h / 2 + 2.0
        inf = np.array([joint_below - 3.6, lamina - 4.5, end + 4])
        clay.limb(  # isthmus and inferior articular process, facing outwards
            np.array([root, isthmus, inf, inf + [0.2, 0.8, -5]]) * s,
            [[6.5, 4.0], [6.0, 3.8], [5.5, 3.6], [4.0, 2.8]],
            flat=(0.6 * side, 0.8, 0),
            blend=2,
        )
        clay.limb(  # lamina
            np.array([isthmus, [0, lamina - 4.2, -h * 0.3]]) * s,
            [[h * 0.36, 3.6], [h * 0.34, 3.4]],
            blend=2.5,
        )
        start = root + [-1, 1, -1] if number < 5 else np.array([px + 1, back - 1, pedicle_z - 1])
        end_of_process = np.array([wide - 3, middle - behind, pedicle_z - 2 + rise])
        clay.limb(
            np.array([start, (start + end_of_process) / 2 + [0, -0.8, 0], end_of_process]) * s,
            [[thick * 1.3, thick * 0.9], [thick * 1.1, thick * 0.62], [thick, thick * 0.6 + 0.6]],
            blend=3,
        )
    short = number >= 5
    tall = h * (0.34 if short else 0.44)
    z = -h * 0.34
    clay.limb(
        [[0, lamina - 4.5, z + 2], [0, (lamina + tip) / 2, z - 2], [0, tip + 5, z - 5]],
        [[tall * 0.85, 3.4], [tall * 0.95, 3.0], [tall * (0.72 if short else 1.0), 4.4]],
        blend=2.5,
    )
    return clay
