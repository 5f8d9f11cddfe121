"""Looks from afar and from closer that disagree on places take confidence from the names."""

import numpy as np
import pytest

from vertebra.methods.multiview.doubt import USUAL, apart, belief
from vertebra.methods.multiview.geometry import views_around
from vertebra.methods.multiview.windows import Window

SPINE = np.array([[0.0, 0.0, 25.0 * place] for place in range(6)])


def window(pixel: float) -> Window:
    views = views_around((0, 0, 60), 4, distance=1000, pixel=pixel, shape=(64, 32))
    return Window(0, 120, tuple(views))


def test_the_distance_between_far_and_closer_looks_is_that_of_most_vertebrae() -> None:
    odd = SPINE + [0, 4.0, 0]
    odd[2] += [0, 15, 0]
    seen = [(window(2.5), SPINE[:4]), (window(2.5), SPINE[3:]), (window(1.6), odd)]
    assert apart(seen) == pytest.approx(4.0)


@pytest.mark.parametrize("pixels", [(2.5,), (2.5, 2.5), ()])
def test_one_kind_of_looks_has_no_distance(pixels: tuple[float, ...]) -> None:
    assert apart([(window(pixel), SPINE) for pixel in pixels]) == 0


def test_looks_that_show_nothing_have_no_distance() -> None:
    assert apart([(window(2.5), SPINE), (window(1.6), SPINE[:0])]) == 0


def test_the_views_are_believed_in_full_up_to_the_usual_distance_and_ever_less_beyond() -> None:
    assert belief(0) == belief(USUAL) == 1
    beyond = [belief(USUAL * times) for times in (1.2, 2, 4)]
    assert beyond == sorted(beyond, reverse=True)
    assert beyond[1] == pytest.approx(0.25)
