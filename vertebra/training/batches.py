"""Batches by number: each depends on its number alone, so that training resumes exactly."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Protocol

from torch import Tensor
from torch.utils.data import DataLoader, Dataset

Batch = Mapping[str, Tensor]


class Batches(Protocol):
    """A source of batches without end."""

    def __getitem__(self, number: int) -> Batch:
        """The batch of a number, counted from 0."""
        ...


class _Numbered(Dataset[Batch]):
    def __init__(self, batches: Batches) -> None:
        self.batches = batches

    def __getitem__(self, number: int) -> Batch:
        return self.batches[number]


def stream(
    batches: Batches, start: int, stop: int, *, share: int = 1, place: int = 0, workers: int = 0
) -> Iterator[Batch]:
    """The batches of steps `start` to `stop`, made ahead by `workers` processes.

    Of `share` devices, the one at `place` gets its own batch of each step.
    """
    numbers = [step * share + place for step in range(start, stop)]
    loader = DataLoader(_Numbered(batches), batch_size=None, sampler=numbers, num_workers=workers)
    yield from loader
