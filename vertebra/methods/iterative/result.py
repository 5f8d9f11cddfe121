"""From instances to what a user gets: one label map on the scan's grid, and a spine."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ...anatomy import Region
from ...spine import Flag, Point, Spine, Vertebra
from ...volume import LabelMap, Volume
from .events import Drawn, Dropped, Listener
from .instances import Instance
from .misfits import OFF_LINE, middle, misfits
from .naming import named, with_one_more
from .traversal import MOST_VERTEBRAE
from .windows import Window

Draw = Callable[[Instance, NDArray[np.integer]], tuple[Window, NDArray[np.bool_]]]
"""Gives an instance's mask in a window of the scan, where other vertebrae have taken voxels."""


class Canvas:
    """The label map on the scan's own grid, which vertebrae are drawn into as they are found.

    Partial vertebrae are drawn, too; `complete_only` leaves them out.
    """

    def __init__(
        self,
        voxels: NDArray[np.integer],
        scan: Volume,
        upright: Volume,
        at_home: Draw,
        on_event: Listener | None = None,
    ) -> None:
        self.voxels = voxels
        self.scan = scan
        self.upright = upright
        self._at_home = at_home
        self.drawn: dict[int, Instance] = {}
        self._tell: Listener = on_event or (lambda _: None)

    @classmethod
    def empty(
        cls,
        scan: Volume,
        upright: Volume,
        at_home: Draw,
        on_event: Listener | None = None,
        highest: int = 0,
    ) -> Canvas:
        """A canvas with nothing on it; `highest` is the highest number of a given vertebra."""
        dtype = np.uint8 if highest + MOST_VERTEBRAE < 256 else np.uint16
        voxels = np.zeros(scan.grid.shape, dtype, order="F")
        return cls(voxels, scan, upright, at_home, on_event)

    def draw(self, instance: Instance, number: int, name: str = "") -> None:
        """Draw a mask where nothing is yet."""
        window, mask = self._at_home(instance, self.voxels)
        there, here = window.overlap(self.voxels.shape)
        free = mask[here] & (self.voxels[there] == 0)
        if free.any():
            self.voxels[there][free] = number
            self.drawn[number] = instance
            self._tell(Drawn(number, name, window.start, free))

    def drop(self, number: int, why: str) -> None:
        """Take a mask away again."""
        self.drawn.pop(number, None)
        for k in range(self.voxels.shape[2]):
            self.voxels[..., k][self.voxels[..., k] == number] = 0
        self._tell(Dropped(number, why))

    def finished(self, spine: Spine) -> tuple[LabelMap, Spine]:
        """The label map by instance number, and the spine with what its masks tell."""
        names = {vertebra.instance: vertebra.level.name for vertebra in spine}
        vertebrae = (judged(vertebra, self.drawn.get(vertebra.instance)) for vertebra in spine)
        labels = LabelMap(self.voxels, self.scan.grid, names, self.scan.source)
        return labels, replace(spine, vertebrae=tuple(vertebrae))


def drawn_without_points(canvas: Canvas, instances: Iterable[Instance]) -> tuple[LabelMap, Spine]:
    """Draw vertebrae whose names nobody knows as they come; then their spacing names them.

    What cannot belong to the spine is dropped at the end, when all of it is known.
    """
    found: dict[int, Instance] = {}
    for instance in instances:
        canvas.draw(instance, instance.number)
        found[instance.number] = instance
    for number, why in misfits(list(found.values()), canvas.upright.grid, canvas.scan.grid).items():
        canvas.drop(number, why)
        del found[number]
    spine = named({number: body_point(each, canvas.upright) for number, each in found.items()})
    for number in sorted(found.keys() - {each.instance for each in spine}):
        canvas.drop(number, OFF_LINE)
    return canvas.finished(spine)


def drawn_for_points(
    canvas: Canvas, spine: Spine, instances: Iterable[tuple[int | None, Instance]]
) -> tuple[LabelMap, Spine]:
    """Draw vertebrae with the number of their point; one without a point joins the spine.

    Of those without a point, what cannot belong to the spine is dropped at the end.
    """
    found: dict[int, Instance] = {}
    without_point = set[int]()
    for owner, instance in instances:
        if owner is None:
            centre = shown_point(instance, canvas.upright)
            spine = with_one_more(spine, centre, frozenset({Flag.NO_POINT}))
            owner = max(each.instance for each in spine)
            without_point.add(owner)
        canvas.draw(instance, owner, spine.find(owner).level.name)
        found[owner] = instance
    wrong = misfits(list(found.values()), canvas.upright.grid, canvas.scan.grid)
    strays = {number for number in without_point if found[number].number in wrong}
    for number in sorted(strays):
        canvas.drop(number, wrong[found[number].number])
    kept = tuple(each for each in spine if each.instance not in strays)
    return canvas.finished(replace(spine, vertebrae=kept))


def judged(vertebra: Vertebra, instance: Instance | None) -> Vertebra:
    """The vertebra with completeness and flags from its mask."""
    if instance is None and not segmented(vertebra):
        return vertebra
    flags = vertebra.flags - {Flag.NO_MASK, Flag.FRAGMENTED}
    if instance is None:
        return replace(vertebra, completeness=None, flags=flags | {Flag.NO_MASK})
    flags -= {Flag.PARTIAL}
    if not instance.complete:
        flags |= {Flag.PARTIAL}
    if instance.fragmented:
        flags |= {Flag.FRAGMENTED}
    return replace(vertebra, completeness=instance.completeness, flags=flags)


def segmented(vertebra: Vertebra) -> bool:
    """Is this one that gets a mask? The sacrum is no vertebra here."""
    return vertebra.level.region is not Region.SACRAL


def complete_only(labels: LabelMap, spine: Spine) -> LabelMap:
    """The label map as published: without the vertebrae that are only partially visible."""
    whole = [each.instance for each in spine if Flag.PARTIAL not in each.flags]
    return labels.renumbered({number: number for number in whole})


def shown_point(instance: Instance, upright: Volume) -> Point:
    """The middle of the body, or of what shows of a vertebra whose body may not."""
    if instance.complete:
        return body_point(instance, upright)
    x, y, z = (float(value) for value in upright.grid.to_world(middle(instance)))
    return x, y, z


def body_point(instance: Instance, upright: Volume) -> Point:
    """The middle of an instance's body, RAS mm."""
    body = instance.body_centre(float(upright.grid.spacing[0]))
    x, y, z = (float(value) for value in upright.grid.to_world(body))
    return x, y, z
