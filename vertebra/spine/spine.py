"""The result that everything passes around, and the corrections a person makes to it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from ..anatomy import STEP_ANOMALIES, Anomaly, Level, anomalies_of
from ..anatomy import level as level_of
from ..errors import BadEdit
from . import renumber
from .problems import Problem, missing_between, problems_of
from .vertebra import Flag, Point, Provenance, Vertebra

Which = Vertebra | Level | int
"""How an edit names a vertebra: itself, its level, or its instance number."""


@dataclass(frozen=True)
class RunnerUp:
    """The second-best naming of the whole spine, and by how much probability it lost (0 to 1)."""

    levels: tuple[Level, ...]
    margin: float


@dataclass(frozen=True)
class Spine:
    """Vertebrae from head to tail, immutable: every edit returns a new spine.

    `anchored` tells whether something in view (C1, C2, the sacrum) or a person fixes the count;
    `None` means that nobody looked.

    >>> spine = Spine.of({"T11": (0, 0, 60), "T12": (0, 0, 31), "L1": (0, 0, 0)})
    >>> [str(level) for level in spine.shifted(+1).levels]
    ['T12', 'L1', 'L2']
    """

    vertebrae: tuple[Vertebra, ...] = ()
    anchored_count: bool | None = None
    runner_up: RunnerUp | None = None
    provenance: Provenance = field(default_factory=Provenance)

    @classmethod
    def of(cls, centroids: Mapping[str, Sequence[float]]) -> Spine:
        """A spine from body centres (RAS mm) by level name, ordered by level."""
        named = sorted((level_of(name), point) for name, point in centroids.items())
        return cls(
            tuple(
                Vertebra(number, level, _finite(point))
                for number, (level, point) in enumerate(named, start=1)
            )
        )

    def __len__(self) -> int:
        return len(self.vertebrae)

    def __iter__(self) -> Iterator[Vertebra]:
        return iter(self.vertebrae)

    @property
    def levels(self) -> tuple[Level, ...]:
        """The levels from head to tail."""
        return tuple(vertebra.level for vertebra in self.vertebrae)

    @property
    def centroids(self) -> tuple[Point, ...]:
        """The body centres from head to tail, RAS mm."""
        return tuple(vertebra.centroid for vertebra in self.vertebrae)

    @property
    def anomalies(self) -> frozenset[Anomaly]:
        """The anomalies that levels and distances prove; a missed T12 or L5 is none."""
        return anomalies_of(self.levels) - {
            STEP_ANOMALIES[upper.level.name, lower.level.name]
            for upper, lower in missing_between(self)
            if (upper.level.name, lower.level.name) in STEP_ANOMALIES
        }

    def problems(self) -> tuple[Problem, ...]:
        """Duplicates, gaps, wrong order, odd spacing, an unanchored count: what to look at."""
        return problems_of(self)

    def find(self, which: Which) -> Vertebra:
        """The vertebra of an instance number, a level, or an older version of itself."""
        return self.vertebrae[self.place(which)]

    def place(self, which: Which) -> int:
        """Where in the order a vertebra stands."""
        wanted = which.instance if isinstance(which, Vertebra) else which
        for index, vertebra in enumerate(self.vertebrae):
            if wanted == (vertebra.level if isinstance(wanted, Level) else vertebra.instance):
                return index
        name = wanted.name if isinstance(wanted, Level) else f"number {wanted}"
        raise BadEdit(f"There is no vertebra {name} in this spine.")

    def shifted(
        self, steps: int, *, below: Which | None = None, above: Which | None = None
    ) -> Spine:
        """Renumber by `steps` levels: all, or from one vertebra (itself included) down or up."""
        first = 0 if below is None else self.place(below)
        last = len(self) if above is None else self.place(above) + 1
        anomalies = self.anomalies
        moved = [renumber.step(level, steps, anomalies) for level in self.levels[first:last]]
        return self._renamed([*self.levels[:first], *moved, *self.levels[last:]])

    def anchored(self, which: Which, level: Level) -> Spine:
        """Fix one vertebra's level and renumber the others from it; true gaps stay gaps."""
        index = self.place(which)
        levels = renumber.around_anchor(self._steps(), index, level, self.anomalies)
        return replace(self._renamed(levels)._set_by_person(index), anchored_count=True)

    def relabelled(self, which: Which, level: Level) -> Spine:
        """Change one vertebra's level and no other."""
        index = self.place(which)
        levels = [*self.levels[:index], level, *self.levels[index + 1 :]]
        return self._renamed(levels)._set_by_person(index)

    def swapped(self, one: Which, other: Which) -> Spine:
        """Exchange the levels of two vertebrae."""
        a, b = self.place(one), self.place(other)
        levels = list(self.levels)
        levels[a], levels[b] = levels[b], levels[a]
        return self._renamed(levels)

    def with_anomaly(self, anomaly: Anomaly, present: bool = True) -> Spine:
        """Set or clear T13, L6, "no T12" or "no L5", and renumber what lies below."""
        if (anomaly in self.anomalies) == present:
            return self
        return self._renamed(renumber.under_anomaly(self.levels, self._steps(), anomaly, present))

    def moved(self, which: Which, centroid: Sequence[float]) -> Spine:
        """Put one vertebra's centre elsewhere (RAS mm)."""
        vertebra = self.find(which)
        refuse_locked(vertebra)
        flags = vertebra.flags | {Flag.CORRECTED}
        return self.with_vertebra(replace(vertebra, centroid=_finite(centroid), flags=flags))

    def inserted(self, centroid: Sequence[float], level: Level | None = None) -> Spine:
        """Add a missed vertebra where it fits best along the spine.

        Without a level it fills the gap it lies in; where there is none it takes the next level,
        and everything below moves down by one.
        """
        point = _finite(centroid)
        index = renumber.least_detour(self.centroids, point)
        levels = list(self.levels)
        if level is None:
            level = self._level_for_place(index)
            if index < len(levels) and levels[index] is level:
                anomalies = self.anomalies
                levels[index:] = [renumber.step(each, 1, anomalies) for each in levels[index:]]
        instance = max((vertebra.instance for vertebra in self), default=0) + 1
        added = Vertebra(instance, level, point, flags=frozenset({Flag.CORRECTED}))
        others = self._renamed(levels).vertebrae
        return replace(self, vertebrae=(*others[:index], added, *others[index:]), runner_up=None)

    def removed(self, which: Which, *, close_gap: bool = False) -> Spine:
        """Take a vertebra out; with `close_gap` everything below moves up by one level."""
        index = self.place(which)
        refuse_locked(self.vertebrae[index])
        rest = (*self.vertebrae[:index], *self.vertebrae[index + 1 :])
        levels = [vertebra.level for vertebra in rest]
        if close_gap:
            anomalies = self.anomalies
            levels[index:] = [renumber.step(each, -1, anomalies) for each in levels[index:]]
        return replace(self, vertebrae=rest, runner_up=None)._renamed(levels)

    def locked(self, which: Which, on: bool = True) -> Spine:
        """Protect a vertebra from every other edit, or release it."""
        return self.with_vertebra(replace(self.find(which), locked=on))

    def with_vertebra(self, changed: Vertebra) -> Spine:
        """The spine with one vertebra replaced by a changed version of itself."""
        at = self.place(changed)
        return replace(self, vertebrae=(*self.vertebrae[:at], changed, *self.vertebrae[at + 1 :]))

    def _steps(self) -> list[int]:
        return renumber.steps_between(self.levels, self.centroids, self.anomalies)

    def _level_for_place(self, index: int) -> Level:
        if not self.vertebrae:
            raise BadEdit("Say which level the first vertebra is.")
        # A vertebra put between T11 and L1, or L4 and S1, is the one that seemed to be absent.
        anomalies = self.anomalies - {Anomaly.NO_T12, Anomaly.NO_L5}
        if index == 0:
            found = self.levels[0].previous(anomalies)
        else:
            found = self.levels[index - 1].next(anomalies)
        if found is None:
            raise BadEdit("There is no level left on that side; give the level yourself.")
        return found

    def _renamed(self, levels: Sequence[Level]) -> Spine:
        """The spine with new levels; a renamed vertebra loses the confidence of its old name."""
        if tuple(levels) == self.levels:
            return self
        vertebrae = []
        for vertebra, level in zip(self, levels):
            if vertebra.level is not level:
                refuse_locked(vertebra)
                vertebra = replace(vertebra, level=level, confidence=None)
            vertebrae.append(vertebra)
        return replace(self, vertebrae=tuple(vertebrae), runner_up=None)

    def _set_by_person(self, index: int) -> Spine:
        vertebra = self.vertebrae[index]
        flags = vertebra.flags | {Flag.CORRECTED}
        return self.with_vertebra(replace(vertebra, confidence=1.0, flags=flags))


def refuse_locked(*vertebrae: Vertebra) -> None:
    """Refuse an edit of vertebrae of which one is locked."""
    locked = [each for each in vertebrae if each.locked]
    if locked:
        raise BadEdit(" ".join(f"{each.level} is locked; unlock it first." for each in locked))


def _finite(point: Sequence[float]) -> Point:
    values = [float(value) for value in point]
    if len(values) != 3 or not np.isfinite(values).all():
        raise BadEdit("A point needs three finite coordinates in millimetres.")
    return values[0], values[1], values[2]
