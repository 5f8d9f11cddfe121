"""What the networks are trained for: heat maps, levels in squares, and their order (Eq. 1-3)."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy

from ...anatomy import VERTEBRAE, Region
from ...chain import published
from .configuration import Configuration
from .networks import HALF, Reading
from .targets import heat_maps, own_places, sampled, square_places

ORDERED = [
    level.rank for level in VERTEBRAE if level.region is not Region.SACRAL and level.name != "T13"
]
"""The classes of the paper, C1 to L6, in which every spine is a run; T13 would interrupt most."""

HEAT_SCALE = 100.0
"""Brings the mean over all pixels, of which few are near a centroid, to the size of the rest."""


def losses(
    reading: Reading,
    points: Tensor,
    levels: Tensor,
    present: Tensor,
    configuration: Configuration,
) -> dict[str, Tensor]:
    """The parts of the loss, and under "loss" their sum.

    `points` (batch, most, 2) are (row, column), `levels` (batch, most) the ranks from head to
    tail, `present` marks the real ones.
    """
    heat = heat_loss(reading.heat.float(), points, present, configuration)
    logits, own = square_logits(reading.levels.float(), points, present, configuration)
    naming = naming_loss(logits, levels, own)
    order = order_loss(probability_maps(logits, own), levels, present)
    total = heat + naming + configuration.gamma * order
    return {"loss": total, "heat": heat, "naming": naming, "order": order}


def heat_loss(
    heat: Tensor, points: Tensor, present: Tensor, configuration: Configuration
) -> Tensor:
    """Cross-entropy between the heat map and the centroids' Gaussians."""
    sigma = configuration.sigma / configuration.optics.pixel
    target = heat_maps(points, present, (heat.shape[-2], heat.shape[-1]), sigma)
    return HEAT_SCALE * binary_cross_entropy_with_logits(heat, target)


def square_logits(
    maps: Tensor, points: Tensor, present: Tensor, configuration: Configuration
) -> tuple[Tensor, Tensor]:
    """Level logits in each point's square (batch, points, places, classes), and which count."""
    pixel = configuration.optics.pixel
    places = square_places(points, configuration.square / pixel, HALF)
    shape = (maps.shape[-2] * HALF, maps.shape[-1] * HALF)
    return sampled(maps, places, shape), own_places(places, points, present)


def naming_loss(logits: Tensor, levels: Tensor, own: Tensor) -> Tensor:
    """Cross-entropy of the levels over all places in squares."""
    if not own.any():
        return logits.sum() * 0
    wanted = levels[..., None].expand(own.shape)
    return cross_entropy(logits[own], wanted[own])


def probability_maps(logits: Tensor, own: Tensor) -> Tensor:
    """P of the paper: the mean level probabilities in each square (batch, points, classes)."""
    share = own.unsqueeze(-1).to(logits)
    return (logits.softmax(-1) * share).sum(2) / share.sum(2).clamp(min=1)


def order_loss(P: Tensor, levels: Tensor, present: Tensor) -> Tensor:
    """The mean Sequence Loss (Eq. 2) over the views that show vertebrae."""
    ordered = torch.isin(levels, torch.tensor(ORDERED, device=levels.device)) & present
    losses = [
        published.sequence_loss(rows[keep][:, ORDERED], torch)
        for rows, keep in zip(P, ordered)
        if keep.any()
    ]
    return torch.stack(losses).mean() if losses else P.sum() * 0
