"""Random changes of training patches, so that they vary as scans do.

The paper has elastic deformation, noise, smoothing and cuts along z; cuts across, rotation, scale,
contrast and thick slices are for CTs of many scanners (docs/decisions/0009).
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import ndimage
from scipy.spatial.transform import Rotation
from torch import Tensor
from torch.nn.functional import grid_sample, interpolate

from ...volume.resampling import AIR

OFTEN = 0.5
"""How often a patch is changed in one of the ways."""
CUT = (0.2, 0.3, 0.5)
"""Along which axis a scan ends in a patch: narrow fields of view cut processes off."""
TURN = 15.0
"""Most rotation about each axis, degrees."""
SCALE = (0.85, 1.2)
BEND = 4.0
"""Standard deviation of the elastic displacements, mm."""
KNOT = 32.0
"""Distance of the knots between which displacements are smooth, mm."""
SOFT_TISSUE = 50.0
"""Bone is what is brighter than this, HU."""
DENSITY = (0.7, 1.4)
"""Brightness of bone against that of the scan."""
UNEVEN = 0.25
"""Standard deviation of its logarithm from place to place: processes may be softer than bodies."""
SHIFT = 25.0
"""Most error of calibration, HU."""
NOISE = 60.0
"""Most noise, HU."""
BLUR = 1.6
"""Most smoothing (standard deviation), mm: scans that come in voxels of 3 mm are as smooth."""
THICKER = (-0.8, 3.0)
"""So much (mm) the surface of bone comes nearer at most: processes thicken with age, and wear."""
SKIN = 3.0
"""How deep (mm) under that surface and above it things move with it."""
CORTEX = (1.0, 3.0)
"""So much (mm) under the surface of a bone stays as it is where its marrow is changed."""
LUMP = 12.0
"""Distance (mm) of the knots between which marrow changes smoothly."""
MARROW = ((-80.0, 60.0), (300.0, 900.0))
"""What changed marrow comes near to (HU): fat or tumour, mostly, or hard bone and cement."""
DARK = 0.75
"""How often it is the former."""
THICK = (2.0, 5.0)
"""Thickness of slices, mm."""

Patch = tuple[NDArray[np.float32], NDArray[np.uint8]]


def counted(labels: NDArray[np.uint8]) -> NDArray[np.int_]:
    """The voxels of each number."""
    return np.bincount(labels.ravel(), minlength=256)


def warped(
    patch: Patch, margin: int, spacing: float, rng: np.random.Generator
) -> tuple[Patch, NDArray[np.int_]]:
    """Patch and labels without `margin` voxels on each side, turned, scaled and bent at random.

    With them comes how many of each label's voxels are still in the patch; counting after the
    change would take a vertebra that became smaller for one that is cut off. What a turn brings in
    is taken from the margin.
    """
    turning, bending = rng.random(2) < OFTEN
    inner = tuple(slice(margin, size - margin) for size in patch[1].shape)
    shape = patch[1][inner].shape
    if not (turning or bending):
        return (patch[0][inner], patch[1][inner]), counted(patch[1][inner])
    turn = _turn(rng) if turning else torch.eye(3)
    bend = _bend(shape, spacing, rng) if bending else torch.zeros(3, *shape)
    places = torch.einsum("ab,bxyz->axyz", turn, _own_places(shape)) + bend
    return _sampled(patch, places), _still_inside(patch[1], turn.numpy(), bend.numpy())


def cut_short(patch: Patch, rng: np.random.Generator) -> Patch:
    """Patch and labels as if the scan ended somewhere in them, mostly along z as in the paper."""
    voxels, labels = patch
    if rng.random() >= OFTEN / 2:
        return patch
    axis = int(rng.choice(3, p=CUT))
    size = labels.shape[axis]
    gone = int(rng.integers(1, max(2, size // 2)))
    beyond = [slice(None)] * 3
    beyond[axis] = slice(0, gone) if rng.random() < 0.5 else slice(size - gone, size)
    voxels, labels = voxels.copy(), labels.copy()
    voxels[tuple(beyond)], labels[tuple(beyond)] = AIR, 0
    return voxels, labels


def thickened(patch: Patch, spacing: float, rng: np.random.Generator) -> Patch:
    """Patch and labels with bone that is thicker or thinner in places."""
    bone = (patch[1] > 0).astype(np.float32)
    sigma = SKIN / spacing
    inwards = np.stack(np.gradient(ndimage.gaussian_filter(bone, sigma)))
    # a plane's gradient is 1 / (sigma sqrt(2 pi)) where it is steepest, on the plane
    most = rng.uniform(*THICKER) / spacing * sigma * np.sqrt(2 * np.pi)
    places = _own_places(bone.shape) + torch.from_numpy(
        (most * _patchy(bone.shape, spacing, rng) * inwards).astype(np.float32)
    )
    return _sampled(patch, places)


def mottled(patch: Patch, spacing: float, rng: np.random.Generator) -> NDArray[np.float32]:
    """The patch's voxels with marrow that is fatty, destroyed or hardened in places."""
    voxels, labels = patch
    kept = max(1, round(rng.uniform(*CORTEX) / spacing))
    deep = ndimage.binary_erosion(labels > 0, iterations=kept)
    share = _patchy(labels.shape, spacing, rng) * deep
    least, most = MARROW[0] if rng.random() < DARK else MARROW[1]
    return np.asarray(voxels + share * np.float32(rng.uniform(least, most) - voxels))


