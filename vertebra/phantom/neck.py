"""Head and neck: brain, throat, tongue, larynx, thyroid and the muscles that stand out."""

from __future__ import annotations

from .extremities import BRAIN, in_head
from .random import generator
from .routes import routes, tubes
from .wall import Body

_CODES = {"muscle": 1, "thyroid": 2, "throat": 3, "larynx": 4}
_ROUTES = routes("""
muscle* 9>10>9.5>8>5 : 0.3 50 -18, 2.5 50 -2, 4.5 38 22, 6.6 18 40, 7.6 12 50
thyroid* 5>9>5 : 5.4 16 30, 6.6 17 28, 7.4 14 28
throat 14>12>13>11>9>12 : -1 0 26, 0.5 0 22, 2.5 0 21, 3.8 0 24, 4.8 0 29, 5.6 0 24
""")
_LARYNX = routes("larynx 17 : 4 0 33, 5.2 0 33")


def paint_neck(body: Body) -> None:
    """Everything above the shoulders that is not bone."""
    canvas, habitus, tissues = body.canvas, body.habitus, body.tissues
    if habitus.level(canvas.heights[[-1]])[0] > 9:
        return
    rng = generator(habitus.subject.seed, "neck")
    found = in_head(canvas, habitus, *BRAIN)
    if found is not None:
        box, distance = found
        canvas.paint(distance, 35.0 + canvas.noise("brain", 9.0, box) * 3.0, box)
    scale = habitus.subject.scale
    found = in_head(canvas, habitus, (0, 42, -2), (26, 34, 26))
    if found is not None:
        box, distance = found
        canvas.paint(distance, tissues.muscle - 8.0 + canvas.noise("tongue", 6.0, box) * 12.0, box)

    wide = {"throat": float(rng.uniform(0.7, 1.15)), "thyroid": float(rng.uniform(0.8, 1.2))}
    wide["muscle"] = habitus.muscularity
    distance, code = canvas.nearest(tubes(habitus, _ROUTES, _CODES, wide))
    thyroid = 105.0 + 0.6 * (tissues.venous - 45)
    cover = canvas.cover(distance)
    for tissue, hu in (("muscle", tissues.muscle + 6), ("thyroid", thyroid), ("throat", 48.0)):
        canvas.mix(cover * (code == _CODES[tissue]), hu)
    canvas.mix(canvas.cover(distance + 3) * (code == _CODES["throat"]), -985.0)
    shield, _ = canvas.nearest(tubes(habitus, _LARYNX, _CODES, {}))
    shell = (shield + 1.5).abs_() - 1.5
    hard = canvas.noise("ossified larynx", 9.0) + (habitus.subject.age - 55) * 0.03
    front = canvas.cover(26.0 * scale - body.front)
    canvas.mix(canvas.cover(shell) * front, 90.0 + 260.0 * hard.clamp(0.0, 1.0))
