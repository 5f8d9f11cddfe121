"""Boxes of training patches, as looks at a place whose size is known show them (decision 0009)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from .configuration import Configuration
from .windows import Index, Window, bounds

BOXED = 0.5
"""How often a batch is cut down to boxes."""
AROUND = (6.0, 16.0)
"""So far (mm) such boxes reach around the wanted vertebra."""
OFF_CENTRE = 3.0
"""How far (mm, SD along each axis) a box, or a patch around a vertebra, lies from its middle."""

Patch = dict[str, Tensor]


def boxed(patches: list[Patch], configuration: Configuration, rng: np.random.Generator) -> None:
    """Cut patches down to boxes of one shape around what each of them wants, if it wants any."""
    wanted = [bounds(truth) if truth.any() else None for truth in map(_truth, patches)]
    around = rng.uniform(*AROUND)
    sizes = [np.subtract(high, low) + 1 for low, high in filter(None, wanted)]
    if not sizes:
        return
    largest = np.max(sizes, axis=0) * configuration.spacing + 2 * around
    width, depth, height = (configuration.box_side(float(side)) for side in largest)
    for patch, seen in zip(patches, wanted):
        whole = _truth(patch).shape
        low, high = seen or ((0, 0, 0), whole)
        middle = np.add(low, high) / 2
        middle = middle + rng.normal(0, OFF_CENTRE / configuration.spacing, 3)
        _cut(patch, _inside(middle, (width, depth, height), whole))


def _truth(patch: Patch) -> NDArray[np.bool_]:
    truth: NDArray[np.bool_] = patch["truth"].numpy()
    return truth


def _inside(middle: NDArray[np.float64], shape: Index, whole: tuple[int, ...]) -> Window:
    """The window about a middle, moved into the patch."""
    starts = np.rint(middle - np.array(shape) / 2).astype(int)
    i, j, k = (int(each) for each in np.clip(starts, 0, np.subtract(whole, shape)))
    return Window((i, j, k), shape)


def _cut(patch: Patch, window: Window) -> None:
    there = tuple(slice(a, a + size) for a, size in zip(window.start, window.shape))
    for name, values in patch.items():
        if values.ndim == len(there):
            patch[name] = values[there].contiguous()
