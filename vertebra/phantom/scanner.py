"""From a patient to a CT image: point spread, slices, kernel, noise, metal streaks, clipping."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from .random import Shape, child_seed, generator, smooth, white

Array = NDArray[np.float64]
LOWEST, HIGHEST = -1024, 3071
RIM = 4
"""Voxels around an image, along every axis, that its filters may reach into."""


@dataclass(frozen=True)
class Scanner:
    """How one scan was acquired and reconstructed; lengths in mm."""

    thickness: float
    """Slice thickness: the width of the slice profile."""
    blur: float
    """Spread of the point spread function in the slice plane."""
    sharpening: float
    """How much the kernel raises edges: 0 soft, 1 and more a bone kernel with ringing."""
    edge_width: float
    """Spread of what the sharpening compares with."""
    noise: float
    """Spread of the noise in the middle of an average body, HU."""
    grain: float
    """Spread of the noise's correlation in the slice plane."""
    streaks: float
    """Noise along the widest direction of shoulders and pelvis, relative to `noise`."""
    hardening: float
    """HU by which the image darkens along those directions."""
    metal_artefact: float
    highest: int
    padding: int | None
    """The value outside the circular field of view; None when the whole square is kept."""

    @classmethod
    def draw(cls, seed: int, spacing: Sequence[float], thickness: float | None = None) -> Scanner:
        """The scanner of a seed, for an image of this spacing (right, front, up)."""
        rng = generator(seed, "scanner")
        plane = float(min(spacing[0], spacing[1]))
        sharp = rng.random() < 0.25
        drawn = float(rng.choice([0.6, 1.0, 1.25, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0]))
        noise = float(np.exp(rng.normal(np.log(13.0), 0.45)))
        if plane >= 1.8:  # a finer scan, resampled: smoothed, or with a spline's overshoot
            blur = plane * float(rng.uniform(0.15, 0.6))
            sharpening = float(rng.choice([0.0, rng.uniform(0.05, 0.4)]))
            edge_width, grain = plane * 0.8, plane * float(rng.uniform(0.0, 0.5))
        else:
            blur = float(rng.uniform(0.25, 0.4) if sharp else rng.uniform(0.5, 0.85))
            sharpening = float(rng.uniform(0.5, 1.3) if sharp else rng.uniform(0.0, 0.3))
            edge_width = float(rng.uniform(0.8, 1.3))
            grain = float(rng.uniform(0.3, 0.45) if sharp else rng.uniform(0.55, 0.95))
        return cls(
            thickness=drawn if thickness is None else thickness,
            blur=blur,
            sharpening=sharpening,
            edge_width=edge_width,
            noise=float(np.clip(noise * (2.4 if sharp else 1.0), 4.0, 70.0)),
            grain=grain,
            streaks=float(rng.uniform(0.4, 1.8)),
            hardening=float(rng.uniform(0, 14)),
            metal_artefact=float(rng.uniform(0.4, 1.2)),
            highest=HIGHEST,
            padding=int(rng.choice([-1024, -2000, -3024])) if rng.random() < 0.6 else None,
        )

    def resolved(self, hu: Tensor, spacing: Sequence[float]) -> Tensor:
        """The image after point spread, slice profile and kernel; the rim is used up."""
        for axis in (0, 1):
            hu = filtered(hu, axis, gaussian(self.blur / spacing[axis]))
        hu = filtered(hu, 2, box(self.thickness / spacing[2]))
        wide = self.edge_width
        if self.sharpening and wide > 0.3 * min(spacing[:2]):
            smoothed = hu
            for axis in (0, 1):
                smoothed = filtered(smoothed, axis, gaussian(wide / spacing[axis]))
            hu = hu + (hu - smoothed) * self.sharpening
        return hu

    def noise_field(
        self,
        shape: Shape,
        spacing: Sequence[float],
        seed: int,
        device: torch.device,
        start: Shape,
        strain: Tensor,
    ) -> Tensor:
        """Noise of spread 1 in an average body; `strain` says by how much more rays are weakened.

        Grain comes from all directions; where the body is wide, rays through its width are starved
        and leave streaks along x.
        """
        rim = tuple(n + 2 * RIM for n in shape)
        first = tuple(n - RIM for n in start)
        grain = white(rim, child_seed(seed, "grain"), device, first)  # type: ignore[arg-type]
        for axis, width in ((0, self.grain), (1, self.grain), (2, 0.25 * self.thickness)):
            weights = gaussian(min(width / spacing[axis], 1.6))
            grain = filtered(grain, axis, weights / np.sqrt((weights**2).sum()))
        inner = (slice(RIM, -RIM),) * 3
        streak = smooth(
            shape,
            spacing,
            (80.0, 1.2 * spacing[1], spacing[2]),
            child_seed(seed, "streaks"),
            device,
            start,
        )
        starved = (strain - 1.0).clamp(min=0.0)
        return grain[inner] * (0.75 + 0.25 * strain) + streak * starved * self.streaks

    def stored(self, hu: Tensor) -> Tensor:
        """The image as whole numbers within the scanner's range."""
        return hu.clamp(LOWEST, self.highest).round_().to(torch.int16)


def gaussian(spread: float) -> Array:
    """Weights of a Gaussian of this spread in voxels, cut at the rim; one weight if it is tiny."""
    if spread < 0.25:
        return np.ones(1)
    reach = min(RIM, int(np.ceil(2.5 * spread)))
    weights = np.exp(-0.5 * (np.arange(-reach, reach + 1) / spread) ** 2)
    return np.asarray(weights / weights.sum())


def box(width: float) -> Array:
    """Weights of a slice profile of this width in voxels."""
    if width <= 1.05:
        return np.ones(1)
    reach = min(RIM, int(np.ceil((width - 1) / 2)))
    places = np.abs(np.arange(-reach, reach + 1))
    weights = np.clip(width / 2 + 0.5 - places, 0, 1)
    return np.asarray(weights / weights.sum())


def filtered(field: Tensor, axis: int, weights: Array) -> Tensor:
    """A symmetric filter along one axis; the outermost voxels are repeated beyond the border."""
    reach = len(weights) // 2
    if reach == 0:
        return field * float(weights[0]) if weights[0] != 1 else field
    taps = [float(np.float32(w)) for w in weights[reach:]]
    count = field.shape[axis]
    index = torch.arange(count, device=field.device)
    result = field * taps[0]
    for step in range(1, reach + 1):
        pair = field.index_select(axis, (index - step).clamp_(min=0))
        pair += field.index_select(axis, (index + step).clamp_(max=count - 1))
        result += pair.mul_(taps[step])
    return result
