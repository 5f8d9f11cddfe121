"""How large vertebrae are: means per level in millimetres, from which every subject is drawn.

Body, canal and pedicle sizes follow Panjabi et al. (1991, 1992) with heights raised to what CT
shows; transverse spans, spinous lengths, C1 and C2 are textbook values.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import numpy as np

HEIGHT_ON_CT = 1.12
"""Panjabi's posterior heights are below those of recumbent patients on CT by about this factor."""
NECK_HEIGHT_ON_CT = 1.27
"""The same from C3 to C7: bodies of VerSe's gl003 and gl017 are 0.70 to 0.87 of a step high."""


@dataclass(frozen=True)
class Size:
    """The sizes of one vertebra, mm; heights are those of the body without osteophytes."""

    width_upper: float
    depth_upper: float
    width_lower: float
    depth_lower: float
    height: float
    canal_width: float
    canal_depth: float
    pedicle_width: float
    pedicle_height: float
    transverse_span: float
    spinous_length: float
    """From the posterior wall of the body to the tip of the spinous process, along y."""

    @property
    def width(self) -> float:
        return (self.width_upper + self.width_lower) / 2

    @property
    def depth(self) -> float:
        return (self.depth_upper + self.depth_lower) / 2

    def scaled(self, factor: float) -> Size:
        """All sizes times a factor."""
        return replace(self, **{f.name: getattr(self, f.name) * factor for f in fields(self)})


# wu du wl dl H canal-w canal-d pedicle-w pedicle-h span spinous
_TABLE = """
C1  22.0 22.0 22.0 22.0 10.0 28.0 19.0  8.0 10.0 75.0 26.0
C2  16.0 14.5 16.5 15.6 19.5 24.0 19.0  8.0 10.0 56.0 33.5
C3  15.8 15.0 17.2 15.6 11.6 22.9 16.2  5.6  7.4 51.0 26.0
C4  17.2 15.3 17.0 15.9 11.4 24.7 17.0  5.4  7.4 52.5 26.5
C5  17.5 15.2 19.4 17.0 11.4 24.9 16.8  5.6  7.0 54.0 26.5
C6  18.5 16.4 22.0 18.0 10.9 25.8 16.8  6.0  7.3 56.0 30.5
C7  21.8 17.2 23.4 17.4 12.8 24.5 15.2  6.6  7.5 67.0 44.0
T1  24.5 18.0 27.8 19.2 14.1 21.8 16.2  8.5  9.6 75.0 46.0
T2  24.9 19.6 27.4 21.2 15.6 19.5 15.8  8.2 11.4 70.0 48.0
T3  24.6 22.2 25.9 22.9 15.7 18.3 16.1  6.8 11.9 62.0 48.0
T4  24.5 23.1 26.0 24.3 16.2 17.0 16.2  6.3 12.1 60.0 46.0
T5  24.9 24.3 27.0 25.8 16.2 17.3 16.4  6.0 11.3 60.0 44.0
T6  26.2 26.0 28.2 26.9 17.4 17.3 16.5  6.0 11.8 60.0 42.0
T7  27.8 27.4 29.1 28.5 18.2 17.2 16.2  5.9 12.0 61.0 41.0
T8  29.5 27.9 30.5 29.4 18.7 17.7 15.9  6.7 12.5 61.0 42.0
T9  30.6 29.3 33.0 31.0 19.3 17.9 15.7  7.7 13.9 60.0 43.0
T10 31.9 30.5 35.4 31.6 20.2 18.2 15.5  9.0 14.7 58.0 44.0
T11 34.9 31.9 39.1 31.8 21.3 19.4 16.1  9.8 17.4 52.0 43.0
T12 39.0 32.8 42.1 33.4 22.7 22.2 18.1  8.8 16.7 47.0 44.0
T13 40.0 33.4 42.6 34.2 23.2 22.8 18.4  8.7 16.4 55.0 48.0
L1  41.2 34.1 43.3 35.3 23.8 23.7 19.0  8.6 15.9 71.0 50.0
L2  42.6 34.6 45.5 34.9 24.3 23.8 18.2  8.3 15.0 76.0 52.0
L3  44.1 35.2 48.0 34.8 23.8 24.3 17.5 10.2 14.4 86.0 53.0
L4  46.6 35.5 49.5 33.9 24.1 25.4 18.6 14.1 15.5 82.0 51.0
L5  47.3 34.7 49.4 33.2 22.9 27.1 19.7 18.6 19.6 93.0 45.0
L6  48.2 34.6 49.8 33.4 22.4 27.3 19.4 19.0 19.6 95.0 42.0
S1  50.0 34.0 44.0 26.0 29.0 31.0 16.0 22.0 24.0 110.0 46.0
"""


def _read() -> dict[str, Size]:
    table = {}
    for line in _TABLE.split("\n"):
        if line:
            name, *numbers = line.split()
            values = [float(number) for number in numbers]
            raised = name not in ("C1", "C2", "S1")
            on_ct = NECK_HEIGHT_ON_CT if name[0] == "C" else HEIGHT_ON_CT
            values[4] *= on_ct if raised else 1.0
            table[name] = Size(*values)
    return table


SIZES: dict[str, Size] = _read()
"""The mean size of every level, C1 to L6 with T13, and S1."""

SCALE_SD = 0.066
"""Subjects differ in overall scale by this standard deviation (VerSe)."""

FEMALE_SCALE = 0.955
MALE_SCALE = 1.035


def varied(size: Size, rng: np.random.Generator, sd: float = 0.04) -> Size:
    """A size with its own small deviation in every number; posterior lengths vary more."""
    spread = np.array([1, 1, 1, 1, 1, 1.3, 1.3, 2.2, 1.6, 1.6, 2.0]) * sd
    factors = np.exp(np.clip(rng.standard_normal(len(spread)), -2.5, 2.5) * spread)
    shared = np.exp(np.clip(rng.standard_normal(2), -2.5, 2.5) * sd * 0.7)
    factors[[0, 2]] = factors[[0, 2]] ** 0.5 * shared[0]  # both endplates widen together
    factors[[1, 3]] = factors[[1, 3]] ** 0.5 * shared[1]
    names = [f.name for f in fields(Size)]
    return replace(size, **{n: getattr(size, n) * float(f) for n, f in zip(names, factors)})
