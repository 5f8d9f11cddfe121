"""Phantoms without end, made while a network trains."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch.utils.data import IterableDataset, get_worker_info

from .random import child_seed
from .scan import Case, make_case
from .shapes.source import ShapeSource


@dataclass(frozen=True, eq=False)
class SpineStream(IterableDataset[Case]):
    """Cases of one crop size and spacing; case k is the same whatever the number of workers.

    `shape` in voxels along R, A and S; `first` skips cases, so that a run can be resumed.

    >>> case = next(iter(SpineStream(seed=1, shape=(16, 16, 16), spacing=4.0)))
    >>> case.volume.grid.codes
    'RAS'
    """

    seed: int
    shape: Sequence[int]
    spacing: float | Sequence[float] = 2.0
    region: str | None = None
    device: torch.device | str = "cpu"
    shapes: ShapeSource | None = None
    first: int = 0
    count: int | None = None

    def __iter__(self) -> Iterator[Case]:
        worker = get_worker_info()
        step = worker.num_workers if worker else 1
        index = self.first + (worker.id if worker else 0)
        while self.count is None or index < self.first + self.count:
            yield self.case(index)
            index += step

    def case(self, index: int) -> Case:
        """Case number `index` of this stream."""
        return make_case(
            child_seed(self.seed, f"case {index}"),
            region=self.region,
            spacing=self.spacing,
            shape=self.shape,
            codes="RAS",
            device=self.device,
            shapes=self.shapes,
        )
