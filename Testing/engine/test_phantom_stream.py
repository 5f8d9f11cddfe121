"""The endless stream: independent of workers, resumable."""

from __future__ import annotations

import numpy as np
from torch.utils.data import DataLoader

from vertebra.phantom.stream import SpineStream


def _sums(cases) -> list[int]:
    return sorted(int(case.volume.voxels.astype(np.int64).sum()) for case in cases)


def test_the_number_of_workers_does_not_change_the_cases() -> None:
    stream = SpineStream(3, (24, 24, 24), 4.0, count=4)
    alone = _sums(stream)
    assert len(set(alone)) == 4
    assert _sums(DataLoader(stream, batch_size=None, num_workers=2)) == alone


def test_a_stream_can_be_resumed_where_it_stopped() -> None:
    whole = SpineStream(3, (16, 16, 16), 4.0, count=3)
    rest = SpineStream(3, (16, 16, 16), 4.0, first=2, count=1)
    assert np.array_equal(whole.case(2).volume.voxels, next(iter(rest)).volume.voxels)


def test_crops_have_the_size_and_spacing_asked_for() -> None:
    for spacing in (1.0, 3.0):
        case = next(iter(SpineStream(9, (20, 24, 28), spacing, region="T6")))
        assert case.volume.voxels.shape == (20, 24, 28)
        assert np.allclose(case.volume.grid.spacing, spacing)
        assert "T6" in [level.name for level in case.spine.levels]
