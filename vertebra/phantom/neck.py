"""Head and neck: brain, air in the face, throat, tongue, larynx, thyroid, single muscles."""

from __future__ import annotations

import numpy as np

from .extremities import BRAIN, in_head
from .habitus import Array, Habitus
from .random import generator
from .routes import routes, tubes
from .shapes.skull import SINUSES
from .shapes.tubes import Tube
from .wall import Body

_CODES = {"thyroid": 2, "throat": 3}
_ROUTES = routes("""
thyroid* 5>9>5 : 5.4 16 30, 6.6 17 28, 7.4 14 28
throat 13>15>12>13>12>9>11 : -1.2 0 30, -0.4 0 26, 0.6 0 22, 2 0 21, 3.4 0 24, 4.6 0 29, 5.6 0 26
""")
# half width and half depth (mm), then level, right and front at every point
_MUSCLES = (
    ((9, 5), (0.3, 9, 9), (3, 10, 12), (6, 9, 14), (8.5, 8, 14)),  # longus colli
    ((11, 11), (1.5, 25, 2), (4, 29, 1), (6, 36, 4), (7.6, 46, 10)),  # scalenes
    ((9, 12), (0.3, 36, -10), (3, 40, -18), (5.5, 44, -32), (7.5, 50, -46)),  # levator scapulae
    ((9, 16), (-0.6, 56, -16), (1.5, 53, -2), (4, 47, 20), (6.2, 34, 40), (8.3, 14, 52)),  # SCM
    ((11, 10), (0.4, 14, -33), (2, 15, -34), (5, 15, -36), (8, 16, -38)),  # semispinalis cervicis
    ((13, 8), (0.4, 32, -28), (2, 32, -32), (5, 32, -36), (8, 32, -38)),  # longissimus
    ((14, 7), (-0.6, 16, -47), (2, 17, -49), (5, 18, -51), (8, 22, -50)),  # semispinalis capitis
    ((18, 6), (-0.6, 42, -38), (1.5, 34, -50), (4.5, 24, -60), (8, 14, -60)),  # splenius
    ((28, 6), (-0.4, 16, -62), (2, 26, -65), (4.5, 36, -67), (6.2, 56, -62), (7.4, 90, -52)),
    ((10, 14), (-0.2, 50, 12), (1.2, 50, 22), (2.6, 40, 36)),  # parotid and submandibular glands
)


def paint_neck(body: Body) -> None:
    """Everything above the shoulders that is not bone."""
    canvas, habitus, tissues = body.canvas, body.habitus, body.tissues
    if habitus.level(canvas.heights[[-1]])[0] > 9:
        return
    rng = generator(habitus.subject.seed, "neck")
    _muscles(body)
    found = in_head(canvas, habitus, *BRAIN)
    if found is not None:
        box, distance = found
        canvas.paint(distance, 35.0 + canvas.noise("brain", 9.0, box) * 3.0, box)
    found = in_head(canvas, habitus, (0, 52, -18), (25, 34, 21))
    if found is not None:
        box, distance = found
        canvas.paint(distance, tissues.muscle - 8.0 + canvas.noise("tongue", 6.0, box) * 12.0, box)
    _air(body, rng)

    wide = {"throat": float(rng.uniform(0.6, 1.1)), "thyroid": float(rng.uniform(0.8, 1.2))}
    distance, code = canvas.nearest(tubes(habitus, _ROUTES, _CODES, wide))
    thyroid = 105.0 + 0.6 * (tissues.venous - 45)
    cover = canvas.cover(distance)
    for tissue, hu in (("thyroid", thyroid), ("throat", 48.0)):
        canvas.mix(cover * (code == _CODES[tissue]), hu)
    canvas.mix(canvas.cover(distance + 4) * (code == _CODES["throat"]), -985.0)
    shield, _ = canvas.nearest(_larynx(habitus))
    hard = canvas.noise("ossified larynx", 9.0) + (habitus.subject.age - 55) * 0.03
    canvas.mix(canvas.cover(shield), 90.0 + 320.0 * hard.clamp(0.0, 1.0))


