"""Random changes of images that a network has to bear; points move along."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import affine_grid, avg_pool2d, grid_sample

MIRRORED, BLURRED, COVERED = 0.5, 0.4, 0.25
"""How often an image is mirrored, blurred (half of these twice), or partly covered."""


def moved(
    images: Tensor,
    points: Tensor,
    random: torch.Generator,
    *,
    turn: float = 8.0,
    scale: float = 0.22,
    stretch: float = 0.1,
    shift: float = 0.12,
    outside: Tensor | None = None,
) -> tuple[Tensor, Tensor]:
    """Images (batch, channels, rows, columns) turned (degrees), scaled, shifted and mirrored.

    The numbers are the largest changes; scaled are both sides alike, stretched the rows alone;
    shifts are shares of the columns. What comes into view takes the values `outside` (one a
    channel, 0 if left out). Points are (row, column).
    """
    batch, _, rows, columns = images.shape
    angle = torch.deg2rad(_uniform(batch, random) * turn)
    factor = torch.exp(_uniform(batch, random) * scale)
    flip = torch.where(torch.rand(batch, generator=random) < MIRRORED, -1.0, 1.0)
    taller = torch.exp(_uniform(batch, random) * stretch)
    cosine, sine = torch.cos(angle) * factor, torch.sin(angle) * factor
    across, down = torch.stack([cosine, sine], -1), torch.stack([-sine, cosine], -1)
    # from where in the old image (column, row), relative to the middle
    back = torch.stack([across * flip[:, None], down * taller[:, None]], dim=2)
    offset = _uniform((batch, 2), random) * shift * columns
    size = torch.tensor([columns, rows], dtype=torch.float32)
    theta = torch.cat([back * size / size[:, None], (2 * offset / size)[:, :, None]], dim=2)
    grid = affine_grid(theta, list(images.shape), align_corners=False)
    fill = torch.zeros(images.shape[1]) if outside is None else outside
    fill = fill.view(1, -1, 1, 1)
    changed = grid_sample(images - fill, grid, align_corners=False) + fill
    middle = (size - 1) / 2
    old = points.flip(-1) - middle - offset[:, None]
    new = torch.linalg.solve(back, old.transpose(1, 2)).transpose(1, 2) + middle
    return changed, new.flip(-1)


def recoloured(
    images: Tensor,
    random: torch.Generator,
    *,
    gain: float = 0.25,
    offset: float = 0.2,
    noise: float = 0.06,
) -> Tensor:
    """Images with other contrast, brightness and noise, some of them blurred."""
    batch, channels = images.shape[:2]
    factor = torch.exp(_uniform((batch, channels, 1, 1), random) * gain)
    added = _uniform((batch, channels, 1, 1), random) * offset
    blurred = avg_pool2d(images, 3, 1, 1, count_include_pad=False)
    twice = avg_pool2d(blurred, 3, 1, 1, count_include_pad=False)
    chance = torch.rand(batch, 1, 1, 1, generator=random)
    seen = torch.where(chance < BLURRED / 2, twice, torch.where(chance < BLURRED, blurred, images))
    changed = seen * factor + added
    strength = torch.rand(batch, 1, 1, 1, generator=random) * noise
    return changed + torch.randn(images.shape, generator=random) * strength


def covered(images: Tensor, random: torch.Generator, value: float = 1.0) -> Tensor:
    """Images of which some show a dense bar in front, as implants and cables do."""
    batch, _, rows, columns = images.shape
    place = torch.rand(batch, 2, generator=random) * torch.tensor([rows, columns])
    angle = torch.rand(batch, generator=random) * torch.pi
    width = 1 + 4 * torch.rand(batch, generator=random)
    length = (0.05 + 0.25 * torch.rand(batch, generator=random)) * rows
    down = torch.arange(rows)[None, :, None] - place[:, 0, None, None]
    across = torch.arange(columns)[None, None] - place[:, 1, None, None]
    cosine, sine = torch.cos(angle)[:, None, None], torch.sin(angle)[:, None, None]
    along, aside = down * cosine + across * sine, across * cosine - down * sine
    bar = (along.abs() < length[:, None, None]) & (aside.abs() < width[:, None, None])
    chosen = torch.rand(batch, 1, 1, generator=random) < COVERED
    return images + value * (bar & chosen)[:, None]


def _uniform(shape: int | tuple[int, ...], random: torch.Generator) -> Tensor:
    size = (shape,) if isinstance(shape, int) else shape
    return torch.rand(size, generator=random) * 2 - 1
