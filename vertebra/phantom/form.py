"""The individual form of one vertebra: its size and everything that makes it this patient's."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .measures import Size, varied


@dataclass(frozen=True)
class Fracture:
    """Lost height: shares of the intact height at the front, in the middle and at the back."""

    kind: str
    """wedge, biconcave or crush."""
    grade: int
    """Genant's grade, 1 to 3."""
    front: float
    middle: float
    back: float


@dataclass(frozen=True)
class Form:
    """A vertebra's own numbers; angles in degrees, lengths in mm."""

    size: Size
    wedge: float = 0.0
    """Angle between the endplates seen from the side; + is higher in front."""
    lateral_wedge: float = 0.0
    """The same seen from the front; + is higher on the right."""
    asymmetry: float = 0.0
    """The right half is wider by this share, the left half narrower."""
    twist: float = 0.0
    """The right transverse process lies farther back by this share of its length."""
    spinous_shift: float = 0.0
    """How far the spinous tip lies to the right of the midline."""
    spinous_turn: float = 0.0
    """How much more steeply than usual the spinous process falls."""
    bend: tuple[float, ...] = (0.0,) * 6
    """Coefficients of a smooth free deformation, mm at 30 mm from the centre."""
    spurs_upper: float = 0.0
    """Length of osteophytes at the upper rim."""
    spurs_lower: float = 0.0
    spurs_turn: float = 0.0
    """Where around the rim the osteophytes are longest: 0 front, + right."""
    fracture: Fracture | None = None


_WEDGE = {"T13": -2.0, "L1": -2.0, "L2": -0.5, "L3": 1.0, "L4": 2.5, "L5": 8.0, "L6": 8.0}


def draw_form(name: str, mean: Size, scale: float, age: float, rng: np.random.Generator) -> Form:
    """The form of a level in one subject."""

    def normal(sd: float) -> float:
        return float(np.clip(rng.standard_normal(), -2.3, 2.3) * sd)

    size = varied(mean, rng).scaled(scale)
    usual = _WEDGE.get(name, -3.0 if name[0] == "T" else 0.0)
    wear = max(0.0, (age - 40) / 40)
    return Form(
        size=size,
        wedge=usual + normal(1.6 + wear),
        lateral_wedge=normal(1.2),
        asymmetry=normal(0.025),
        twist=normal(0.04),
        spinous_shift=normal(0.016) * size.spinous_length,
        spinous_turn=normal(5.0),
        bend=tuple(normal(0.7) for _ in range(6)),
        spurs_upper=max(0.0, normal(2.2) * wear),
        spurs_lower=max(0.0, normal(2.2) * wear),
        spurs_turn=normal(0.9),
    )
