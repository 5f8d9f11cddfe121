"""All bones of a subject on any grid: distance to the surface, labels, material, discs, canal."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ..volume import Grid
from .measures import Size
from .shapes.procedural import Procedural
from .shapes.tubes import Tube, nearest_tube
from .subject import Subject

Array = NDArray[np.float64]
FAR = 20.0
MARGIN = 6.0
"""Distances are true up to this many mm outside a bone; farther out they are `FAR`."""

RIB_RIGHT, RIB_LEFT = 100, 150
SKULL, MANDIBLE, STERNUM, CARTILAGE = 200, 201, 202, 203
HIP_RIGHT, HIP_LEFT, FEMUR_RIGHT, FEMUR_LEFT = 210, 211, 212, 213
SCAPULA_RIGHT, SCAPULA_LEFT, CLAVICLE_RIGHT, CLAVICLE_LEFT = 220, 221, 222, 223
HUMERUS_RIGHT, HUMERUS_LEFT = 224, 225


@dataclass(frozen=True, eq=False)
class Bones:
    """Fields of a grid's shape (I, J, K) that say where bone is and what it is made of."""

    distance: Tensor
    """mm to the nearest bone surface, negative inside, within +-20."""
    label: Tensor
    """int16: VerSe number of the vertebra, 100 + n rib n right, 150 + n left, 200.. other bones."""
    cortex: Tensor
    """mm, thickness of the cortical shell of the nearest bone."""
    density: Tensor
    """Factor on trabecular HU: 1 is what the subject's age gives."""
    disc: Tensor
    """mm to the nearest disc, negative inside."""
    canal: Tensor
    """mm to the spinal canal, negative inside."""
    metal: Tensor
    """uint8 code of an implant's material, 0 none."""


def render_bones(
    subject: Subject,
    grid: Grid,
    device: torch.device | str = "cpu",
    shapes: Procedural | None = None,
) -> Bones:
    """The bones of a subject at the voxels of a grid in subject space."""
    device = torch.device(device)
    shapes = shapes or Procedural()

    def full(value: float, dtype: torch.dtype = torch.float32) -> Tensor:
        return torch.full(grid.shape, value, dtype=dtype, device=device)

    distance, label = full(FAR), full(0, torch.int16)
    cortex, density = full(1.0), full(1.0)
    for level, frame in zip(subject.levels, subject.pose.frames):
        template, size = shapes.bone(level.name)
        _vertebra(
            template, size, subject.sizes[level.name], frame, grid, distance, label, level.verse
        )
    nearest_tube(_ribs(subject), grid, distance, label, MARGIN)
    canal, disc, spare = full(FAR), full(FAR), full(0, torch.int16)
    nearest_tube(_canal(subject), grid, canal, spare, MARGIN)
    nearest_tube(_discs(subject), grid, disc, spare, MARGIN)
    disc = torch.maximum(disc, -distance)
    label = torch.where(distance < 0, label, 0).to(torch.int16)
    metal = full(0, torch.uint8)
    return Bones(distance.clamp(-FAR, FAR), label, cortex, density, disc, canal, metal)


def _vertebra(
    template,
    size: Size,
    own: Size,
    frame: Array,
    grid: Grid,
    distance: Tensor,
    label: Tensor,
    code: int,
) -> None:  # type: ignore[no-untyped-def]
    ratio = np.array(
        [own.width / size.width, own.depth / size.depth, own.height / size.height], dtype=float
    )
    corners = np.array(np.meshgrid(*template.box.T)).reshape(3, -1).T * ratio
    index = grid.to_index(corners @ frame[:3, :3].T + frame[:3, 3])
    low = np.clip(np.ceil(index.min(0)), 0, grid.shape).astype(int)
    high = np.clip(np.floor(index.max(0)) + 1, low, grid.shape).astype(int)
    if (high <= low).any():
        return
    into = np.linalg.inv(frame) @ grid.affine
    ranges = [np.arange(a, b) for a, b in zip(low, high)]
    coordinates = []
    for axis in range(3):
        a, b, c = (
            torch.from_numpy((into[axis, i] / ratio[axis] * ranges[i]).astype(np.float32)).to(
                distance.device
            )
            for i in range(3)
        )
        a = a + float(into[axis, 3] / ratio[axis])
        coordinates.append((a[:, None] + b[None, :])[..., None] + c)
    d, *_ = template.sample(*coordinates)
    d = d * float(ratio.prod() ** (1 / 3))
    where = tuple(slice(int(a), int(b)) for a, b in zip(low, high))
    closer = d < distance[where]
    distance[where] = torch.where(closer, d, distance[where])
    label[where] = torch.where(closer, code, label[where]).to(torch.int16)


def _ribs(subject: Subject) -> list[Tube]:
    tubes = []
    for index, level in enumerate(subject.levels):
        if not level.name.startswith("T"):
            continue
        frame, size = subject.pose.frames[index], subject.sizes[level.name]
        number = int(level.name[1:])
        end = {11: 1.6, 12: 0.7, 13: 0.3}.get(number, 2.6)
        for side, base in ((1, RIB_RIGHT), (-1, RIB_LEFT)):
            angles = np.linspace(0, end, 22)
            start = frame[:3, 3]
            z = start[2] - 22 * subject.scale * angles
            cage = subject.cage(z)
            line = subject.centreline(z)
            back, front, half = cage[:, 1], cage[:, 2], cage[:, 0]
            x = line[:, 0] + side * (half * np.sin(angles) + size.width / 2)
            y = line[:, 1] + (back + front) / 2 - (front - back) / 2 * np.cos(angles)
            y[0], x[0] = start[1] - size.depth / 2, line[0, 0] + side * (size.width / 2 + 2)
            points = np.stack([x, y, z], 1)
            ups = np.tile([0.0, 0.0, 1.0], (len(points), 1))
            radii = np.tile(np.array([5.5, 3.2]) * subject.scale, (len(points), 1))
            tubes.append(Tube(points, ups, radii, base + number))
    return tubes


def _canal(subject: Subject) -> list[Tube]:
    points, ups, radii = [], [], []
    for frame, level in zip(subject.pose.frames, subject.levels):
        size = subject.sizes[level.name]
        points.append(frame[:3, 3] - frame[:3, 1] * (size.depth + size.canal_depth) / 2)
        ups.append(frame[:3, 0])
        radii.append([size.canal_width / 2, size.canal_depth / 2])
    return [Tube(np.array(points), np.array(ups), np.array(radii), 1)]


def _discs(subject: Subject) -> list[Tube]:
    tubes = []
    frames = subject.pose.frames[1:]
    for index, (upper, lower) in enumerate(zip(frames, frames[1:])):
        names = [level.name for level in subject.levels[index + 1 : index + 3]]
        a, b = subject.sizes[names[0]], subject.sizes[names[1]]
        points = np.stack(
            [
                upper[:3, 3] - upper[:3, 2] * a.height / 2.5,
                lower[:3, 3] + lower[:3, 2] * b.height / 2.5,
            ]
        )
        radii = np.array(
            [[a.width_lower / 2, a.depth_lower / 2], [b.width_upper / 2, b.depth_upper / 2]]
        )
        tubes.append(Tube(points, np.stack([upper[:3, 0], lower[:3, 0]]), radii, 1))
    return tubes
