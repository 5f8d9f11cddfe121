"""What the networks learn to say: heat maps of projected centroids, and squares around them.

Points are (batch, most points, 2) as (row, column); `present` marks the real ones among them.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import grid_sample


def heat_maps(points: Tensor, present: Tensor, shape: tuple[int, int], sigma: float) -> Tensor:
    """Gaussians of width `sigma` (pixels) on the points, the larger one where two overlap."""
    rows = torch.arange(shape[0], device=points.device)
    columns = torch.arange(shape[1], device=points.device)
    down = _bell(rows - points[..., 0, None], sigma) * present[..., None]
    across = _bell(columns - points[..., 1, None], sigma)
    return (down[..., :, None] * across[..., None, :]).amax(dim=1)


def square_places(points: Tensor, side: float, step: float) -> Tensor:
    """Sampling places (batch, points, places, 2) that fill a square around each point, pixels."""
    count = max(1, round(side / step))
    ticks = (torch.arange(count, device=points.device) - (count - 1) / 2) * (side / count)
    offsets = torch.cartesian_prod(ticks, ticks)
    return points[:, :, None] + offsets


def own_places(places: Tensor, points: Tensor, present: Tensor) -> Tensor:
    """Which places of a square are nearest to their own point: squares of neighbours overlap."""
    away = (places[:, :, :, None] - points[:, None, None]).square().sum(-1)
    away = away.masked_fill(~present[:, None, None], float("inf"))
    own = torch.arange(points.shape[1], device=points.device)[:, None]
    return (away.argmin(dim=-1) == own) & present[..., None]


def sampled(maps: Tensor, places: Tensor, shape: tuple[int, int]) -> Tensor:
    """Maps (batch, channels, ...) at places given in pixels of an image of `shape`.

    The maps may be coarser than the image; gives (batch, points, places, channels).
    """
    size = torch.tensor(shape, device=places.device)
    grid = ((places + 0.5) * 2 / size - 1).flip(-1)
    values = grid_sample(maps, grid.to(maps), align_corners=False, padding_mode="border")
    return values.permute(0, 2, 3, 1)


def _bell(away: Tensor, sigma: float) -> Tensor:
    return torch.exp(-0.5 * (away / sigma) ** 2)
