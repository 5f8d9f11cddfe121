"""The vote over views, the correction as published, and windows over tall scans."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
import torch

from vertebra.anatomy import LEVELS, VERTEBRAE
from vertebra.chain import published
from vertebra.methods.multiview.configuration import CLASSES, COMPACT, PAPER
from vertebra.methods.multiview.geometry import views_around
from vertebra.methods.multiview.inference import EVEN_SUPPORT, likely
from vertebra.methods.multiview.objective import ORDERED
from vertebra.methods.multiview.vote import corrected, majority, named_alone, view_weights, voted
from vertebra.methods.multiview.windows import (
    MARGIN,
    Sighting,
    Window,
    blended,
    bone_middle,
    stretches,
    windows,
)
from vertebra.volume import Grid

TRUE = [LEVELS[f"L{n}"] for n in range(1, 6)]


def maps(*views, sure=0.7):
    """One probability map for each list of level names."""
    stack = np.full((len(views), len(views[0]), len(VERTEBRAE)), (1 - sure) / (len(VERTEBRAE) - 1))
    for k, names in enumerate(views):
        for n, name in enumerate(names):
            stack[k, n, LEVELS[name].rank] = sure
    return stack


GOOD, JUMBLED = ["L1", "L2", "L3", "L4", "L5"], ["L4", "L1", "L5", "L2", "L1"]


def test_a_view_that_follows_the_order_counts_more():
    weights = view_weights(maps(GOOD, JUMBLED))
    assert weights.sum() == pytest.approx(1)
    assert weights[0] > 2 * weights[1]


def test_the_vote_is_the_published_one_on_the_papers_levels():
    both = maps(GOOD, JUMBLED)
    ours = voted(both)[:, ORDERED]
    assert np.allclose(ours, published.voted(both[:, :, ORDERED]))


def test_the_weighted_vote_beats_the_majority_where_most_views_are_jumbled_alike():
    crowd = maps(GOOD, JUMBLED, JUMBLED)
    assert majority(crowd) != TRUE
    assert corrected(voted(crowd)) == TRUE


def test_the_correction_mends_a_wrong_row():
    one_wrong = maps(["L1", "L2", "T3", "L4", "L5"])
    assert named_alone(voted(one_wrong)) != TRUE
    assert corrected(voted(one_wrong)) == TRUE


def test_a_sacrum_does_not_count_against_the_order():
    with_sacrum = maps([*GOOD, "S1"], [*GOOD, "S1"])
    assert np.allclose(view_weights(with_sacrum), 0.5)
    assert view_weights(maps(["S1"], ["S1"])).tolist() == [0.5, 0.5]


def test_stretches_cover_the_scan_with_half_overlap():
    found = stretches(-100, 1400, 500)
    assert found[0][0] == -100
    assert found[-1][1] == pytest.approx(1400)
    assert all(high - low <= 500 + 1e-9 for low, high in found)
    for (low, high), (next_low, _) in pairwise(found):
        assert next_low == pytest.approx((low + high) / 2)


@pytest.mark.parametrize("optics", [COMPACT.optics, PAPER.optics])
def test_windows_of_a_tall_scan_see_all_of_it_and_follow_the_bone(optics):
    grid = Grid.of((20, 20, 300), (5, 5, 5), (-47.5, -47.5, -700))
    skeleton = torch.zeros(grid.shape)
    for k in range(300):
        skeleton[5 + k // 30, 10, k] = 1
    found = list(windows(skeleton, grid, optics))
    assert len(found) > 2
    assert np.all(np.diff([window.views[0].pivot[0] for window in found]) > 5)
    for window in found:
        view = window.views[0]
        assert view.shape[0] <= optics.frame[0]
        x, y, _ = view.pivot
        assert view.sees([[x, y, window.low - MARGIN / 2], [x, y, window.high + MARGIN / 2]]).all()


def crooked_patient(oblique: float) -> tuple[Grid, torch.Tensor, np.ndarray]:
    """A wide, tall scan with a scoliotic spine far off its middle and ribs that its edge cuts."""
    grid = Grid.of((120, 120, 160), (4.5, 4.5, 4.5), (-268, -268, -358))
    heights = np.arange(-340.0, 341.0, 10)
    aside = 100 + 50 * np.sin(2 * np.pi * heights / 420) + np.tan(np.radians(oblique)) * heights
    spine = np.stack([aside, np.full(len(heights), -60.0), heights], axis=1)
    around = np.linspace(0, 2 * np.pi, 240)
    ring = np.stack([140 * np.sin(around), 80 - 80 * np.cos(around), 0 * around], axis=1)
    ribs = (spine[::3, None] + ring).reshape(-1, 3)
    body = (spine[:, None] + np.random.default_rng(5000001).normal(0, 12, (60, 3))).reshape(-1, 3)
    at = np.rint(grid.to_index(np.concatenate([ribs, body]))).astype(int)
    i, j, k = at[np.all((at >= 0) & (at < grid.shape), axis=1)].T
    skeleton = torch.zeros(grid.shape)
    skeleton[i, j, k] = 1
    return grid, skeleton, spine


def share_seen(found: list[Window], spine: np.ndarray) -> float:
    """The share of points that all views of some window with their height show."""
    seen = np.zeros(len(spine), dtype=bool)
    for window in found:
        inside = (spine[:, 2] >= window.low) & (spine[:, 2] <= window.high)
        seen |= inside & np.all([view.sees(spine) for view in window.views], axis=0)
    return float(seen.mean())


@pytest.mark.parametrize("oblique", [-24, 0, 24])
def test_a_crooked_spine_far_off_the_middle_of_a_wide_scan_never_leaves_the_views(oblique):
    grid, skeleton, spine = crooked_patient(oblique)
    assert share_seen(list(windows(skeleton, grid, COMPACT.optics)), spine) == 1


def test_windows_that_did_not_follow_the_bone_would_lose_part_of_it(monkeypatch):
    grid, skeleton, spine = crooked_patient(-24)
    monkeypatch.setattr("vertebra.methods.multiview.windows.ASTRAY", np.inf)
    assert share_seen(list(windows(skeleton, grid, COMPACT.optics)), spine) < 0.95


def test_a_straight_spine_needs_no_more_windows_than_its_height():
    grid, skeleton, _ = crooked_patient(0)
    upright = torch.zeros_like(skeleton)
    upright[50:70, 40:60] = 1
    tallest = COMPACT.optics.frame[0] * COMPACT.optics.pixel - 2 * MARGIN
    found = list(windows(upright, grid, COMPACT.optics))
    assert len(found) == len(stretches(0, 720, tallest))


def test_the_middle_of_bone_lies_in_its_heights_and_without_bone_in_the_scan():
    grid = Grid.of((9, 9, 10), (2, 2, 2))
    skeleton = torch.zeros(9, 9, 10)
    skeleton[2, 7, 1] = skeleton[6, 1, 8] = 5
    assert bone_middle(skeleton, grid, 0, 6) == (4, 14)
    assert bone_middle(skeleton, grid, 12, 20) == (12, 2)
    assert bone_middle(torch.zeros(9, 9, 10), grid, 0, 20) == (8, 8)


def test_what_two_windows_show_becomes_one_weighted_towards_the_better_view():
    grid = Grid.of((4, 4, 200), (5, 5, 5))
    upper, lower = list(windows(torch.ones(grid.shape), grid, COMPACT.optics))[:2]
    height = lower.low + 0.75 * (lower.high - lower.low)
    even = np.ones(len(VERTEBRAE)) / len(VERTEBRAE)
    far = Sighting(np.array([0.0, 0, upper.high - 10]), even, 0.9)
    first, second = (Sighting(np.array([x, 0.0, height]), even, 0.9) for x in (0.0, 4.0))
    found = blended([(upper, [first, far]), (lower, [second])])
    assert len(found) == 2
    merged = min(found, key=lambda each: abs(each.position[2] - height))
    w = np.array([window.weight(np.array([height]))[0] for window in (upper, lower)])
    assert merged.position[0] == pytest.approx(4 * w[1] / w.sum())
    assert merged.probabilities.sum() == pytest.approx(1)


def seen_at(
    low: float, high: float, *places: float, pixel: float = 1, sure: float = 0.9
) -> tuple[Window, list[Sighting]]:
    """A window over some heights, and what it shows at others."""
    views = views_around((0, 0, 0), 4, distance=1e3, pixel=pixel, shape=(9, 9))
    even = np.full(CLASSES, 1 / CLASSES)
    return Window(low, high, tuple(views)), [
        Sighting(np.array([0, 0, z]), even, sure) for z in places
    ]


def test_what_all_windows_show_is_as_sure_as_they_say():
    one, other = blended([seen_at(0, 100, 30, 60), seen_at(20, 120, 30, 61)])
    assert one.existence == other.existence == pytest.approx(0.9)


def test_a_window_that_shows_nothing_where_another_does_speaks_against_it():
    found = {
        round(each.position[2]): each.existence
        for each in blended([seen_at(0, 100, 50, 80), seen_at(0, 100, 50), seen_at(60, 140, 110)])
    }
    assert found[50] == pytest.approx(0.9)
    assert found[80] < 0.5
    assert found[110] == pytest.approx(0.9), "the others do not reach so far"


def test_what_only_looks_from_afar_show_is_left_out_where_closer_ones_reach():
    far, close = seen_at(0, 200, 50, 80, 150, pixel=2.5), seen_at(0, 100, 51, pixel=1.6)
    assert sorted(round(each.position[2]) for each in blended([far, close])) == [51, 150]


def test_how_sure_a_vertebra_is_the_closer_look_says_and_where_it_is_both():
    far, close = seen_at(0, 100, 50, pixel=2), seen_at(0, 100, 56, pixel=1, sure=0.4)
    (both,) = blended([far, close])
    assert both.existence == pytest.approx(0.4)
    assert 50 < both.position[2] < 56


def named(seen: tuple[Window, list[Sighting]], name: str) -> tuple[Window, list[Sighting]]:
    """The same with another name for all that is shown."""
    window, sightings = seen
    return window, [replace(each, probabilities=one_hot(name)) for each in sightings]


def one_hot(name: str) -> np.ndarray:
    return np.eye(CLASSES)[LEVELS[name].rank]


def test_in_the_neck_closer_looks_have_a_say_in_the_name_and_below_only_those_from_afar():
    far, close = seen_at(0, 100, 50, pixel=2.5), seen_at(0, 100, 50, pixel=1.6)
    (low,) = blended([named(far, "L1"), named(close, "T12")])
    assert np.array_equal(low.probabilities, one_hot("L1"))
    (high,) = blended([named(far, "C4"), named(close, "C3")])
    assert high.probabilities[LEVELS["C3"].rank] > high.probabilities[LEVELS["C4"].rank] > 0.2


def test_what_only_closer_looks_show_has_their_name():
    (found,) = blended([seen_at(0, 100, pixel=2.5), named(seen_at(0, 100, 50, pixel=1.6), "L3")])
    assert np.array_equal(found.probabilities, one_hot("L3"))


def test_the_more_views_support_a_place_the_likelier_it_is_a_vertebra():
    said = [likely(support) for support in (0, 0.12, EVEN_SUPPORT, 0.4, 0.8)]
    assert said == sorted(said)
    assert said[0] < 0.1 < 0.9 < said[3] < 1
    assert said[2] == pytest.approx(0.5)
