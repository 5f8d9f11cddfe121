"""The configurations: `PAPER` as published, lighter ones from `FINE` to `COARSE` for two cores."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from math import ceil
from typing import Any

from ...errors import BadModel
from ...training.schedule import Schedule
from .rules import Direction, Rules

LEAST_FRAGMENT = 1000.0
"""n_min: a fragment this large (cubic mm) is worth moving to."""
TOLERANCE = 2.0
"""delta_max: positions that differ by no more than this (mm) have converged."""

STRAYED = 5.0
"""A network that sees points is told another one, if its own is so far (mm) from what it found."""
TELLING = 1.0
"""In voxels larger than this (mm) that gains nothing."""


@dataclass(frozen=True)
class Configuration:
    """Everything that decides what the network learns and how it goes through a scan."""

    name: str
    patch: int = 128
    """Voxels along each side of a patch."""
    spacing: float = 1.0
    """Side of a voxel, mm."""
    widths: tuple[int, ...] = (64, 64, 64, 64)
    """Channels of the U-net's layers at each resolution, the patch's own first."""
    dropout: float = 0.2
    pointed: bool = False
    """Does the network also see where the wanted vertebra's point is, if it has one?"""
    direction: str = Direction.DOWN.value
    """A network learns one direction of traversal."""
    lam: float = 0.1
    """lambda: the cost of a false positive against a false negative."""
    gamma: float = 8.0
    sigma: float = 6.0
    """Weight of the surface, and how far it reaches, mm."""
    logarithmic: bool = False
    """Count wrong voxels by the logarithm of their probability, which is nowhere flat."""
    balance: float = 1.0
    """Factor of the segmentation error, a sum over voxels, against the classification error."""
    of_scan: bool = False
    """Is completeness that of what the whole scan shows? As published, what the patch shows."""
    outline: tuple[int, ...] = ()
    """Channels of the network that draws outlines at 1 mm (`outline`), if the model has one."""
    training: Schedule = field(
        default_factory=lambda: Schedule(
            iterations=200_000,
            batch=1,
            rate=1e-3,
            momentum=0.99,
            every=200_000,
            largest_gradient=None,
        )
    )

    @property
    def divisor(self) -> int:
        """The network can read boxes whose sides are multiples of so many voxels."""
        return 1 << (len(self.widths) - 1)

    def box_side(self, side: float) -> int:
        """So many voxels show a side (mm) and are read by the network; a patch's side at most."""
        needed = ceil(side / self.spacing / self.divisor) * self.divisor
        return min(needed, self.patch)

    def rules(self) -> Rules:
        """The rules of traversal in voxels of this configuration."""
        told = self.pointed and self.spacing <= TELLING
        return Rules(
            patch=self.patch,
            least=max(1, round(LEAST_FRAGMENT / self.spacing**3)),
            tolerance=max(1, round(TOLERANCE / self.spacing)),
            direction=Direction(self.direction),
            strayed=STRAYED / self.spacing if told else None,
        )

    def to_dict(self) -> dict[str, Any]:
        """What a model's card keeps."""
        return asdict(self)


PAPER = Configuration("paper")
COMPACT = Configuration(
    "compact",
    patch=48,
    spacing=2.0,
    widths=(16, 32, 64, 64),
    dropout=0.0,
    pointed=True,
    lam=1.0,
    logarithmic=True,
    balance=1.2e-4,
    of_scan=True,
    training=Schedule(
        iterations=8000, batch=2, rate=2e-3, optimiser="adam", decay="cosine", warm_up=100
    ),
)
FINE = replace(
    COMPACT, name="fine", patch=96, spacing=1.0, widths=(8, 16, 32, 64, 64), balance=1.5e-5
)
COARSE = replace(COMPACT, name="coarse", patch=40, spacing=3.0, balance=2e-4)
CONFIGURATIONS = {each.name: each for each in (PAPER, FINE, COMPACT, COARSE)}


def from_dict(document: dict[str, Any]) -> Configuration:
    """The configuration that a model's card keeps."""
    try:
        training = Schedule(**document["training"])
        shapes = {name: tuple(document.get(name, ())) for name in ("widths", "outline")}
        configuration = Configuration(**{**document, "training": training, **shapes})
        configuration.rules()
        return configuration
    except (KeyError, TypeError, ValueError, ArithmeticError) as error:
        raise BadModel(
            f"The model's card does not describe an iterative model: {error}."
        ) from error
