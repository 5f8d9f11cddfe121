"""Which point belongs to which mask."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from vertebra.spine import Spine

from .Case import Case


def paired(points: Spine, case: Case, known: Mapping[int, int]) -> tuple[Spine, dict[int, int]]:
    """The points numbered as the masks they belong to, and the number of each point's instance.

    A point belongs to the mask that it was known to belong to, else to the one it lies in, else to
    the one of its level. A point without a mask keeps its number where no mask has it.
    """
    numbers = {
        point.instance: known[point.instance]
        for point in points
        if known.get(point.instance) in case.masks
    }
    levels = {vertebra.instance: vertebra.level for vertebra in case.spine}
    for belongs in (
        lambda point, n: case.masks[n].contains(case.grid, point.centroid),
        lambda point, n: levels[n] is point.level,
    ):
        for point in points:
            free = [n for n in case.masks if n not in numbers.values() and belongs(point, n)]
            if point.instance not in numbers and free:
                numbers[point.instance] = free[0]
    for point in points:
        if point.instance not in numbers:
            taken = {*numbers.values(), *case.masks}
            own = known.get(point.instance, point.instance)
            numbers[point.instance] = own if own not in taken else max(taken) + 1
    vertebrae = tuple(replace(each, instance=numbers[each.instance]) for each in points)
    return replace(points, vertebrae=vertebrae), numbers
