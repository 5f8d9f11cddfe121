"""Bones from closed surfaces (PLY), such as those of Z-Anatomy, laid out as one assembled body.

The meshes are in metres, +x left, +y up, +z front; right-side bones serve for the left, mirrored.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from ...errors import BadFile
from .template import Template

Array = NDArray[np.float64]
BAND = 7.0
"""Distances to a surface are worked out this far, mm."""

_FACE = np.dtype([("corners", "u1"), ("index", "<i4", 3)])


class Surface:
    """A closed triangle mesh in RAS millimetres."""

    def __init__(self, vertices: Array, faces: NDArray[np.int64]) -> None:
        self.vertices, self.faces = vertices, faces

    def moved(self, change: Callable[[Array], Array]) -> Surface:
        """The mesh with its vertices put elsewhere."""
        return Surface(change(self.vertices), self.faces)

    def mirrored(self) -> Surface:
        """The same bone of the other side of the body."""
        return Surface(self.vertices * [-1, 1, 1], self.faces[:, ::-1])

    @classmethod
    def joined(cls, parts: Sequence[Surface]) -> Surface:
        """Several closed meshes as one."""
        starts = np.cumsum([0] + [len(part.vertices) for part in parts[:-1]])
        faces = [part.faces + start for part, start in zip(parts, starts)]
        return cls(np.concatenate([part.vertices for part in parts]), np.concatenate(faces))

    def section(self, step: float) -> tuple[NDArray[np.bool_], Array]:
        """The inside at x = 0 as an image over y and z, and where its first pixel lies."""
        low = self.vertices.min(0) - step
        low[0] = -step
        shape = np.ceil((self.vertices.max(0) - low) / step).astype(int) + 2
        shape[0] = 3
        return np.asarray(self._inside(low, shape, step)[1]), low[1:]

    @cached_property
    def normals(self) -> Array:
        """Area-weighted normals of the faces, pointing outwards."""
        a, b, c = (self.vertices[self.faces[:, i]] for i in range(3))
        cross = np.cross(b - a, c - a)
        volume = (a * cross).sum()
        return np.asarray(cross if volume > 0 else -cross)

    def template(self, step: float) -> Template:
        """Signed distances on a lattice around the mesh."""
        low = self.vertices.min(0) - BAND
        shape = np.ceil((np.ptp(self.vertices, axis=0) + 2 * BAND) / step).astype(int) + 1
        inside = self._inside(low, shape, step)
        distance = self._distance(low, shape, step)
        return Template.of(np.where(inside, -distance, distance), low, step)

    def _inside(self, low: Array, shape: NDArray[np.int64], step: float) -> NDArray[np.bool_]:
        """Winding number by counting the surface's crossings along z."""
        corners = (self.vertices[self.faces] - low) / step + [1.7e-4, 2.3e-4, 0]
        first = np.ceil(corners[..., :2].min(1)).astype(int)
        reach = int((np.floor(corners[..., :2].max(1)).astype(int) - first).max()) + 1
        a, b, c = corners[:, 0], corners[:, 1], corners[:, 2]
        area = (b[:, 0] - a[:, 0]) * (c[:, 1] - a[:, 1]) - (b[:, 1] - a[:, 1]) * (c[:, 0] - a[:, 0])
        turns = np.zeros((shape[0], shape[1], shape[2] + 1), dtype=np.int16)
        for i in range(reach):
            for j in range(reach):
                p = first + [i, j]
                area_b = _cross(p, c, a)
                area_c = _cross(p, a, b)
                with np.errstate(divide="ignore", invalid="ignore"):
                    v, w = area_b / area, area_c / area
                    hit = (v >= 0) & (w >= 0) & (v + w <= 1)
                hit &= ((p >= 0) & (p < shape[:2])).all(1)
                z = a[hit, 2] + v[hit] * (b[hit, 2] - a[hit, 2]) + w[hit] * (c[hit, 2] - a[hit, 2])
                k = np.clip(np.ceil(z), 0, shape[2]).astype(int)
                sign = np.where(area[hit] > 0, -1, 1).astype(np.int16)
                np.add.at(turns, (p[hit, 0], p[hit, 1], k), sign)
        return np.asarray(np.cumsum(turns, axis=2)[..., :-1] != 0)

    def _distance(self, low: Array, shape: NDArray[np.int64], step: float) -> Array:
        """Distance to the tangent plane of the nearest sample, or to the sample when far."""
        points, normals = self._samples(max(step, 1.0) * 1.2)
        tree = cKDTree(points)
        lattice = [low[i] + step * np.arange(shape[i]) for i in range(3)]
        result = np.full(shape, BAND)
        for i, x in enumerate(lattice[0]):  # one plane at a time bounds the memory
            y, z = np.meshgrid(lattice[1], lattice[2], indexing="ij")
            plane = np.stack([np.full(y.size, x), y.ravel(), z.ravel()], 1)
            far, nearest = tree.query(plane, distance_upper_bound=BAND)
            found = np.isfinite(far)
            offset = plane[found] - points[nearest[found]]
            height = np.abs((offset * normals[nearest[found]]).sum(1))
            side = np.sqrt(np.maximum(far[found] ** 2 - height**2, 0))
            slack = np.maximum(side - step, 0)  # beyond its own patch a plane says too little
            result[i].reshape(-1)[found] = np.minimum(np.sqrt(height**2 + slack**2), BAND)
        return result

    def _samples(self, gap: float) -> tuple[Array, Array]:
        """Points all over the surface, at most about `gap` mm apart, with unit normals."""
        normals = self.normals / np.maximum(
            np.linalg.norm(self.normals, axis=1, keepdims=True), 1e-9
        )
        corners = self.vertices[self.faces]
        longest = np.linalg.norm(corners - np.roll(corners, 1, axis=1), axis=2).max(1)
        points, directions = [], []
        for n in range(1, 9):
            chosen = np.clip(np.ceil(longest / gap), 1, 8) == n
            if not chosen.any():
                continue
            steps = [(i, j) for i in range(n) for j in range(n - i)]
            weights = np.array([[i + 1 / 3, j + 1 / 3, n - i - j - 2 / 3] for i, j in steps]) / n
            points.append(np.einsum("sk,fkd->fsd", weights, corners[chosen]).reshape(-1, 3))
            directions.append(np.repeat(normals[chosen], len(weights), axis=0))
        return np.concatenate(points), np.concatenate(directions)


