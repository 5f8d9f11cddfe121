"""Training data: the views of each scan are taken once, kept in a file, and changed at random.

A file holds several exposures of one scan: each a random part of it, seen from random sides.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from torch import Tensor

from ...anatomy import VERTEBRAE
from ...errors import BadFile, VertebraError
from ...runtime import Progress
from ...spine import Spine
from ...training import preparing
from ...training.augmentation import covered, moved, recoloured
from ...training.batches import Batch
from ...training.examples import Example, Recipe
from ...volume import Grid, Volume, cropped
from ..common.preparation import upright
from .closer import spine_alone
from .configuration import Configuration, Optics
from .geometry import View
from .inference import photographs
from .intensity import MAPPINGS, network_input
from .windows import bone_middle

OPTICS = "optics"
EXPOSURES = 4
"""How many parts of each scan are seen in each kind of look; the first is the whole."""
MOST = len(VERTEBRAE)
SHORTEST = 70.0
"""The smallest part of a scan, mm."""
ASTRAY = 3.0
"""Standard deviation (mm) of the places around which closer looks see in training."""
ROOM = (0.8, 1.4)
"""Closer looks see as much around the spine as at inference, times this."""
INSIDE = 3.0
"""A centre must lie this far (mm) inside the part, or it is not to be found."""


def expose(example: Example, configuration: Configuration) -> dict[str, Tensor]:
    """The views of random parts of a scan, with the vertebrae's places in them."""
    rng = np.random.default_rng(list(example.name.encode()))
    images, points, present = [], [], []
    spine = _known(example.spine)
    if not len(spine):
        raise VertebraError("it shows no vertebra.")
    for optics in configuration.optics.looks():
        if optics.pixel == configuration.optics.pixel:
            whole = upright(example.volume, optics.pixel)
        else:
            places = np.array(spine.centroids) + rng.normal(0, ASTRAY, (len(spine), 3))
            whole = spine_alone(example.volume, places, optics.pixel, rng.uniform(*ROOM))
        for number in range(EXPOSURES):
            part = whole if number == 0 else random_part(whole, spine, rng)
            views = random_views(part, optics, rng)
            voxels = np.ascontiguousarray(part.voxels, dtype=np.float32)
            images.append(photographs(torch.from_numpy(voxels), part.grid, views, optics))
            for view in views:
                points.append(view.project(spine.centroids))
                present.append(view.sees(spine.centroids) & inside(part.grid, spine))
    return {
        "images": torch.cat(images).half(),
        "points": torch.from_numpy(np.array(points, dtype=np.float32)),
        "present": torch.from_numpy(np.array(present)),
        "levels": torch.tensor([level.rank for level in spine.levels]),
    }


def random_part(whole: Volume, spine: Spine, rng: np.random.Generator) -> Volume:
    """A part of a scan as another protocol would show: of less height, often narrow."""
    grid = whole.grid
    size = np.array(grid.shape)
    steps = grid.spacing
    low, high = np.zeros(3, dtype=int), size.copy()
    tallest = size[2] * steps[2]
    height = float(np.exp(rng.uniform(np.log(min(SHORTEST, tallest)), np.log(tallest))))
    low[2] = int(rng.uniform(0, tallest - height) / steps[2])
    high[2] = min(size[2], low[2] + max(2, round(height / steps[2])))
    if rng.random() < 0.4:
        centres = grid.to_index(spine.centroids)[:, :2]
        room = rng.uniform(30, 90, (2, 2)) / steps[:2]
        low[:2] = np.maximum(0, np.floor(centres.min(axis=0) - room[0])).astype(int)
        high[:2] = np.minimum(size[:2], np.ceil(centres.max(axis=0) + room[1])).astype(int)
    return cropped(whole, low.tolist(), high.tolist())


def random_views(part: Volume, optics: Optics, rng: np.random.Generator) -> list[View]:
    """Views as at inference, but from random sides and not quite centred."""
    grid = part.grid
    skeleton = MAPPINGS["bone"](torch.from_numpy(np.ascontiguousarray(part.voxels)).float())
    bottom = grid.origin[2] - grid.spacing[2] / 2
    top = bottom + grid.shape[2] * grid.spacing[2]
    tallest = optics.frame[0] * optics.pixel
    spare = max(0.0, (top - bottom) - tallest)
    z = (bottom + top) / 2 + rng.uniform(-0.5, 0.5) * spare + rng.normal(0, 8)
    x, y = bone_middle(skeleton, grid, z - tallest / 2, z + tallest / 2)
    pivot = (x + rng.normal(0, 12), y + rng.normal(0, 12), z)
    return [
        View(pivot, azimuth, optics.distance, optics.pixel, optics.frame)
        for azimuth in rng.uniform(0, 360) + np.arange(optics.views) * 360 / optics.views
    ]


def inside(grid: Grid, spine: Spine) -> NDArray[np.bool_]:
    """Which centres lie well inside a grid."""
    centres = np.array(spine.centroids)
    safe: NDArray[np.bool_] = np.all(
        [grid.contains(centres + sign * INSIDE * axis) for axis in np.eye(3) for sign in (-1, 1)],
        axis=0,
    )
    return safe


