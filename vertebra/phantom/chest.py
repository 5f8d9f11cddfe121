"""Lungs with their vessels, the diaphragm, heart, airways and the great vessels."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from .canvas import round_tube
from .random import generator
from .shapes.tubes import Tube
from .wall import Body

AIRWAY, ARTERIAL, VENOUS, GULLET = 1, 2, 3, 4
WALL = 1.6
"""Thickness of the airways' walls, mm."""


def diaphragm(body: Body) -> Tensor:
    """mm above the diaphragm (negative below it)."""
    habitus = body.habitus
    top = float(habitus.height(15.9 + habitus.breath))
    fall = 78.0 * habitus.subject.scale
    side = body.across.abs()
    outward = ((side - 0.45) * (1 / 0.55)).clamp(min=-0.45)
    surface = outward * outward * (0.75 * fall)
    surface += (body.depth - 0.1) ** 2 * (0.65 * fall)
    surface -= body.depth * 16.0
    surface -= body.right.clamp(-40, 40) * (5.0 / 40)
    surface += body.canvas.noise("diaphragm", 35.0) * 2.5
    return (body.z - top + surface) * 0.75


def paint_chest(body: Body, above: Tensor) -> None:
    """Everything above the diaphragm that is not bone or muscle."""
    level_range = body.habitus.level(body.canvas.heights[[0, -1]])
    if level_range.min() > 20.5 or level_range.max() < 5.5:
        return
    _lungs(body, above)
    _heart(body)
    canvas, tissues = body.canvas, body.tissues
    distance, code = canvas.tubes(_vessels(body))
    cover = canvas.cover(distance)
    for number, hu in (
        (AIRWAY, 30.0),
        (ARTERIAL, tissues.blood),
        (VENOUS, tissues.venous),
        (GULLET, 38.0),
    ):
        canvas.mix(cover * (code == number), hu)
    canvas.mix(canvas.cover(distance + WALL) * (code == AIRWAY), -990.0)


def _lungs(body: Body, above: Tensor) -> None:
    canvas, habitus = body.canvas, body.habitus
    level = habitus.level(canvas.heights)
    scale = habitus.subject.scale
    apex = float(habitus.height(7.0))
    beside = (body.right.abs() - 44 * scale) ** 2 + (body.front - 18 * scale) ** 2
    top = body.z - apex + beside * (1 / (70.0 * scale))
    half = np.interp(level, [6, 8, 10, 12, 14, 18], [34, 34, 30, 26, 22, 22]) * scale
    narrow = ((body.front - 60 * scale) * (1 / (45 * scale))).clamp_(0.0, 1.0)
    middle = canvas.by_height(half) * (1.0 - 0.6 * narrow) + canvas.noise("mediastinum", 22.0) * 3
    column = (body.right**2 + body.front**2).sqrt_() - canvas.by_height(
        np.interp(level, [7, 18], [16, 24]) * scale
    )
    behind = (-6.0 - body.front).clamp_(min=0.0) * 0.9  # lungs reach round behind the bodies
    middle = torch.maximum(middle - behind - body.right.abs(), -column)
    lung = torch.maximum(torch.maximum(body.cage + 2.5, -above), torch.maximum(top, middle))
    share = canvas.cover(lung)
    deep = (-body.depth).clamp(-1, 1) * 28.0  # blood sinks to the back
    hu = body.tissues.lung + deep + canvas.noise("lung", 7.0) * 14.0
    canvas.mix(share, hu)
    one, other = canvas.noise("vessel one", 20.0), canvas.noise("vessel other", 20.0)
    hilum = float(habitus.height(12.3))
    far = ((body.z - hilum) ** 2 + body.right**2 + (body.front - 35) ** 2).sqrt_()
    radius = (0.36 - far * (0.28 / (130.0 * scale))).clamp_(min=0.07)
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