def _cross(p: NDArray[np.int64], a: Array, b: Array) -> Array:
    """Twice the area of the triangle p, a, b seen along z."""
    return np.asarray(
        (a[:, 0] - p[:, 0]) * (b[:, 1] - p[:, 1]) - (a[:, 1] - p[:, 1]) * (b[:, 0] - p[:, 0])
    )


def read_surface(path: Path) -> Surface:
    """A surface from a binary PLY file of triangles."""
    try:
        content = path.read_bytes()
        head, _, data = content.partition(b"end_header\n")
        counts = {
            words[1]: int(words[2])
            for words in (line.split() for line in head.decode("ascii").splitlines())
            if words[0] == "element"
        }
        size = counts["vertex"] * 12
        vertices = np.frombuffer(data[:size], "<f4").reshape(-1, 3).astype(np.float64)
        faces = np.frombuffer(data, _FACE, counts["face"], size)
        if b"binary_little_endian" not in head or not (faces["corners"] == 3).all():
            raise ValueError("not triangles in binary little endian")
    except (OSError, KeyError, IndexError, ValueError) as error:
        raise BadFile(
            f"{path} is not a binary PLY file of triangles ({error}); choose a folder of such"
            " files."
        ) from error
    ras = np.stack([-vertices[:, 0], vertices[:, 2], vertices[:, 1]], 1) * 1000
    return Surface(ras, faces["index"].astype(np.int64))
