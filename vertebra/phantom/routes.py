"""Tables of tubes through the body: vessels, airways, bowel and long muscles, as text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .habitus import Habitus
from .shapes.tubes import Tube

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Route:
    """A tube of one tissue along places (level, right, front) as `Habitus.at` reads them."""

    tissue: str
    radii: Array
    """mm, one a place."""
    places: Array


def routes(text: str) -> list[Route]:
    """Reads lines `tissue radius[>radius...] : level right front, level right front, ...`.

    Radii are spread evenly over the places; `tissue*` stands for a right and a left one; a line
    that ends with a comma goes on.

    >>> [route.radii.tolist() for route in routes("vein 4>6 : 7 30 20, 6 34 22, 4 34 20")]
    [[4.0, 5.0, 6.0]]
    """
    found = []
    for line in filter(None, (line.strip() for line in text.replace(",\n", ",").split("\n"))):
        head, path = line.split(":")
        tissue, sizes = head.split()
        places = np.array([[float(n) for n in place.split()] for place in path.split(",")])
        knots = [float(size) for size in sizes.split(">")]
        along = np.linspace(0, len(knots) - 1, len(places))
        radii = np.interp(along, np.arange(len(knots)), knots)
        found.append(Route(tissue.rstrip("*"), radii, places))
        if tissue.endswith("*"):
            found.append(Route(tissue.rstrip("*"), radii, places * [1, -1, 1]))
    return found


def tubes(
    habitus: Habitus, paths: Sequence[Route], codes: dict[str, int], wider: dict[str, float]
) -> list[Tube]:
    """Round tubes in subject space; `wider` multiplies the radii of some tissues."""
    result = []
    for route in paths:
        radii = route.radii * habitus.subject.scale * wider.get(route.tissue, 1.0)
        ups = np.tile([0.31, 0.83, 0.46], (len(radii), 1))
        both = np.stack([radii, radii], 1)
        result.append(Tube(habitus.at(route.places), ups, both, codes[route.tissue]))
    return result
