"""What comes out: pieces as they are drawn, and the whole at the end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..spine import Point, Spine
from ..volume import LabelMap


@dataclass(frozen=True, eq=False)
class Piece:
    """One vertebra that has appeared: its mask in a box of the scan's voxels from `start`.

    The name is empty where nobody has named the vertebra yet.
    """

    instance: int
    name: str
    start: tuple[int, int, int]
    mask: NDArray[np.bool_]


@dataclass(frozen=True)
class Look:
    """The network looks at a box of the scan: its middle (RAS mm) and its sides (mm)."""

    centre: Point
    size: tuple[float, float, float]


@dataclass(frozen=True, eq=False)
class Result:
    """A spine, masks by instance number where some were asked for, and what a user should know."""

    spine: Spine
    labels: LabelMap | None = None
    notes: tuple[str, ...] = ()


News = Spine | Piece | Look
"""What there is so far: the spine, one vertebra that has been drawn, or where is being looked."""
Show = Callable[[News], object]
"""Shows the news."""
