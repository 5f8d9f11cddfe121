"""Lungs with their vessels, the diaphragm, heart, airways and what surrounds them."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from .random import generator
from .wall import Body


def diaphragm(body: Body) -> Tensor:
    """mm above the diaphragm (negative below it)."""
    habitus = body.habitus
    top = float(habitus.height(15.8 + habitus.breath))
    fall = 68.0 * habitus.subject.scale
    side = body.across.abs()
    outward = ((side - 0.45) * (1 / 0.55)).clamp(min=-0.45)
    surface = outward * outward * (0.75 * fall)
    surface += (body.depth - 0.1) ** 2 * (0.65 * fall)
    surface -= body.depth * 16.0
    surface -= body.right.clamp(-40, 40) * (5.0 / 40)
    surface += body.canvas.noise("diaphragm", 35.0) * 2.5
    lowest = float(habitus.height(18.8 + 0.4 * habitus.breath))
    return torch.minimum((body.z - top + surface) * 0.75, body.z - lowest)


def paint_chest(body: Body, above: Tensor) -> None:
    """Everything above the diaphragm that is not bone or muscle."""
    level_range = body.habitus.level(body.canvas.heights[[0, -1]])
    if level_range.min() > 20.5 or level_range.max() < 5.5:
        return
    _lungs(body, above)
    _heart(body)


def _lungs(body: Body, above: Tensor) -> None:
    canvas, habitus = body.canvas, body.habitus
    level = habitus.level(canvas.heights)
    scale = habitus.subject.scale
    apex = float(habitus.height(7.0))
    beside = (body.right.abs() - 44 * scale) ** 2 + (body.front - 18 * scale) ** 2
    top = body.z - apex + beside * (1 / (70.0 * scale))
    half = np.interp(level, [6, 8, 10, 12, 14, 18], [34, 34, 30, 26, 22, 22]) * scale
    narrow = ((body.front - 60 * scale) * (1 / (45 * scale))).clamp_(0.0, 1.0)
    middle = canvas.by_height(half) * (1.0 - 0.92 * narrow) + canvas.noise("mediastinum", 22.0) * 3
    ahead = body.front.clamp(min=0.0)  # behind the bodies no lung crosses the midline
    column = (body.right**2 + ahead**2).sqrt_() - canvas.by_height(
        np.interp(level, [7, 18], [16, 23]) * scale
    )
    behind = (22.0 * scale - body.front).clamp_(min=0.0) * 1.2  # lungs touch the column's sides
    middle = torch.maximum(middle - behind - body.right.abs(), -column)
    lung = torch.maximum(torch.maximum(body.cage + 2.5, -above), torch.maximum(top, middle))
    share = canvas.cover(lung)
    deep = (-body.depth).clamp(-1, 1) * 28.0  # blood sinks to the back
    hu = body.tissues.lung + deep + canvas.noise("lung", 7.0) * 14.0
    canvas.mix(share, hu)
    one, other = canvas.noise("vessel one", 20.0), canvas.noise("vessel other", 20.0)
    hilum = float(habitus.height(12.3))
    far = ((body.z - hilum) ** 2 + body.right**2 + (body.front - 35) ** 2).sqrt_()
    radius = (0.40 - far * (0.28 / (130.0 * scale))).clamp_(min=0.07)
    vessel = ((one * one + other * other).sqrt_() - radius) * 11.0
    canvas.mix(canvas.cover(vessel) * share, body.tissues.venous * 0.7)


def _heart(body: Body) -> None:
    canvas, habitus, tissues = body.canvas, body.habitus, body.tissues
    scale, breath = habitus.subject.scale, habitus.breath
    rng = generator(habitus.subject.seed, "heart")
    size = scale * float(rng.uniform(0.9, 1.15))
    centre = habitus.at([(14.2 + 0.6 * breath, -18, 72)])[0]
    long = np.array([-0.72, 0.45, -0.53])
    axes = np.linalg.qr(np.stack([long, [0.3, 0.9, 0.1], [0, 0, 1.0]], 1))[0]
    for shift, radii, hu, rough in (
        ((0, 0, 0), (64, 46, 47), tissues.fat + 10, 2.0),
        ((0, 0, -2), (58, 41, 42), tissues.heart, 1.5),
        ((-20, 2, -14), (38, 20, 22), tissues.blood, 2.0),
        ((10, 24, -12), (36, 15, 24), 0.5 * (tissues.blood + tissues.venous), 2.0),
        ((8, -26, 16), (24, 20, 26), tissues.blood, 2.0),
        ((34, 8, 2), (20, 20, 30), tissues.venous, 2.0),
    ):
        found = canvas.ellipsoid(
            centre + np.array(shift) * size, np.array(radii) * size, axes, rough
        )
        if found is not None:
            box, distance = found
            canvas.paint(distance, hu, box)
