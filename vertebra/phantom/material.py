"""From bones as geometry to Hounsfield units: shell, trabecular bone, discs, canal, metal."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from .bones import Bones
from .pathology import METAL_CEMENT, METAL_PEEK, METAL_STEEL, METAL_TITANIUM
from .wall import Body

_IMPLANTS = {METAL_TITANIUM: 7000.0, METAL_STEEL: 12000.0, METAL_CEMENT: 1600.0, METAL_PEEK: -20.0}


def paint_bones(body: Body, bones: Bones) -> None:
    """Discs, canal and bones over the soft tissue that is there."""
    canvas, tissues, habitus = body.canvas, body.tissues, body.habitus
    level = habitus.level(canvas.heights)
    fine = _texture(body)
    _around(body, bones)
    canvas.paint(bones.disc, tissues.disc + fine * 7.0)
    _canal(body, bones)

    # trabecular bone is densest in the neck and least dense in the lower lumbar spine
    region = np.interp(
        level, [0, 4, 7, 11, 17, 19, 23, 25], [2.1, 2.0, 1.5, 1.3, 1.1, 1.0, 0.98, 1.0]
    )
    offset = np.interp(level, [0, 7, 19], [90, 30, 0])
    mean = canvas.by_height(region * tissues.trabecular + offset) * bones.density
    patches = canvas.noise("marrow patches", (9, 9, 9)) * 0.10
    spread = (tissues.trabecular + 60) * tissues.texture
    trabecular = mean * (1.0 + patches) + fine * spread * _kept(canvas.edge)
    cortical = tissues.cortical + fine * 60.0
    bone = canvas.cover(bones.distance)
    marrow = torch.minimum(canvas.cover(bones.distance + bones.cortex), bone)
    hu = cortical + (trabecular - cortical) * (marrow / bone.clamp(min=1e-3))
    canvas.mix(bone, hu)
    for code, implant in _IMPLANTS.items():
        canvas.mix((bones.metal == code).to(torch.float32), implant)


def _kept(edge: float) -> float:
    """How much of the texture of 1.5 mm trabecular groups survives averaging over a voxel."""
    size = 2 * edge
    return float((1.5 / max(size, 1.5)) ** 0.8)


def _texture(body: Body) -> Tensor:
    """Trabecular texture of spread 1, a little longer along the spine."""
    canvas = body.canvas
    return canvas.noise("trabeculae", (1.3, 1.3, 1.8)) * 0.8 + canvas.noise("groups", 3.2) * 0.6


def _around(body: Body, bones: Bones) -> None:
    """Ligaments and capsules round the column: no lung or fat touches its front and sides."""
    canvas = body.canvas
    column = torch.minimum(bones.disc, bones.distance) - 2.2
    share = canvas.cover(column) * 0.8
    canvas.mix(share * (bones.canal > 0), body.tissues.muscle - 5.0)


def _canal(body: Body, bones: Bones) -> None:
    """Fat, the dural sac with its fluid, and the cord above L1-L2."""
    canvas, tissues = body.canvas, body.tissues
    level = body.habitus.level(canvas.heights)
    outside = np.interp(level, [6, 10, 20], [30.0, -20.0, 0.7 * tissues.fat])
    canvas.paint(bones.canal, canvas.by_height(outside))
    canvas.paint(bones.canal + 1.6, tissues.fluid + 6.0)
    cord = np.interp(level, [0, 18.5, 20.0, 28], [4.2, 4.4, 9.0, 9.0])
    canvas.paint(bones.canal + canvas.by_height(cord), tissues.cord)