def recoloured(
    voxels: NDArray[np.float32], spacing: float, rng: np.random.Generator
) -> NDArray[np.float32]:
    """The patch as another body in another scanner would show it."""
    if rng.random() < OFTEN:
        bone = np.maximum(voxels - np.float32(SOFT_TISSUE), 0)
        uneven = np.exp(UNEVEN * _smooth(voxels.shape, KNOT / spacing, rng))
        voxels = voxels + bone * (uneven * np.float32(rng.uniform(*DENSITY)) - 1)
        voxels = voxels + np.float32(rng.uniform(-SHIFT, SHIFT))
    if rng.random() < OFTEN:
        sigma = rng.uniform(0, BLUR) / spacing
        voxels = np.asarray(ndimage.gaussian_filter(voxels, sigma), dtype=np.float32)
    if rng.random() < OFTEN:
        noise = rng.standard_normal(voxels.shape, dtype=np.float32)
        voxels = voxels + noise * np.float32(rng.uniform(0, NOISE))
    if rng.random() < OFTEN:
        voxels = in_slices(voxels, rng.uniform(*THICK) / spacing, rng.random())
    return voxels


def in_slices(voxels: NDArray[np.float32], thickness: float, start: float) -> NDArray[np.float32]:
    """The means over slices along z of a thickness in voxels, interpolated back to the voxels.

    `start` is where, in slices, the first of them begins before the patch. Slices thinner than a
    voxel change nothing.
    """
    if thickness <= 1:
        return voxels
    height = voxels.shape[2]
    edges = np.arange(-start * thickness, height + thickness, thickness)
    # the part of each voxel (k, k + 1) that lies in each slice
    inside = np.clip(edges, np.arange(height)[:, None], np.arange(1, height + 1)[:, None])
    shares = np.diff(inside, axis=1)
    filled = shares.sum(axis=0) > 0
    means = shares[:, filled] / shares[:, filled].sum(axis=0)
    centres = ((edges[:-1] + edges[1:]) / 2)[filled]
    back = [np.interp(np.arange(height) + 0.5, centres, row) for row in np.eye(len(centres))]
    return np.asarray(voxels @ (means @ np.array(back)).astype(np.float32))


def _turn(rng: np.random.Generator) -> Tensor:
    """A rotation and scale, from the patch to the scan."""
    turn = Rotation.from_euler("xyz", rng.uniform(-TURN, TURN, 3), degrees=True).as_matrix()
    larger = np.exp(rng.uniform(*np.log(SCALE)))
    return torch.from_numpy((turn / larger).astype(np.float32))


def _bend(shape: tuple[int, ...], spacing: float, rng: np.random.Generator) -> Tensor:
    """Smooth random displacements, in voxels."""
    fields = [_smooth(shape, KNOT / spacing, rng) for _ in shape]
    return torch.from_numpy(BEND / spacing * np.stack(fields))


def _patchy(
    shape: tuple[int, ...], spacing: float, rng: np.random.Generator
) -> NDArray[np.float32]:
    """From 0 to 1, changing in lumps; how much of it is neither is random, too."""
    field = _smooth(shape, LUMP / spacing, rng)
    return np.clip(2 * (field + np.float32(rng.uniform(-0.5, 1))), 0, 1)


def _smooth(
    shape: tuple[int, ...], distance: float, rng: np.random.Generator
) -> NDArray[np.float32]:
    """Random values (SD 1 at the knots) that change smoothly over a distance in voxels."""
    knots = [max(3, round(size / distance) + 1) for size in shape]
    values = torch.from_numpy(rng.normal(0, 1, knots).astype(np.float32))[None, None]
    field = interpolate(values, size=shape, mode="trilinear", align_corners=True)
    return np.asarray(field[0, 0].numpy())


def _own_places(shape: tuple[int, ...]) -> Tensor:
    """Every voxel's own place, from the patch's middle."""
    axes = [torch.arange(size, dtype=torch.float32) - (size - 1) / 2 for size in shape]
    return torch.stack(torch.meshgrid(*axes, indexing="ij"))


def _sampled(patch: Patch, places: Tensor) -> Patch:
    """Patch and labels at places given from their middle."""
    voxels, labels = patch
    size = torch.tensor(labels.shape, dtype=torch.float32).view(3, 1, 1, 1)
    grid = (2 * places / size).flip(0).permute(1, 2, 3, 0)[None]
    shown = torch.from_numpy(voxels - np.float32(AIR))[None, None]
    numbers = torch.from_numpy(labels.astype(np.float32))[None, None]
    image = grid_sample(shown, grid, "bilinear", align_corners=False)
    mask = grid_sample(numbers, grid, "nearest", align_corners=False)
    return image[0, 0].numpy() + np.float32(AIR), mask[0, 0].numpy().astype(np.uint8)


def _still_inside(
    labels: NDArray[np.uint8], turn: NDArray[np.float32], bend: NDArray[np.float32]
) -> NDArray[np.int_]:
    """The voxels of each label that are in the patch after a turn and a bend."""
    shape = np.array(bend.shape[1:])
    where = np.argwhere(labels)
    there = (where - (np.array(labels.shape) - 1) / 2).astype(np.float32)
    back, middle = np.linalg.inv(turn).T, (shape - 1) / 2
    # the bend is that of the place sought; the place without it is near enough to look it up
    i, j, k = np.clip(np.rint(there @ back + middle).astype(int), 0, shape - 1).T
    here = (there - bend[:, i, j, k].T) @ back + middle
    inside = ((here >= -0.5) & (here <= shape - 0.5)).all(axis=1)
    return counted(labels[tuple(where[inside].T)])
