"""What is true of a phantom: masks, centroids, completeness, landmarks, Cobb and wedge angles.

Everything follows from the subject's numbers and the same shapes that are rendered.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

from ..volume import Grid
from .bones import Bones, render_vertebra, vertebra_box
from .extras import pedicle_axis
from .measures import Size
from .shapes.morph import body_stretch, straightened
from .shapes.source import ShapeSource
from .shapes.template import Template
from .subject import Subject

Array = NDArray[np.float64]
COMPLETE = 0.97
"""A vertebra counts as completely visible when at most 3 % of its volume is outside."""

_STEP = 2.0


def instance_mask(bones: Bones) -> Tensor:
    """VerSe numbers of vertebrae, sacrum and coccyx as uint8; every other voxel is 0."""
    vertebra = (bones.label > 0) & (bones.label < 30)
    return torch.where(vertebra, bones.label, 0).to(torch.uint8)


def body_centroids(subject: Subject) -> dict[str, Array]:
    """The centre of every vertebral body in subject space; C1 between its arch and the dens."""
    return {
        level.name: centre.copy() for level, centre in zip(subject.levels, subject.pose.centres)
    }


def visible_share(
    subject: Subject, grid: Grid, shapes: ShapeSource | None = None
) -> dict[str, float]:
    """The share of each vertebra's volume inside the grid, for those that reach into it."""
    shares = {}
    for level in subject.levels:
        frame, low, high = vertebra_box(subject, level.name, shapes)
        ends: Array = np.stack(np.meshgrid(*np.stack([low, high]).T), -1).reshape(-1, 3)
        corners = ends @ frame[:3, :3].T + frame[:3, 3]
        index = grid.to_index(corners)
        if (index.max(0) < -0.5).any() or (index.min(0) > np.array(grid.shape) - 0.5).any():
            continue
        if grid.contains(corners).all():
            shares[level.name] = 1.0
            continue
        share = float(grid.contains(bone_points(subject, level.name, shapes)).mean())
        if share > 0:
            shares[level.name] = share
    return shares


def completeness(
    subject: Subject, grid: Grid, shapes: ShapeSource | None = None
) -> dict[str, bool]:
    """Which vertebrae in the grid are completely visible by the rule of 3 %."""
    shares = visible_share(subject, grid, shapes)
    return {name: share >= COMPLETE for name, share in shares.items()}


def bone_points(subject: Subject, level: str, shapes: ShapeSource | None = None) -> Array:
    """Points that fill a vertebra evenly, in subject space."""
    frame, low, high = vertebra_box(subject, level, shapes)
    step = _STEP / float(np.cbrt(np.linalg.det(frame[:3, :3])))
    affine = frame @ np.diag([step, step, step, 1.0])
    affine[:3, 3] = frame[:3, :3] @ low + frame[:3, 3]
    shape = np.ceil((high - low) / step).astype(int) + 1
    grid = Grid((int(shape[0]), int(shape[1]), int(shape[2])), affine)
    distance = render_vertebra(subject, level, grid, shapes=shapes)
    return grid.to_world(np.argwhere(distance.numpy() < 0))


@dataclass(frozen=True, eq=False)
class Landmarks:
    """Points of one vertebra in subject space, mm."""

    upper_plate: dict[str, Array]
    """Rim of the upper endplate: front, back, right, left."""
    lower_plate: dict[str, Array]
    pedicles: dict[str, tuple[Array, Array]]
    """right and left: from the back of the pedicle into the body."""
    spinous_tip: Array


def landmarks(subject: Subject, level: str, shapes: ShapeSource) -> Landmarks:
    """Landmarks of a vertebra from C2 to L6."""
    template, made = shapes.vertebra(level, subject.seed)
    upper = _plate(subject, level, template, made, 1)
    lower = _plate(subject, level, template, made, -1)
    pedicles = {
        name: pedicle_axis(subject, level, side) for name, side in (("right", 1), ("left", -1))
    }
    return Landmarks(upper, lower, pedicles, _spinous_tip(subject, level, template, made))


