"""The body as a whole: outline, skin, fat under it, muscle with its fat, and the inner cavity."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from .canvas import Canvas
from .extremities import add_head_and_arms
from .habitus import Array, Habitus
from .tissue import Tissues

_NEVER = 60.0


@dataclass(frozen=True, eq=False)
class Body:
    """Where each voxel lies in the body: fields that all organs share."""

    canvas: Canvas
    habitus: Habitus
    tissues: Tissues
    z: Tensor
    right: Tensor
    """mm to the right of the centreline of the vertebral bodies."""
    front: Tensor
    """mm in front of it."""
    muscular: Tensor
    """mm to the outline without its fat, negative inside."""
    skin: Tensor
    """mm to the skin."""
    cage: Tensor
    """mm to the inner surface of ribs and pelvis."""
    across: Tensor
    """-1 to 1 from the left to the right wall of the cage."""
    depth: Tensor
    """-1 to 1 from the back to the front wall of the cage."""
    cavity: Tensor
    """mm to the thoracic and abdominal cavity."""


def place_body(canvas: Canvas, habitus: Habitus, tissues: Tissues) -> Body:
    """Works out where every voxel lies in the body."""
    z = canvas.heights
    line = habitus.subject.centreline(z)
    level = habitus.level(z)
    table = canvas.by_height
    x_, y_, z_ = canvas.coordinates()
    right = x_ - table(line[:, 0])
    front = y_ - table(line[:, 1])

    outline, fat = habitus.outline(z)
    half = outline[:, 0]
    middle, reach = _span(outline[:, 1], outline[:, 2])
    a = right * table(1 / half)
    b = (front - table(middle)) * table(1 / reach)
    muscular = (_squarish(a, b) - 1.0) * table(np.sqrt(half * reach))
    furrow = (1.0 - (right * (1 / 26)) ** 2).clamp_(min=0.0) * (-0.35 - b).clamp_(0.0, 0.4)
    muscular += furrow * table(np.interp(level, [4, 8, 18, 23, 25, 26], [6, 18, 26, 30, 10, 25]))
    muscular += canvas.noise("lumps", 45.0) * 1.6
    thickness = table((fat[:, 0] + (fat[:, 1] + fat[:, 2]) / 2) / 2)
    thickness = thickness + b.clamp(-1, 1) * table((fat[:, 1] - fat[:, 2]) / 2)
    thickness = thickness * (1.0 + 0.12 * canvas.noise("fat layer", 60.0)).clamp_(min=0.3)
    skin = muscular - thickness
    add_head_and_arms(canvas, habitus, muscular, skin)

    cage = habitus.subject.cage(z)
    middle, reach = _span(cage[:, 2], cage[:, 1])
    across = right * table(1 / cage[:, 0])
    depth = (front - table(middle)) * table(1 / reach)
    inner = (_squarish(across, depth) - 1.0) * table(np.sqrt(cage[:, 0] * reach))
    inner += table(np.interp(level, [6.3, 7.3], [_NEVER, 0]))
    wall = 11.0 * habitus.muscularity * habitus.subject.scale
    flank = (right.abs() - 60.0 * habitus.subject.scale).clamp_(min=0.0) * 0.8
    belly = muscular + wall + (14.0 - front - flank).clamp_(min=0.0)
    belly += table(np.interp(level, [17, 18.5, 23.3, 25.5], [_NEVER, 0, 0, _NEVER]))
    cavity = torch.minimum(inner, belly)
    return Body(
        canvas, habitus, tissues, z_, right, front, muscular, skin, inner, across, depth, cavity
    )


def _span(front: Array, back: Array) -> tuple[Array, Array]:
    return (front + back) / 2, np.maximum((front - back) / 2, 10)


def _squarish(a: Tensor, b: Tensor) -> Tensor:
    """1 on an outline between an ellipse and a rounded rectangle; a and b are 1 on its axes."""
    a, b = a * a, b * b
    return (0.45 * (a + b) + 0.55 * (a * a + b * b).sqrt()).sqrt()


def paint_wall(body: Body) -> None:
    """Skin, fat, muscle with fat between and inside the muscles; in the cavity fat with strands.

    Around the column there is more connective tissue than fat.
    """
    canvas, tissues = body.canvas, body.tissues
    canvas.paint(body.skin, tissues.skin)
    strands = canvas.noise("strands", (6, 6, 12))
    canvas.paint(body.skin + 1.8, tissues.fat + strands * 6.0)

    along = canvas.noise("muscle planes", (16, 16, 70))
    planes = (1.0 - along.abs_() * (1.0 / 0.16)).clamp_(min=0.0)
    marbling = canvas.noise("marbling", (4.5, 4.5, 16))
    marbling += canvas.noise("marbling patches", 25.0)
    rare = 2.2 - 4.5 * tissues.marbling
    fatty = ((marbling - rare) * 0.7).clamp_(0.0, 1.0)
    fatty = torch.maximum(fatty, planes * (0.25 + 1.5 * tissues.marbling))
    muscle = tissues.muscle + (tissues.fat - tissues.muscle) * fatty.clamp_(0.0, 0.95)
    canvas.paint(body.muscular, muscle)
    canvas.paint(body.cavity, tissues.fat + strands * 9.0 + 4.0)
    near = (46.0 - (body.right.square() + body.front.square()).sqrt_()) * (1 / 24.0)
    stroma = canvas.noise("stroma", 8.0) * 0.5 + canvas.noise("fine stroma", 3.5) * 0.35
    share = (0.45 + stroma).clamp_(0.0, 0.95) * near.clamp_(0.0, 1.0)
    canvas.mix(share * canvas.cover(body.cavity), tissues.muscle - 12.0)
