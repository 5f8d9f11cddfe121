"""What lies around the patient: the couch and its mattress."""

from __future__ import annotations

import numpy as np
import torch

from .random import generator
from .wall import Body


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
