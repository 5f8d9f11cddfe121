"""The two configurations: `PAPER` as published, `COMPACT` as it ships for two processor cores."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from typing import Any

from ...anatomy import VERTEBRAE
from ...errors import BadModel
from ...training.schedule import Schedule

CLASSES = len(VERTEBRAE)
"""One class a level, C1 to S2, in the order of `VERTEBRAE`; the paper has C1 to L6."""


@dataclass(frozen=True)
class Optics:
    """How views are taken: count, source distance (mm), pixel (mm) and frame (rows, columns)."""

    views: int = 10
    distance: float = 1500.0
    pixel: float = 1.0
    frame: tuple[int, int] = (640, 384)
    channels: tuple[str, ...] = ("attenuation",)
    closer: tuple[float, ...] = ()
    """Pixels (mm) of further looks at smaller parts of the scan, with frames of as many pixels."""

    def looks(self) -> list[Optics]:
        """The optics of each look at a scan, the one that shows most first."""
        return [replace(self, pixel=pixel) for pixel in (self.pixel, *self.closer)]

    @property
    def finest(self) -> float:
        """The smallest pixel of all looks, mm."""
        return min((self.pixel, *self.closer))


@dataclass(frozen=True)
class Widths:
    """The shape of an encoder-decoder: blocks and channels of each stage."""

    block: str
    stem: int
    blocks: tuple[int, ...]
    encoder: tuple[int, ...]
    decoder: tuple[int, ...]


RESNET50 = Widths("bottleneck", 64, (3, 4, 6, 3), (256, 512, 1024, 2048), (256, 128, 64, 64))
SMALL = Widths("basic", 24, (2, 2, 2, 2), (40, 64, 96, 128), (96, 64, 48, 32))


@dataclass(frozen=True)
class Configuration:
    """Everything that decides what the method learns and how it reads a scan."""

    name: str
    optics: Optics = field(default_factory=Optics)
    widths: Widths = RESNET50
    shared: bool = False
    """One network with two heads instead of one network for each task."""
    gamma: float = 1.0
    """Weight of the Sequence Loss, Eq. 3; alpha and beta of Eq. 1 are in `vertebra.chain`."""
    square: float = 22.0
    """Side of the square around a centroid that is named, mm; smaller in closer looks."""
    sigma: float = 5.0
    """Width of a centroid's Gaussian in the heat map, mm; smaller in closer looks."""
    independence: float = 1.0
    """How far the decoder believes the views (`chain.Settings`); chosen on unseen phantoms."""
    pretraining: Schedule = field(
        default_factory=lambda: Schedule(
            iterations=10_000, batch=64, rate=0.0125, optimiser="sgd", decay="cosine"
        )
    )
    training: Schedule = field(
        default_factory=lambda: Schedule(
            iterations=15_000, batch=16, rate=1e-3, optimiser="adam", decay="steps", every=4000
        )
    )

    def to_dict(self) -> dict[str, Any]:
        """What a model's card keeps: all that is needed to rebuild the network and read a scan."""
        return asdict(self)


PAPER = Configuration("paper")
COMPACT = Configuration(
    "compact",
    optics=Optics(pixel=2.5, frame=(224, 128), channels=("attenuation", "bone"), closer=(1.6,)),
    widths=SMALL,
    shared=True,
    independence=0.35,
    pretraining=replace(PAPER.pretraining, iterations=1000, batch=32),
    training=Schedule(
        iterations=8000, batch=16, rate=2e-3, optimiser="adam", decay="cosine", warm_up=200
    ),
)
CONFIGURATIONS = {each.name: each for each in (PAPER, COMPACT)}


def from_dict(document: dict[str, Any]) -> Configuration:
    """The configuration that a model's card keeps."""
    try:
        parts = dict(document)
        parts["optics"] = Optics(**_tuples(parts["optics"]))
        parts["widths"] = Widths(**_tuples(parts["widths"]))
        parts["pretraining"] = Schedule(**parts["pretraining"])
        parts["training"] = Schedule(**parts["training"])
        return Configuration(**parts)
    except (KeyError, TypeError, AttributeError) as error:
        raise BadModel(
            f"The model's card does not describe a multi-view model: {error}."
        ) from error


def _tuples(values: dict[str, Any]) -> dict[str, Any]:
    return {key: tuple(v) if isinstance(v, list) else v for key, v in values.items()}
