"""The small pieces of the page: figures as text, tables, captions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ..anatomy import Level
from .scores import Spread

NONE = "–"
"""Stands where a figure has no meaning."""


def table(
    heads: Sequence[str],
    rows: Iterable[Sequence[str]],
    *,
    last_is_total: bool = False,
    text_last: bool = False,
) -> str:
    """A table; the first column is text, the others are figures."""
    kind = [" class=text" if text_last and i == len(heads) - 1 else "" for i in range(len(heads))]
    head = "".join(f"<th{k}>{name}</th>" for k, name in zip(kind, heads))
    body = ["".join(f"<td{k}>{cell}</td>" for k, cell in zip(kind, row)) for row in rows]
    marks = [""] * (len(body) - 1) + [" class=total" if last_is_total else ""]
    lines = "\n".join(f"<tr{mark}>{cells}</tr>" for mark, cells in zip(marks, body))
    return f"<table><thead><tr>{head}</tr></thead>\n<tbody>\n{lines}\n</tbody></table>"


def figure(caption: str, picture: str) -> str:
    """A picture under its caption."""
    return f"<figure><figcaption>{caption}</figcaption>{picture}</figure>"


def swatch(level: Level) -> str:
    """A dot in the level's colour."""
    return f'<span class=swatch style="background:rgb{level.colour}"></span>'


def counted(count: int, one: str, many: str = "") -> str:
    """A count with its noun."""
    return f"{count} {one if count == 1 else many or one + 's'}"


def ratio(part: int, whole: int) -> str:
    """A part of a whole, both as counts."""
    return f"{part} of {whole}" if whole else NONE


def percent(value: float | None) -> str:
    """A share in percent."""
    return NONE if value is None else f"{100 * value:.1f} %"


def share(value: float | None) -> str:
    """A share from 0 to 1."""
    return NONE if value is None else f"{value:.3f}"


def number(value: float | None) -> str:
    """A plain figure."""
    return NONE if value is None else f"{value:.2f}"


def mm(spread: Spread | None, middle: str = "mean") -> str:
    """A length, unit included."""
    return NONE if spread is None else f"{getattr(spread, middle):.2f} mm"


def mean(spread: Spread | None) -> str:
    """The mean of shares."""
    return NONE if spread is None else f"{spread.mean:.3f}"


def mm_number(spread: Spread | None) -> str:
    """The mean of lengths, without unit."""
    return NONE if spread is None else f"{spread.mean:.2f}"


def mean_and_sd(spread: Spread | None, unit: str = " mm") -> str:
    """The mean and the standard deviation."""
    if spread is None:
        return NONE
    deviation = "" if spread.sd is None else f" ± {spread.sd:.2f}"
    return f"{spread.mean:.2f}{deviation}{unit}"
