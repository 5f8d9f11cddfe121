"""The levels of the human spine: their order, numbers, codes, colours, and legal sequences.

A level is a name in a fixed craniocaudal order. Which levels a given spine has is decided by its
anomalies: eleven or thirteen thoracic, four or six lumbar vertebrae.

>>> LEVELS["T12"].verse, LEVELS["T12"].next(frozenset({Anomaly.T13})).name
(19, 'T13')
"""

from __future__ import annotations

import colorsys
import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from itertools import pairwise

from .errors import VertebraError


class Region(Enum):
    """A part of the spine, with the colour that Slicer's terminology gives it."""

    CERVICAL = "cervical"
    THORACIC = "thoracic"
    LUMBAR = "lumbar"
    SACRAL = "sacral"


class Anomaly(Enum):
    """A count of vertebrae that differs from the usual 7-12-5."""

    NO_T12 = "no T12"
    T13 = "T13"
    NO_L5 = "no L5"
    L6 = "L6"


@dataclass(frozen=True)
class Code:
    """A SNOMED CT concept."""

    value: str
    meaning: str


@dataclass(frozen=True)
class Level:
    """One place in the craniocaudal order, such as T4."""

    name: str
    region: Region
    rank: int
    verse: int
    code: Code
    colour: tuple[int, int, int]

    def __str__(self) -> str:
        return self.name

    def __lt__(self, other: Level) -> bool:
        return self.rank < other.rank

    @property
    def title(self) -> str:
        """The name to show and to write into terminologies."""
        return "Coccyx" if self.name == "Co" else f"{self.name} vertebra"

    def next(self, anomalies: frozenset[Anomaly] = frozenset()) -> Level | None:
        """The level below in a spine with these anomalies; `None` below the last one."""
        return _neighbour(self, anomalies, 1)

    def previous(self, anomalies: frozenset[Anomaly] = frozenset()) -> Level | None:
        """The level above in a spine with these anomalies; `None` above C1."""
        return _neighbour(self, anomalies, -1)


_SNOMED = {
    "C": "14806007 39976000 113205007 5329002 36978003 36054005 87391001",
    "T": "64864005 53733008 1626008 73071006 56401006 45296009 62487009 11068009 82687006 7610001"
    " 12989004 23215003",
    "L": "66794005 14293000 36470004 11994002 49668003",
    "S": "65985001",
}
VERTEBRA_CODE = Code("51282000", "Vertebra")  # T13, L6 and S2 have no code of their own
SACRUM_CODE = Code("54735007", "Sacrum")
COCCYX_CODE = Code("64688005", "Coccyx")
CATEGORY_CODE = Code("123037004", "Anatomical Structure")

_REGIONS = {
    "C": Region.CERVICAL,
    "T": Region.THORACIC,
    "L": Region.LUMBAR,
    "S": Region.SACRAL,
}
_HUES = {
    Region.CERVICAL: (0.50, 0.62),
    Region.THORACIC: (0.02, 0.17),
    Region.LUMBAR: (0.27, 0.41),
    Region.SACRAL: (0.75, 0.86),
}
_COUNTS = {"C": 7, "T": 13, "L": 6, "S": 2}
_VERSE = {
    **{f"C{i}": i for i in range(1, 8)},
    **{f"T{i}": 7 + i for i in range(1, 13)},
    **{f"L{i}": 19 + i for i in range(1, 7)},
    **{"S1": 26, "Co": 27, "T13": 28, "S2": 29},
}


def _colour(region: Region, index: int, count: int) -> tuple[int, int, int]:
    """The region's hue, drifting slowly, with lightness alternating so that neighbours differ."""
    first, last = _HUES[region]
    hue = first + (last - first) * index / max(count - 1, 1)
    red, green, blue = colorsys.hls_to_rgb(hue, 0.72 if index % 2 else 0.46, 0.72)
    return round(red * 255), round(green * 255), round(blue * 255)


def _make_levels() -> dict[str, Level]:
    levels: dict[str, Level] = {}
    for letter, count in _COUNTS.items():
        region, codes = _REGIONS[letter], _SNOMED[letter].split()
        for index in range(count):
            name = f"{letter}{index + 1}"
            code = Code(codes[index], f"{name} vertebra") if index < len(codes) else VERTEBRA_CODE
            colour = _colour(region, index, count)
            levels[name] = Level(name, region, len(levels), _VERSE[name], code, colour)
    levels["Co"] = Level(
        "Co", Region.SACRAL, len(levels), 27, COCCYX_CODE, _colour(Region.SACRAL, 2, 3)
    )
    return levels


