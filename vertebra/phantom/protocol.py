"""Where a scan looks and how its voxels lie: field of view, spacing, slices, the patient's pose."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

from ..anatomy import LEVELS
from ..errors import VertebraError
from ..volume import Grid
from .habitus import Habitus
from .pose import rotation
from .random import generator

Array = NDArray[np.float64]

REGIONS: dict[str, tuple[float, float, float, float]] = {
    # highest and lowest level coordinate (0 C1, 7 T1, 19 L1, 24 S1), width, centre in front, mm
    "cervical": (-1.6, 8.5, 200, -5),
    "neck": (-2.6, 10.0, 280, 0),
    "chest": (5.8, 19.0, 380, 25),
    "thoracic": (5.5, 20.0, 220, -5),
    "abdomen": (15.0, 27.0, 400, 20),
    "lumbar": (17.0, 26.5, 220, -10),
    "trunk": (5.5, 27.5, 400, 20),
    "spine": (-2.0, 27.0, 380, 5),
}
"""Fields of view by name."""

_USUAL = {"neck": 0.2, "cervical": 0.14, "chest": 0.16, "thoracic": 0.06, "abdomen": 0.15}
_USUAL |= {"lumbar": 0.12, "trunk": 0.12, "spine": 0.05}


@dataclass(frozen=True, eq=False)
class View:
    """A grid in the scanner's world (axes near R, A, S), and where the patient lies in it."""

    grid: Grid
    patient: Array
    """4x4: from subject space to the world."""
    codes: str
    """The axis order of the image that is handed out."""
    thickness: float | None
    parts: int
    """Into how many thinner ones a slice is divided while it is drawn; odd."""
    radius: float | None
    """mm of the circular field of view; None when it is not seen."""

    def to_world(self, points: ArrayLike) -> Array:
        """World coordinates (RAS mm) of points in subject space."""
        return np.asarray(points) @ self.patient[:3, :3].T + self.patient[:3, 3]

    def in_subject(self, parts: int) -> Grid:
        """The grid in subject space with every slice divided; its middle parts are the slices."""
        affine = self.grid.affine.copy()
        affine[:3, 2] /= parts
        affine[:3, 3] -= affine[:3, 2] * (parts // 2)
        shape = (*self.grid.shape[:2], self.grid.shape[2] * parts)
        return Grid(shape, np.linalg.inv(self.patient) @ affine)

    def cropped(self, stored: Tensor, padding: int | None) -> Tensor:
        """The image with the padding value outside the circular field of view."""
        if self.radius is None or padding is None:
            return stored
        squares = []
        for axis in (0, 1):
            count = self.grid.shape[axis]
            place = (np.arange(count) - (count - 1) / 2) * self.grid.spacing[axis]
            squares.append(torch.from_numpy(place**2).to(stored.device))
        outside = squares[0][:, None] + squares[1][None, :] > self.radius**2
        return torch.where(outside[..., None], padding, stored).to(torch.int16)


def usual_region(seed: int) -> str:
    """The region that the scan of a seed shows when none is wished for."""
    return str(generator(seed, "region").choice(list(_USUAL), p=list(_USUAL.values())))


def draw_view(
    seed: int,
    habitus: Habitus,
    region: str | None = None,
    spacing: float | Sequence[float] | None = None,
    shape: Sequence[int] | None = None,
    codes: str | None = None,
) -> View:
    """The view of a seed; what is not wished for is drawn."""
    rng = generator(seed, "view")
    if region is not None and region not in REGIONS and region not in LEVELS:
        raise VertebraError(
            f"'{region}' is neither a level nor a region; choose from {', '.join(REGIONS)}."
        )
    tilt = rng.normal(0, 1.8, 3) * (5.0 if rng.random() < 0.12 else 1.0)
    patient = np.eye(4)
    patient[:3, :3] = rotation(*tilt)
    patient[:3, 3] = rng.normal(0, 40, 3)
    oblique = rotation(*rng.normal(0, 8, 3)) if rng.random() < 0.12 else np.eye(3)
    if shape is not None:
        steps = 2.0 if spacing is None else spacing
        return _crop(rng, habitus, region, steps, shape, codes or "RAS", patient, oblique)
    return _acquired(rng, habitus, region or usual_region(seed), spacing, codes, patient, oblique)


def _crop(
    rng: np.random.Generator,
    habitus: Habitus,
    region: str | None,
    spacing: float | Sequence[float],
    shape: Sequence[int],
    codes: str,
    patient: Array,
    oblique: Array,
) -> View:
    """A crop of fixed size near the spine, as training takes it."""
    steps = np.broadcast_to(np.asarray(spacing, dtype=np.float64), 3)
    extent = np.array(shape) * steps
    high, low = _range(habitus, region)
    place = (float(rng.uniform(high, low)), 0.0, 0.0)
    spread = np.minimum(0.25 * extent, 4.0 if region in LEVELS else [25, 25, 15])
    centre = habitus.at([place])[0] + rng.uniform(-1.7, 1.7, 3) * spread
    if region in REGIONS:
        ends = habitus.height([high, low])
        slack = max(abs(ends[0] - ends[1]) - extent[2], 0) / 2
        centre[2] = ends.mean() + float(rng.uniform(-slack, slack))
    view = _view(centre, steps, np.array(shape), patient, oblique, codes)
    thick = steps[2] * float(rng.choice([1.0, 1.0, 1.25]))
    return replace(view, thickness=thick if view.parts > 1 else None)


def _acquired(
    rng: np.random.Generator,
    habitus: Habitus,
    region: str,
    spacing: float | Sequence[float] | None,
    codes: str | None,
    patient: Array,
    oblique: Array,
) -> View:
    """A scan as it leaves the scanner."""
    high, low = _range(habitus, region)
    _, _, width, front = REGIONS.get(region, (0, 0, 200, -5))
    scale = habitus.subject.scale
    width = width * float(rng.uniform(0.9, 1.12)) * scale
    if region in ("chest", "abdomen", "trunk", "spine"):
        z = habitus.height(np.linspace(low, high, 30))
        outline, fat = habitus.outline(z)
        whole = 2 * float((outline[:, 0] + fat[:, 0]).max()) * 1.05
        width = max(width, whole * float(rng.uniform(0.85, 1.08)))
    ends = habitus.height([high + rng.normal(0, 0.7), low + rng.normal(0, 0.7)])
    tall = float(ends[0] - ends[1])
    middle = habitus.at([(float(habitus.level(ends.mean())), float(rng.normal(0, 6)), front)])[0]
    if spacing is None:
        plane = float(np.clip(width / 512, 0.3, 1.2))
        increment = float(rng.choice([0.7, 1.0, 1.5, 2.0, 2.5, 3.0, 5.0]))
        steps = np.array([plane, plane, increment])
        thickness = increment * float(rng.choice([1.0, 1.0, 1.25, 2.0]))
    else:
        steps = np.broadcast_to(np.asarray(spacing, dtype=np.float64), 3)
        thickness = float(max(steps[2], rng.choice([1.0, 2.0, 3.0, 5.0])))
    deep = float(rng.uniform(0.55, 0.95)) if rng.random() < 0.4 else 1.0
    shape = np.maximum(1, np.round([width / steps[0], width * deep / steps[1], tall / steps[2]]))
    orders = ["LPS"] * 7 + ["RAS", "LAS", "PIR", "ASL", "LPI", "SRA"]
    view = _view(middle, steps, shape, patient, oblique, codes or str(rng.choice(orders)))
    return replace(
        view,
        thickness=float(np.clip(thickness, 0.5, 5.0)),
        radius=width / 2 if deep == 1.0 and rng.random() < 0.5 else None,
    )


def _range(habitus: Habitus, region: str | None) -> tuple[float, float]:
    """The highest and lowest level coordinate of a region, of a level, or of the whole spine."""
    if region in REGIONS:
        return REGIONS[region][:2]
    names = [level.name for level in habitus.subject.levels]
    if region in names:
        centre = habitus.subject.pose.centres[names.index(region)]
        place = float(habitus.level(centre[2]))
        return place, place
    return -0.5, 25.5


def _view(
    centre: Array, steps: Array, shape: Array, patient: Array, oblique: Array, codes: str
) -> View:
    affine = np.eye(4)
    affine[:3, :3] = oblique * steps
    middle = patient[:3, :3] @ centre + patient[:3, 3]
    affine[:3, 3] = middle - affine[:3, :3] @ ((np.asarray(shape) - 1) / 2)
    sizes = (int(shape[0]), int(shape[1]), int(shape[2]))
    parts = int(np.clip(round(steps[2] / (2 * steps[0])), 1, 5)) // 2 * 2 + 1
    return View(Grid(sizes, affine), patient, codes, None, parts, None)
