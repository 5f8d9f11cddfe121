"""What is compared: for each scan a reference and a prediction, as points, masks or both."""

from __future__ import annotations

from dataclasses import dataclass

from ..anatomy import Level, level
from ..errors import VertebraError
from ..spine import Spine
from ..volume import LabelMap, Volume


@dataclass(frozen=True, eq=False)
class Annotation:
    """One side of a comparison: the vertebrae, their masks, or both."""

    spine: Spine | None = None
    mask: LabelMap | None = None

    def levels_of_mask(self) -> dict[int, Level]:
        """The level of each number: the mask's own names or, without any, the spine's instances."""
        if self.mask is None:
            return {}
        if self.mask.names:
            named = {number: _level(name) for number, name in self.mask.names.items()}
            return {number: found for number, found in named.items() if found}
        return {each.instance: each.level for each in self.spine or Spine()}


@dataclass(frozen=True, eq=False)
class Case:
    """One scan: its name, what is true, what was predicted, and the CT to draw it on.

    `fault` says why a file of it cannot be read; it counts as missed if its reference can be.
    """

    name: str
    reference: Annotation
    prediction: Annotation
    ct: Volume | None = None
    notes: tuple[str, ...] = ()
    fault: str = ""


def _level(name: str) -> Level | None:
    try:
        return level(name)
    except VertebraError:
        return None
