"""How hard the parts of a subject's vertebrae are: shell and trabecular bone of body, arch, dens.

Computed tomography of the axis in 198 patients (J Orthop Surg Res 2023) shows 303 mg/cm3 in the
dens, 160 in its neck and 240 in the body below; the shell, too, is thickest in the dens. In C3 to
C5 the joints' pillars and the laminae are denser than the bodies (PLoS One 2022, 23 specimens).
That arches below the neck have thinner shells and vary more, from softer inside than the body to
as hard as in the neck, is assumed, after two patients (Testing/benchmarks/phantom_spinous.py).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from torch import Tensor

from .form import Form
from .random import generator
from .shapes.morph import Sampled, smoothstep

SHELL, ARCH_SHELL, DENS_SHELL, ATLAS_SHELL = 0.5, 0.8, 0.7, 0.6
"""mm: a body's cortex, and how much thicker it is in an arch, in the dens, and in the atlas."""
ARCH, DENS, NECK, ATLAS = 1.5, 1.45, 0.67, 1.4
"""Trabecular density against a body's: of an arch, of the dens, of its neck, and of the atlas."""
SHELL_SD, DENSITY_SD = 0.25, 0.18
"""From subject to subject, as a share."""
LOW_ARCH_SHELL, LOW_ARCH = 0.3, 1.15
"""The same of an arch below the neck,"""
LOW_ARCH_SHELL_SD, LOW_ARCH_SD = 0.6, 0.22
"""and from subject to subject."""
NECK_WIDTH = 4.0
"""Half the height (mm) of the sparse zone between the dens and the axis' body."""


@dataclass(frozen=True)
class Hardness:
    """One subject's: thickness of shells (mm) and trabecular density against a body's."""

    shell: float
    arch_shell: float
    dens_shell: float
    atlas_shell: float
    arch: float
    dens: float
    neck: float
    atlas: float
    low_arch_shell: float
    low_arch: float

    @classmethod
    def draw(cls, seed: int) -> Hardness:
        """The hardness of a seed."""
        rng = generator(seed, "hardness")
        usual = [SHELL, ARCH_SHELL, DENS_SHELL, ATLAS_SHELL, ARCH, DENS, NECK, ATLAS]
        usual += [LOW_ARCH_SHELL, LOW_ARCH]
        spread = [SHELL_SD] * 4 + [DENSITY_SD] * 4 + [LOW_ARCH_SHELL_SD, LOW_ARCH_SD]
        chance = np.clip(rng.standard_normal(10), -2.2, 2.2)
        return cls(*(np.array(usual) * np.exp(np.array(spread) * chance)).tolist())

    def of(self, level: str, form: Form, sampled: Sampled, z: Tensor) -> tuple[Tensor, Tensor]:
        """Shell (mm) and density (1: a body's) around a vertebra, z mm above its body's centre."""
        neck = level.startswith("C")
        arch_shell, arch = (
            (self.arch_shell, self.arch) if neck else (self.low_arch_shell, self.low_arch)
        )
        shell = self.shell + sampled.posterior * arch_shell
        density = 1.0 + sampled.posterior * (arch - 1.0)
        if level == "C1":
            shell = shell + (1.0 - sampled.posterior) * self.atlas_shell
            density = density + (1.0 - sampled.posterior) * (self.atlas - 1.0)
        if level == "C2":
            front = 1.0 - sampled.posterior
            above = z - form.size.height / 2
            dens = smoothstep((above - 1.0) * 0.2) * front
            near = (1.0 - (above * (1 / NECK_WIDTH)) * (above * (1 / NECK_WIDTH))).clamp(min=0.0)
            shell = shell + dens * self.dens_shell
            density = density + dens * (self.dens - 1.0) + near * front * (self.neck - 1.0)
        return shell, density
