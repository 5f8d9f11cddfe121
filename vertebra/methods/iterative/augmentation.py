"""Random changes of training patches: elastic deformation, noise, smoothing, cuts along z."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import ndimage
from torch.nn.functional import grid_sample, interpolate

from ...volume.resampling import AIR

OFTEN = 0.5
"""How often a patch is changed in one of the ways."""
BEND = 4.0
"""Standard deviation of the elastic displacements, mm."""
KNOT = 32.0
"""Distance of the knots between which displacements are smooth, mm."""
NOISE = 60.0
"""Most noise, HU."""
BLUR = 0.8
"""Most smoothing, mm."""

Patch = tuple[NDArray[np.float32], NDArray[np.uint8]]


def cut_short(patch: Patch, rng: np.random.Generator) -> Patch:
    """Patch and labels as if the scan ended somewhere in them: cropping along the z-axis."""
    voxels, labels = patch
    if rng.random() >= OFTEN / 2:
        return patch
    height = labels.shape[2]
    gone = int(rng.integers(1, max(2, height // 2)))
    beyond = slice(0, gone) if rng.random() < 0.5 else slice(height - gone, height)
    voxels, labels = voxels.copy(), labels.copy()
    voxels[..., beyond], labels[..., beyond] = AIR, 0
    return voxels, labels


def bent(patch: Patch, spacing: float, rng: np.random.Generator) -> Patch:
    """Patch and labels after a random elastic deformation."""
    if rng.random() >= OFTEN:
        return patch
    voxels, labels = patch
    shape = voxels.shape
    knots = [max(3, round(size * spacing / KNOT) + 1) for size in shape]
    moves = rng.normal(0, BEND / spacing, (1, 3, *knots)).astype(np.float32)
    field = interpolate(torch.from_numpy(moves), size=shape, mode="trilinear", align_corners=True)[
        0
    ]
    axes = [torch.arange(size, dtype=torch.float32) for size in shape]
    places = torch.stack(torch.meshgrid(*axes, indexing="ij")) + field
    size = torch.tensor(shape, dtype=torch.float32).view(3, 1, 1, 1)
    grid = ((2 * places + 1) / size - 1).flip(0).permute(1, 2, 3, 0)[None]
    image = grid_sample(
        torch.from_numpy(voxels - AIR)[None, None], grid, "bilinear", align_corners=False
    )
    numbers = torch.from_numpy(labels.astype(np.float32))[None, None]
    mask = grid_sample(numbers, grid, "nearest", align_corners=False)
    return image[0, 0].numpy() + np.float32(AIR), mask[0, 0].numpy().astype(np.uint8)


def recoloured(
    voxels: NDArray[np.float32], spacing: float, rng: np.random.Generator
) -> NDArray[np.float32]:
    """The patch with random Gaussian smoothing and noise."""
    if rng.random() < OFTEN:
        sigma = rng.uniform(0, BLUR) / spacing
        voxels = np.asarray(ndimage.gaussian_filter(voxels, sigma), dtype=np.float32)
    if rng.random() < OFTEN:
        noise = rng.standard_normal(voxels.shape, dtype=np.float32)
        voxels = voxels + noise * np.float32(rng.uniform(0, NOISE))
    return voxels
