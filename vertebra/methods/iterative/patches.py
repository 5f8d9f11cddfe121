"""Training patches: scans are brought to the network's voxels once, then patches drawn at random.

The paper draws patches at random or forced to contain bone in the ratio 1 : 3.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from torch import Tensor

from ...errors import BadFile
from ...runtime import Progress
from ...training import preparing
from ...training.batches import Batch
from ...volume import resampled
from ...volume.resampling import AIR
from ..common.preparation import upright
from .augmentation import OFTEN, counted, cut_short, mottled, recoloured, thickened, warped
from .boxes import BOXED, OFF_CENTRE, boxed
from .configuration import Configuration
from .lessons import MASKED, Lesson, Recipe
from .pointers import misleading_point, pointer, training_point
from .rules import Direction
from .targets import Target, completely_visible, surface_weights, target, visible
from .windows import Window, bounds

SPACING = "spacing"
CONTEXT = 4
"""A patch is drawn with this part of its side more on each side, which a turn may bring in."""
FORCED = 0.75
"""The share of patches around a point in the bounding box of some vertebra."""
FORGOTTEN = 0.25
"""How often a forced patch has an empty memory, as in the search for the first vertebra."""
FOLLOWED = 0.35
"""How often the next one is wanted in a patch around a vertebra, as when the spine is followed."""
CENTRED = 0.5
"""How often a patch is centred on its vertebra, as at the end of a visit, if the whole scan counts
for completeness: what such a patch still cuts off is beyond its reach, not missing."""
NONE_LEFT = 0
"""Stands for the number of a vertebra where all are done."""
OFF_BEYOND = 12.0
"""How far (mm, SD along each axis) a patch beyond the last lies from where another would be."""
FAR_BEYOND = 0.5
"""How often it lies anywhere below the last (above, on the way up), as searches do in the end."""
BEYOND = 0.4
"""How often a forced patch lies beyond the last vertebra with all done, where the scan goes on
there: no sacrum is to follow."""
ROOM = 15.0
"""So far (mm) a scan goes on beyond the last vertebra if the spine ends in it."""
POINTED = 0.7
"""How often a network that can see points is shown one in a forced patch."""


def prepared(lesson: Lesson, configuration: Configuration) -> dict[str, Tensor]:
    """A scan in the network's voxels with vertebrae counted from head to tail."""
    scan = upright(lesson.volume, configuration.spacing)
    present = set(np.unique(lesson.labels.voxels).tolist())
    numbers = [number for number in MASKED if number in present]
    counted = lesson.labels.renumbered({old: new for new, old in enumerate(numbers, start=1)})
    labels = np.ascontiguousarray(resampled(counted, scan.grid).voxels, dtype=np.uint8)
    sizes = np.bincount(labels.ravel(), minlength=len(numbers) + 1)[1:]
    boxes = [bounds(labels == n) if size else ((0,) * 3,) * 2 for n, size in enumerate(sizes, 1)]
    whole = [number in lesson.complete for number in numbers]
    rounded = np.rint(np.clip(scan.voxels, AIR, 3071)).astype(np.int16)
    return {
        "voxels": torch.from_numpy(np.ascontiguousarray(rounded)),
        "labels": torch.from_numpy(labels),
        "volumes": torch.from_numpy(sizes),
        "boxes": torch.tensor(boxes, dtype=torch.int64).reshape(-1, 2, 3),
        "complete": torch.tensor(whole, dtype=torch.bool),
    }


def prepare(
    recipes: Sequence[Recipe],
    configuration: Configuration,
    folder: Path,
    progress: Progress | None = None,
    say: Callable[[str], None] = print,
) -> None:
    """Prepare every lesson that is not in the folder yet; broken ones are told and left out."""
    metadata = {SPACING: str(configuration.spacing)}
    preparing.prepare(
        recipes, lambda lesson: prepared(lesson, configuration), folder, progress, say, metadata
    )


