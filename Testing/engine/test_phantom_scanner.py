"""The scanner: filters, noise and metal do what physics asks of them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch

from vertebra.phantom.scanner import RIM, Scanner, box, filtered, gaussian
from vertebra.phantom.streaks import metal_streaks

CPU = torch.device("cpu")


def _scanner(**changes: float) -> Scanner:
    drawn = Scanner.draw(1, (0.8, 0.8, 2.0))
    return replace(drawn, **{"thickness": 2.0, "blur": 0.6, "sharpening": 0.0, **changes})


def test_filters_keep_what_is_even() -> None:
    even = torch.full((6, 6, 6), 40.0)
    for weights in (gaussian(1.3), box(2.4), gaussian(0.1)):
        assert torch.allclose(filtered(even, 1, weights), even, atol=1e-4)


def test_a_slice_profile_averages_over_its_thickness() -> None:
    line = torch.zeros(1, 1, 9)
    line[..., 4] = 1.0
    seen = filtered(line, 2, box(3.0))[0, 0]
    assert torch.allclose(seen[3:6], torch.full((3,), 1 / 3))
    assert float(seen.sum()) == 1.0


def test_a_bone_kernel_overshoots_at_an_edge_and_a_soft_one_does_not() -> None:
    edge = torch.zeros(40, 8, 8)
    edge[20:] = 1000.0
    soft = _scanner().resolved(edge, (0.8, 0.8, 2.0))
    sharp = _scanner(blur=0.3, sharpening=1.0, edge_width=1.0).resolved(edge, (0.8, 0.8, 2.0))
    assert soft.max() <= 1000.01
    assert soft.min() >= -0.01
    assert sharp.max() > 1050
    assert sharp.min() < -50


def test_noise_has_the_promised_spread_and_is_stronger_where_rays_are_starved() -> None:
    strain = torch.ones(40, 40, 40)
    strain[..., 20:] = 3.0
    scanner = _scanner(grain=0.8, streaks=1.0)
    noise = scanner.noise_field((40, 40, 40), (0.8, 0.8, 2.0), 5, CPU, (0, 0, 0), strain)
    usual, starved = noise[..., :20], noise[..., 20:]
    assert abs(float(usual.std()) - 1) < 0.1
    assert float(starved.std()) > 1.6
    along = float((starved[1:] * starved[:-1]).mean()) / float(starved.square().mean())
    across = float((starved[:, 2:] * starved[:, :-2]).mean()) / float(starved.square().mean())
    assert along > across + 0.15  # streaks run along x


def test_a_coarser_grain_correlates_neighbours() -> None:
    strain = torch.ones(32, 32, 32)

    def neighbours(grain: float) -> float:
        scanner = _scanner(grain=grain)
        noise = scanner.noise_field((32, 32, 32), (0.8, 0.8, 2.0), 5, CPU, (0, 0, 0), strain)
        return float((noise[1:] * noise[:-1]).mean())

    assert neighbours(0.9) > 0.5 > 0.2 > neighbours(0.1)


def test_stored_values_stay_within_the_scanner_s_range() -> None:
    stored = _scanner().stored(torch.tensor([-2000.0, 12.4, 9000.0]))
    assert stored.tolist() == [-1024, 12, 3071]


def test_between_two_rods_it_is_dark_and_beside_them_less_so() -> None:
    metal = torch.zeros(60, 60, 3, dtype=torch.bool)
    metal[20:23, 27:33, 1] = True
    metal[37:40, 27:33, 1] = True
    streaks = metal_streaks(metal, 1.6, 3, CPU)
    assert streaks is not None
    assert not streaks[..., 0].any()
    assert not streaks[..., 2].any()
    between = float(streaks[26:34, 28:32, 1].mean())
    beside = float(streaks[26:34, 48:52, 1].mean())
    assert between < -100
    assert abs(beside) < 0.5 * abs(between)


def test_streaks_of_fine_and_coarse_voxels_agree_and_no_metal_gives_none() -> None:
    coarse = torch.zeros(30, 30, 1, dtype=torch.bool)
    coarse[8:10, 14:16] = coarse[20:22, 14:16] = True
    fine = coarse.repeat_interleave(2, 0).repeat_interleave(2, 1)
    one = metal_streaks(coarse, 1.6, 3, CPU)
    other = metal_streaks(fine, 0.8, 3, CPU)
    assert one is not None
    assert other is not None
    assert torch.equal(one, other[::2, ::2])
    assert metal_streaks(torch.zeros(4, 4, 4, dtype=torch.bool), 1.0, 1, CPU) is None


def test_drawn_scanners_cover_soft_and_sharp_kernels() -> None:
    drawn = [Scanner.draw(seed, (0.7, 0.7, 1.0)) for seed in range(60)]
    assert 0.1 < np.mean([scanner.sharpening > 0.45 for scanner in drawn]) < 0.5
    assert {scanner.padding for scanner in drawn} == {None, -1024, -2000, -3024}
    assert max(len(gaussian(1.6)), len(box(5.0))) // 2 <= RIM