def _muscles(body: Body) -> None:
    """Single muscles in a bed of fat and connective tissue."""
    canvas, habitus, tissues = body.canvas, body.habitus, body.tissues
    size = habitus.subject.scale * habitus.muscularity
    found = []
    for radii, *points in _MUSCLES:
        places = np.array(points, dtype=np.float64)
        for side in (1, -1):
            path = habitus.at(places * [1, side, 1])
            ups = np.tile([1.0, 0.0, 0.0], (len(path), 1))
            found.append(Tube(path, ups, np.tile(np.array(radii) * size, (len(path), 1)), 1))
    distance, _ = canvas.nearest(found)
    level = habitus.level(canvas.heights)
    share = canvas.by_height(np.interp(level, [-0.5, 0.3, 6.0, 7.5], [0, 1, 1, 0]))
    leanness = float(np.clip(1.0 - habitus.fatness / 60, 0.35, 0.9))
    bed = tissues.fat + (tissues.muscle - tissues.fat) * leanness
    share = share * ((64.0 * habitus.subject.scale - body.right.abs()) * 0.15).clamp_(0.0, 1.0)
    share *= canvas.cover(body.muscular + 2.0)
    canvas.mix(share, bed + canvas.noise("strands", (6, 6, 12)) * 16.0)
    streaks = canvas.noise("muscle fibres", (3.0, 3.0, 14.0)) * 7.0
    canvas.mix(share * canvas.cover(distance), tissues.muscle + 4.0 + streaks)


def _air(body: Body, rng: np.random.Generator) -> None:
    """Nose, sinuses and mastoid cells; some sinuses are full."""
    canvas, habitus = body.canvas, body.habitus
    nose = [((s * 8, 66, 22), (5.5, 30, 15)) for s in (-1, 1)]
    sinuses = [((s * c[0], c[1], c[2]), r) for c, r in SINUSES for s in (-1, 1)]
    open_ = rng.random(len(sinuses)) > 0.12
    for centre, radii in nose + [each for each, seen in zip(sinuses, open_) if seen]:
        found = in_head(canvas, habitus, centre, radii)
        if found is not None:
            box, distance = found
            swollen = canvas.noise("mucosa", 7.0, box) * 2.0
            canvas.paint(distance + swollen, -950.0, box)


def aerate_mastoids(body: Body) -> None:
    """Air cells in the bone behind the ears, after the bones are painted."""
    for side in (-1, 1):
        found = in_head(body.canvas, body.habitus, (side * 56, -18, 16), (9, 10, 17))
        if found is not None:
            box, distance = found
            cells = (body.canvas.noise("mastoid cells", 4.0, box) * 1.2 + 0.5).clamp_(0.0, 1.0)
            body.canvas.mix(body.canvas.cover(distance) * cells, -700.0, box)


def _larynx(habitus: Habitus) -> list[Tube]:
    """Thyroid cartilage: two plates that meet in front; below it the ring of the cricoid."""

    def at(rows: list[tuple[float, float, float]]) -> Array:
        return habitus.at(np.array(rows))

    parts = []
    for side in (1, -1):
        plate = at([(4.3, 0, 47), (4.3, side * 9, 38), (4.3, side * 17, 24)])
        ring = at([(5.5, 0, 40), (5.5, side * 11, 33), (5.4, side * 10, 22), (5.3, 0, 19)])
        up = np.tile([0.0, 0.0, 1.0], (4, 1))
        size = habitus.subject.scale
        parts.append(Tube(plate, up[:3], np.array([[11, 1.6], [13, 1.6], [15, 1.8]]) * size, 1))
        heights = np.array([[3, 1.8], [5, 1.8], [9, 2.0], [10, 2.2]]) * size
        parts.append(Tube(ring, up, heights, 1))
    return parts
