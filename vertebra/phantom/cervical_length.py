"""A subject's neck: its length varies more, from patient to patient, than that of the trunk.

In VerSe's centroid lists the steps C2 to C7 of a patient differ from those of the trunk by 6.4 %
(SD, 39 patients), and 5 to 95 % of the steps from C1 to C2 are 15.6 to 25.0 mm long where the
others are of mean length (53 patients): the dens is long in some and short in others.
Radiographs put the ring of the atlas 27 to 32 degrees (SD 7) backwards against the axis; two masks
of VerSe, of patients lying down, lie at the lower end.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from .form import Form
from .measures import SIZES
from .pose import ATLAS_TURN, SPACING, Pose

NECK_SD = 0.055
ATLAS_MEDIAN, ATLAS_SD = 1.04, 0.13
"""The step from C1 to C2 against the usual one of the subject; few are short, some very long."""
ATLAS_TURN_SD = 6.0
OWN_HEIGHT = 0.3
"""How much of a vertebra's own deviation in height is left where its neighbours leave it room."""
PILLARS = -15.0
"""Where the pillars stand behind the body's centre, mm."""
_SHARE = {**{f"C{n}": 1.0 for n in range(1, 7)}, "C7": 0.5}
"""How far a level takes part in the neck's length."""


@dataclass(frozen=True)
class Neck:
    """One subject's: factors of the lengths in the neck and of the step from C1 to C2."""

    length: float
    atlas: float
    atlas_turn: float
    """By how many degrees the atlas is tilted back against the axis."""

    @classmethod
    def draw(cls, seed: int) -> Neck:
        """The neck of a seed."""
        rng = np.random.Generator(np.random.PCG64([seed, 3]))
        length, atlas, turn = np.clip(rng.standard_normal(3), -2.2, 2.2)
        return cls(
            float(np.exp(NECK_SD * length)),
            float(np.clip(ATLAS_MEDIAN * np.exp(ATLAS_SD * atlas), 0.9, 1.35)),
            float(ATLAS_TURN + ATLAS_TURN_SD * turn),
        )

    def steps(self) -> dict[str, float]:
        """How many times longer the step below each level is."""
        lengths = {name: self.length**share for name, share in _SHARE.items()}
        return {**lengths, "C1": self.length * self.atlas}

    def fitted(self, forms: Mapping[str, Form], pose: Pose, scale: float) -> dict[str, Form]:
        """The vertebrae as they fit this neck: pillars stand on one another, discs are of one kind.

        C2 to C7 are as high as the steps around them are long, and half as much wider. The dens
        follows the atlas half way, so that its tip stays behind the atlas' arch.
        """
        lengths = np.linalg.norm(np.diff(pose.centres, axis=0), axis=1)
        behind = pose.frames[:, :3] @ [0.0, PILLARS * scale, 0.0, 1.0]
        lengths_behind = np.linalg.norm(np.diff(behind, axis=0), axis=1)
        usual = np.array([SPACING[level.name] for level in pose.levels[: len(lengths)]]) * scale
        fitted = dict(forms)
        for place, name in enumerate(_SHARE):
            size = forms[name].size.scaled(self.length ** (_SHARE[name] / 2))
            if name != "C1":
                around = slice(place - 1 if name != "C2" else place, place + 1)
                longer, longer_behind = (
                    each[around].sum() / usual[around].sum() for each in (lengths, lengths_behind)
                )
                own = (size.height / SIZES[name].height / scale) ** OWN_HEIGHT
                dens = self.atlas**0.5 if name == "C2" else 1.0
                size = replace(
                    size,
                    height=SIZES[name].height * scale * longer * own * dens,
                    pedicle_height=SIZES[name].pedicle_height * scale * longer_behind,
                )
            fitted[name] = replace(forms[name], size=size)
        return fitted