def _plate(
    subject: Subject, level: str, template: Template, made: Size, end: int
) -> dict[str, Array]:
    own = subject.forms[level].size
    width = made.width_upper if end > 0 else made.width_lower
    depth = made.depth_upper if end > 0 else made.depth_lower
    rim = {"front": (0, 1), "back": (0, -1), "right": (1, 0), "left": (-1, 0)}
    plate = {}
    for name, (right, front) in rim.items():
        corner = np.array([right * width / 2, front * depth / 2, end * made.height / 2])
        x, y, z = template.surface_towards(corner)
        x, y = x * own.width / made.width, y * own.depth / made.depth
        z = z / made.height * _height_at(subject, level, x, y)
        plate[name] = _bent(subject, level, (x, y, z))
    return plate


def _height_at(subject: Subject, level: str, x: float, y: float) -> float:
    form = subject.forms[level]
    at = (torch.tensor(x, dtype=torch.float64), torch.tensor(y, dtype=torch.float64))
    return form.size.height / float(body_stretch(*at, form.size, form))


def _bent(subject: Subject, level: str, point: ArrayLike) -> Array:
    """From a straightened vertebra to subject space: undoes `straightened` by iteration."""
    goal = torch.as_tensor(np.asarray(point, dtype=np.float64))
    here = goal.clone()
    for _ in range(12):
        here = (
            here + goal - torch.stack(straightened(here[0], here[1], here[2], subject.forms[level]))
        )
    frame = subject.pose.frames[subject.index(level)]
    return np.asarray(frame[:3, :3] @ here.numpy() + frame[:3, 3])


def _spinous_tip(subject: Subject, level: str, template: Template, made: Size) -> Array:
    own = subject.forms[level].size
    inside = np.argwhere(template.distances < 0)
    last = inside[inside[:, 1] == inside[:, 1].min()].mean(0)
    _, y, z = template.origin + template.step * last
    y = y - template.step / 2
    end = made.depth / 2 + made.canal_depth
    ratio = (own.spinous_length - own.canal_depth) / (made.spinous_length - made.canal_depth)
    beyond = (y + end) * ratio - own.depth / 2 - own.canal_depth
    return _bent(subject, level, (0, beyond, z * own.pedicle_height / made.pedicle_height))


@dataclass(frozen=True)
class Curve:
    """An angle between two endplates, degrees, and the vertebrae it was taken at."""

    angle: float
    upper: str
    lower: str


def coronal_cobb(subject: Subject) -> Curve:
    """The largest angle between an upper and a lower endplate below it, seen from the front.

    Positive curves bow to the right.
    """
    names = [level.name for level in subject.levels if level.name[0] in "TL"]
    tilts = {name: _tilt(subject, name, sideways=True) for name in names}
    best = Curve(0.0, names[0], names[-1])
    for place, upper in enumerate(names):
        for lower in names[place + 1 :]:
            angle = tilts[upper][0] - tilts[lower][1]
            if abs(angle) > abs(best.angle):
                best = Curve(angle, upper, lower)
    return best


def sagittal_angle(subject: Subject, upper: str, lower: str) -> float:
    """Kyphosis (+) or lordosis (-) from the upper plate of one level to the lower of another."""
    first, last = (_tilt(subject, name, sideways=False) for name in (upper, lower))
    return last[1] - first[0] if lower != "S1" else last[0] - first[0]


def _tilt(subject: Subject, level: str, sideways: bool) -> tuple[float, float]:
    """How far the upper and the lower endplate rise to the right (or to the front), degrees."""
    frame, form = subject.pose.frames[subject.index(level)], subject.forms[level]
    if sideways:
        axis, wedge = frame[[0, 2], 0], form.lateral_wedge
    else:
        front, back = (_height_at(subject, level, 0.0, y * form.size.depth / 2) for y in (1, -1))
        axis, wedge = frame[1:3, 1], np.degrees(np.arctan2(front - back, form.size.depth))
    tilt = float(np.degrees(np.arctan2(axis[1], axis[0])))
    return tilt + wedge / 2, tilt - wedge / 2


@dataclass(frozen=True)
class Heights:
    """Heights of a vertebral body, mm."""

    front: float
    middle: float
    back: float

    @property
    def loss(self) -> float:
        """Genant's measure: the share that the lowest height lacks of the highest."""
        return 1 - min(self.front, self.middle, self.back) / max(self.front, self.middle, self.back)


def body_heights(subject: Subject, level: str) -> Heights:
    """The heights at the front, in the middle and at the back of a body."""
    depth = subject.forms[level].size.depth
    return Heights(*(_height_at(subject, level, 0.0, y * depth / 2) for y in (1.0, 0.0, -1.0)))
