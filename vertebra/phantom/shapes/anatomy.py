"""The shape source of a folder of surfaces: one real anatomy, measured and put into our frames."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from ...errors import BadFile
from ..measures import SIZES, Size
from ..pose import rotation
from .pelvis import SACRAL_SLOPE
from .surfaces import Surface, read_surface
from .template import Template

Array = NDArray[np.float64]

_FILES = {
    "C1": "Atlas_(C1)",
    "C2": "Axis_(C2)",
    **{f"C{n}": f"Cervical_vertebrae_(C{n})" for n in range(3, 8)},
    **{f"T{n}": f"Thoracic_vertebrae_(T{n})" for n in range(1, 13)},
    **{f"L{n}": f"Lumbar_vertebrae_(L{n})" for n in range(1, 6)},
    "T13": "Thoracic_vertebrae_(T12)",
    "L6": "Lumbar_vertebrae_(L5)",
}
_SKULL = ("Occipital_bone", "Sphenoid_bone", "Frontal_bone", "Parietal_bone_left",
          "Parietal_bone_right")  # fmt: skip
_SKULL_PAIRS = ("Temporal_bone.r", "Maxilla_bone.r", "Zygomatic_bone.r")
_TO_PLATE = 14.0
"""From the centre of S1's body up to its upper plate, mm."""


class Anatomy:
    """Shapes from PLY files named as Z-Anatomy names them; each is read when first asked for."""

    def __init__(self, directory: Path | str) -> None:
        self.directory = Path(directory)
        missing = [
            name for name in _FILES.values() if not (self.directory / f"{name}.ply").exists()
        ]
        if missing:
            raise BadFile(
                f"{self.directory} lacks {missing[0]}.ply; choose a folder with the surfaces of a"
                " whole axial skeleton."
            )
        self._vertebra = lru_cache(maxsize=None)(self._make_vertebra)
        self._bone = lru_cache(maxsize=None)(self._make_bone)

    def vertebra(self, name: str, variant: int = 0) -> tuple[Template, Size]:  # noqa: ARG002
        """A vertebra in its body's frame, with its measured sizes; there is one variant."""
        return self._vertebra(name)

    def bone(self, name: str, variant: int = 0) -> Template:  # noqa: ARG002
        """The sacrum, the right hip bone or the skull."""
        return self._bone(name)

    def _read(self, file: str) -> Surface:
        return read_surface(self.directory / f"{file}.ply")

    def _make_vertebra(self, name: str) -> tuple[Template, Size]:
        surface = self._read(_FILES[name])
        centre, pitch = _body_frame(surface, name)
        template = surface.moved(lambda v: (v - centre) @ rotation(pitch=pitch)).template(1.1)
        return template, _measured(template, SIZES[name], name)

    def _make_bone(self, name: str) -> Template:
        if name == "skull":
            right = [self._read(file) for file in _SKULL_PAIRS]
            parts = [self._read(file) for file in _SKULL] + right + [s.mirrored() for s in right]
            centre, _ = _body_frame(self._read(_FILES["C1"]), "C1")
            return Surface.joined(parts).moved(lambda v: v - centre).template(2.0)
        centre, lean = _sacral_frame(self._read("Sacrum"))
        turn = rotation(pitch=lean)
        file, step = {"sacrum": ("Sacrum", 1.5), "hip": ("Hip_bone.r", 1.8)}[name]
        return self._read(file).moved(lambda v: (v - centre) @ turn).template(step)


def _midline(surface: Surface, step: float = 0.5) -> tuple[Array, NDArray[np.int64]]:
    """Points of the surface's section at x = 0 as (y, z), and the number of the piece of each."""
    inside, low = surface.section(step)
    pieces, _ = ndimage.label(inside)
    where = np.argwhere(pieces > 0)
    return where * step + low, pieces[tuple(where.T)]


