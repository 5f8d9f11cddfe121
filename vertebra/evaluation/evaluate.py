"""From cases to figures over all of them."""

from __future__ import annotations

import platform
import shlex
import sys
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from ..anatomy import Region
from ..errors import Cancelled, VertebraError
from ..runtime import Progress
from ..runtime.provenance import provenance
from . import completeness as complete
from . import overlap as overlaps
from .anomalies import anomaly_scores, any_anomaly_score
from .cases import Case
from .confidence import reliability
from .detection import detection_score
from .scan import score
from .scores import Evaluation, Failure, Made, ScanScore, Summary

PICTURED = 24
"""So many scans keep a picture: those with the most errors."""


def evaluate(cases: Iterable[Case], progress: Progress | None = None) -> Evaluation:
    """Score predictions against references, one case in memory at a time.

    A case that cannot be compared keeps no other one from being scored.
    """
    progress = progress or Progress()
    total = len(cases) if isinstance(cases, Sequence) else None
    scans: list[ScanScore] = []
    failures: list[Failure] = []
    count = 0
    for count, case in enumerate(cases, start=1):
        progress.report((count - 1) / total if total else 0.0, f"Scoring {case.name}")
        try:
            scans = _with_worst_pictured([*scans, score(case, progress)])
            if case.fault:
                failures.append(Failure(case.name, case.fault, missed=True))
        except Cancelled:
            raise
        except VertebraError as error:
            failures.append(Failure(case.name, case.fault or str(error), missed=False))
    if not count:
        raise VertebraError("There is nothing to evaluate: no prediction belongs to a reference.")
    if len(failures) == count:
        first = failures[0]
        none = "" if count == 1 else f"None of the {count} scans can be compared. {first.name}: "
        raise VertebraError(none + first.reason)
    progress.report(1.0, "Scored")
    return summarised(scans, failures)


def summarised(scans: Sequence[ScanScore], failures: Sequence[Failure] = ()) -> Evaluation:
    """The figures over all scans; those whose reference is empty count by what is found there."""
    every = [vertebra for scan in scans for vertebra in scan.vertebrae]
    pointed = [scan for scan in scans if scan.extra is not None]
    named = [scan for scan in scans if scan.all_right is not None]
    right = sum(scan.all_right is True for scan in named)
    anomalies = [(scan.anomalies, scan.predicted_anomalies) for scan in pointed]
    masks = [scan.masks.quality for scan in scans if scan.masks is not None]
    return Evaluation(
        made=made_here(),
        scans=tuple(scans),
        failures=tuple(failures),
        total=Summary.of(every),
        regions={
            region: Summary.of(members)
            for region in Region
            if (members := [each for each in every if each.level.region is region])
        },
        levels={
            level: Summary.of(each for each in every if each.level is level)
            for level in sorted({each.level for each in every})
        },
        all_right=right if named else None,
        all_right_rate=right / len(named) if named else None,
        detection=detection_score(
            (
                [each.level for each in scan.vertebrae if each.identified is not None],
                scan.detections,
            )
            for scan in pointed
        )
        if pointed
        else None,
        anomalies=anomaly_scores(anomalies) if pointed else {},
        any_anomaly=any_anomaly_score(anomalies) if pointed else None,
        completeness=complete.pooled(
            scan.completeness for scan in scans if scan.completeness is not None
        ),
        quality=overlaps.pooled(masks) if masks else None,
        reliability=reliability(each for scan in pointed for each in scan.detections),
    )


def made_here() -> Made:
    """Date, version, machine and command of this run."""
    run = provenance()
    command = " ".join([Path(sys.argv[0]).name, *map(shlex.quote, sys.argv[1:])])
    machine = f"{platform.system()} {platform.machine()}, Python {platform.python_version()}"
    return Made(run.created, run.software, machine, command)


def _with_worst_pictured(scans: list[ScanScore]) -> list[ScanScore]:
    """Drop the picture of the best scan where there are more than the report shows."""
    pictured = [scan for scan in scans if scan.view is not None]
    if len(pictured) <= PICTURED:
        return scans
    best = min(reversed(pictured), key=lambda scan: scan.errors)
    return [replace(scan, view=None) if scan is best else scan for scan in scans]
