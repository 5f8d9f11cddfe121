"""What the commands print with: the two consoles, progress bars, tables, and JSON."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bars
from rich.table import Table
from rich.text import Text

from ..errors import Cancelled
from ..runtime import Progress
from ..spine import Flag, Spine

out = Console(markup=False, highlight=False)
errors = Console(stderr=True, markup=False, highlight=False)
"""Without markup, since a file name or a sentence may hold brackets."""

LEGEND = "R, A, S: mm in the patient's coordinates (RAS), towards the right, front and head."


@contextmanager
def progress_bar(
    title: str, *, quiet: bool = False, when_stopped: str = "Cancelled; nothing was changed."
) -> Iterator[Progress]:
    """A progress whose state shows as a bar with the remaining time, on the error stream."""
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %"),
        TimeRemainingColumn(),
    )
    with Bars(*columns, console=errors, transient=True, disable=quiet) as bars:
        task = bars.add_task(title, total=1.0)

        def show(fraction: float, message: str) -> None:
            bars.update(task, completed=fraction, description=message or title)

        try:
            yield Progress(show)
        except KeyboardInterrupt:
            raise Cancelled(when_stopped) from None


def print_json(document: Any) -> None:
    """Print one JSON document to the output stream, and nothing else."""
    json.dump(document, sys.stdout, indent=1)
    sys.stdout.write("\n")


def spine_table(spine: Spine, title: str = "", volumes: Mapping[int, float] | None = None) -> Table:
    """A table of a spine as a person reads it; `volumes` are millilitres by instance.

    How much of each vertebra is in view is shown where that was judged.
    """
    table = Table(title=title or None)
    measured = [] if volumes is None else ["ml"]
    judged = ["In view"] if any(each.completeness is not None for each in spine) else []
    for name in ("Level", "R mm", "A mm", "S mm", *measured, "Sure", *judged):
        table.add_column(name, justify="left" if name == "Level" else "right")
    table.add_column("Flags")
    for vertebra in spine:
        red, green, blue = vertebra.level.colour
        mark = "● " if out.color_system else ""
        name = f"{vertebra.level}{' (locked)' * vertebra.locked}"
        x, y, z = (f"{value:.1f}" for value in vertebra.centroid)
        flags = ", ".join(sorted(flag.value for flag in vertebra.flags))
        table.add_row(
            Text(mark, f"rgb({red},{green},{blue})").append(name, "default"),
            x,
            y,
            z,
            *([] if volumes is None else [_millilitres(volumes.get(vertebra.instance))]),
            _sure(vertebra.confidence),
            *[_percent(vertebra.completeness) for _ in judged],
            flags,
        )
    return table


def print_spine(spine: Spine, title: str = "", volumes: Mapping[int, float] | None = None) -> None:
    """Print a spine's table and its problems."""
    if not len(spine):
        out.print("No vertebrae.")
        return
    out.print(spine_table(spine, title, volumes))
    out.print(LEGEND, style="dim")
    for problem in spine.problems():
        print_warning(problem.sentence)


def print_flags(spine: Spine) -> None:
    """Print what to look at, each sort once with its levels."""
    for flag in Flag:
        levels = [str(vertebra.level) for vertebra in spine if flag in vertebra.flags]
        if levels:
            which = "All" if 1 < len(levels) == len(spine) else ", ".join(levels)
            print_warning(f"{which}: {flag.sentence}")


def print_warning(sentence: str) -> None:
    """Print one sentence that a person should look at."""
    out.print(Text("!", "yellow"), sentence)


def _millilitres(volume: float | None) -> str:
    return "–" if volume is None else f"{volume:.1f}"


def _sure(confidence: float | None) -> str:
    """A confidence in percent; no name is ever quite sure."""
    return ">99%" if confidence is not None and confidence > 0.99 else _percent(confidence)


def _percent(probability: float | None) -> str:
    return "–" if probability is None else f"{probability:.0%}"
