"""Phantoms are made on one device from the first tensor to the last."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from vertebra.phantom.random import white
from vertebra.phantom.scan import make_case

WISHES = {"region": "C5", "spacing": 4.0, "shape": (28, 28, 24)}


def test_no_tensor_lands_on_the_default_device_by_oversight() -> None:
    plain = make_case(3, device="cpu", **WISHES)
    with torch.device("meta"):  # tensors made without naming a device would hold no numbers
        named = make_case(3, device="cpu", **WISHES)
    assert np.array_equal(plain.volume.voxels, named.volume.voxels)
    assert np.array_equal(plain.labels.voxels, named.labels.voxels)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_a_gpu_makes_the_same_phantom_but_for_rounding() -> None:
    noise = [white((9, 8, 7), 3, torch.device(name)).cpu() for name in ("cpu", "cuda")]
    assert torch.equal(*noise)
    for wishes in (WISHES, {"region": "spine", "spacing": 3.0}):
        cpu, gpu = (make_case(5, device=name, **wishes) for name in ("cpu", "cuda"))
        difference = np.abs(cpu.volume.voxels.astype(int) - gpu.volume.voxels)
        assert np.percentile(difference, 99.9) <= 2
        assert (cpu.labels.voxels != gpu.labels.voxels).mean() < 1e-4
        assert cpu.spine.levels == gpu.spine.levels
