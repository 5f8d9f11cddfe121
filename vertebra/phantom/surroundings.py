"""What lies around the patient: the couch, its mattress, and arms beside the trunk."""

from __future__ import annotations

import numpy as np
import torch

from .canvas import round_tube
from .random import generator
from .wall import Body


def paint_arms(body: Body) -> None:
    """Upper arms and forearms; their bones come with the skeleton."""
    canvas, habitus, tissues = body.canvas, body.habitus, body.tissues
    subject = habitus.subject
    if subject.arms == "up":
        path = [(7.6, 150, -10), (4.0, 168, 20), (-2.0, 150, 40), (-8.0, 90, 50)]
    else:
        path = [(8.2, 168, -10), (13, 205, -20), (19, 222, -15), (24, 220, 15), (28, 205, 40)]
    radii = np.linspace(46, 34, len(path)) * subject.scale * habitus.muscularity
    tubes = []
    for side in (1, -1):
        points = habitus.at([(c, side * u, v) for c, u, v in path])
        if subject.arms == "up":  # beyond the head the level coordinate ends
            points[:, 2] = habitus.height(7.6) + np.array([0, 70, 190, 320]) * subject.scale
        tubes.append(round_tube(points, radii, 1))
    distance, _ = canvas.tubes(tubes)
    inside = canvas.cover(body.skin)
    fat = 2.0 + 0.35 * habitus.fatness
    for depth, hu in ((0.0, tissues.skin), (1.8, tissues.fat), (fat, tissues.muscle)):
        canvas.mix(canvas.cover(distance + depth) * (1 - inside), hu)


def paint_couch(body: Body) -> None:
    """A shallow trough under the back, with a shell, a light core, and sometimes a mattress."""
    canvas, habitus = body.canvas, body.habitus
    rng = generator(body.canvas.seed, "couch")
    z = np.linspace(habitus.height(22.0), habitus.height(8.0), 20)
    outline, fat = habitus.outline(z)
    back = (habitus.subject.centreline(z)[:, 1] + outline[:, 2] - fat[:, 2]).min()
    x, y, _ = canvas.coordinates()
    curve = float(rng.uniform(0.0006, 0.0016))
    lying = y - (float(back) - float(rng.uniform(2, 9))) - (x * x) * curve
    wide = x.abs() - float(rng.uniform(190, 235))
    mattress = float(rng.choice([0.0, 8.0, 22.0]))
    thickness = float(rng.uniform(18, 60))
    empty = 1 - canvas.cover(body.skin)

    def slab(top: float, deep: float, hu: float) -> None:
        layer = torch.maximum(torch.maximum(lying + top, -lying - top - deep), wide)
        canvas.mix(canvas.cover(layer) * empty, hu)

    if mattress:
        slab(0.0, mattress, -920.0)
    shell = float(rng.uniform(-250, 250))
    slab(mattress, 2.0, shell)
    slab(mattress + 2.0, thickness, float(rng.choice([-990.0, -940.0])))
    slab(mattress + 2.0 + thickness, 2.0, shell)
