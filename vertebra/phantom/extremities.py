"""Flesh around the bones of head and arms, joined to the trunk."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

from .canvas import Box, Canvas
from .habitus import Habitus
from .limbs import chest_frame, head_frame
from .shapes.tubes import Tube

Array = NDArray[np.float64]
HEAD = (((0, 0, 84), (81, 102, 88)), ((0, 40, -6), (64, 70, 74)), ((0, -10, 24), (73, 74, 52)))
"""Centres and radii of cranium, face and the region of the ears in the head's frame, mm."""
BRAIN = ((0, 0, 86), (67, 88, 72))
_ARMS = {
    "up": [(90, -5, 36), (138, 6, 38), (160, 9, 40), (188, 23, 128), (200, 35, 248)],
    "down": [(90, -5, 18), (140, 6, 14), (164, 7, 8), (184, 3, -84), (198, -1, -244)]
    + [(206, 20, -340), (190, 60, -490)],
}
_ARM_RADII = [34, 48, 54, 47, 41, 36, 30]
_BLEND = 14.0
_TRAPEZIUS = [(5.4, 12, -42, 24), (6.6, 58, -38, 26), (7.6, 96, -34, 30)]
"""Level, right, front and radius of the slope from the neck to the shoulder."""


def add_head_and_arms(canvas: Canvas, habitus: Habitus, muscular: Tensor, skin: Tensor) -> None:
    """Joins head and arms to the distances (mm) of the muscular body and of the skin."""
    for centre, radii in HEAD:
        found = in_head(canvas, habitus, centre, radii)
        if found is not None:
            box, distance = found
            _join(muscular, box, distance + 4.0)
            _join(skin, box, distance - 0.12 * habitus.fatness)
    subject = habitus.subject
    frame = chest_frame(subject)
    tubes, down = [], subject.arms == "down"
    for side in (1, -1):
        points = np.array(_ARMS[subject.arms]) + [0, 0, subject.shrug if down else 0.0]
        path = points * [side, 1, 1] @ frame[:3, :3].T + frame[:3, 3]
        thickness = np.array(_ARM_RADII[: len(path)]) * subject.scale * habitus.muscularity
        ups = np.tile([0.0, 1.0, 0.0], (len(path), 1))
        tubes.append(Tube(path, ups, np.stack([thickness, thickness], 1), 1))
        if down:
            slope = np.array(_TRAPEZIUS)
            rise = np.outer([0.3, 0.7, 1.0], [0, 0, subject.shrug * subject.scale])
            path = np.concatenate([habitus.at(slope[:, :3] * [1, side, 1]) + rise, path[1:2]])
            thickness = np.append(slope[:, 3], 46) * subject.scale * habitus.muscularity
            tubes.append(Tube(path, ups[:4], np.stack([thickness, thickness], 1), 1))
    distance, _ = canvas.nearest(tubes, _BLEND + 10.0)
    whole = (slice(None), slice(None), slice(None))
    _join(muscular, whole, distance)
    _join(skin, whole, distance - 2.0 - 0.3 * habitus.fatness)


def in_head(
    canvas: Canvas, habitus: Habitus, centre: ArrayLike, radii: ArrayLike
) -> tuple[Box, Tensor] | None:
    """A box and in it the distance to an ellipsoid of the head's frame."""
    frame = head_frame(habitus.subject)
    scale = float(np.cbrt(np.linalg.det(frame[:3, :3])))
    place = frame[:3, :3] @ np.asarray(centre, dtype=np.float64) + frame[:3, 3]
    return canvas.ellipsoid(
        place, np.asarray(radii) * scale, frame[:3, :3] / scale, margin=_BLEND + 10.0
    )


def _join(field: Tensor, box: Box, distance: Tensor) -> None:
    """The smaller of both distances, with a rounded notch between the bodies."""
    under = field[box]
    near = (_BLEND - (under - distance).abs()).clamp_(min=0.0)
    field[box] = torch.minimum(under, distance) - near * near * (0.25 / _BLEND)
