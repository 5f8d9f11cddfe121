"""How long a subject's neck is: it varies more, from patient to patient, than the trunk does.

In VerSe's centroid lists the steps C2 to C7 of a patient differ from those of the trunk by 6.4 %
(SD, 39 patients), and 5 to 95 % of the steps from C1 to C2 are 15.6 to 25.0 mm long where the
others are of mean length (53 patients): the dens is long in some and short in others.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from .form import Form

NECK_SD = 0.055
ATLAS_MEDIAN, ATLAS_SD = 1.04, 0.13
"""The step from C1 to C2 against the usual one of the subject; few are short, some very long."""
_SHARE = {**{f"C{n}": 1.0 for n in range(1, 7)}, "C7": 0.5}
"""How far a level takes part in the neck's length."""


@dataclass(frozen=True)
class Neck:
    """Factors of a subject: of the lengths in the neck, and of the step from C1 to C2."""

    length: float
    atlas: float

    @classmethod
    def draw(cls, seed: int) -> Neck:
        """The neck of a seed."""
        rng = np.random.Generator(np.random.PCG64([seed, 3]))
        length, atlas = np.clip(rng.standard_normal(2), -2.2, 2.2)
        return cls(
            float(np.exp(NECK_SD * length)),
            float(np.clip(ATLAS_MEDIAN * np.exp(ATLAS_SD * atlas), 0.9, 1.35)),
        )

    def steps(self) -> dict[str, float]:
        """How many times longer the step below each level is."""
        lengths = {name: self.length**share for name, share in _SHARE.items()}
        return {**lengths, "C1": self.length * self.atlas}

    def fitted(self, name: str, form: Form) -> Form:
        """A vertebra of this neck: as much higher as the steps are longer, and half as much wider.

        The dens follows the atlas half way, so that its tip stays behind the atlas' arch.
        """
        share = _SHARE.get(name, 0.0)
        size = form.size.scaled(self.length ** (share / 2))
        higher = self.length ** (share / 2) * (self.atlas**0.5 if name == "C2" else 1.0)
        return replace(form, size=replace(size, height=size.height * higher))
