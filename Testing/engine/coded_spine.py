"""Spines made of blocks, and readers that segment them exactly without a network.

So the geometry of traversals is tested: voxels tell by their brightness which vertebra they
belong to, or vertebrae are separate blobs.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import torch
from scipy import ndimage
from torch import nn

from vertebra.anatomy import VERTEBRAE
from vertebra.methods.iterative.configuration import Configuration
from vertebra.methods.iterative.inference import Segmenter
from vertebra.methods.iterative.instances import Instance
from vertebra.methods.iterative.rules import Direction
from vertebra.spine import Spine
from vertebra.volume import Grid, LabelMap, Volume

FIRST, APART = 1000, 10
"""The brightness (HU) of vertebra 1, and the difference to the next."""


def coded(labels: np.ndarray) -> np.ndarray:
    """The voxels of a scan with these vertebrae."""
    return np.where(labels > 0, FIRST + APART * labels.astype(int), 0).astype(np.int16)


def decoded(voxels: np.ndarray) -> np.ndarray:
    """The vertebrae of voxels."""
    return np.where(voxels >= FIRST, np.rint((voxels - FIRST) / APART), 0).astype(int)


class ExactReader:
    """Segments the first vertebra of a patch that is not in the memory, without a mistake."""

    def __init__(self, labels: np.ndarray, direction: Direction = Direction.DOWN) -> None:
        self.sizes = np.bincount(labels.ravel(), minlength=60)
        self.down = direction is Direction.DOWN
        cut = [labels.take(end, axis) for axis in range(3) for end in (0, -1)]
        self.cut = {int(number) for side in cut for number in np.unique(side)}
        self.looks = 0

    def __call__(
        self,
        patch: np.ndarray,
        memory: np.ndarray,
        point: np.ndarray | None = None,
    ) -> tuple[np.ndarray, float]:
        """Probabilities 0 and 1, and whether the patch and the scan show the vertebra whole."""
        self.looks += 1
        seen = decoded(patch)
        left = [int(number) for number in np.unique(seen[(seen > 0) & ~memory])]
        if not left:
            return np.zeros(patch.shape, np.float32), 0.0
        number = min(left) if self.down else max(left)
        mask = seen == number
        whole = mask.sum() >= 0.97 * self.sizes[number] and number not in self.cut
        return mask.astype(np.float32), float(whole)


def in_scan(instance: Instance, shape: tuple[int, ...]) -> np.ndarray:
    """An instance's mask in a scan of a shape."""
    mask = np.zeros(shape, bool)
    there, here = instance.window.overlap(shape)
    mask[there] = instance.mask[here]
    return mask


def spine_labels(
    shape: tuple[int, int, int], count: int, rng: np.random.Generator, step: int = 9
) -> np.ndarray:
    """Vertebrae of a block and a spinous process, one below the other, along a bent line."""
    labels = np.zeros(shape, np.uint8)
    i, j = shape[0] / 2, shape[1] / 2
    for number in range(1, count + 1):
        i, j = i + rng.normal(0, 1), j + rng.normal(0, 1)
        a, b, top = round(i), round(j), shape[2] - 2 - (number - 1) * step
        for di, dj, low, high in ((4, 4, 6, 0), (1, 9, 7, 3)):
            behind = b - dj if dj > 4 else b - 4
            box = (
                slice(max(0, a - di), max(0, a + di)),
                slice(max(0, behind), max(0, b + 4)),
                slice(max(0, top - low), max(0, top - high)),
            )
            labels[box][labels[box] == 0] = number
    return labels


def scan_of(labels: np.ndarray, spacing: float = 1.0) -> tuple[Volume, LabelMap]:
    """A coded scan and its label map."""
    grid = Grid.of(labels.shape, (spacing,) * 3, (-20, 30, 5))
    return Volume(coded(labels), grid, "coded"), LabelMap(labels, grid)


class BlobReader:
    """Segments the first separate bright blob of a patch that is not in the memory.

    It works at any resolution and orientation of the scan; what ends in air is cut.
    """

    def __init__(self, direction: Direction = Direction.DOWN) -> None:
        self.down = direction is Direction.DOWN
        self.looks = 0

    def __call__(
        self,
        patch: np.ndarray,
        memory: np.ndarray,
        point: np.ndarray | None = None,
    ) -> tuple[np.ndarray, float]:
        """Probabilities 0 and 1, and whether the blob ends inside the patch and the scan."""
        self.looks += 1
        pieces, count = ndimage.label(patch > 500)
        best: tuple[float, np.ndarray] | None = None
        for number in range(1, count + 1):
            blob = pieces == number
            height = float(np.nonzero(blob)[2].mean()) * (1 if self.down else -1)
            if memory[blob].mean() < 0.5 and (best is None or height > best[0]):
                best = height, blob
        if best is None:
            return np.zeros(patch.shape, np.float32), 0.0
        around = ndimage.binary_dilation(best[1], iterations=2)
        edge = np.pad(np.zeros(np.array(patch.shape) - 2, bool), 1, constant_values=True)
        cut = (around & (edge | (patch < -500))).any()
        return best[1].astype(np.float32), 1.0 - float(cut)


@dataclass(frozen=True, eq=False)
class BlobSegmenter(Segmenter):
    """A segmenter of blobs, without a network."""

    reader: BlobReader = field(default_factory=BlobReader)

    @classmethod
    def at(cls, spacing: float, direction: Direction = Direction.DOWN) -> BlobSegmenter:
        """A segmenter that works on voxels of this size."""
        configuration = Configuration(
            "blobs", patch=round(72 / spacing), spacing=spacing, direction=direction.value
        )
        cpu = torch.device("cpu")
        return cls(nn.Identity(), configuration, cpu, "abc", reader=BlobReader(direction))

    def segment_patch(
        self,
        patch: np.ndarray,
        memory: np.ndarray,
        point: np.ndarray | None = None,
    ) -> tuple[np.ndarray, float]:
        """Read a patch."""
        return self.reader(patch, memory)


def blob_scan(count: int = 6, seed: int = 0, repeat: int = 1) -> tuple[Volume, LabelMap, Spine]:
    """A scan of blobs in soft tissue in voxels of 3 mm or, repeated, smaller; masks and points."""
    labels = spine_labels((32, 36, 9 * count + 8), count, np.random.default_rng(seed))
    labels = np.kron(labels, np.ones((repeat,) * 3, np.uint8))
    grid = Grid.of(labels.shape, (3 / repeat,) * 3, (-20, 30, 5))
    names = [level.name for level in VERTEBRAE[12 : 12 + count]]
    centres = {
        name: grid.to_world(np.argwhere(_body(labels == n)).mean(axis=0))
        for n, name in enumerate(names, 1)
    }
    voxels = np.where(labels > 0, 1000, 20).astype(np.int16)
    spine = Spine.of({name: point.tolist() for name, point in centres.items()})
    return Volume(voxels, grid, "blobs"), LabelMap(labels, grid), spine


def _body(mask: np.ndarray) -> np.ndarray:
    """The block without its process."""
    columns = mask.sum(axis=2)
    return mask & (columns == columns.max())[..., None]
