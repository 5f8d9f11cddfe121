"""Vertebrae at the scan's ends: part of one shows, but its point lies outside, if it has one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...anatomy import Region
from ...spine import Spine, Vertebra
from ...volume import Grid, Volume
from .instances import Instance
from .traversal import Traversal
from .windows import Index


@dataclass(frozen=True)
class End:
    """Where the scan ends before the spine does; the key is that of the vertebra's point, if any.

    The start lies at the scan's border.
    """

    key: int | None
    start: Index
    upper: bool
    scan: Grid


def ends_of(vertebrae: Sequence[Vertebra], spine: Spine, upright: Volume, scan: Grid) -> list[End]:
    """The ends of a scan where the next of these vertebrae of a spine has its point outside.

    Where the spine names none, the next point is taken to be as far away as the last but one.
    """
    inside = [n for n, each in enumerate(vertebrae) if scan.contains(each.centroid)]
    ends = []
    for last, ahead in ((inside[0], inside[0] - 1), (inside[-1], inside[-1] + 1)) if inside else ():
        upper = ahead < last
        key = None
        if 0 <= ahead < len(vertebrae):
            key, point = vertebrae[ahead].instance, np.array(vertebrae[ahead].centroid)
        elif len(inside) > 1 and _goes_on(spine, vertebrae[last], upper):
            here, back = (np.array(vertebrae[n].centroid) for n in (last, 2 * last - ahead))
            point = 2 * here - back
        else:
            continue
        if not scan.contains(point):
            border = np.clip(scan.to_index(point), 0, np.array(scan.shape) - 1)
            at = np.rint(upright.grid.to_index(scan.to_world(border))).astype(int)
            ends.append(End(key, (int(at[0]), int(at[1]), int(at[2])), upper, scan))
    return ends


def _goes_on(spine: Spine, last: Vertebra, upper: bool) -> bool:
    level = last.level
    beyond = level.previous(spine.anomalies) if upper else level.next(spine.anomalies)
    return beyond is not None and beyond.region is not Region.SACRAL


def cut_off(
    traversal: Traversal, end: End, points: Sequence[NDArray[np.float64]]
) -> Instance | None:
    """What shows of a vertebra at an end, if anything does."""
    found = traversal.track(end.start, slack=1, point=np.array(end.start, dtype=np.float64))
    return found if found is not None and shows_at(end, found, traversal, points) else None


def shows_at(
    end: End, found: Instance, traversal: Traversal, points: Sequence[NDArray[np.float64]]
) -> bool:
    """Is it what shows at an end: cut by the border, beyond all points, and around none?"""
    height = np.argwhere(found.mask)[:, 2].mean() + found.window.start[2]
    beyond = all(bool(height > point[2]) is end.upper for point in points)
    around = any(found.holds(point) for point in points)
    return beyond and not around and found.reaches_out(traversal.volume.grid, end.scan)