class Patches:
    """Batches of patches from a folder of prepared scans; a batch depends on its number alone.

    With `names` other scans that lie in the folder are not looked at.
    """

    def __init__(
        self,
        folder: Path,
        configuration: Configuration,
        seed: int = 0,
        names: Collection[str] | None = None,
    ) -> None:
        self.files = preparing.made(folder, names)
        if not self.files:
            raise BadFile(f"'{folder}' holds no prepared scans; prepare some first.")
        self.configuration = configuration
        self.seed = seed

    def __getitem__(self, number: int) -> Batch:
        """The batch of a number."""
        rng = np.random.default_rng([self.seed, number])
        drawn = [self._patch(rng) for _ in range(self.configuration.training.batch)]
        if self.configuration.pointed and rng.random() < BOXED:
            boxed(drawn, self.configuration, rng)
        return {name: torch.stack([patch[name] for patch in drawn]) for name in drawn[0]}

    def _patch(self, rng: np.random.Generator) -> dict[str, Tensor]:
        path = self.files[int(rng.integers(len(self.files)))]
        try:
            with safe_open(path, framework="pt") as file:
                self._check(file, path)
                return self._drawn(file, rng)
        except (OSError, SafetensorError) as error:
            raise BadFile(f"'{path}' is damaged; delete it and prepare it again.") from error

    def _check(self, file: Any, path: Path) -> None:
        spacing = (file.metadata() or {}).get(SPACING)
        if spacing != str(self.configuration.spacing):
            raise BadFile(
                f"'{path}' was prepared with voxels of {spacing} mm, but the configuration "
                f"{self.configuration.name} needs {self.configuration.spacing} mm; prepare the "
                "scans for it in another folder."
            )

    def _drawn(self, file: Any, rng: np.random.Generator) -> dict[str, Tensor]:
        boxes = file.get_tensor("boxes").numpy()
        volumes, whole = file.get_tensor("volumes").numpy(), file.get_tensor("complete").numpy()
        shape = file.get_slice("voxels").get_shape()
        patch, spacing = self.configuration.patch, self.configuration.spacing
        margin = patch // CONTEXT
        forced, middle = self._place(shape, boxes, np.flatnonzero(volumes), rng)
        window = Window.around(middle, (patch,) * 3).grown(margin)
        voxels = read_part(file, "voxels", window, AIR).astype(np.float32)
        source = voxels, read_part(file, "labels", window)
        source, shown = warped(source, margin, spacing, rng)
        voxels, uncut = thickened(source, spacing, rng) if rng.random() < OFTEN else source
        if rng.random() < OFTEN:
            voxels = mottled((voxels, uncut), spacing, rng)
        voxels, labels = cut_short((recoloured(voxels, spacing, rng), uncut), rng)
        left, before = counted(labels), np.maximum(counted(uncut), 1)
        share = (left / before)[1 : len(volumes) + 1]
        kept = shown[1 : len(volumes) + 1] * share
        seen = share * volumes if self.configuration.of_scan else kept
        complete = completely_visible(seen, volumes, whole)
        cut = (left < before)[1 : len(volumes) + 1]
        slight = np.where(cut, kept, volumes) < self.configuration.rules().least
        labels[np.isin(labels, np.flatnonzero(slight) + 1)] = 0  # never found, so never remembered
        goal, point = self._goal(voxels, labels, forced, complete, rng)
        return self._tensors(voxels, goal, point)

    def _place(
        self,
        shape: Sequence[int],
        boxes: NDArray[np.int64],
        present: NDArray[np.intp],
        rng: np.random.Generator,
    ) -> tuple[int | None, list[int]]:
        """The number of the vertebra that a patch is drawn for, if any, and the patch's middle.

        The number is `NONE_LEFT` where the spine ends in view, and the patch lies beyond.
        """
        if not len(present) or rng.random() >= FORCED:
            return None, [int(each) for each in rng.integers(0, shape)]
        down = self.configuration.direction == Direction.DOWN.value
        ending = boxes[(present if down else present[::-1])[-2:]]
        room = ending[-1, 0, 2] if down else shape[2] - 1 - ending[-1, 1, 2]
        ends = len(ending) > 1 and room * self.configuration.spacing >= ROOM
        if ends and rng.random() < BEYOND:
            return NONE_LEFT, self._beyond(shape, ending.mean(axis=1), rng)
        forced = int(rng.choice(present))
        low, high = boxes[forced]
        if self.configuration.of_scan and rng.random() < CENTRED:
            off = rng.normal(0, OFF_CENTRE / self.configuration.spacing, 3)
            return forced + 1, [int(each) for each in np.rint((low + high) / 2 + off)]
        return forced + 1, [int(each) for each in rng.integers(low, high + 1)]

    def _beyond(
        self, shape: Sequence[int], last_two: NDArray[np.float64], rng: np.random.Generator
    ) -> list[int]:
        """Around where another vertebra would be, or anywhere on that side of the last."""
        before, last = last_two
        if rng.random() < FAR_BEYOND:
            end = 0 if last[2] < before[2] else shape[2] - 1
            i, j, _ = rng.integers(0, shape)
            return [int(i), int(j), round(last[2] + rng.random() * (end - last[2]))]
        off = rng.normal(0, OFF_BEYOND / self.configuration.spacing, 3)
        return [int(each) for each in np.rint(2 * last - before + off)]

    def _goal(
        self,
        voxels: NDArray[np.float32],
        labels: NDArray[np.uint8],
        forced: int | None,
        complete: NDArray[np.bool_],
        rng: np.random.Generator,
    ) -> tuple[Target, NDArray[np.float64] | None]:
        """What is to be learned, and the point that the network is told, if any."""
        direction = Direction(self.configuration.direction)
        inside = visible(labels, direction, self.configuration.rules().least)
        nothing = np.zeros(labels.shape, np.bool_)
        if forced == NONE_LEFT:
            pointed = self.configuration.pointed and rng.random() < POINTED
            spacing = self.configuration.spacing
            point = misleading_point(voxels, labels, spacing, rng) if pointed else None
            return target(labels, None, complete, direction), point
        if forced not in inside:
            done = int(rng.integers(len(inside) + 1))
            wanted = inside[done] if done < len(inside) else None
            return target(labels, wanted, complete, direction), None
        if self.configuration.pointed and rng.random() < POINTED:
            goal = target(labels, forced, complete, direction)
            goal = replace(goal, memory=self._any_memory(labels, goal, rng))
            return goal, training_point(goal.truth, self.configuration.spacing, rng)
        if rng.random() < FORGOTTEN:
            return replace(target(labels, inside[0], complete, direction), memory=nothing), None
        at = inside.index(forced) + int(rng.random() < FOLLOWED)
        wanted = inside[at] if at < len(inside) else None
        return target(labels, wanted, complete, direction), None

    def _any_memory(
        self, labels: NDArray[np.uint8], goal: Target, rng: np.random.Generator
    ) -> NDArray[np.bool_]:
        """Beside a point: what comes before, nothing, or any of the others, as persons leave it."""
        chance = rng.random()
        if chance < 0.5:
            return goal.memory
        others = np.zeros(labels.shape, np.bool_)
        if chance < 0.75:
            kept = rng.random(256) < 0.5
            kept[0] = False
            others = kept[labels] & ~goal.truth
        return others

    def _tensors(
        self, voxels: NDArray[np.float32], goal: Target, point: NDArray[np.float64] | None
    ) -> dict[str, Tensor]:
        tensors = {
            "patch": torch.from_numpy(np.ascontiguousarray(voxels)),
            "memory": torch.from_numpy(goal.memory),
            "truth": torch.from_numpy(goal.truth),
            "weights": torch.from_numpy(surface_weights(goal.truth, self.configuration)),
            "complete": torch.tensor(goal.complete),
        }
        if self.configuration.pointed:
            blank = np.zeros_like(voxels)
            seen = (
                blank if point is None else pointer(voxels.shape, point, self.configuration.spacing)
            )
            tensors["pointer"] = torch.from_numpy(seen)
        return tensors


def read_part(file: Any, name: str, window: Window, outside: int = 0) -> NDArray[Any]:
    """The part of a stored image that lies in a window."""
    stored = file.get_slice(name)
    there, here = window.overlap(stored.get_shape())
    part = stored[there].numpy()
    values = np.full(window.shape, outside, part.dtype)
    values[here] = part
    return values
