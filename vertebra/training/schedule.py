"""How long and how fast a network learns."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from torch import nn
from torch.optim import SGD, Adam, Optimizer

from ..errors import VertebraError


@dataclass(frozen=True)
class Schedule:
    """Iterations, batch size, optimiser and the course of its learning rate.

    `decay` is "steps" (divided by ten every `every` iterations) or "cosine" (down to zero).

    >>> Schedule(iterations=100, batch=1, rate=1.0, decay="steps", every=40).rate_at(85)
    0.01
    """

    iterations: int
    batch: int
    rate: float
    optimiser: str = "adam"
    decay: str = "steps"
    every: int = 4000
    weight_decay: float = 1e-4
    momentum: float = 0.9
    warm_up: int = 0
    largest_gradient: float | None = 5.0
    """Gradients are shortened to this norm; losses that are sums need to be let alone (None)."""

    def rate_at(self, step: int) -> float:
        """The learning rate of an iteration, counted from 0."""
        if step < self.warm_up:
            return self.rate * (step + 1) / self.warm_up
        if self.decay == "cosine":
            return self.rate * 0.5 * (1 + math.cos(math.pi * min(step / self.iterations, 1)))
        if self.decay == "steps":
            return float(self.rate / 10 ** (step // self.every))
        raise VertebraError(f"'{self.decay}' is not a decay; choose steps or cosine.")

    def optimiser_for(self, parameters: Iterable[nn.Parameter]) -> Optimizer:
        """The optimiser over these parameters."""
        if self.optimiser == "adam":
            return Adam(parameters, lr=self.rate, betas=(self.momentum, 0.999))
        if self.optimiser == "sgd":
            return SGD(
                parameters, self.rate, momentum=self.momentum, weight_decay=self.weight_decay
            )
        raise VertebraError(f"'{self.optimiser}' is not an optimiser; choose adam or sgd.")
