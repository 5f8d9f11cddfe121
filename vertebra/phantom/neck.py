"""Head and neck: brain, throat, tongue, larynx, thyroid and the muscles that stand out."""

from __future__ import annotations

import numpy as np

from .canvas import round_tube
from .random import generator
from .wall import Body

MUSCLE, THROAT, THYROID = 1, 2, 3


def paint_neck(body: Body) -> None:
    """Everything above the shoulders that is not bone."""
    canvas, habitus, tissues = body.canvas, body.habitus, body.tissues
    if habitus.level(canvas.heights[[-1]])[0] > 9:
        return
    rng = generator(habitus.subject.seed, "neck")
    scale = habitus.subject.scale

    skull = habitus.at([(-4, 0, 6)])[0] + np.array([0, 0, 10.0])
    for radii, hu in (((66, 80, 66), 8.0), ((62, 76, 62), 35.0)):
        found = canvas.ellipsoid(skull, np.array(radii) * scale)
        if found is not None:
            box, distance = found
            hue = hu + canvas.noise("brain", 9.0, box) * 3.0
            canvas.paint(distance, hue, box)
    found = canvas.ellipsoid(
        habitus.at([(0.5, 0, 55)])[0], np.array([24, 30, 24]) * scale, None, 2.0
    )
    if found is not None:
        box, distance = found
        canvas.paint(distance, tissues.muscle - 8.0 + canvas.noise("tongue", 6.0, box) * 12.0, box)

    tubes = []
    for side in (1, -1):
        turner = [(0.3, 50, -18), (2.5, 50, -2), (4.5, 38, 22), (6.6, 18, 40), (7.6, 12, 50)]
        radii = np.array([9, 10, 9.5, 8, 5]) * scale * habitus.muscularity
        tubes.append(
            round_tube(habitus.at([(c, side * u, v) for c, u, v in turner]), radii, MUSCLE)
        )
        gland = [(5.4, side * 16, 30), (6.6, side * 17, 28), (7.4, side * 14, 28)]
        radii = np.array([5, 9, 5]) * scale * float(rng.uniform(0.8, 1.2))
        tubes.append(round_tube(habitus.at(gland), radii, THYROID))
    throat = [(-1.0, 0, 26), (0.5, 0, 22), (2.5, 0, 21), (3.8, 0, 24), (4.8, 0, 29), (5.6, 0, 24)]
    radii = np.array([11, 9, 10, 8, 6, 9]) * scale * float(rng.uniform(0.7, 1.15))
    path = habitus.at(throat)
    tubes.append(round_tube(path, radii + 3, THROAT))
    larynx = habitus.at([(4.0, 0, 33), (5.2, 0, 33)])
    distance, code = canvas.tubes(tubes)
    thyroid = 105.0 + 0.6 * (tissues.venous - 45)
    cover = canvas.cover(distance)
    for number, hu in ((MUSCLE, tissues.muscle + 6), (THYROID, thyroid), (THROAT, 48.0)):
        canvas.mix(cover * (code == number), hu)
    canvas.mix(canvas.cover(distance + 3) * (code == THROAT), -985.0)
    shield, _ = canvas.tubes([round_tube(larynx, 17.0 * scale, 1)])
    shell = (shield + 1.5).abs_() - 1.5
    hard = canvas.noise("ossified larynx", 9.0) + (habitus.subject.age - 55) * 0.03
    front = canvas.cover(26.0 * scale - body.front)
    canvas.mix(canvas.cover(shell) * front, 90.0 + 260.0 * hard.clamp(0.0, 1.0))
