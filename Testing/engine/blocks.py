"""Toy patients whose vertebrae are blocks of different looks: quick to make and to learn."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from vertebra.methods.multiview.configuration import Configuration, Optics, Widths
from vertebra.spine import Spine
from vertebra.training.examples import Example
from vertebra.training.schedule import Schedule
from vertebra.volume import Grid, Volume

RIB, SHORT_RIB = (14, 1, 1), (9, 1, 1)
LOOKS = {
    "T11": [(3, 3, 3), RIB],
    "T12": [(3, 3, 3), SHORT_RIB],
    "L1": [(3, 3, 3)],
    "L2": [(6, 3, 3)],
    "L3": [(6, 6, 2)],
    "L4": [(10, 7, 3)],
}
"""The boxes that each level consists of, by their half widths in voxels."""
LEVELS = tuple(LOOKS)

TINY = Configuration(
    "tiny",
    optics=Optics(
        views=6, distance=1200, pixel=5, frame=(64, 32), channels=("bone",), closer=(4.0,)
    ),
    widths=Widths("basic", 8, (1, 1, 1, 1), (16, 24, 32, 32), (24, 24, 16, 16)),
    shared=True,
    sigma=6.0,
    training=Schedule(iterations=240, batch=8, rate=4e-3, decay="cosine", warm_up=10),
    pretraining=Schedule(iterations=4, batch=4, rate=0.0125, optimiser="sgd", decay="cosine"),
)
"""A configuration that learns blocks within seconds."""


def block_example(seed: int, count: int = 4) -> Example:
    """A scan that shows some of the levels; each has its own looks."""
    rng = np.random.default_rng(seed)
    first = int(rng.integers(0, len(LEVELS) - count + 1))
    grid = Grid.of((36, 34, 48), (4, 4, 4), rng.normal(0, 30, 3))
    i, j, k = np.indices(grid.shape)
    voxels = np.where((i - 18) ** 2 + (j - 17) ** 2 < 15**2, 40, -1000).astype(np.int16)
    centres = {}
    for number in range(count):
        level = first + number
        middle = np.array([18, 13, 40 - 9 * number]) + rng.normal(0, 0.5, 3)
        for half in LOOKS[LEVELS[level]]:
            voxels[(np.abs(np.stack([i, j, k], -1) - middle) <= half).all(-1)] = 500
        centres[LEVELS[level]] = grid.to_world(middle)
    return Example(f"block-{seed}", Volume(voxels, grid, f"blocks {seed}"), Spine.of(centres))


def shorter(configuration: Configuration, iterations: int) -> Configuration:
    """The configuration with fewer iterations of training."""
    return replace(configuration, training=replace(configuration.training, iterations=iterations))
