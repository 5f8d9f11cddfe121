"""The great vessels from the pelvis to the skull, the airways and the gullet."""

from __future__ import annotations

import numpy as np
from torch import Tensor

from .random import generator
from .routes import routes, tubes
from .wall import Body

_CODES = {"airway": 1, "artery": 2, "vein": 3, "gullet": 4}
_AIRWAY_WALL = 1.6
_ROUTES = routes("""
artery 17>16>15>13.5>13 : 13.3 4 62, 12.2 14 66, 11.2 14 62, 10.6 6 50, 10.4 -8 34, 10.8 -20 20
artery 13>12.5>12 : 10.8 -20 20, 11.6 -26 12, 13 -26 13, 15 -22 16
artery 12>10.5>8.5 : 15 -22 16, 17 -14 24, 19 -10 30, 21 -9 32, 22.9 -6 34
artery 6 : 22.9 -6 34, 23.6 18 34, 24.6 38 30, 26 56 42
artery 6 : 22.9 -6 34, 23.6 -24 34, 24.6 -40 30, 26 -58 42
artery 5>3.5>3 : 10.5 6 48, 9 10 40, 7.5 16 28, 6 24 22, 1.5 26 16
artery 4>3.5>3 : 10.4 -8 36, 9 -12 34, 7.5 -18 26, 6 -25 22, 1.5 -26 16
artery 4.5 : 8.4 14 34, 7.4 30 20, 7.3 55 22, 8.2 90 30
artery 4.5 : 10.4 -14 28, 8.4 -22 22, 7.3 -35 18, 7.4 -60 22, 8.3 -90 30
artery 4>3.2 : 18.3 -12 30, 18.6 -10 44, 18.4 -30 46, 18 -58 20
artery 3.5>2.5 : 19.2 -10 34, 19.6 -8 52, 21 -6 58, 23 4 60
artery* 3 : 19.6 -8 32, 19.8 24 20, 19.8 46 6
vein 10 : 13.3 26 52, 11.5 27 50, 10 26 50, 9.2 22 48
vein 7>6 : 9.2 22 48, 8 32 34, 6.5 34 22, 4 34 20, 1 30 10
vein 7>6 : 9.6 22 50, 8.8 -10 48, 8 -32 34, 6.5 -34 22, 4 -34 20, 1 -30 10
vein 15>14>12 : 13.2 -8 70, 12 -16 56, 11.7 -14 44
vein 12>11>9>6 : 11.7 -14 44, 11.9 20 38, 12.2 44 34, 13 55 26
vein 12>10>7 : 11.7 -14 44, 11.6 -36 30, 12.6 -50 22
vein 7 : 12.6 52 40, 13 20 36
vein 7 : 12.8 -52 28, 13 -20 36
vein 12>10.5>10 : 15.2 18 44, 16.5 20 36, 19 17 30, 21 16 28, 23.2 14 26
vein 7 : 23.2 14 26, 24.2 30 22, 26 52 36
vein 7 : 23.2 14 26, 24.2 -28 22, 26 -52 36
vein 6 : 19.3 16 50, 18.4 24 50, 17.6 34 44
vein 4 : 19 4 48, 18.4 -30 38, 18 -58 16
vein* 4 : 19.8 20 28, 20 46 8
vein 3.5 : 11 9 12, 14 8 18, 18 8 22
gullet 7 : 5.8 -3 15, 8 -5 14, 11 -5 17, 13 -8 24, 15.5 -12 30, 16.6 -22 42
airway 9>9>9>8 : 5.6 0 24, 7 1 25, 9 2 26, 10.5 3 28, 11.6 3 30
airway 8>7>5>3 : 11.6 3 30, 12.3 22 30, 13.2 40 24, 14.5 52 14
airway 8>6.5>5>3 : 11.6 3 30, 12.6 -22 28, 13.3 -42 20, 14.6 -54 10
airway 5>3 : 12.3 22 30, 12.0 48 34
""")


def paint_vessels(body: Body) -> None:
    """Arteries widen with age; veins are as full as they are; airways have a wall."""
    canvas, subject, tissues = body.canvas, body.habitus.subject, body.tissues
    rng = generator(subject.seed, "great vessels")
    older = 1 + 0.004 * (subject.age - 50) + float(rng.normal(0, 0.08))
    wider = {
        "artery": float(np.clip(older, 0.75, 1.5)),
        "vein": float(rng.uniform(0.75, 1.1)),
        "airway": 1.05 if subject.sex == "M" else 0.9,
        "gullet": float(rng.uniform(0.8, 1.2)),
    }
    distance, code = canvas.nearest(tubes(body.habitus, _ROUTES, _CODES, wider))
    cover = canvas.cover(distance)
    for tissue, hu in (
        ("airway", 30.0),
        ("artery", tissues.blood),
        ("vein", tissues.venous),
        ("gullet", 38.0),
    ):
        canvas.mix(cover * (code == _CODES[tissue]), hu)
    _calcify(body, distance, code)
    canvas.mix(canvas.cover(distance + _AIRWAY_WALL) * (code == _CODES["airway"]), -990.0)


def _calcify(body: Body, distance: Tensor, code: Tensor) -> None:
    """Plaques in the walls of arteries, more with age."""
    canvas = body.canvas
    rare = 3.4 - 0.025 * body.habitus.subject.age
    plaque = ((canvas.noise("plaque", 5.0) + canvas.noise("plaques", 30.0)) - rare).clamp(0.0, 1.0)
    in_wall = canvas.cover((distance + 0.5).abs() - 1.0) * (code == _CODES["artery"])
    canvas.mix(in_wall * plaque, 700.0)
