"""Rendered views agree with formulas, with exact integration, and with DiffDRR."""

import numpy as np
import pytest
import torch
from scipy.ndimage import gaussian_filter, map_coordinates

from vertebra.errors import VertebraError
from vertebra.methods.multiview import drr
from vertebra.methods.multiview.drr import render
from vertebra.methods.multiview.geometry import View, views_around
from vertebra.methods.multiview.siddon import exact_view, line_integral
from vertebra.volume import Grid

CENTRE, RADII = np.array([5.0, -8.0, 4.0]), np.array([40.0, 30.0, 50.0])


@pytest.fixture(scope="module")
def ellipsoid():
    """Ones inside an ellipsoid, with exact shares at its surface as far as 4³ samples tell."""
    spacing, n, fine = 1.25, 92, 4
    grid = Grid.of((n, n, n), (spacing,) * 3, [-(n - 1) / 2 * spacing] * 3)
    axis = (np.arange(n * fine) - (n * fine - 1) / 2) * spacing / fine
    x, y, z = (((axis - c) / r) ** 2 for c, r in zip(CENTRE, RADII))
    inside = x[:, None, None] + y[:, None] + z < 1
    return inside.reshape(n, fine, n, fine, n, fine).mean((1, 3, 5), dtype=np.float32), grid


def chords(view):
    """The length of each ray inside the ellipsoid, by formula."""
    pixels = np.stack(np.meshgrid(*map(np.arange, view.shape), indexing="ij"), axis=-1)
    rays, start = view.ray(pixels) / RADII, (view.source - CENTRE) / RADII
    a, b, c = (rays**2).sum(-1), rays @ start, start @ start - 1
    return 2 * np.sqrt(np.maximum(b**2 - a * c, 0)) / a


@pytest.mark.parametrize("azimuth", [0, 36, 90, 217])
def test_views_of_an_ellipsoid_agree_with_the_formula_to_one_percent(ellipsoid, azimuth):
    voxels, grid = ellipsoid
    view = View((3, 2, 1), azimuth, 1500, 2, (64, 60))
    image = render(torch.from_numpy(voxels), grid, [view])[0].numpy()
    expected = chords(view)
    thick = expected > 0.5 * expected.max()  # at the rim a chord changes within one voxel
    assert (np.abs(image - expected)[thick] / expected[thick]).max() < 0.01
    assert np.abs(image - expected).sum() < 0.01 * expected.sum()
    assert abs(image.sum() / expected.sum() - 1) < 0.002
    assert image[expected == 0].max() < 0.12 * expected.max()


def test_the_fast_views_agree_with_exact_integration_of_the_interpolated_volume():
    random = np.random.default_rng(0).random((10, 10, 10))
    smooth = gaussian_filter(np.pad(random, 5), 1)
    grid = Grid.of((20, 20, 20), (3, 3, 3), (-28.5, -28.5, -28.5))
    fine = grid.resampled(3 / 5)
    places = grid.to_index(fine.to_world(np.indices(fine.shape).transpose(1, 2, 3, 0)))
    interpolated = map_coordinates(smooth, places.transpose(3, 0, 1, 2), order=1)
    view = View((2, -3, 1), 50, 700, 3, (20, 18))
    fast = render(torch.from_numpy(smooth), grid, [view])[0].numpy()
    exact = exact_view(interpolated, fine, view)
    assert np.linalg.norm(fast - exact) < 0.005 * np.linalg.norm(exact)


def test_exact_integration_of_a_box_gives_the_way_through_it():
    grid = Grid.of((4, 4, 4), (1, 2, 3), (0, 0, 0))
    assert line_integral(np.ones((4, 4, 4)), grid, [-10, 3, 4], [1, 0, 0]) == pytest.approx(4)
    assert line_integral(np.ones((4, 4, 4)), grid, [1, -10, 4], [0, 1, 0]) == pytest.approx(8)
    diagonal = np.array([4, 8, 12]) / np.linalg.norm([4, 8, 12])
    through = line_integral(np.ones((4, 4, 4)), grid, [-4.5, -9, -13.5], diagonal)
    assert through == pytest.approx(np.linalg.norm([4, 8, 12]))


def test_a_view_taken_in_many_small_blocks_is_the_same(monkeypatch):
    volume = torch.rand(20, 22, 24)
    grid = Grid.of(volume.shape, (2, 2, 2))
    (view,) = views_around((20, 20, 20), 1, distance=900, pixel=2, shape=(30, 30))
    whole = render(volume, grid, [view])
    monkeypatch.setattr(drr, "BLOCK_VALUES", 1)
    assert torch.allclose(render(volume, grid, [view]), whole, rtol=1e-5)


def test_what_lies_above_and_below_the_frame_changes_nothing():
    volume = torch.rand(16, 16, 60)
    grid = Grid.of(volume.shape, (2, 2, 2))
    view = View((15, 15, 59), 30, 900, 2, (12, 16))
    middle = torch.zeros_like(volume)
    middle[..., 20:40] = volume[..., 20:40]
    assert torch.allclose(*(render(each, grid, [view]) for each in (volume, middle)))
    above = View((15, 15, 300), 30, 900, 2, (12, 16))
    assert not render(volume, grid, [above]).any()


def test_a_scan_that_is_not_upright_is_refused():
    grid = Grid.of((4, 4, 4)).permuted((2, 1, 0), (False, False, False))
    with pytest.raises(VertebraError, match="RAS"):
        render(torch.zeros(4, 4, 4), grid, [])


def test_views_agree_with_diffdrr(ellipsoid):
    renderers = pytest.importorskip("diffdrr.renderers", reason="needs diffdrr 0.6.1")
    voxels, grid = ellipsoid
    volume = torch.from_numpy(voxels)
    view = View((3, 2, 1), 20, 1000, 4, (32, 30))
    pixels = np.stack(np.meshgrid(*map(np.arange, view.shape), indexing="ij"), axis=-1)
    targets = view.source + 2 * view.distance * view.ray(pixels).reshape(-1, 3)
    lengths = torch.full((1, 1, len(targets)), 2 * view.distance)
    source, target = (
        torch.from_numpy(grid.to_index(points)).float()[None]
        for points in (view.source[None], targets)
    )
    theirs = renderers.Siddon()(volume, source, target, lengths).reshape(view.shape)
    ours = render(volume, grid, [view])[0]
    assert float((ours - theirs).norm() / theirs.norm()) < 0.02
    thick = theirs > 0.5 * theirs.max()
    assert float((ours / theirs - 1)[thick].abs().mean()) < 0.01