def prepare(
    recipes: Sequence[Recipe],
    configuration: Configuration,
    folder: Path,
    progress: Progress | None = None,
    say: Callable[[str], None] = print,
) -> None:
    """Expose the examples that the folder lacks; one that fails is told of and left out."""
    preparing.prepare(
        recipes,
        lambda example: expose(example, configuration),
        folder,
        progress,
        say,
        {OPTICS: made_with(configuration.optics)},
    )


def made_with(optics: Optics) -> str:
    """What a file of exposures keeps of the optics it was made with."""
    return json.dumps(asdict(optics), sort_keys=True)


class Shown(NamedTuple):
    """A view, and its vertebrae: places (row, column), ranks of their levels, which are visible."""

    image: Tensor
    points: Tensor
    levels: Tensor
    present: Tensor


class Exposures:
    """Batches of changed views from a folder of exposures; each depends on its number alone.

    With `names` other examples that lie in the folder are not looked at.
    """

    def __init__(
        self,
        folder: Path,
        configuration: Configuration,
        batch: int,
        seed: int = 0,
        names: Collection[str] | None = None,
    ) -> None:
        self.files = preparing.made(folder, names)
        if not self.files:
            raise VertebraError(f"'{folder}' holds no exposures to train with; prepare some first.")
        self.configuration, self.batch, self.seed = configuration, batch, seed
        self.optics = made_with(configuration.optics)

    def __getitem__(self, number: int) -> Batch:
        """Views of random cases with places, ranks and presence of their vertebrae."""
        rng = np.random.default_rng([self.seed, number])
        drawn = []
        for _ in range(self.batch):
            file = self.files[rng.integers(len(self.files))]
            drawn.append(read_view(file, lambda count: int(rng.integers(count)), self.optics))
        return self._changed(drawn, rng)

    def _changed(self, drawn: Sequence[Shown], rng: np.random.Generator) -> Batch:
        images, points, levels, present = (torch.stack(part) for part in zip(*drawn))
        random = torch.Generator().manual_seed(int(rng.integers(2**62)))
        views = network_input(images, self.configuration.optics.channels)
        views, points = moved(views, points, random, outside=torch.full((views.shape[1],), -1.0))
        views = covered(recoloured(views, random), random)
        size = torch.tensor(views.shape[-2:])
        seen = ((points > -0.5) & (points < size - 0.5)).all(-1)
        return {
            "views": views.contiguous(memory_format=torch.channels_last),
            "points": points,
            "levels": levels,
            "present": present & seen,
        }


class Pairs(Exposures):
    """Batches of two views each of the same part of a patient, for contrastive pre-training."""

    def __getitem__(self, number: int) -> Batch:
        """Two batches of views of the same parts."""
        rng = np.random.default_rng([self.seed, number])
        both = []
        for _ in range(self.batch):
            file = self.files[rng.integers(len(self.files))]
            two = self._two_of_a_part(rng)
            both.append([read_view(file, choose, self.optics) for choose in two])
        one, other = (self._changed(side, rng)["views"] for side in zip(*both))
        return {"one": one, "other": other}

    def _two_of_a_part(self, rng: np.random.Generator) -> list[Callable[[int], int]]:
        views = self.configuration.optics.views
        place, sides = rng.random(), rng.permutation(views)[:2].tolist()

        def chooser(side: int) -> Callable[[int], int]:
            return lambda count: int(place * (count // views)) * views + side

        return [chooser(side) for side in sides]


def read_view(file: Path, choose: Callable[[int], int], optics: str) -> Shown:
    """One view of a file, chosen by how many there are, padded to the most vertebrae."""
    try:
        with safe_open(file, "pt") as stored:
            if (stored.metadata() or {}).get(OPTICS) != optics:
                raise BadFile(
                    f"'{file.name}' holds views of another configuration; choose another folder, "
                    "or delete its exposures."
                )
            images = stored.get_slice("images")
            index = choose(images.get_shape()[0])
            image = images[index : index + 1][0].float()
            places, seen, ranks = (stored.get_tensor(n) for n in ("points", "present", "levels"))
    except (OSError, SafetensorError) as error:
        raise BadFile(f"'{file.name}' is not a file of exposures; delete it.") from error
    count = len(ranks)
    points = torch.full((MOST, 2), -1e4)
    levels = torch.zeros(MOST, dtype=torch.long)
    present = torch.zeros(MOST, dtype=torch.bool)
    points[:count], levels[:count], present[:count] = places[index], ranks, seen[index]
    return Shown(image, points, levels, present)


def _known(spine: Spine) -> Spine:
    """The vertebrae that can be named: C1 to S2, from head to tail."""
    named = [vertebra for vertebra in spine if vertebra.level in VERTEBRAE]
    return replace(spine, vertebrae=tuple(sorted(named, key=lambda each: each.level.rank)))
