"""What lies around the patient: the couch, its mattress, and arms beside the trunk."""

from __future__ import annotations

import numpy as np
import torch

from .random import generator
from .routes import routes, tubes
from .wall import Body

_ARMS = {
    "up": routes("arm* 46>42>38 : 7.6 150 -10, 4 168 20, 0 160 30, -4 120 45"),
    "down": routes("arm* 46>34 : 8.2 168 -10, 13 205 -20, 19 222 -15, 24 220 15, 28 205 40"),
}


def paint_arms(body: Body) -> None:
    """Upper arms and forearms; their bones come with the skeleton."""
    canvas, habitus, tissues = body.canvas, body.habitus, body.tissues
    subject = habitus.subject
    strong = {"arm": habitus.muscularity}
    distance, _ = canvas.nearest(tubes(habitus, _ARMS[subject.arms], {"arm": 1}, strong))
    inside = canvas.cover(body.skin)
    fat = 2.0 + 0.35 * habitus.fatness
    for depth, hu in ((0.0, tissues.skin), (1.8, tissues.fat), (fat, tissues.muscle)):
        canvas.mix(canvas.cover(distance + depth) * (1 - inside), hu)


def paint_couch(body: Body) -> None:
    """A shallow trough under the back, with a shell, a light core, and sometimes a mattress."""
    canvas, habitus = body.canvas, body.habitus
    rng = generator(body.canvas.seed, "couch")
    z = habitus.height(np.linspace(22.0, 8.0, 20))
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
