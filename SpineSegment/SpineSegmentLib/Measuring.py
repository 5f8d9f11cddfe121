"""Measures the vertebral bodies one at a time, so that the window stays free."""

from __future__ import annotations

from collections.abc import Callable

from SpineLabelLib.scene import Columns, volumeFromNode

from vertebra.anatomy import LEVELS, Region
from vertebra.errors import VertebraError
from vertebra.spine import Vertebra
from vertebra.worker import Signal

from .Case import Case
from .measures import Body, measured, upwards

WITHOUT_BODY = {LEVELS["C1"], LEVELS["C2"]} | {
    level for level in LEVELS.values() if level.region is Region.SACRAL
}
"""Levels whose body has no heights as the others have."""


class Measuring:
    """Keeps what was measured; a body is measured again when its mask or its centre is another."""

    def __init__(self, later: Callable[[Callable[[], None]], None] = lambda work: work()) -> None:
        self.changed = Signal()  # one more body is measured
        self._later = later
        self._case: Case | None = None
        self._volume = None
        self._bodies: dict[tuple, Body | None] = {}
        self._waiting = False

    def follow(self, case: Case | None, volumeNode) -> None:
        """Measure this case from now on."""
        self._case, self._volume = case, volumeNode
        wanted = {self._key(each) for each in case.spine} if case is not None else set()
        self._bodies = {key: body for key, body in self._bodies.items() if key in wanted}
        self._goOn()

    def of(self, vertebra: Vertebra) -> Body | None:
        """A vertebra's body; None where it is not known, or not yet."""
        return self._bodies.get(self._key(vertebra)) if self._case is not None else None

    def columns(self) -> Columns:
        """Everything that is measured, as the columns of a table; those with a mask only."""
        case = self._case
        rows = [each for each in case.spine if each.instance in case.masks]
        masks = [case.masks[each.instance] for each in rows]
        bodies = [self.of(each) for each in rows]

        def ofBodies(name: str) -> list[float | None]:
            return [None if body is None else getattr(body, name) for body in bodies]

        return {
            "Level": [each.level.name for each in rows],
            "In view": [each.completeness for each in rows],
            "Volume (ml)": [mask.millilitres(case.grid) for mask in masks],
            "Mean of the body (HU)": ofBodies("hounsfield"),
            "Anterior height (mm)": ofBodies("anterior"),
            "Middle height (mm)": ofBodies("middle"),
            "Posterior height (mm)": ofBodies("posterior"),
            "Anterior/posterior": ofBodies("wedge"),
            "Middle/posterior": ofBodies("concavity"),
            "Reaches the edge": ["yes" if mask.is_cut(case.grid) else "no" for mask in masks],
        }

    def finish(self) -> None:
        """Measure at once what is left."""
        while self._measureOne():
            pass
        self.changed.emit()

    def _key(self, vertebra: Vertebra) -> tuple:
        return self._case.masks.get(vertebra.instance), vertebra.centroid, vertebra.level

    def _goOn(self) -> None:
        if not self._waiting and self._case is not None:
            self._waiting = True
            self._later(self._next)

    def _next(self) -> None:
        self._waiting = False
        if self._measureOne():
            self.changed.emit()
            self._goOn()

    def _measureOne(self) -> bool:
        """Measure the next body, if there is one left."""
        spine = self._case.spine if self._case is not None else ()
        for place, vertebra in enumerate(spine):
            key = self._key(vertebra)
            if key not in self._bodies:
                self._bodies[key] = self._body(vertebra, place)
                return True
        return False

    def _body(self, vertebra: Vertebra, place: int) -> Body | None:
        mask = self._case.masks.get(vertebra.instance)
        if mask is None or vertebra.level in WITHOUT_BODY or mask.is_cut(self._case.grid):
            return None
        try:
            scan = volumeFromNode(self._volume)
        except VertebraError:
            return None
        return measured(mask, vertebra.centroid, upwards(self._case.spine, place), scan)
