"""Liver, spleen, kidneys, stomach, bowel, bladder and the muscles along the lumbar spine."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor

from .random import generator
from .routes import routes, tubes
from .wall import Body

_MUSCLES = routes("""
muscle* 6>12>17>20>21>16 : 18.6 24 -4, 20 29 -3, 21.5 35 0, 23 42 3, 24.5 52 12, 26.5 66 36
muscle* 6>5.5>4>3 : 17.6 19 24, 18.8 15 27, 20.3 11 26, 21.6 8 24
muscle* 7>11>12 : 18.6 50 -24, 20.5 58 -22, 23.2 72 -20
""")
# here "right" counts in half widths of the belly
_COLON = routes("""
colon 27>24>21>15>17 : 25.3 0.45 52, 23.8 0.66 34, 22 0.74 20, 20.4 0.72 28, 20.6 0.4 88,
21.2 0 98, 20.4 -0.4 86, 18.6 -0.74 24, 20.5 -0.8 8, 22.5 -0.78 16, 24.2 -0.6 40, 25.6 -0.35 44,
25.2 0 40, 26 0.1 10, 27.5 0 -12
""")
_PANCREAS = routes("pancreas 14>10>11>8 : 19.7 26 46, 19.2 2 50, 18.7 -30 40, 18.1 -62 18")


def paint_abdomen(body: Body, above: Tensor) -> None:
    """Everything below the diaphragm."""
    level_range = body.habitus.level(body.canvas.heights[[0, -1]])
    if level_range.min() > 30 or level_range.max() < 14:
        return
    rng = generator(body.habitus.subject.seed, "abdomen")
    _small_bowel(body, above)
    _liver(body, above, rng)
    _solid_organs(body, above, rng)
    _long_muscles(body)
    _colon(body, rng)


def _small_bowel(body: Body, above: Tensor) -> None:
    canvas, tissues = body.canvas, body.tissues
    level = body.habitus.level(canvas.heights)
    one, other = canvas.noise("loops one", 36.0), canvas.noise("loops other", 36.0)
    loops = ((one * one + other * other).sqrt_() - 0.92) * 15.0
    region = torch.maximum(body.cavity + 8.0, above + 25.0)
    region = torch.maximum(region, 27.0 * body.habitus.subject.scale - body.front)
    region += canvas.by_height(np.interp(level, [18.4, 19.4, 25.5, 27], [60, 0, 0, 60]))
    loops = torch.maximum(loops, region)
    canvas.paint(loops, tissues.bowel)
    filled = canvas.noise("loop content", 45.0)
    inside = canvas.cover(loops + 3.0)
    if tissues.oral_contrast:
        canvas.mix(inside * (filled > 0.3), tissues.oral_contrast)
    else:
        canvas.mix(inside * (filled > 0.3), tissues.fluid + 8.0)
    canvas.mix(inside * (filled < -1.7), -900.0)
    vessels = canvas.noise("mesentery", 12.0).abs_() - 0.10
    share = canvas.cover(vessels * 8.0) * canvas.cover(
        torch.maximum(body.cavity + 6.0, region - 10)
    )
    canvas.mix(share * (1 - canvas.cover(loops)) * 0.6, tissues.venous)


def _liver(body: Body, above: Tensor, rng: np.random.Generator) -> None:
    canvas, habitus, tissues = body.canvas, body.habitus, body.tissues
    scale = habitus.subject.scale
    tip = float(habitus.height(20.6 + rng.normal(0, 0.7) + 0.5 * habitus.breath))
    slope = float(rng.uniform(0.6, 0.9))
    lower = tip + (habitus.subject.cage(np.array([tip]))[0, 0] * 0.8 - body.right) * slope - body.z
    lower = lower - body.right.clamp(max=0.0) * 1.3  # the left lobe tapers
    lower = (lower + canvas.noise("liver edge", 40.0) * 5.0) * 0.6
    liver = torch.maximum(torch.maximum(body.cage + 3.5, above + 3.0), lower)
    spine = (30.0 * scale - body.front) * 0.8 - (body.right - 20 * scale).clamp(min=0.0) * 0.9
    liver = torch.maximum(liver, spine)
    kidney = 44.0 * scale - ((body.right - 58 * scale) ** 2 + (body.front + 2 * scale) ** 2).sqrt_()
    low = canvas.by_height(np.interp(habitus.level(canvas.heights), [17.5, 19], [40, 0]))
    liver = torch.maximum(liver, kidney - low)
    one, other = canvas.noise("liver vessels one", 30.0), canvas.noise("liver vessels other", 30.0)
    vessel = canvas.cover(((one * one + other * other).sqrt_() - 0.16) * 16.0)
    canvas.paint(liver, tissues.liver + vessel * (tissues.venous + 12.0 - tissues.liver))


def _solid_organs(body: Body, above: Tensor, rng: np.random.Generator) -> None:
    canvas, habitus, tissues = body.canvas, body.habitus, body.tissues
    scale, breath = habitus.subject.scale, habitus.breath
    wide = float(habitus.subject.cage(habitus.height([18.0]))[0, 0]) / scale
    turn = np.linalg.qr(np.array([[0.9, -0.3, 0.2], [0.3, 0.9, 0.3], [-0.25, -0.25, 1.0]]))[0]
    stomach = (17.6 + breath, -0.45 * wide, 62)
    gas = bool(rng.random() < 0.8)
    meal = tissues.oral_contrast or float(rng.uniform(10, 60))
    organs: list[tuple[tuple[float, float, float], ArrayLike, float, float]] = [
        ((17.6 + breath, -0.74 * wide, -4), (24, 48, 46), tissues.spleen, 1.5),
        (stomach, (48, 40, 42), tissues.bowel + 5, 2.0),
        (stomach, (44, 36, 38), meal, 2.0),
    ]
    if gas:
        organs.append(((17.4 + breath, -0.45 * wide, 84), (34, 12, 28), -950.0, 1.0))
    for side in (1, -1):
        level = (19.9 if side > 0 else 19.5) + 0.3 * breath + float(rng.normal(0, 0.25))
        place = (level, side * float(rng.normal(60, 3)), float(rng.normal(0, 4)))
        organs.append((place, (27, 25, 54), tissues.kidney, 1.0))
        inner = (level, place[1] - side * 7, place[2] + 4)
        organs.append((inner, (8, 9, 20), tissues.fat + 40, 3.0))
        if rng.random() < 0.08:
            stone = (level + 0.3, place[1] - side * 4, place[2])
            organs.append((stone, (3, 3, 4), 700.0, 0.0))
    organs += [
        ((26.8, 0, 62), np.array([36, 30, 30]) * float(rng.uniform(0.6, 1.2)), tissues.fluid, 1.0),
        ((26.6, 4, 22), (27, 20, 25), tissues.bowel + 10, 2.0),
        ((19.6, 8, 56), (20, 17, 20), tissues.bowel + 4, 3.0),
    ]
    distance, _ = canvas.nearest(tubes(habitus, _PANCREAS, {"pancreas": 1}, {}))
    canvas.paint(distance + canvas.noise("pancreas", 9.0) * 2.5, tissues.bowel + 6)
    for place, radii, hu, rough in organs:
        axes = turn if hu == tissues.spleen else None
        found = canvas.ellipsoid(habitus.at([place])[0], np.asarray(radii) * scale, axes, rough)
        if found is not None:
            box, distance = found
            distance = torch.maximum(distance, above[box] + 3.0)
            canvas.paint(torch.maximum(distance, body.cavity[box] + 2.0), hu, box)


def _long_muscles(body: Body) -> None:
    canvas = body.canvas
    strong = {"muscle": body.habitus.muscularity}
    distance, _ = canvas.nearest(tubes(body.habitus, _MUSCLES, {"muscle": 1}, strong))
    canvas.paint(distance, body.tissues.muscle + canvas.noise("psoas", (5, 5, 20)) * 5.0)


def _colon(body: Body, rng: np.random.Generator) -> None:
    """A tube with haustra; in it stool with bubbles, gas that has risen, perhaps contrast."""
    canvas, habitus, tissues = body.canvas, body.habitus, body.tissues
    wide = float(habitus.subject.cage(habitus.height([21.0]))[0, 0]) / habitus.subject.scale
    sag = float(rng.normal(0, 0.4))
    path = [replace(route, places=route.places * [1, wide, 1] + [sag, 0, 0]) for route in _COLON]
    full = {"colon": float(rng.uniform(0.75, 1.15))}
    distance, _ = canvas.nearest(tubes(habitus, path, {"colon": 1}, full))
    distance += canvas.noise("haustra", 16.0) * 3.0
    canvas.paint(distance, tissues.bowel)
    stool = canvas.noise("stool", 5.0) * 0.7 + canvas.noise("stool parts", 30.0)
    content = 20.0 + stool * 35.0
    if tissues.oral_contrast and rng.random() < 0.6:
        content = content + tissues.oral_contrast
    content = torch.where(stool > 0.9, -850.0, content)
    risen = canvas.noise("colon gas", 55.0) + body.depth
    content = torch.where(risen > 0.9, -970.0, content)
    canvas.paint(distance + 2.2, content)
