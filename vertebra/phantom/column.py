"""What lies between the bones of the spine: the canal with the cord, and the discs."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from .limbs import head_frame, pelvis_frame
from .shapes.pelvis import CANAL
from .shapes.tubes import Tube

if TYPE_CHECKING:
    from .subject import Subject


_FORAMEN_MAGNUM = (0.0, -20.0, 16.0)


def canal_tube(subject: Subject) -> Tube:
    """The spinal canal from the foramen magnum into the sacrum."""
    points, ups, radii = [], [], []
    for frame, level in zip(subject.pose.frames, subject.levels):
        size = subject.forms[level.name].size
        middle = frame[:3, 3] - frame[:3, 1] * (size.depth + size.canal_depth) / 2
        if level.name == "C1":
            head = head_frame(subject)
            points.append(head[:3, :3] @ _FORAMEN_MAGNUM + head[:3, 3])
            ups.append(frame[:3, 0])
            radii.append([size.canal_width / 2, size.canal_depth / 2 + 2])
        points.append(middle)
        ups.append(frame[:3, 0])
        radii.append([size.canal_width / 2, size.canal_depth / 2])
    pelvis = pelvis_frame(subject)
    radii[-1] = [r * subject.scale for r in (14, 8)]
    lower = CANAL[:3] @ pelvis[:3, :3].T
    points += list(lower + pelvis[:3, 3])
    ups += [pelvis[:3, 0] / subject.scale] * 3
    radii += [[r * subject.scale for r in pair] for pair in ((11, 6.5), (8, 5), (5, 3.5))]
    return Tube(np.array(points), np.array(ups), np.array(radii), 1)


def disc_tubes(subject: Subject) -> list[Tube]:
    """The discs from C2-3 to L5-S1; they end inside the bodies they lie between."""
    tubes = []
    for above, below in pairwise(range(1, len(subject.levels))):
        frames = subject.pose.frames[[above, below]]
        a, b = (subject.forms[subject.levels[i].name].size for i in (above, below))
        points = np.stack(
            [
                frames[0, :3, 3] - frames[0, :3, 2] * a.height * 0.42,
                frames[1, :3, 3] + frames[1, :3, 2] * b.height * 0.42,
            ]
        )
        radii = np.array(
            [[a.width_lower, a.depth_lower], [b.width_upper, b.depth_upper]]
        ) * 0.49  # fmt: skip
        tubes.append(Tube(points, frames[:, :3, 0], radii, 1))
    return tubes
