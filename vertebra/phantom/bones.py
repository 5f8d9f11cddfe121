"""All bones of a subject on any grid: distance to the surface, labels, material, discs, canal."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ..anatomy import LEVELS
from ..volume import Grid
from .cage import CARTILAGE, RIB_RIGHT, STERNUM, rib_tubes
from .column import canal_tube, disc_tubes
from .extras import bony_tubes, metal_tubes
from .form import Form
from .hardness import Hardness
from .limbs import (
    COCCYX,
    FEMUR_LEFT,
    FEMUR_RIGHT,
    HIP_LEFT,
    HIP_RIGHT,
    HUMERUS_LEFT,
    HUMERUS_RIGHT,
    HYOID,
    MANDIBLE,
    SKULL,
    TEETH,
    head_frame,
    limb_tubes,
    pelvis_frame,
)
from .measures import Size
from .pathology import Fusion
from .shapes.morph import sample_vertebra, smoothstep
from .shapes.procedural import Procedural
from .shapes.source import ShapeSource
from .shapes.template import Template
from .shapes.tubes import Tube, nearest_tube
from .subject import Subject

Array = NDArray[np.float64]
FAR = 20.0
MARGIN = 6.0
"""Distances are true up to this many mm outside a bone; farther out they may be `FAR`."""
SACRUM = 26


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
    shapes: ShapeSource | None = None,
) -> Bones:
    """The bones of a subject at the voxels of a grid in subject space."""
    skeleton = _Skeleton(grid, torch.device(device))
    source = shapes or Procedural()
    reach = _VERTEBRA_BOX * subject.scale
    for level, frame in zip(subject.levels[:-1], subject.pose.frames):
        if skeleton.misses(frame, reach):
            continue
        template, made = source.vertebra(level.name, subject.seed)
        skeleton.add_vertebra(template, made, subject, level.name, frame, level.verse)
    pelvis, head = pelvis_frame(subject), head_frame(subject)
    skeleton.add_bone(lambda: source.bone("sacrum", subject.seed), pelvis, SACRUM, _PELVIS_BOX)
    for side, code in ((1, HIP_RIGHT), (-1, HIP_LEFT)):
        frame = pelvis @ np.diag([side, 1.0, 1.0, 1.0])
        skeleton.add_bone(lambda: source.bone("hip", subject.seed), frame, code, _PELVIS_BOX)
    skeleton.add_bone(lambda: source.bone("skull", subject.seed), head, SKULL, _SKULL_BOX)
    skeleton.add_tubes(_all_tubes(subject))
    return skeleton.finished(subject)


@lru_cache(maxsize=4)
def _all_tubes(subject: Subject) -> list[Tube]:
    """Kept for the slabs of one scan."""
    return rib_tubes(subject) + limb_tubes(subject) + bony_tubes(subject)


def render_vertebra(
    subject: Subject,
    level: str,
    grid: Grid,
    device: torch.device | str = "cpu",
    shapes: ShapeSource | None = None,
) -> Tensor:
    """Distance (mm) to one vertebra, or to the sacrum for S1, as if it stood alone."""
    skeleton = _Skeleton(grid, torch.device(device))
    source = shapes or Procedural()
    if level == "S1":
        skeleton.add_bone(
            lambda: source.bone("sacrum", subject.seed), pelvis_frame(subject), SACRUM, _PELVIS_BOX
        )
    else:
        template, made = source.vertebra(level, subject.seed)
        frame = subject.pose.frames[subject.index(level)]
        skeleton.add_vertebra(template, made, subject, level, frame, LEVELS[level].verse)
    return skeleton.distance


def vertebra_box(
    subject: Subject, level: str, shapes: ShapeSource | None = None
) -> tuple[Array, Array, Array]:
    """The frame of a vertebra (the pelvis' for S1) and the corners of a box in it that holds it."""
    source = shapes or Procedural()
    if level == "S1":
        low, high = source.bone("sacrum", subject.seed).box
        return pelvis_frame(subject), low, high
    template, made = source.vertebra(level, subject.seed)
    low, high = _own_box(template, made, subject.forms[level])
    return subject.pose.frames[subject.index(level)], low, high


_VERTEBRA_BOX = np.array([[-75, -115, -85], [75, 45, 65]])
_PELVIS_BOX = np.array([[-4, -90, -160], [146, 94, 86]]) - [[72, 0, 0], [0, 0, 0]]
_SKULL_BOX = np.array([[-86, -110, -26], [86, 116, 174]])

# label: thickness of the cortex (mm), factor on trabecular HU
_MATERIAL = {
    SACRUM: (0.8, 0.8), COCCYX: (0.6, 0.8), SKULL: (1.5, 2.0), MANDIBLE: (2.0, 1.1),
    HYOID: (0.8, 1.5), TEETH: (1.0, 2.0), STERNUM: (0.7, 0.6), CARTILAGE: (0.0, 0.6),
    HIP_RIGHT: (1.2, 0.9), HIP_LEFT: (1.2, 0.9), FEMUR_RIGHT: (2.4, 1.2), FEMUR_LEFT: (2.4, 1.2),
    HUMERUS_RIGHT: (2.2, 0.9), HUMERUS_LEFT: (2.2, 0.9),
}  # fmt: skip


def _material(code: int) -> tuple[float, float]:
    return _MATERIAL.get(code, (1.0, 0.9) if RIB_RIGHT < code < SKULL else (1.0, 1.0))


class _Skeleton:
    """The fields while bones are being put in, nearest bone first."""

    def __init__(self, grid: Grid, device: torch.device) -> None:
        self.grid, self.device = grid, device
        self.distance = self._full(FAR)
        self.label = torch.zeros(grid.shape, dtype=torch.int16, device=device)
        self.cortex = self._full(1.0)
        self.density = self._full(1.0)

    def _full(self, value: float) -> Tensor:
        return torch.full(self.grid.shape, value, dtype=torch.float32, device=self.device)

    def _range(
        self, frame: Array, low: Array, high: Array
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The first voxel of a box of a frame, and the one after the last, along each axis."""
        corners = np.array(np.meshgrid(*np.stack([low, high]).T)).reshape(3, -1).T
        index = self.grid.to_index(corners @ frame[:3, :3].T + frame[:3, 3])
        first = np.clip(np.ceil(index.min(0)), 0, self.grid.shape).astype(np.int64)
        last = np.clip(np.floor(index.max(0)) + 1, 0, self.grid.shape).astype(np.int64)
        return first, last

    def misses(self, frame: Array, box: Array) -> bool:
        """Does a box of a frame lie outside the grid?"""
        first, last = self._range(frame, box[0], box[1])
        return bool((last <= first).any())

    def _points(
        self, frame: Array, low: Array, high: Array
    ) -> tuple[tuple[slice, ...], tuple[Tensor, Tensor, Tensor]] | None:
        """The voxels around a box of a frame, and their coordinates in that frame."""
        first, last = self._range(frame, low, high)
        if (last <= first).any():
            return None
        into = np.linalg.inv(frame) @ self.grid.affine
        steps = [np.arange(a, b) for a, b in zip(first, last)]
        coordinates = []
        for axis in range(3):
            a, b, c = (
                torch.from_numpy((into[axis, i] * steps[i]).astype(np.float32)).to(self.device)
                for i in range(3)
            )
            a = a + float(np.float32(into[axis, 3]))
            coordinates.append((a[:, None] + b[None, :])[..., None] + c)
        x, y, z = coordinates
        return tuple(slice(int(a), int(b)) for a, b in zip(first, last)), (x, y, z)

    def add_vertebra(
        self,
        template: Template,
        made: Size,
        subject: Subject,
        level: str,
        frame: Array,
        code: int,
    ) -> None:
        """A vertebra in its individual form."""
        form = subject.forms[level]
        found = self._points(frame, *_own_box(template, made, form))
        if found is None:
            return
        where, (x, y, z) = found
        sampled = sample_vertebra(template, made, form, x, y, z)
        distance = sampled.distance
        fusion = subject.findings.fusion
        if fusion is not None and fusion.laminectomy and _within(subject, level, fusion):
            gap = form.size.canal_width / 2 + 2.0 - x.abs()
            behind = -form.size.depth / 2 - 0.6 * form.size.canal_depth - y
            distance = torch.maximum(distance, torch.minimum(gap, behind))
        closer = distance < self.distance[where]
        self.distance[where] = torch.where(closer, distance, self.distance[where])
        self.label[where] = torch.where(closer, code, self.label[where]).to(torch.int16)
        thinning = min(max(1.15 - 0.005 * (subject.age - 30), 0.8), 1.15)
        shell, density = Hardness.draw(subject.seed).of(level, form, sampled, z)
        cortex = shell * thinning
        self.cortex[where] = torch.where(closer, cortex, self.cortex[where])
        near_plate = smoothstep(1.0 + sampled.endplate * (1 / 5.0)) * (1.0 - sampled.posterior)
        worn = dict(subject.findings.worn_discs).get(level, 0.0)
        density = density + near_plate * (0.12 + 1.1 * worn)
        for lesion in subject.findings.lesions:
            if lesion.level == level:
                size = form.size
                px, py, pz = (
                    p - c * half / 2
                    for p, c, half in zip(
                        (x, y, z), lesion.centre, (size.width, size.depth, size.height)
                    )
                )
                away = (px * px + py * py + pz * pz).sqrt()
                share = smoothstep((lesion.radius - away) * 0.5 + 0.5)
                density = density + (lesion.density - density) * share
        self.density[where] = torch.where(closer, density, self.density[where])

    def add_bone(
        self, shape_of: Callable[[], Template], frame: Array, code: int, box: Array
    ) -> None:
        """A bone as its template has it, if its box touches the grid at all."""
        if self.misses(frame, box):
            return
        shape = shape_of()
        found = self._points(frame, shape.box[0], shape.box[1])
        if found is None:
            return
        where, (x, y, z) = found
        distance = shape.sample(x, y, z)[0] * float(np.cbrt(abs(np.linalg.det(frame[:3, :3]))))
        closer = distance < self.distance[where]
        self.distance[where] = torch.where(closer, distance, self.distance[where])
        self.label[where] = torch.where(closer, code, self.label[where]).to(torch.int16)

    def add_tubes(self, tubes: list[Tube]) -> None:
        """Ribs, limbs and other bent rods."""
        nearest_tube(tubes, self.grid, self.distance, self.label, MARGIN)

    def finished(self, subject: Subject) -> Bones:
        """Materials of the other bones, discs, canal, metal; labels only inside bone."""
        table = torch.tensor([_material(code) for code in range(256)], device=self.device)
        other = (self.label >= RIB_RIGHT) | (self.label == SACRUM) | (self.label == COCCYX)
        codes = self.label.long()
        self.cortex = torch.where(other, table[:, 0][codes], self.cortex)
        self.density = torch.where(other, table[:, 1][codes], self.density)
        spare = torch.zeros_like(self.label)
        canal, disc = self._full(FAR), self._full(FAR)
        nearest_tube([canal_tube(subject)], self.grid, canal, spare, MARGIN)
        nearest_tube(disc_tubes(subject), self.grid, disc, spare, MARGIN)
        disc = torch.maximum(torch.maximum(disc, -self.distance), -canal)
        metal = torch.zeros(self.grid.shape, dtype=torch.uint8, device=self.device)
        implants = metal_tubes(subject)
        if implants:
            away = self._full(FAR)
            nearest_tube(implants, self.grid, away, spare.zero_(), 0.5)
            metal = torch.where(away < 0, spare, 0).to(torch.uint8)
        return Bones(
            distance=self.distance.clamp(-FAR, FAR),
            label=torch.where(self.distance < 0, self.label, 0).to(torch.int16),
            cortex=self.cortex,
            density=self.density,
            disc=disc,
            canal=canal,
            metal=metal,
        )


def _own_box(template: Template, made: Size, form: Form) -> tuple[Array, Array]:
    """A box in the subject's vertebra that holds all of the template."""
    own = form.size
    wide = max(own.width / made.width, own.transverse_span / made.transverse_span)
    wide *= 1 + abs(form.asymmetry)
    front = own.depth / made.depth
    long = (own.depth / 2 + own.spinous_length) / (made.depth / 2 + made.spinous_length)
    tall = max(own.height / made.height, own.pedicle_height / made.pedicle_height)
    low, high = template.box * [wide, 1, tall]
    low[1], high[1] = low[1] * max(long, front), high[1] * front
    turn = math.tan(math.radians(form.spinous_turn)) * own.spinous_length
    low[2], high[2] = low[2] - max(turn, 0) - 1, high[2] + max(-turn, 0) + 1
    return low, high


def _within(subject: Subject, level: str, fusion: Fusion) -> bool:
    upper, lower = subject.index(fusion.upper), subject.index(fusion.lower)
    return upper <= subject.index(level) <= lower
