"""Peaks in heat maps, their matching across views, and the point nearest to rays."""

import numpy as np
import pytest

from vertebra.methods.multiview.fusion import distances, fuse, nearest_point, robust_point
from vertebra.methods.multiview.geometry import views_around
from vertebra.methods.multiview.peaks import MOST_POINTS, Peaks, find_peaks

HEIGHTS = np.linspace(220, -230, 22)
SPINE = np.stack([10 * np.sin(HEIGHTS / 80), 20 * np.cos(HEIGHTS / 100) - 30, HEIGHTS], axis=1)


@pytest.fixture
def views():
    return views_around((0, 0, 0), 10, distance=1500, pixel=2.5, shape=(224, 128))


def heat_map(places, shape=(60, 50), height=0.9, sigma=2.0):
    rows, columns = np.mgrid[: shape[0], : shape[1]]
    bells = [np.exp(-((rows - r) ** 2 + (columns - c) ** 2) / 2 / sigma**2) for r, c in places]
    return (height * np.max(bells, axis=0)).astype(np.float32)


def test_peaks_are_found_at_a_fraction_of_a_pixel():
    places = np.array([[10.3, 20.6], [17.9, 22.1], [40.0, 8.5]])
    found = find_peaks(heat_map(places), lowest=0.15, apart=3, radius=3)
    order = np.argsort(found.places[:, 0])
    assert np.abs(found.places[order] - places).max() < 0.35
    assert (found.heat > 0.8).all()


def test_a_map_without_heat_has_no_peaks():
    assert (
        len(find_peaks(np.full((9, 9), 0.1, np.float32), lowest=0.15, apart=3, radius=3).heat) == 0
    )


def test_a_dent_on_a_slope_is_no_peak_of_its_own():
    heat = heat_map([[20, 20]])
    heat[22, 22] += 0.05
    assert len(find_peaks(heat, lowest=0.15, apart=5, radius=3).heat) == 1


def test_weak_peaks_beside_strong_ones_are_found_in_fine_pixels_too():
    rows, columns = np.mgrid[:1000, :200].astype(np.float32)
    heat = np.zeros(rows.shape, np.float32)
    truth = [(30 + 40 * number, 100 + 3 * number) for number in range(24)]
    for number, (row, column) in enumerate(truth):
        height = 0.3 if number == 11 else 1.0
        blob = np.exp(-((rows - row) ** 2 + (columns - column) ** 2) / (2 * 5.0**2))
        heat = np.maximum(heat, np.float32(height) * blob)
    assert (heat >= 0.15).sum() > MOST_POINTS
    found = find_peaks(heat, lowest=0.15, apart=8, radius=8)
    ordered = found.places[np.argsort(found.places[:, 0])]
    assert ordered.shape == (24, 2)
    assert np.abs(ordered - truth).max() < 0.7


def test_the_nearest_point_to_rays_that_meet_is_where_they_meet(views):
    point = np.array([12.0, -20.0, 33.0])
    starts = np.array([view.source for view in views])
    rays = np.array([view.ray(view.project(point)) for view in views])
    assert np.allclose(nearest_point(starts, rays), point)
    assert distances(point, starts, rays).max() < 1e-9


def test_a_stray_ray_hardly_moves_the_robust_point(views):
    point = np.array([12.0, -20.0, 33.0])
    starts = np.array([view.source for view in views])
    rays = np.array([view.ray(view.project(point)) for view in views])
    rays[3] = views[3].ray(views[3].project(point) + [10, 0])
    assert np.linalg.norm(nearest_point(starts, rays) - point) > 2
    assert np.linalg.norm(robust_point(starts, rays, np.ones(10)) - point) < 1


def test_a_whole_spine_is_fused_in_spite_of_missed_and_false_peaks(views):
    rng = np.random.default_rng(3)
    peaks = []
    for view in views:
        true = view.project(SPINE) + rng.normal(0, 0.5, (len(SPINE), 2))
        true = true[rng.random(len(true)) > 0.25]
        false = np.stack([rng.uniform(0, 224, 4), rng.uniform(30, 100, 4)], axis=1)
        places = np.concatenate([true, false])
        peaks.append(Peaks(places, np.full(len(places), 0.8)))
    fused = fuse(views, peaks, least_views=4)
    found = np.array([each.position for each in fused])
    away = np.linalg.norm(SPINE[:, None] - found[None], axis=-1)
    assert len(fused) == len(SPINE)
    assert away.min(axis=1).max() < 3
    assert np.median(away.min(axis=1)) < 1.2


def test_what_too_few_views_show_is_left_out(views):
    point = np.array([[0.0, 0.0, 10.0]])
    peaks = [
        Peaks(view.project(point), np.ones(1))
        if number < 3
        else Peaks(np.zeros((0, 2)), np.ones(0))
        for number, view in enumerate(views)
    ]
    assert len(fuse(views, peaks, least_views=3)) == 1
    assert fuse(views, peaks, least_views=4) == []


def test_no_peaks_give_no_points(views):
    assert fuse(views, [Peaks(np.zeros((0, 2)), np.zeros(0))] * 10, least_views=3) == []