def _body_frame(surface: Surface, name: str) -> tuple[Array, float]:
    """Centre of the vertebral body, and by how much it is pitched (degrees)."""
    points, piece = _midline(surface)
    large = [p for p in np.unique(piece) if (piece == p).sum() > 60]
    arches = sorted((points[piece == p] for p in large), key=lambda arch: float(arch[:, 0].mean()))
    points = arches[-1]
    if name == "C1":  # between the anterior arch and the dens, as flat as its ring
        along, up = points.mean(0) - arches[0].mean(0)
        centre = np.array([0.0, points[:, 0].min() - 1.5, points[:, 1].mean()])
        return centre, float(np.degrees(np.arctan2(up, along)))
    if name == "C2":  # without the dens
        points = points[points[:, 1] < points[:, 1].min() + 19]
        return np.array([0.0, *points.mean(0)]), 0.0
    middle = points.mean(0)
    areas = []
    angles = np.arange(-40.0, 41.0)
    for angle in np.deg2rad(angles):  # the leanest rectangle around the section
        c, s = np.cos(angle), np.sin(angle)
        turned = (points - middle) @ np.array([[c, -s], [s, c]])
        areas.append(np.prod(np.subtract(*np.percentile(turned, [97, 3], axis=0))))
    return np.array([0.0, *middle]), float(angles[int(np.argmin(areas))])


def _sacral_frame(surface: Surface) -> tuple[Array, float]:
    """Centre of S1's body, and the pitch that brings its plate to the usual slope."""
    points, _ = _midline(surface)
    promontory, crest = points[points[:, 0].argmax()], points[points[:, 1].argmax()]
    slope = np.arctan2(crest[1] - promontory[1], promontory[0] - crest[0])
    centre = (promontory + crest) / 2 - _TO_PLATE * np.array([np.sin(slope), np.cos(slope)])
    return np.array([0.0, *centre]), float(SACRAL_SLOPE - np.degrees(slope))


def _measured(template: Template, usual: Size, name: str) -> Size:
    """The sizes of a vertebra by ruler; what C1 and C2 lack is taken from the usual ones."""
    bone = template.distances < 0
    axes = [o + template.step * np.arange(n) for o, n in zip(template.origin, bone.shape)]

    def at(axis: int, value: float) -> int:
        return int(np.clip(round((value - axes[axis][0]) / template.step), 0, len(axes[axis]) - 1))

    def run(line: NDArray[np.bool_], start: int, step: int) -> int:
        """How many voxels from `start` are like it."""
        count, value = 0, line[start]
        while 0 <= start < len(line) and line[start] == value:
            start, count = start + step, count + 1
        return count

    def length(line: NDArray[np.bool_], start: int) -> float:
        return (run(line, start, 1) + run(line, start, -1) - 1) * template.step

    x, y, z = (at(axis, 0.0) for axis in range(3))
    span = 2 * float(np.abs(template.surface_extent(0)).max())
    tip = float(-template.surface_extent(1)[0])
    if name in ("C1", "C2"):
        back = usual.depth / 2
        return Size(
            **{
                **usual.__dict__,
                "transverse_span": span,
                "spinous_length": tip - back,
            }
        )
    fore, aft = (at(1, share * usual.depth) for share in (0.3, -0.3))
    height = max(length(bone[x, row], z) for row in (fore, y, aft))
    widths, depths = [], []
    for share in (-0.33, 0.33):
        level = at(2, share * height)
        widest = 1.15 * usual.width  # beyond it the ruler has run into a process
        widths.append(min(length(bone[:, y, level], x), widest))
        depths.append(length(bone[x, :, level], y))
    back = -(run(bone[x, :, z], y, -1) - 0.5) * template.step
    gaps = []
    for level in range(at(2, -height / 2), at(2, height / 2)):
        line = bone[x, :, level]
        start = at(1, back - 2 * template.step)
        if not line[start]:
            gap = run(line, start, -1)
            if gap <= start:  # ends at bone, not at the edge of the lattice
                gaps.append((gap + 1) * template.step)
    canal_depth = min(gaps) if gaps else usual.canal_depth
    middle = at(1, back - canal_depth / 2)
    pedicle_level = at(2, height * 0.22)
    half = [run(bone[:, middle, pedicle_level], x, step) for step in (1, -1)]
    canal_width = (sum(half) - 1) * template.step
    if not usual.canal_width * 0.6 < canal_width < usual.canal_width * 1.5:
        canal_width = usual.canal_width
    factor = height / usual.height
    return Size(
        width_upper=widths[1],
        depth_upper=depths[1],
        width_lower=widths[0],
        depth_lower=depths[0],
        height=height,
        canal_width=canal_width,
        canal_depth=canal_depth,
        pedicle_width=usual.pedicle_width,
        pedicle_height=usual.pedicle_height * factor,
        transverse_span=span,
        spinous_length=tip + back,
    )
