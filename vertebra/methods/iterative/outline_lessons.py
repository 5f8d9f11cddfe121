"""What the outline network learns from: scans of 1 mm, and what a trained segmenter found there."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ...anatomy import VERTEBRAE, Region
from ...errors import VertebraError
from ...runtime import Progress
from ...training import preparing
from ...training.examples import phantom_name, phantom_seeds
from ...volume import LabelMap, Volume, resampled
from ...volume.resampling import AIR
from ..common.preparation import upright
from .guided import segment_places
from .inference import Segmenter, place_at
from .lessons import MASKED, Lesson, Recipe, lessons
from .outline import SPACING, likely_part
from .pointers import training_point
from .windows import bounds

if TYPE_CHECKING:
    from ...phantom.shapes.source import ShapeSource

CROP = 128
"""Side of a synthetic scan, mm: some four vertebrae, and what lies around them."""
SEEN = [level for level in VERTEBRAE if level.region is not Region.SACRAL]


def close_lessons(data: str, count: int, shapes: ShapeSource | None = None) -> Iterator[Recipe]:
    """As `lessons`, but of phantoms only a part around a level, since voxels are small."""
    seeds = phantom_seeds(data, count)
    if seeds is None:
        yield from lessons(data, count, SPACING, shapes)
        return
    for seed in seeds:
        yield phantom_name(seed), partial(_phantom, seed, shapes)


def _phantom(seed: int, shapes: ShapeSource | None) -> Lesson:
    from ...phantom.scan import make_case

    middle = SEEN[seed % len(SEEN)].name
    case = make_case(seed, region=middle, spacing=SPACING, shape=(CROP,) * 3, shapes=shapes)
    return Lesson(phantom_name(seed), case.volume, case.labels, frozenset())


def prepared(lesson: Lesson, segmenter: Segmenter) -> dict[str, Tensor]:
    """A scan in voxels of 1 mm, its vertebrae counted from head to tail, and what was found."""
    scan = upright(lesson.volume, SPACING)
    present = set(np.unique(lesson.labels.voxels).tolist())
    numbers = [number for number in MASKED if number in present]
    counted = lesson.labels.renumbered({old: new for new, old in enumerate(numbers, start=1)})
    labels = resampled(counted, scan.grid)
    rounded = np.rint(np.clip(scan.voxels, AIR, 3071)).astype(np.int16)
    tensors = {
        "voxels": torch.from_numpy(np.ascontiguousarray(rounded)),
        "labels": torch.from_numpy(np.ascontiguousarray(labels.voxels, dtype=np.uint8)),
    }
    rng = np.random.default_rng(list(lesson.name.encode()))
    drawn = found(scan, labels, segmenter, rng)
    if not drawn:
        raise VertebraError("the segmenter finds no vertebra in it.")
    for number, (likely, matrix) in drawn.items():
        tensors[f"likely {number}"] = torch.from_numpy(np.rint(likely * 255).astype(np.uint8))
        tensors[f"matrix {number}"] = torch.from_numpy(matrix)
    return tensors


def found(
    scan: Volume, labels: LabelMap, segmenter: Segmenter, rng: np.random.Generator
) -> dict[int, tuple[NDArray[np.float32], NDArray[np.float64]]]:
    """What a segmenter found of each vertebra, given a point as a localizer would give it.

    With the probabilities goes the matrix from voxels of the scan to theirs.
    """
    small, traversal = segmenter.begin(scan, Progress(), None)
    least = segmenter.configuration.rules().least * segmenter.configuration.spacing**3
    places = []
    for number in np.unique(labels.voxels[labels.voxels > 0]).tolist():
        mask = labels.voxels == number
        if mask.sum() * SPACING**3 < least:
            continue
        low, high = bounds(mask)
        box = tuple(slice(a, b + 1) for a, b in zip(low, high))
        point = scan.grid.to_world(training_point(mask[box], SPACING, rng) + low)
        if small.grid.contains(point):
            places.append(place_at(number, small.grid.to_index(point)))
    kept = {}
    for owner, instance in segment_places(traversal, places):
        if owner is not None:
            own = small.grid.part(instance.window.start, instance.window.shape)
            kept[owner] = likely_part(instance), own.inverse @ scan.grid.affine
    return kept


def prepare(
    recipes: Sequence[Recipe],
    segmenter: Segmenter,
    folder: Path,
    progress: Progress | None = None,
    say: Callable[[str], None] = print,
) -> None:
    """Prepare every lesson that is not in the folder yet; broken ones are told and left out."""
    preparing.prepare(recipes, lambda lesson: prepared(lesson, segmenter), folder, progress, say)