def _vessels(body: Body) -> list[Tube]:
    habitus = body.habitus
    rng = generator(habitus.subject.seed, "great vessels")
    scale = habitus.subject.scale
    wide = scale * float(
        np.clip(1 + 0.004 * (habitus.subject.age - 50) + rng.normal(0, 0.08), 0.75, 1.5)
    )
    curl = float(rng.normal(0, 4))

    def tube(places: list[tuple[float, float, float]], radii: object, code: int) -> Tube:
        return round_tube(habitus.at(places), radii, code)  # type: ignore[arg-type]

    carina = 11.6
    aorta = [(13.3, 4, 62), (12.2, 14, 66), (11.2, 14, 62), (10.6, 6, 50), (10.4, -8, 34)]
    aorta += [(10.8, -20, 20), (11.6, -26, 12), (13, -26, 12 + curl / 3), (15, -22, 16)]
    aorta += [
        (17, -14 + curl / 2, 24),
        (19, -10 + curl / 2, 30),
        (21, -9 - curl, 32),
        (22.9, -6, 34),
    ]
    trachea = [(5.6, 0, 24), (7, 1, 25), (9, 2, 26), (10.5, 3, 28), (carina, 3, 30)]
    tubes = [
        tube(aorta, np.interp(np.arange(13), [0, 3, 12], [17, 13.5, 8.5]) * wide, ARTERIAL),
        tube([(22.9, -6, 34), (23.6, 18, 34), (24.6, 38, 30), (26, 56, 42)], 6 * wide, ARTERIAL),
        tube([(22.9, -6, 34), (23.6, -24, 34), (24.6, -40, 30), (26, -58, 42)], 6 * wide, ARTERIAL),
        tube(
            [(10.5, 6, 48), (9, 10, 40), (7.5, 16, 28), (6, 24, 22), (1.5, 26, 16)],
            4 * wide,
            ARTERIAL,
        ),
        tube(
            [(10.4, -8, 36), (9, -12, 34), (7.5, -18, 26), (6, -25, 22), (1.5, -26, 16)],
            4 * wide,
            ARTERIAL,
        ),
        tube([(8.4, 14, 34), (7.4, 30, 20), (7.3, 55, 22), (8.2, 90, 30)], 4.5 * wide, ARTERIAL),
        tube(
            [(10.4, -14, 28), (8.4, -22, 22), (7.3, -35, 18), (7.4, -60, 22), (8.3, -90, 30)],
            4.5 * wide,
            ARTERIAL,
        ),
        tube([(13.3, 26, 52), (11.5, 27, 50), (10, 26, 50), (9.2, 22, 48)], 10 * scale, VENOUS),
        tube(
            [(9.2, 22, 48), (8, 32, 34), (6.5, 34, 22), (4, 34, 20), (1, 30, 10)],
            6.5 * scale,
            VENOUS,
        ),
        tube(
            [
                (9.6, 22, 50),
                (8.8, -10, 48),
                (8, -32, 34),
                (6.5, -34, 22),
                (4, -34, 20),
                (1, -30, 10),
            ],
            6.5 * scale,
            VENOUS,
        ),
        tube([(13.2, -8, 70), (12, -16, 56), (11.7, -14, 44)], [15, 14, 12], VENOUS),
        tube(
            [(11.7, -14, 44), (11.9, 20, 38), (12.2, 44, 34), (13, 55, 26)], [12, 11, 9, 6], VENOUS
        ),
        tube([(11.7, -14, 44), (11.6, -36, 30), (12.6, -50, 22)], [12, 10, 7], VENOUS),
        tube([(12.6, 52, 40), (13, 20, 36)], 7, VENOUS),
        tube([(12.8, -52, 28), (13, -20, 36)], 7, VENOUS),
        tube(
            [(15.2, 18, 44), (16.5, 20, 36), (19, 17, 30), (21, 16, 28), (23.2, 14, 26)],
            np.array([12, 11, 10.5, 10.5, 10]) * scale,
            VENOUS,
        ),
        tube([(23.2, 14, 26), (24.2, 30, 22), (26, 52, 36)], 7 * scale, VENOUS),
        tube([(23.2, 14, 26), (24.2, -28, 22), (26, -52, 36)], 7 * scale, VENOUS),
        tube([(11, 9, 12), (14, 8, 18), (18, 8, 22)], 3.5 * scale, VENOUS),
        tube(
            [
                (5.8, -3, 15),
                (8, -5, 14),
                (11, -5, 17),
                (13, -8, 24),
                (15.5, -12, 30),
                (16.6, -22, 42),
            ],
            7 * scale,
            GULLET,
        ),
    ]
    for path, radius in (
        (trachea, 9.0),
        (
            [(carina, 3, 30), (12.3, 22, 30), (13.2, 40, 24), (14.5, 52, 14)],
            np.array([8, 7, 5, 3.0]),
        ),
        (
            [(carina, 3, 30), (12.6, -22, 28), (13.3, -42, 20), (14.6, -54, 10)],
            np.array([8, 6.5, 5, 3.0]),
        ),
        ([(12.3, 22, 30), (12.0, 48, 34)], np.array([5, 3.0])),
    ):
        tubes.append(tube(path, np.asarray(radius) * scale + WALL, AIRWAY))
    return tubes
