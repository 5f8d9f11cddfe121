"""Random fields: the same everywhere, and with the statistics they promise."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from vertebra.phantom import random as fields

CPU = torch.device("cpu")


def test_white_noise_has_mean_0_and_spread_1_and_no_neighbourly_ties() -> None:
    noise = fields.white((64, 64, 64), 3, CPU).numpy()
    assert abs(noise.mean()) < 0.01
    assert abs(noise.std() - 1) < 0.01
    for axis in range(3):
        one = np.moveaxis(noise, axis, 0)
        assert abs(np.corrcoef(one[1:].ravel(), one[:-1].ravel())[0, 1]) < 0.01


def test_the_spectrum_of_white_noise_is_flat() -> None:
    noise = fields.white((64, 64, 64), 4, CPU).numpy()
    power = np.abs(np.fft.fftn(noise)) ** 2 / noise.size
    radius = np.sqrt(sum(np.fft.fftfreq(64)[index] ** 2 for index in np.indices(noise.shape)))
    rings = [power[(radius > low) & (radius < low + 0.1)].mean() for low in (0.05, 0.2, 0.4, 0.6)]
    assert np.allclose(rings, 1, atol=0.05)


@pytest.mark.parametrize(
    "make", [fields.white, lambda s, n, d, start: fields.smooth(s, (1, 1, 1), 5.0, n, d, start)]
)
def test_a_slab_of_a_field_equals_the_same_part_of_the_whole(make) -> None:
    whole = make((9, 8, 20), 5, CPU, (0, 0, -4))
    part = make((9, 8, 6), 5, CPU, (0, 0, 3))
    assert torch.equal(whole[..., 7:13], part)


def test_other_devices_compute_the_same_words_as_numpy() -> None:
    words = np.arange(0, 2**32, 99_991, dtype=np.uint64).astype(np.uint32)
    on_device = fields._mixed(torch.from_numpy(words.astype(np.int64)))
    assert np.array_equal(fields._mixed_words(words), on_device.numpy().astype(np.uint32))


def test_smooth_noise_keeps_its_spread_and_varies_over_its_scale() -> None:
    fine = fields.smooth((48, 48, 48), (1, 1, 1), 3.0, 6, CPU).numpy()
    wide = fields.smooth((48, 48, 48), (1, 1, 1), (12.0, 3.0, 3.0), 6, CPU).numpy()
    assert abs(fine.std() - 1) < 0.1
    steps = [np.abs(np.diff(wide, axis=axis)).mean() for axis in range(3)]
    assert steps[0] < 0.4 * steps[1]
    assert abs(steps[1] / steps[2] - 1) < 0.2


def test_noise_finer_than_the_voxels_is_white() -> None:
    assert torch.equal(
        fields.smooth((5, 5, 5), (3, 3, 3), 1.0, 8, CPU), fields.white((5, 5, 5), 8, CPU)
    )


def test_named_parts_of_a_seed_are_independent() -> None:
    seeds = {fields.child_seed(seed, name) for seed in range(50) for name in ("a", "b", "c")}
    assert len(seeds) == 150
    assert fields.generator(1, "a").random() != fields.generator(1, "b").random()
