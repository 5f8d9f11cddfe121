"""What metal does to a CT: the error of its beam-hardened, starved rays, projected back.

The metal of each slice is projected along many directions; rays through much metal measure too
little and are noisy. Filtered back projection of that error alone gives the bright and dark bands.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from .random import white

_DIRECTIONS = 72
_TAPS = 25
_HARDENING = 0.008  # share of the path (mm) in metal that is lost per mm
_STARVATION = 0.03
_OPAQUE = 8.0  # mm: beyond this path nearly nothing arrives
_METAL = 7000.0
_COARSE = 1.6  # mm: streaks are worked out on a grid of about this step


def metal_streaks(
    metal: Tensor, spacing: float, seed: int, device: torch.device, first: int = 0
) -> Tensor | None:
    """HU to be added in the planes of the first two axes; None without metal.

    `metal` is true where rays are weakened; `spacing` is the in-plane step, mm; `first` is the
    number of its first slice in the whole scan.
    """
    slices = torch.nonzero(metal.flatten(0, 1).any(0))[:, 0]
    if len(slices) == 0:
        return None
    factor = max(1, round(_COARSE / spacing))
    step = spacing * factor
    coarse, bins = _pooled(metal.index_select(2, slices), factor)
    places, count = _bins(coarse.shape[1], coarse.shape[2], device)
    shares = torch.zeros((len(slices), _DIRECTIONS, count), dtype=torch.int64, device=device)
    pixels = torch.nonzero(coarse)
    rows = places[:, pixels[:, 1], pixels[:, 2]] + pixels[:, 0] * (_DIRECTIONS * count)
    rows = rows + torch.arange(_DIRECTIONS, device=device)[:, None] * count
    weight = coarse[pixels[:, 0], pixels[:, 1], pixels[:, 2]].expand(_DIRECTIONS, -1)
    shares.view(-1).scatter_add_(0, rows.reshape(-1), weight.reshape(-1))  # integers: any order
    path = shares.to(torch.float32) * (step / bins)
    noise = white((metal.shape[2], _DIRECTIONS, count), seed, device, (first, 0, 0))[slices]
    lost = path * path * _HARDENING + (path - _OPAQUE).clamp(min=0.0) * 0.5
    error = (noise * path * _STARVATION - lost).clamp(min=-20.0)
    error = _ramp_filtered(error) * (_METAL * np.pi / _DIRECTIONS / step)
    image = torch.zeros((len(slices), places.shape[1] * places.shape[2]), device=device)
    for direction in range(_DIRECTIONS):
        image += error[:, direction].index_select(1, places[direction].reshape(-1))
    image = image.view(len(slices), places.shape[1], places.shape[2])
    field = torch.zeros(metal.shape, device=device)
    fine = image.repeat_interleave(factor, 1).repeat_interleave(factor, 2)
    field[:, :, slices] = fine[:, : metal.shape[0], : metal.shape[1]].permute(1, 2, 0)
    return field


def _pooled(metal: Tensor, factor: int) -> tuple[Tensor, int]:
    """How many metal voxels each coarse pixel holds, slices first, and how many it can hold."""
    whole = metal.permute(2, 0, 1).to(torch.int64)
    pad = [(-n) % factor for n in whole.shape[1:]]
    whole = torch.nn.functional.pad(whole, (0, pad[1], 0, pad[0]))
    shape = (len(whole), whole.shape[1] // factor, factor, whole.shape[2] // factor, factor)
    return whole.view(shape).sum((2, 4)), factor * factor


def _bins(rows: int, columns: int, device: torch.device) -> tuple[Tensor, int]:
    """Which detector bin every pixel falls into, for every direction."""
    angles = np.arange(_DIRECTIONS) * np.pi / _DIRECTIONS
    x = np.arange(rows) - (rows - 1) / 2
    y = np.arange(columns) - (columns - 1) / 2
    count = int(np.ceil(np.hypot(rows, columns))) + 3
    place = np.cos(angles)[:, None, None] * x[:, None] + np.sin(angles)[:, None, None] * y
    index = np.floor(place + count / 2 + 1e-6).astype(np.int64)
    return torch.from_numpy(index).to(device), count


def _ramp_filtered(error: Tensor) -> Tensor:
    """The ramp filter along the last axis (Ram-Lak: 1/4 and -1/(pi n)^2 at odd distances)."""
    result = error * 0.25
    for distance in range(1, _TAPS, 2):
        weight = float(np.float32(-1 / (np.pi * distance) ** 2))
        result[..., distance:] += error[..., :-distance] * weight
        result[..., :-distance] += error[..., distance:] * weight
    return result
