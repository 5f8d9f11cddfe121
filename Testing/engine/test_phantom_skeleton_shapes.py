"""Shapes are whole bones with honest distances, from numbers and from surfaces."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from scipy import ndimage

from vertebra.errors import BadFile
from vertebra.phantom.measures import SIZES
from vertebra.phantom.shapes.anatomy import Anatomy
from vertebra.phantom.shapes.mixture import Mixture
from vertebra.phantom.shapes.procedural import Procedural
from vertebra.phantom.shapes.source import ShapeSource
from vertebra.phantom.shapes.surfaces import Surface, read_surface
from vertebra.phantom.shapes.template import UNITS, Template

LEVELS = [name for name in SIZES if name != "S1"]


def in_one_piece(template: Template) -> bool:
    _, pieces = ndimage.label(template.distances < 0, np.ones((3, 3, 3)))
    return pieces == 1


def steepness(template: Template) -> np.ndarray:
    """The slope of the distances next to the surface."""
    field = template.distances / UNITS
    slope = np.sqrt(sum(g * g for g in np.gradient(field, template.step)))
    return np.asarray(slope[(np.abs(field) < 2.5)])


@pytest.mark.parametrize("name", LEVELS)
def test_every_procedural_vertebra_is_one_piece_with_honest_distances(name: str) -> None:
    template, size = Procedural().vertebra(name)
    assert in_one_piece(template)
    low, middle, high = np.percentile(steepness(template), [15, 50, 85])
    assert low > 0.8
    assert 0.95 < middle < 1.05
    assert high < 1.25
    span = template.surface_extent(0)
    # the uncinate corners, pillars and wide bodies may reach beyond the transverse processes
    assert abs((span[1] - span[0]) / max(size.transverse_span, size.width_lower) - 1) < 0.15
    tip = template.surface_extent(1)[0]
    assert abs(tip + size.depth / 2 + size.spinous_length) < 3.0


@pytest.mark.parametrize("name", ["C1", "C2", "C4", "T5", "L3"])
def test_makes_of_a_vertebra_differ_and_are_whole_too(name: str) -> None:
    makes = [Procedural().vertebra(name, variant)[0] for variant in range(4)]
    assert all(in_one_piece(make) for make in makes)
    volumes = [(make.distances < 0).sum() for make in makes]
    assert max(volumes) / min(volumes) > 1.04
    assert Procedural().vertebra(name, 5)[0] is makes[1]


@pytest.mark.parametrize("name", [name for name in LEVELS if name != "C1"])
def test_a_procedural_vertebra_has_a_canal_and_a_body_of_its_size(name: str) -> None:
    template, size = Procedural().vertebra(name)
    field = template.distances / UNITS

    def at(x: float, y: float, z: float) -> float:
        index = (np.array([x, y, z]) - template.origin) / template.step
        return float(ndimage.map_coordinates(field, index[:, None], order=1)[0])

    middle = -(size.depth + size.canal_depth) / 2
    assert at(0, middle, 0) > 0.3 * size.canal_depth  # nothing in the canal
    assert at(0, 0, 0) < -3  # the origin lies deep in the body
    assert abs(at(0, size.depth / 2, -0.2 * size.height)) < 2.2  # front wall
    assert abs(at(0, 0, -size.height / 2)) < 2.6  # lower plate


@pytest.mark.parametrize("name", [name for name in LEVELS if name != "C1"])
@pytest.mark.parametrize("make", [0, 2])
def test_the_midline_shows_one_spinous_process_almost_to_its_tip(name: str, make: int) -> None:
    template, size = Procedural().vertebra(name, make)
    y = template.origin[1] + template.step * np.arange(template.shape[1])
    lamina = -size.depth / 2 - size.canal_depth
    middle = round(-template.origin[0] / template.step)
    behind = (template.distances[middle] < 0)[y < lamina + 3]
    _, count = ndimage.label(behind, np.ones((3, 3)))
    assert count == 1
    missing = y[np.argwhere(behind)[:, 0].min()] + size.depth / 2 + size.spinous_length
    assert missing < 0.25 * (size.spinous_length - size.canal_depth)


@pytest.mark.parametrize("name", [*LEVELS, "sacrum", "hip", "skull"])
def test_no_bone_touches_the_edge_of_its_lattice(name: str) -> None:
    make = Procedural()
    bone = make.vertebra(name)[0] if name in LEVELS else make.bone(name)
    edges = [bone.distances.take(end, axis).min() for axis in range(3) for end in (0, -1)]
    assert min(edges) > 4 * UNITS


@pytest.mark.parametrize("name", ["sacrum", "hip", "skull"])
def test_the_other_bones_have_honest_distances(name: str) -> None:
    template = Procedural().bone(name)
    low, middle, high = np.percentile(steepness(template), [15, 50, 85])
    assert low > 0.6
    assert 0.9 < middle < 1.1
    assert high < 1.3


def test_the_sacrum_has_a_canal_and_four_pairs_of_foramina() -> None:
    bone = Procedural().bone("sacrum").distances < 0
    frontal = bone.any(axis=1)  # what light would pass from front to back
    holes, count = ndimage.label(ndimage.binary_fill_holes(frontal) & ~frontal)
    sizes = ndimage.sum_labels(holes > 0, holes, range(1, count + 1))
    assert (np.asarray(sizes) > 2).sum() >= 6


def test_sampling_a_template_agrees_with_an_interpolator_and_its_gradient() -> None:
    template, _ = Procedural().vertebra("L2")
    rng = np.random.default_rng(0)
    points = rng.uniform(template.box[0] + 2, template.box[1] - 2, (500, 3))
    d, *gradient = template.sample(*torch.from_numpy(points.astype(np.float32)).T)
    index = ((points - template.origin) / template.step).T
    expected = ndimage.map_coordinates(template.distances / UNITS, index, order=1)
    assert np.abs(d.numpy() - expected).max() < 1e-3
    ahead, *_ = template.sample(*torch.from_numpy((points + [1e-2, 0, 0]).astype(np.float32)).T)
    slope = (ahead - d).numpy() / 1e-2
    assert np.median(np.abs(slope - gradient[0].numpy())) < 5e-3


def icosphere(radius: float) -> Surface:
    """A sphere of triangles, three times subdivided."""
    g = (1 + 5**0.5) / 2
    v = np.array(
        [(-1, g, 0), (1, g, 0), (-1, -g, 0), (1, -g, 0), (0, -1, g), (0, 1, g)]
        + [(0, -1, -g), (0, 1, -g), (g, 0, -1), (g, 0, 1), (-g, 0, -1), (-g, 0, 1)]
    )
    f = np.array(
        [(0, 11, 5), (0, 5, 1), (0, 1, 7), (0, 7, 10), (0, 10, 11), (1, 5, 9), (5, 11, 4)]
        + [(11, 10, 2), (10, 7, 6), (7, 1, 8), (3, 9, 4), (3, 4, 2), (3, 2, 6), (3, 6, 8)]
        + [(3, 8, 9), (4, 9, 5), (2, 4, 11), (6, 2, 10), (8, 6, 7), (9, 8, 1)]
    )
    for _ in range(3):
        corners = v[f]
        middles = (corners + np.roll(corners, -1, axis=1)) / 2
        n = len(f)
        a, b, c = corners.transpose(1, 0, 2)
        ab, bc, ca = middles.transpose(1, 0, 2)
        triangles = np.concatenate(
            [np.stack(t, 1) for t in ((a, ab, ca), (ab, b, bc), (ca, bc, c), (ab, bc, ca))]
        )
        v, f = triangles.reshape(-1, 3), np.arange(12 * n).reshape(-1, 3)
    return Surface(v / np.linalg.norm(v, axis=1, keepdims=True) * radius, f)


def test_a_sphere_of_triangles_becomes_the_distances_of_a_sphere() -> None:
    template = icosphere(15.0).template(1.0)
    shape = np.indices(template.shape).reshape(3, -1).T * template.step + template.origin
    expected = (np.linalg.norm(shape, axis=1) - 15.0).reshape(template.shape)
    found = template.distances / UNITS
    near = np.abs(expected) < 5
    assert np.abs(found - expected)[near].max() < 0.35
    assert np.abs(found - expected)[near].mean() < 0.12


def test_mirrored_and_joined_surfaces_keep_their_volume() -> None:
    ball = icosphere(10.0).moved(lambda v: v + [20, 0, 0])
    both = Surface.joined([ball, ball.mirrored()]).template(1.0)
    inside = both.distances < 0
    assert abs(inside.sum() * both.step**3 / (2 * 4 / 3 * np.pi * 1000) - 1) < 0.05
    assert abs(np.mean(np.argwhere(inside)[:, 0]) * both.step + both.origin[0]) < 0.1


def write_ply(path: Path, surface: Surface) -> None:
    """As Z-Anatomy writes them: metres, +x left, +y up, +z front."""
    v = surface.vertices / 1000
    data = np.stack([-v[:, 0], v[:, 2], v[:, 1]], 1).astype("<f4").tobytes()
    faces = np.zeros(len(surface.faces), np.dtype([("n", "u1"), ("i", "<i4", 3)]))
    faces["n"], faces["i"] = 3, surface.faces
    head = (
        "ply\nformat binary_little_endian 1.0\n"
        f"element vertex {len(v)}\nproperty float x\nproperty float y\nproperty float z\n"
        f"element face {len(faces)}\nproperty list uchar int vertex_indices\nend_header\n"
    )
    path.write_bytes(head.encode() + data + faces.tobytes())


def test_a_ply_file_is_read_back_in_ras_millimetres(tmp_path: Path) -> None:
    ball = icosphere(10.0).moved(lambda v: v * [1, 1, 2] + [5, -7, 100])
    write_ply(tmp_path / "ball.ply", ball)
    again = read_surface(tmp_path / "ball.ply")
    assert np.abs(again.vertices - ball.vertices).max() < 1e-4
    assert np.array_equal(again.faces, ball.faces)


@pytest.mark.parametrize("content", [b"", b"ply\nend_header\n", b"solid\n", b"ply\nelement\n"])
def test_a_file_that_is_no_ply_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "bad.ply").write_bytes(content)
    with pytest.raises(BadFile, match="PLY"):
        read_surface(tmp_path / "bad.ply")


def test_a_cut_off_ply_is_refused(tmp_path: Path) -> None:
    write_ply(tmp_path / "ball.ply", icosphere(10.0))
    whole = (tmp_path / "ball.ply").read_bytes()
    (tmp_path / "cut.ply").write_bytes(whole[: len(whole) // 3])
    with pytest.raises(BadFile, match="PLY"):
        read_surface(tmp_path / "cut.ply")


def test_a_folder_without_all_surfaces_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadFile, match="lacks"):
        Anatomy(tmp_path)


@pytest.fixture(scope="module")
def anatomy(shared_data: Path) -> Anatomy:
    return Anatomy(shared_data / "anatomy")


@pytest.mark.shared_data
def test_surfaces_give_vertebrae_in_our_frame_with_plausible_sizes(anatomy: Anatomy) -> None:
    for name in ("C1", "C2", "C5", "L4"):
        template, size = anatomy.vertebra(name, 0)
        assert in_one_piece(template)
        for field in ("width", "depth", "height", "canal_depth", "transverse_span"):
            ratio = getattr(size, field) / getattr(SIZES[name], field)
            assert 0.78 < ratio < 1.3, (name, field, ratio)
        assert 0.97 < np.median(steepness(template)) < 1.03
    hip = anatomy.bone("hip", 0)
    assert np.abs(hip.surface_extent(2) - [-145, 70]).max() < 15  # seat and crest


@pytest.mark.shared_data
def test_a_mixture_gives_some_subjects_each_source(anatomy: ShapeSource) -> None:
    mixture = Mixture(Procedural(), anatomy, share=0.5)
    found = [mixture.vertebra("L4", seed)[1] == SIZES["L4"] for seed in range(20)]
    assert 3 < sum(found) < 17
    assert mixture.vertebra("L4", 5)[0] is mixture.vertebra("L4", 5)[0]
