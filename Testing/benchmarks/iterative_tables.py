"""Tables of what iterative_accuracy.py measured, as docs/results.md has them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

REGIONS = ("cervical", "thoracic", "lumbar")
FAULTS = ("missed", "double", "merged", "invented")
DISTANCES = ("asd", "hd95")
LOW = 0.8
Row = Mapping[str, Any]
"""The figures of one vertebra."""


def print_tables(scans: Mapping[str, Any]) -> None:
    """One table a run; Dice is 0 where a vertebra was missed, distances are of those found."""
    making = np.mean([scan["seconds to make"] for scan in scans.values()])
    print(f"\n{len(scans)} scans, made in {making:.1f} s each (processor time)")
    names = dict.fromkeys(name for scan in scans.values() for name in scan["runs"])
    for name in names:
        print_run(name, [scan["runs"][name] for scan in scans.values() if name in scan["runs"]])
    print(
        "\n| run | Dice | ASD | HD95 | missed | double | merged | invented | complete right | s |"
    )
    print("|---|---|---|---|---|---|---|---|---|---|")
    for name in names:
        runs = [scan["runs"][name] for scan in scans.values() if name in scan["runs"]]
        rows = [each for run in runs for each in run["vertebrae"] if each["whole"]]
        dice, asd, hd95 = averages(rows)
        counts = " | ".join(str(total(runs, kind)) for kind in FAULTS)
        print(
            f"| {name} | {dice:.3f} | {asd:.2f} | {hd95:.2f} | {counts} | {rightly(runs)} "
            f"| {seconds(runs):.1f} |"
        )


def print_run(name: str, runs: list[Any]) -> None:
    """The table of one run by region."""
    print(f"\n{name}: {len(runs)} scans, {seconds(runs):.1f} s a scan (processor time)\n")
    print(f"| | count | Dice | worst | Dice < {LOW} | ASD mm | HD95 mm |")
    print("|---|---|---|---|---|---|---|")
    every = [each for run in runs for each in run["vertebrae"]]
    complete = [each for each in every if each["whole"]]
    for region in REGIONS:
        print_row(region, [each for each in complete if each["region"] == region])
    print_row("completely visible", complete)
    print_row("partly visible", [each for each in every if not each["whole"]])
    print("\n" + ", ".join(f"{kind} {total(runs, kind)}" for kind in FAULTS), end="; ")
    _, false, missed = np.sum([run["judged"] for run in runs], axis=0)
    cut = total(runs, "cut")
    print(
        f"completeness right {rightly(runs)}, of which {cut} are cut, and {cut - false} called so;"
    )
    print(f"{false / len(runs):.2f} false positives and {missed / len(runs):.2f} negatives a scan")


def print_row(name: str, rows: list[Row]) -> None:
    """A line of a table."""
    if not rows:
        return
    dice, asd, hd95 = averages(rows)
    each = [row["dice"] or 0.0 for row in rows]
    low = np.mean(np.less(each, LOW))
    print(
        f"| {name} | {len(rows)} | {dice:.3f} | {min(each):.3f} | {low:.1%} | {asd:.2f} "
        f"| {hd95:.2f} |"
    )


def averages(rows: Iterable[Row]) -> tuple[float, float, float]:
    """The means of Dice, ASD and HD95."""
    rows = list(rows)
    dice = mean(row["dice"] or 0.0 for row in rows)
    asd, hd95 = (mean(row[kind] for row in rows if row["asd"] is not None) for kind in DISTANCES)
    return dice, asd, hd95


def mean(values: Iterable[float]) -> float:
    """The mean; not a number where there is none."""
    known = list(values)
    return sum(known) / len(known) if known else np.nan


def total(runs: Iterable[Any], kind: str) -> int:
    """How often something happened."""
    return sum(run[kind] for run in runs)


def rightly(runs: Iterable[Any]) -> str:
    """The share of vertebrae whose completeness is judged rightly."""
    judged = np.sum([run["judged"] for run in runs], axis=0)
    return f"{judged[0] / judged.sum():.1%} of {judged.sum()}" if judged.sum() else "-"


def seconds(runs: Iterable[Any]) -> float:
    """Of the processor, a scan."""
    return float(np.mean([run["seconds"] for run in runs]))


def print_vertebrae(name: str, runs: Mapping[str, Any]) -> None:
    """The figures of every vertebra of one real scan."""
    for run, found in runs.items():
        print(f"\n{name}, {run}: {found['seconds']:.1f} s (agreement with another program's masks)")
        for each in found["vertebrae"]:
            print(f"{each['level']:5} Dice {each['dice']:.3f}, called {each['called'] or '-'}")