LEVELS: dict[str, Level] = _make_levels()
"""Every level by name, from C1 to Co (coccyx)."""

VERTEBRAE: tuple[Level, ...] = tuple(level for level in LEVELS.values() if level.name != "Co")
"""The levels that a vertebra can have, C1 to S2."""

_BY_VERSE = {level.verse: level for level in LEVELS.values()}
_ALIAS = re.compile(r"(?:vertebrae?[_ ]?)?(C|TH|T|D|L|S)[_ ]?0*(\d+)", re.IGNORECASE)


def level(name: str | int) -> Level:
    """The level of a name as people and files write it: "T4", "th4", "vertebrae_T4", or 11 (VerSe).

    >>> level("Th4") is level(11)
    True
    """
    if isinstance(name, int):
        if name not in _BY_VERSE:
            raise VertebraError(f"{name} is not a VerSe label number; they run from 1 to 29.")
        return _BY_VERSE[name]
    text = name.strip()
    if text.lower() in ("sacrum", "os sacrum"):
        return LEVELS["S1"]
    if text.lower() in ("co", "coccyx", "cocc", "co1"):
        return LEVELS["Co"]
    match = _ALIAS.fullmatch(text)
    letter = match[1].upper().replace("TH", "T").replace("D", "T") if match else ""
    found = LEVELS.get(f"{letter}{match[2]}") if match else None
    if found is None:
        raise VertebraError(f"'{name}' is not a vertebral level; write it like C3, T12, L5 or S1.")
    return found


def chain(anomalies: Iterable[Anomaly] = ()) -> tuple[Level, ...]:
    """The levels of a whole spine with these anomalies, from C1 to the coccyx."""
    present = frozenset(anomalies)
    absent = set()
    if Anomaly.NO_T12 in present:
        if Anomaly.T13 in present:
            raise VertebraError("A spine cannot both lack T12 and have T13.")
        absent.add("T12")
    if Anomaly.NO_L5 in present:
        if Anomaly.L6 in present:
            raise VertebraError("A spine cannot both lack L5 and have L6.")
        absent.add("L5")
    if Anomaly.T13 not in present:
        absent.add("T13")
    if Anomaly.L6 not in present:
        absent.add("L6")
    return tuple(level for level in LEVELS.values() if level.name not in absent)


USUAL = chain()
"""C1-C7, T1-T12, L1-L5, S1, S2, Co."""

STEP_ANOMALIES: dict[tuple[str, str], Anomaly] = {
    ("T11", "L1"): Anomaly.NO_T12,
    ("T12", "T13"): Anomaly.T13,
    ("L4", "S1"): Anomaly.NO_L5,
    ("L5", "L6"): Anomaly.L6,
}
"""The steps between neighbours that prove an anomaly."""


def adjacent(upper: Level, lower: Level) -> bool:
    """Can `lower` be the next vertebra below `upper` in some legal spine?"""
    return (upper.name, lower.name) in _NEIGHBOURS


_NEIGHBOURS = frozenset(
    (upper.name, lower.name)
    for anomalies in ((), (Anomaly.NO_T12,), (Anomaly.T13,), (Anomaly.NO_L5,), (Anomaly.L6,))
    for upper, lower in pairwise(chain(anomalies))
)


def anomalies_of(levels: Iterable[Level]) -> frozenset[Anomaly]:
    """The anomalies that a craniocaudal sequence of levels proves."""
    names = [level.name for level in levels]
    found = {STEP_ANOMALIES[step] for step in pairwise(names) if step in STEP_ANOMALIES}
    if "T13" in names:
        found.add(Anomaly.T13)
    if "L6" in names:
        found.add(Anomaly.L6)
    return frozenset(found)


def _neighbour(of: Level, anomalies: frozenset[Anomaly], step: int) -> Level | None:
    """The next legal level; a level that the anomalies exclude still has its neighbours."""
    legal = chain(anomalies)
    ordered = sorted({*legal, of})
    index = ordered.index(of) + step
    return ordered[index] if 0 <= index < len(ordered) else None


SCHEMES: dict[str, dict[str, int]] = {
    "verse": dict(_VERSE),
    "totalsegmentator": {
        **{f"C{i}": 51 - i for i in range(1, 8)},
        **{f"T{i}": 44 - i for i in range(1, 13)},
        **{f"L{i}": 32 - i for i in range(1, 6)},
        "S1": 26,
    },
    "totalsegmentator_pp": {name: n for name, n in _VERSE.items() if n <= 24},
    "monai": {name: n for name, n in _VERSE.items() if n <= 24},
}
"""Label numbers by scheme and level name; map by name, never by number alone."""
