"""A third input beside patch and memory: a blob where a labelled point says the vertebra is.

Not in the paper, whose network goes by memory alone. Labels of a localizer or a person say which
vertebra is meant; a network that sees them need not find that out from its memory.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from .windows import bounds

WIDTH = 6.0
"""Standard deviation of the blob, mm."""
INEXACT = 2.5
"""Standard deviation of a training point from where it should be, on each axis, mm."""
TOWARDS = 0.3
"""At most this share of the way to the middle of the vertebra's box a training point is off."""
BODY = 0.6
"""The body is where the bone is at least this share of its greatest thickness."""
THICKEST = 20.0
"""Nothing in a body is further (mm) from its surface."""
MIDLINE = 8.0
"""A body's middle lies at most this far (mm) from the middle of its vertebra."""
ARCH = 11.0
"""Bone that ends so few mm behind its front is no body but the front arch of C1."""
BEHIND_ARCH = 2.0
"""People mark C1 so many mm behind that arch, in front of the dens."""
BRIGHT = 150.0
"""What is brighter (HU) on average may be taken for a vertebra."""
BLURRED = 4.0
"""Average over so much (SD, mm), which leaves the marrow, too, in large bones."""


def pointer(
    shape: Sequence[int], point: Sequence[float] | NDArray[np.float64], spacing: float
) -> NDArray[np.float32]:
    """A Gaussian blob of height 1 around a point given in voxels."""
    i, j, k = (
        np.exp(-0.5 * ((np.arange(size) - place) * spacing / WIDTH) ** 2).astype(np.float32)
        for size, place in zip(shape, point)
    )
    return np.asarray(i[:, None, None] * j[:, None] * k)


def body_centre(mask: NDArray[np.bool_], spacing: float) -> NDArray[np.float64]:
    """Where a label's point is, in voxels: the middle of the body, in C1 behind its front arch.

    The mask is one of an upright scan. Joints and masses beside the midline may be as thick as a
    body, so only what is near the midline is looked at.
    """
    low, high = bounds(mask)
    middle = (low[0] + high[0]) / 2
    aside = np.abs(np.arange(mask.shape[0]) - middle)
    left, right = np.flatnonzero(aside <= max(MIDLINE / spacing, 1))[[0, -1]]
    if not mask[left : right + 1].any():  # half of a vertebra
        left, right = 0, mask.shape[0] - 1
    near = mask[left : right + 1]
    (_, first, _), (_, last, _) = bounds(near)
    pieces = ndimage.label(near, np.ones((3, 3, 3)))[0]
    front = np.argwhere(pieces == pieces[:, last].max())
    if np.ptp(front[:, 1]) + 1 <= ARCH / spacing:
        return np.array([middle, front[:, 1].min() - BEHIND_ARCH / spacing, front[:, 2].mean()])
    half, reach = (first + last) // 2, ceil(THICKEST / spacing)  # behind, a process may be as thick
    i, j = max(0, left - reach), max(0, half - reach)
    depth = ndimage.distance_transform_edt(np.pad(mask[i : right + reach + 1, j:], 1))
    depth = depth[left - i + 1 : right - i + 2, half - j + 1 : -1, 1:-1]
    pieces = ndimage.label(depth >= BODY * depth.max())[0]
    body = pieces == pieces.flat[int(depth.argmax())]
    return np.asarray(np.argwhere(body).mean(axis=0) + (left, half, 0), dtype=np.float64)


def training_point(
    mask: NDArray[np.bool_], spacing: float, rng: np.random.Generator
) -> NDArray[np.float64]:
    """A point as a localizer or a person might set it: around the body, in some a little behind."""
    low, high = bounds(mask)
    box = tuple(slice(a, b + 1) for a, b in zip(low, high))
    body = body_centre(mask[box], spacing) + low
    middle = (np.array(low) + high) / 2
    aside = rng.normal(0, INEXACT / spacing, 3)
    return np.asarray(body + TOWARDS * rng.random() ** 2 * (middle - body) + aside)


def misleading_point(
    voxels: NDArray[np.float32], labels: NDArray[np.uint8], spacing: float, rng: np.random.Generator
) -> NDArray[np.float64] | None:
    """A point in bone that is no vertebra, if there is any, not far from the middle of a patch.

    A coarse search takes parts of the sacrum for vertebrae, and then tells such points.
    """
    others = np.where(labels > 0, np.float32(0), voxels)
    bone = ndimage.gaussian_filter(others, BLURRED / spacing) > BRIGHT
    inner = tuple(slice(size // 4, size - size // 4) for size in labels.shape)
    places = np.argwhere(bone[inner] & (labels[inner] == 0))
    if not len(places):
        return None
    return np.asarray(rng.choice(places) + [part.start for part in inner], dtype=np.float64)
