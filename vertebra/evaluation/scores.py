"""The figures of an evaluation: one a vertebra, one a scan, and summaries over them.

`None` stands for a figure without a meaning, such as a distance to something that is not there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from ..anatomy import Anomaly, Level, Region
from ..spine import Provenance
from .anomalies import AnomalyScore
from .completeness import CompletenessScore
from .confidence import Reliability
from .detection import Detection, DetectionScore
from .overlap import PanopticQuality
from .views import View


@dataclass(frozen=True)
class VertebraScore:
    """What became of one reference vertebra.

    Names (`None` without a reference point): `called` is the level of the nearest prediction within
    20 mm, `error` the distance to the prediction of the right name, mm. Masks (`None` without a
    reference mask): `dice` compares the same level, everything else the predicted vertebra with the
    largest overlap, whose level is `mask_called`; distances in mm.
    """

    level: Level
    called: Level | None = None
    identified: bool | None = None
    verse_hit: bool | None = None
    error: float | None = None
    dice: float | None = None
    mask_called: Level | None = None
    instance_dice: float | None = None
    surface_distance: float | None = None
    hd95: float | None = None
    surface_dice: float | None = None

    @property
    def wrong(self) -> bool:
        """Is it missed or misnamed, by its point or, without points, by its mask?"""
        if self.identified is None:
            return self.mask_called is not self.level
        return not self.identified

    @property
    def name_given(self) -> Level | None:
        """What the prediction calls it, by its point or, without points, by its mask."""
        return self.mask_called if self.identified is None else self.called


@dataclass(frozen=True)
class MaskScore:
    """What became of a scan's masks as a whole."""

    missed: tuple[str, ...]
    merged: tuple[str, ...]
    double: tuple[str, ...]
    quality: PanopticQuality


@dataclass(frozen=True)
class ScanScore:
    """Everything about one scan.

    `all_right`: every reference vertebra is identified. `extra`: predictions that lie at no
    reference vertebra. `made_by`: what made the prediction.
    """

    name: str
    vertebrae: tuple[VertebraScore, ...] = ()
    all_right: bool | None = None
    extra: int | None = None
    detections: tuple[Detection, ...] = ()
    anomalies: frozenset[Anomaly] = frozenset()
    predicted_anomalies: frozenset[Anomaly] = frozenset()
    completeness: CompletenessScore | None = None
    masks: MaskScore | None = None
    notes: tuple[str, ...] = ()
    made_by: Provenance | None = None
    view: View | None = None

    @property
    def errors(self) -> int:
        """How much went wrong: wrong and extra names, missed, merged and double masks."""
        wrong = sum(each.wrong for each in self.vertebrae)
        masks = self.masks
        faults = len(masks.missed + masks.merged + masks.double) if masks else 0
        return wrong + (self.extra or 0) + faults


@dataclass(frozen=True)
class Spread:
    """Mean, median and standard deviation (of the sample; `None` for a single value)."""

    count: int
    mean: float
    median: float
    sd: float | None

    @classmethod
    def of(cls, values: Iterable[float | None]) -> Spread | None:
        """The spread of the values that have a meaning; `None` where none has.

        >>> Spread.of([1.0, None, 3.0]).mean
        2.0
        """
        known = [value for value in values if value is not None]
        if not known:
            return None
        sd = float(np.std(known, ddof=1)) if len(known) > 1 else None
        return cls(len(known), float(np.mean(known)), float(np.median(known)), sd)


@dataclass(frozen=True)
class Summary:
    """The figures of a group of reference vertebrae, such as one region or one level."""

    vertebrae: int
    named: int
    identified: int
    identification_rate: float | None
    verse_rate: float | None
    error_identified: Spread | None
    error_all: Spread | None
    dice: Spread | None
    instance_dice: Spread | None
    surface_distance: Spread | None
    hd95: Spread | None
    surface_dice: Spread | None

    @classmethod
    def of(cls, scores: Iterable[VertebraScore]) -> Summary:
        """The summary of some vertebrae."""
        every = list(scores)
        named = [each for each in every if each.identified is not None]
        identified = [each for each in named if each.identified]
        hits = sum(each.verse_hit is True for each in named)
        return cls(
            vertebrae=len(every),
            named=len(named),
            identified=len(identified),
            identification_rate=len(identified) / len(named) if named else None,
            verse_rate=hits / len(named) if named else None,
            error_identified=Spread.of(each.error for each in identified),
            error_all=Spread.of(each.error for each in named),
            dice=Spread.of(each.dice for each in every),
            instance_dice=Spread.of(each.instance_dice for each in every),
            surface_distance=Spread.of(each.surface_distance for each in every),
            hd95=Spread.of(each.hd95 for each in every),
            surface_dice=Spread.of(each.surface_dice for each in every),
        )


@dataclass(frozen=True)
class Made:
    """Where the figures come from: when, by which version, on which machine, by which command."""

    date: str
    software: str
    machine: str
    command: str


@dataclass(frozen=True)
class Failure:
    """A scan with a file that cannot be used, and why.

    `missed`: the prediction is at fault and counts as missed; else the scan is in no figure.
    """

    name: str
    reason: str
    missed: bool

    @property
    def counts(self) -> str:
        """How it counts, in words."""
        return "counted as missed" if self.missed else "in no figure"


@dataclass(frozen=True)
class Evaluation:
    """All figures of an evaluation."""

    made: Made
    scans: tuple[ScanScore, ...]
    failures: tuple[Failure, ...]
    total: Summary
    regions: Mapping[Region, Summary]
    levels: Mapping[Level, Summary]
    all_right: int | None
    all_right_rate: float | None
    detection: DetectionScore | None
    anomalies: Mapping[Anomaly, AnomalyScore]
    any_anomaly: AnomalyScore | None
    completeness: CompletenessScore
    quality: PanopticQuality | None
    reliability: Reliability | None

    @property
    def named_scans(self) -> int:
        """The scans with points on both sides and a vertebra, so that all labels may be right."""
        return sum(scan.all_right is not None for scan in self.scans)
