"""A third input beside patch and memory: a blob where a labelled point says the vertebra is.

Not in the paper, whose network goes by memory alone. Labels of a localizer or a person say which
vertebra is meant; a network that sees them need not find that out from its memory.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from .windows import bounds

WIDTH = 6.0
"""Standard deviation of the blob, mm."""
INEXACT = 2.5
"""Standard deviation of a training point from where it should be, on each axis, mm."""
BODY = 0.6
"""The body is where the bone is at least this share of its greatest thickness."""


def pointer(
    shape: Sequence[int], point: Sequence[float] | NDArray[np.float64], spacing: float
) -> NDArray[np.float32]:
    """A Gaussian blob of height 1 around a point given in voxels."""
    i, j, k = (
        np.exp(-0.5 * ((np.arange(size) - place) * spacing / WIDTH) ** 2).astype(np.float32)
        for size, place in zip(shape, point)
    )
    return np.asarray(i[:, None, None] * j[:, None] * k)


def body_centre(mask: NDArray[np.bool_]) -> NDArray[np.float64]:
    """The middle of the thickest part, which is the vertebral body, in voxels."""
    depth = ndimage.distance_transform_edt(np.pad(mask, 1))[1:-1, 1:-1, 1:-1]
    pieces, _ = ndimage.label(depth >= BODY * depth.max())
    body = pieces == pieces.flat[int(depth.argmax())]
    return np.asarray(np.argwhere(body).mean(axis=0), dtype=np.float64)


def training_point(
    mask: NDArray[np.bool_], spacing: float, rng: np.random.Generator
) -> NDArray[np.float64]:
    """A point as a localizer or a person might set it: in the body, or towards the box's middle.

    The body of C1 is that of its ring; there the middle of the box is what people mark.
    """
    low, high = bounds(mask)
    box = tuple(slice(a, b + 1) for a, b in zip(low, high))
    body = body_centre(mask[box]) + low
    middle = (np.array(low) + high) / 2
    aside = rng.normal(0, INEXACT / spacing, 3)
    return np.asarray(body + rng.random() ** 2 * (middle - body) + aside)
