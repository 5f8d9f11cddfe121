"""What tissues measure in Hounsfield units in one scan: by age, contrast and chance."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .random import generator


@dataclass(frozen=True)
class Tissues:
    """Mean HU of each tissue; contrast agent raises those with blood in them."""

    fat: float
    muscle: float
    marbling: float
    """Share of muscle that is fat, 0 to 0.4."""
    skin: float
    lung: float
    blood: float
    """Arterial blood."""
    venous: float
    heart: float
    liver: float
    spleen: float
    kidney: float
    bowel: float
    oral_contrast: float
    """What fills part of the bowel: 0 when nothing was drunk."""
    disc: float
    fluid: float
    cord: float
    trabecular: float
    """L1 at the centre of the body."""
    cortical: float
    texture: float
    """Spread of trabecular HU at 1 mm, relative to `trabecular` + 60."""
    phase: str

    @classmethod
    def draw(cls, seed: int, age: float) -> Tissues:
        """The tissues of a subject's scan."""
        rng = generator(seed, "tissues")
        phase = str(rng.choice(["none", "arterial", "venous"], p=[0.45, 0.2, 0.35]))
        dose = float(rng.uniform(0.6, 1.5))
        plain = float(rng.normal(45, 6))

        def enhanced(arterial: float, venous: float) -> float:
            return dose * {"none": 0.0, "arterial": arterial, "venous": venous}[phase]

        # 226 HU below 30 years down to 89 at 90, spread 44 to 38 (20,374 adults)
        trabecular = 226 - 2.3 * (float(np.clip(age, 28, 95)) - 28) + rng.normal(0, 40)
        return cls(
            fat=float(rng.normal(-102, 6)),
            muscle=float(rng.normal(58, 6)) + enhanced(4, 10) - 0.12 * max(age - 50, 0),
            marbling=float(np.clip(rng.gamma(2.0, 0.04) + 0.0025 * max(age - 50, 0), 0.01, 0.4)),
            skin=float(rng.uniform(0, 50)),
            lung=float(rng.normal(-865, 25)),
            blood=plain + enhanced(260, 95),
            venous=plain + enhanced(60, 95),
            heart=plain + 3 + enhanced(45, 55),
            liver=float(rng.normal(55, 9)) + enhanced(12, 50),
            spleen=plain + 3 + enhanced(60, 65),
            kidney=float(rng.normal(33, 4)) + enhanced(110, 140),
            bowel=float(rng.normal(38, 6)) + enhanced(35, 30),
            oral_contrast=float(rng.uniform(120, 500)) if rng.random() < 0.25 else 0.0,
            disc=float(rng.normal(78, 12)),
            fluid=float(rng.normal(12, 4)),
            cord=float(rng.normal(34, 4)),
            trabecular=float(np.clip(trabecular, 25, 340)),
            cortical=float(rng.normal(1250, 130)),
            texture=float(rng.uniform(0.10, 0.22)),
            phase=phase,
        )
