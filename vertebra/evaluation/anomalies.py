"""Are T13, L6 and missing T12 or L5 seen where they are, and only there?"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ..anatomy import Anomaly


@dataclass(frozen=True)
class AnomalyScore:
    """Scans that have an anomaly, those of them where it was seen, and false alarms elsewhere."""

    present: int
    seen: int
    absent: int
    false_alarms: int

    @property
    def recall(self) -> float | None:
        """The share of the scans with the anomaly where it was seen."""
        return self.seen / self.present if self.present else None

    @property
    def false_alarm_rate(self) -> float | None:
        """The share of the scans without the anomaly where it was claimed."""
        return self.false_alarms / self.absent if self.absent else None


Anomalies = frozenset[Anomaly]


def anomaly_scores(scans: Iterable[tuple[Anomalies, Anomalies]]) -> dict[Anomaly, AnomalyScore]:
    """The score of each anomaly over scans, each given as (reference, prediction)."""
    pairs = list(scans)
    return {
        anomaly: _score([(anomaly in truth, anomaly in found) for truth, found in pairs])
        for anomaly in Anomaly
    }


def any_anomaly_score(scans: Iterable[tuple[Anomalies, Anomalies]]) -> AnomalyScore:
    """Scans with any anomaly: seen when exactly the same ones are claimed."""
    pairs = list(scans)
    normal = [found for truth, found in pairs if not truth]
    abnormal = [truth == found for truth, found in pairs if truth]
    return AnomalyScore(len(abnormal), sum(abnormal), len(normal), sum(map(bool, normal)))


def _score(pairs: list[tuple[bool, bool]]) -> AnomalyScore:
    present = [found for truth, found in pairs if truth]
    absent = [found for truth, found in pairs if not truth]
    return AnomalyScore(len(present), sum(present), len(absent), sum(absent))
