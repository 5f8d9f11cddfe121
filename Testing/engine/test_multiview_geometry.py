"""Views: points go to pixels and pixels to rays, exactly both ways."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from vertebra.methods.multiview.geometry import View, views_around

near = st.floats(-150, 150)
views = st.builds(
    View,
    pivot=st.tuples(near, near, near),
    azimuth=st.floats(-400, 400),
    distance=st.floats(800, 3000),
    pixel=st.floats(0.5, 4),
    shape=st.tuples(st.integers(16, 300), st.integers(16, 300)),
)


@given(views, st.tuples(near, near, near))
def test_the_ray_through_a_points_pixel_passes_through_the_point(view, offset):
    point = np.array(view.pivot) + offset
    ray = view.ray(view.project(point))
    away = point - view.source
    assert np.linalg.norm(away - (away @ ray) * ray) < 1e-8


@given(views, st.floats(-50, 300), st.floats(-50, 300), st.floats(1, 3000))
def test_every_place_on_a_ray_projects_to_its_pixel(view, row, column, depth):
    place = view.source + depth * view.ray([row, column])
    assert np.allclose(view.project(place), [row, column], atol=1e-6)


@given(views)
def test_the_pivot_appears_in_the_middle_and_the_source_lies_at_its_distance(view):
    rows, columns = view.shape
    assert np.allclose(view.project(view.pivot), [(rows - 1) / 2, (columns - 1) / 2])
    assert np.isclose(np.linalg.norm(np.array(view.pivot) - view.source), view.distance)


def test_a_pixel_has_its_size_in_the_plane_of_the_pivot():
    view = View((10, 20, 30), 0, 1500, 2.0, (64, 64))
    above, left = view.project([[10, 20, 32], [8, 20, 30]])
    assert np.allclose(above, [30.5, 31.5])
    assert np.allclose(left, [31.5, 32.5])


def test_rays_head_to_anterior_at_azimuth_0_and_to_the_left_at_90():
    front, left = views_around((0, 0, 0), 4, distance=1000, pixel=1, shape=(8, 8))[:2]
    assert np.allclose(front.source, [0, -1000, 0])
    assert np.allclose(left.source, [1000, 0, 0])


def test_views_lie_evenly_around_the_pivot():
    found = views_around((1, 2, 3), 10, distance=1000, pixel=1, shape=(8, 8))
    assert np.allclose(np.diff([view.azimuth for view in found]), 36)
    assert np.allclose(np.mean([view.source for view in found], axis=0), [1, 2, 3])


def test_a_view_sees_what_lies_in_its_frame():
    view = View((0, 0, 0), 0, 1000, 1.0, (20, 10))
    points = [[0, 0, 0], [0, 0, 9.9], [0, 0, 10.1], [4.9, 0, 0], [-5.1, 0, 0]]
    assert view.sees(points).tolist() == [True, True, False, True, False]
