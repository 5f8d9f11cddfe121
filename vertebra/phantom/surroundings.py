"""What lies around the patient: the couch and its mattress, the bowl that holds the head."""

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

    if rng.random() < 0.5:
        _head_holder(body, rng)
    if mattress:
        slab(0.0, mattress, -920.0)
    shell = float(rng.uniform(-250, 250))
    slab(mattress, 2.0, shell)
    slab(mattress + 2.0, thickness, float(rng.choice([-990.0, -940.0])))
    slab(mattress + 2.0 + thickness, 2.0, shell)


def _head_holder(body: Body, rng: np.random.Generator) -> None:
    """A bowl behind the head and the upper neck."""
    canvas, habitus = body.canvas, body.habitus
    lowest, radius, half, rim, hu = rng.uniform([1.5, 98, 2, -40, -150], [4.5, 118, 4.5, 30, 300])
    end = float(habitus.height(lowest))
    if canvas.heights[-1] < end:
        return
    right, front = habitus.subject.pose.centres[0][:2]
    x, y, z = canvas.coordinates()
    ring = ((x - float(right)) ** 2 + (y - float(front) - 6.0) ** 2).sqrt_() - float(radius)
    wall = ring.abs_() - float(half)
    bowl = torch.maximum(torch.maximum(wall, y - float(front + rim)), end - z)
    canvas.mix(canvas.cover(bowl) * (1 - canvas.cover(body.skin)), float(hu))
