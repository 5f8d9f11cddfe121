"""The rib cage: twelve pairs of ribs (more or fewer when anomalous), cartilages and sternum."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import PchipInterpolator

from .shapes.tubes import Tube

if TYPE_CHECKING:
    from .subject import Subject

Array = NDArray[np.float64]

RIB_RIGHT, RIB_LEFT = 100, 150
STERNUM, CARTILAGE = 202, 203

_DROP = (50, 80, 95, 107, 117, 126, 132, 136, 138, 138, 112, 72, 45)
"""How much lower than its head each rib ends, mm."""
_FRONT = (50, 44, 50, 60, 73, 88, 102, 112, 120, 124)
"""How far from the midline the bony part of ribs 1 to 10 ends, mm."""
_FLOATING = {11: 1.75, 12: 0.95, 13: 0.55}
"""Angle around the chest, from the back, at which floating ribs end."""
_TIP = {1: (0.25, 3), 2: (0.45, 3), 3: (0.55, 3), 4: (0.6, 3), 5: (0.7, 4), 6: (0.75, 4),
        7: (0.8, 4), 8: (0.85, 4), 9: (0.9, 4), 10: (0.95, 4)}  # fmt: skip


@dataclass(frozen=True)
class Rib:
    """One rib: at which level, on which side (+1 right), and how much of a usual one there is."""

    level: str
    side: int
    length: float = 1.0
    """Share of the usual length; stumps are below 0.4."""
    thickness: float = 1.0

    @property
    def number(self) -> int:
        """1 to 13; a cervical rib counts as 14 and a lumbar one as 15."""
        if self.level[0] == "T":
            return int(self.level[1:])
        return 14 if self.level[0] == "C" else 15

    @property
    def label(self) -> int:
        return (RIB_RIGHT if self.side > 0 else RIB_LEFT) + self.number


def rib_tubes(subject: Subject) -> list[Tube]:
    """Ribs with their cartilages, and the sternum."""
    tubes = []
    ends: dict[tuple[int, int], Array] = {}
    for rib in subject.ribs:
        points = _course(subject, rib)
        tubes.append(_as_tube(subject, rib, points))
        if rib.length > 0.9 and rib.level[0] == "T" and rib.number <= 10:
            ends[rib.number, rib.side] = points[-1]
    breastbone = _sternum_line(subject)
    tubes += _cartilages(subject, ends, breastbone)
    tubes += _sternum(subject, breastbone)
    return tubes


def _course(subject: Subject, rib: Rib) -> Array:
    """The middle line from the head at the spine to the front end."""
    index = subject.index(rib.level)
    frame, form = subject.pose.frames[index], subject.forms[rib.level]
    size, scale, n = form.size, subject.scale, min(rib.number, 13)
    back = -size.depth / 2
    on_disc = rib.level[0] == "T" and 2 <= n <= 9
    head = [size.width_upper / 2 + 1.0, back + 1.5, size.height / 2 + 1.5]
    if not on_disc:
        head = [size.width / 2 + 3.0, back + 5.5, size.height * 0.1]
    share, rise = _TIP.get(n, (0.6, 0)) if rib.level[0] == "T" else (0.2, 0)
    root = size.canal_width / 2 + size.pedicle_width / 2
    reach = size.transverse_span / 2 - 3.0
    behind = back - size.canal_depth * 0.45 - 2.5 - (reach - root) * share
    near = [[*head], [root + 0.55 * (reach - root), (head[1] + behind) / 2 + 3.5, 3.0]]
    if n <= 10 and rib.level[0] == "T":
        near.append([reach + 1.5, behind + 6.8, size.height * 0.5 - 3.0 + rise])
    else:
        near.append([reach + 6.0, behind + 5.0, 0.0])
    local = np.array(near) * [rib.side, 1, 1]
    start = local @ frame[:3, :3].T + frame[:3, 3]
    if rib.level[0] == "C" or (rib.length < 0.4 and rib.level[0] == "L"):
        out = start[-1] - start[1]
        out = out / np.linalg.norm(out)
        length = 60.0 * scale * rib.length
        tail = start[-1] + np.outer([0.5, 1.0], out * length + np.array([0, 0.25, -0.35]) * length)
        return _smooth(np.concatenate([start, tail]), 10)
    return _smooth(np.concatenate([start, _around(subject, rib, index, start[-1])]), 30)


def _around(subject: Subject, rib: Rib, index: int, tubercle: Array) -> Array:
    """Points around the chest wall, dropping to the front."""
    n, scale = min(rib.number, 13), subject.scale
    drop = _DROP[n - 1] * scale * subject.rib_slope
    wall = subject.cage(np.array([tubercle[2]]))[0]
    first = 0.42 if n > 1 else 0.75
    if n in _FLOATING or rib.level[0] == "L":
        last = _FLOATING.get(n, 0.55)
    else:
        front = subject.cage(np.array([tubercle[2] - drop]))[0]
        last = np.pi - np.arcsin(min(0.95, _FRONT[n - 1] * scale / (front[0] + 5)))
    last = first + max(0.12, (last - first) * rib.length) if rib.length < 1 else last
    angles = np.linspace(first, last, 12)
    share = (angles - first) / max(np.pi * 0.8 - first, 0.1) if n in _FLOATING else None
    fall = share if share is not None else (angles - first) / (last - first)
    z = tubercle[2] - 6 * scale - (drop - 6 * scale) * np.asarray(fall) ** 1.1
    wall = subject.cage(z)
    line = subject.centreline(z)
    outside = 4.5 * scale
    middle, depth = (wall[:, 1] + wall[:, 2]) / 2, (wall[:, 2] - wall[:, 1]) / 2 + outside
    x = rib.side * (wall[:, 0] + outside) * _rounded(np.sin(angles))
    y = middle - depth * _rounded(np.cos(angles))
    turn = np.arctan2(-subject.pose.frames[index, 0, 1], subject.pose.frames[index, 1, 1]) * 0.7
    c, s = np.cos(turn), np.sin(turn)
    return np.stack([line[:, 0] + c * x - s * y, line[:, 1] + s * x + c * y, z], 1)


def _rounded(value: Array) -> Array:
    """Turns an ellipse into the fuller outline of a chest."""
    return np.asarray(np.sign(value) * np.abs(value) ** 0.88)


def _smooth(points: Array, count: int) -> Array:
    length = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(points, axis=0), axis=1))])
    along = length[-1] * np.linspace(0, 1, count) ** 1.15  # finer at the spine
    return np.asarray(PchipInterpolator(length, points)(along))


def _as_tube(subject: Subject, rib: Rib, points: Array) -> Tube:
    scale, n = subject.scale * rib.thickness, rib.number
    along = np.gradient(points, axis=0)
    outwards = points - points.mean(0) * [1, 1, 0] - points * [0, 0, 1]
    ups = np.tile([0.0, 0.0, 1.0], (len(points), 1)) if n != 1 else outwards
    ups = ups - along * ((ups * along).sum(1) / (along * along).sum(1))[:, None]
    share = np.linspace(0, 1, len(points))
    tall = np.interp(share, [0, 0.06, 0.15, 0.4, 1], [5.2, 4.0, 5.6, 6.6, 6.4])
    thin = np.interp(share, [0, 0.06, 0.15, 0.4, 1], [4.6, 3.3, 4.2, 3.5, 3.3])
    if n in (11, 12, 13, 15):
        taper = np.interp(share, [0, 0.6, 1], [0.85, 0.8, 0.5])
        tall, thin = tall * taper, thin * taper
    if n == 1:
        tall, thin = tall * 1.15, thin * 0.85
    return Tube(points, ups, np.stack([tall, thin], 1) * scale, rib.label)


def _sternum_line(subject: Subject) -> Array:
    """From the jugular notch at T2-3 to the xiphoid at T9-10, on the front of the chest."""
    top = subject.pose.centres[subject.index("T2")][2] - 10 * subject.scale
    z = top - np.array([0, 48, 62, 100, 140, 165]) * subject.scale
    line, wall = subject.centreline(z), subject.cage(z)
    y = line[:, 1] + wall[:, 2] + 6 * subject.scale
    return np.stack([line[:, 0], y, z], 1)


def _sternum(subject: Subject, line: Array) -> list[Tube]:
    right = np.tile([1.0, 0, 0], (len(line), 1))
    half = np.array([[28, 6.5], [19, 6], [17, 5.5], [19, 5.5], [17, 5], [5, 3]]) * subject.scale
    manubrium = Tube(line[:2], right[:2], half[:2], STERNUM)
    low = line[1:] + np.array([0, 0, -3.0])
    low[0] = line[1] + (line[2] - line[1]) * 0.55
    return [manubrium, Tube(low, right[1:], half[1:], STERNUM)]


def _cartilages(
    subject: Subject, ends: dict[tuple[int, int], Array], breastbone: Array
) -> list[Tube]:
    tubes = []
    length = np.linspace(0, 1, len(breastbone))
    for (number, side), end in sorted(ends.items()):
        if number <= 7:
            share = (0.06, 0.3, 0.42, 0.54, 0.66, 0.76, 0.8)[number - 1]
            goal = np.array([np.interp(share, length, column) for column in breastbone.T])
            goal = goal + [side * 19 * subject.scale, 0, 0]
        elif (number - 1, side) in ends:
            above = ends[number - 1, side]
            goal = above + (breastbone[4] - above) * 0.3 - [0, 0, 12]
        else:
            continue
        sag = np.array([0, 2.0, -0.22 * np.linalg.norm(goal - end)]) if number > 4 else 0
        points = _smooth(np.stack([end, (end + goal) / 2 + sag, goal]), 8)
        ups = np.tile([0.0, 0, 1.0], (len(points), 1))
        radii = np.tile(np.array([6.0, 4.5]) * subject.scale, (len(points), 1))
        tubes.append(Tube(points, ups, radii, CARTILAGE))
    return tubes
