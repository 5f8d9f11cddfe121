"""Random fields that are the same on every processor and device.

A value depends on a seed and on its voxel's index alone (counter-based hashing of integers), so a
slab of a field equals the same part of the whole. Only exactly rounded steps follow the integers.

>>> whole, part = (white((4, 4, n), seed=3, device=torch.device("cpu")) for n in (6, 2))
>>> bool((whole[..., :2] == part).all())
True
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

_WORD = 0xFFFFFFFF
_AXES = (0x1B873593, 0x19D699A5, 0x2545F491)
_BYTES_MEAN, _BYTES_SPREAD = 510.0, 147.80054127099  # of a sum of four random bytes
_SPLINE_SPREAD = (151 / 315) ** 0.5  # of a cubic B-spline of white noise, along one axis

Shape = tuple[int, int, int]
ORIGIN: Shape = (0, 0, 0)


def child_seed(seed: int, name: str) -> int:
    """A seed for one named part of a phantom, independent of all other parts."""
    digest = hashlib.blake2b(f"{seed}/{name}".encode(), digest_size=4).digest()
    return int.from_bytes(digest, "little")


def generator(seed: int, name: str) -> np.random.Generator:
    """A numpy generator for one named part of a phantom."""
    return np.random.Generator(np.random.PCG64(child_seed(seed, name)))


def white(shape: Shape, seed: int, device: torch.device, start: Shape = ORIGIN) -> Tensor:
    """White noise of mean 0 and spread 1 at the voxels `start` to `start + shape`.

    The sum of four random bytes is close to a Gaussian, bounded by 3.5 spreads.
    """
    total = _byte_sums(_hashed(shape, seed, device, start))
    return total.to(torch.float32).sub_(_BYTES_MEAN).mul_(1 / _BYTES_SPREAD)


def smooth(
    shape: Shape,
    spacing: Sequence[float],
    scale: float | Sequence[float],
    seed: int,
    device: torch.device,
    start: Shape = ORIGIN,
) -> Tensor:
    """Smooth noise of spread 1 whose features are about `scale` mm wide (one value or per axis)."""
    scales = np.broadcast_to(np.asarray(scale, dtype=np.float64), 3)
    if (scales < 0.8 * np.asarray(spacing)).all():
        return white(shape, seed, device, start)
    firsts, taps, weights = [], [], []
    for axis in range(3):
        phase = (child_seed(seed, f"phase {axis}") % 1000) / 1000
        place = (start[axis] + np.arange(shape[axis])) * (spacing[axis] / scales[axis]) + phase
        cell = np.floor(place).astype(np.int64)
        firsts.append(int(cell[0]))
        taps.append(torch.from_numpy(cell - cell[0]).to(device))
        weights.append(torch.from_numpy(_cubic_weights(place - cell)).to(device))
    lattice_shape = (int(taps[0][-1]) + 4, int(taps[1][-1]) + 4, int(taps[2][-1]) + 4)
    field = white(lattice_shape, seed, device, (firsts[0], firsts[1], firsts[2]))
    for axis in (2, 1, 0):
        field = _interpolated(field, axis, taps[axis], weights[axis])
    return field


def _cubic_weights(t: NDArray[np.float64]) -> NDArray[np.float32]:
    """Weights (4, n) of a uniform cubic B-spline, scaled so that white noise keeps its spread."""
    weights = np.stack(
        [(1 - t) ** 3, 3 * t**3 - 6 * t**2 + 4, -3 * t**3 + 3 * t**2 + 3 * t + 1, t**3]
    )
    return (weights / (6 * _SPLINE_SPREAD)).astype(np.float32)


def _interpolated(field: Tensor, axis: int, taps: Tensor, weights: Tensor) -> Tensor:
    """One axis of a separable spline: four neighbours, weighted."""
    along = [1, 1, 1]
    along[axis] = -1
    result = field.index_select(axis, taps).mul_(weights[0].view(along))
    for tap in range(1, 4):
        term = field.index_select(axis, taps + tap).mul_(weights[tap].view(along))
        result.add_(term)
    return result


def _hashed(shape: Shape, seed: int, device: torch.device, start: Shape) -> Tensor:
    """A 32-bit word per voxel.

    numpy has unsigned words and is eight times faster on a CPU; elsewhere torch works in int64,
    where every product stays below 2^63. Both give the same words.
    """
    parts = []
    for axis, factor in enumerate(_AXES):
        index = np.arange(start[axis], start[axis] + shape[axis], dtype=np.int64)
        along = [1, 1, 1]
        along[axis] = -1
        salt = (seed & _WORD) * (2 * axis + 1)
        parts.append(
            _mixed_words(((index * factor + salt) & _WORD).astype(np.uint32)).reshape(along)
        )
    if device.type == "cpu":
        words = _mixed_words(parts[0] + parts[1] + parts[2])
        return torch.from_numpy(words.view(np.int32))
    word = sum(torch.from_numpy(part.astype(np.int64)).to(device) for part in parts)
    assert isinstance(word, Tensor)
    return _mixed(word.bitwise_and_(_WORD))


def _mixed_words(word: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """A 32-bit integer hash: every input bit reaches every output bit."""
    word = word ^ (word >> np.uint32(15))
    word *= np.uint32(0x2C1B3C6D)
    word ^= word >> np.uint32(12)
    word *= np.uint32(0x297A2D39)
    word ^= word >> np.uint32(15)
    return word


def _mixed(word: Tensor) -> Tensor:
    """The same hash on a device without unsigned words."""
    word = word ^ (word >> 15)
    word.mul_(0x2C1B3C6D).bitwise_and_(_WORD)
    word.bitwise_xor_(word >> 12)
    word.mul_(0x297A2D39).bitwise_and_(_WORD)
    return word.bitwise_xor_(word >> 15)


def _byte_sums(words: Tensor) -> Tensor:
    """The sum of the four bytes of each word (which may be signed: the shifts are masked)."""
    pairs = (words & 0x00FF00FF).add_((words >> 8).bitwise_and_(0x00FF00FF))
    return (pairs & 0xFFFF).add_(pairs >> 16)
