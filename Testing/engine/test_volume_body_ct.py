"""A CT of a body is told from everything else; small crops of spines pass."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from vertebra.errors import NotABodyCT
from vertebra.volume import (
    Grid,
    Verdict,
    Volume,
    cropped,
    oriented,
    read_volume,
    require_body_ct,
    verdict,
)


def body_ct(height: int = 40) -> Volume:
    """Air around soft tissue with fat around bone."""
    y, x = np.mgrid[:60, :60] - 29.5
    radius = np.hypot(x, y)
    flat = np.select([radius < 6, radius < 20, radius < 24], [350.0, 40.0, -100.0], -1000.0)
    noise = np.random.default_rng(1).normal(0, 15, (60, 60, height))
    return Volume((flat[..., None] + noise).astype(np.int16), Grid.of((60, 60, height), (2, 2, 3)))


def test_a_body_passes_without_a_word():
    assert verdict(body_ct()) == Verdict(True)
    require_body_ct(body_ct())


def test_a_thin_slab_passes_with_a_warning_about_counting():
    found = verdict(body_ct(5))
    assert found.is_body_ct
    assert found.warnings == (
        "The scan is only 15 mm high, so its vertebrae can hardly be counted.",
    )


def test_the_height_is_measured_along_the_body_in_any_orientation():
    assert verdict(oriented(body_ct(5), "SAR")).warnings == verdict(body_ct(5)).warnings
    assert verdict(oriented(body_ct(40), "SAR")) == Verdict(True)


def test_thick_slices_are_warned_of():
    volume = body_ct()
    thick = Volume(volume.voxels, Grid.of((60, 60, 40), (2, 2, 8)))
    assert "8.0 mm" in verdict(thick).warnings[0]


def test_a_crop_without_air_passes_with_a_warning():
    inside = cropped(body_ct(), (10, 18, 0), (50, 42, 40))
    found = verdict(inside)
    assert found.is_body_ct
    assert "no air" in found.warnings[0]


def test_an_image_of_something_else_is_refused_with_the_reason():
    with pytest.raises(NotABodyCT, match=r"^This is not a CT of a body: .*no bone.*\.$"):
        require_body_ct(Volume(body_ct().voxels.clip(-1024, 100), body_ct().grid))


@pytest.fixture(scope="module")
def real_cts(shared_data):
    """Five real CTs of four scanners, one of them a crop around L3."""
    paths = [*shared_data.glob("real/*/ct.nii.gz"), *shared_data.glob("tptbox_sample/*_ct.nii.gz")]
    assert len(paths) >= 5
    return {path: read_volume(path) for path in paths}


@pytest.mark.shared_data
def test_every_real_ct_passes(real_cts):
    for path, ct in real_cts.items():
        assert verdict(ct).is_body_ct, path.parent.name


@pytest.mark.shared_data
@pytest.mark.parametrize(
    "change",
    [
        lambda hu: hu + 1024,
        lambda hu: (hu.clip(-160, 240) + 160) * 255 / 400,
        lambda hu: (hu.clip(-1000, 1000) + 1000) / 2000,
        lambda hu: (hu - hu.mean()) / hu.std(),
        lambda hu: hu.clip(-1024, 120),
    ],
    ids=["raw", "a grey window", "0 to 1", "standardized", "soft tissue only"],
)
def test_no_real_ct_passes_after_losing_its_hounsfield_units(real_cts, change):
    for path, ct in real_cts.items():
        hu = ct.voxels[::4, ::4, ::4].astype(np.float32)
        grid = Grid.of(hu.shape, ct.grid.spacing.clip(max=2.5) * 4)
        assert not verdict(Volume(change(hu), grid)).is_body_ct, path.parent.name


def centroids(folder: Path) -> list[list[float]]:
    """Where the vertebral bodies lie, RAS mm; nothing for a case without such a table."""
    tables = folder.glob("centroids_lps_mm.csv")
    rows = [row for table in tables for row in csv.DictReader(table.read_text().splitlines())]
    return [[-float(row["x"]), -float(row["y"]), float(row["z"])] for row in rows]


@pytest.mark.shared_data
@pytest.mark.parametrize("half", [(30, 30, 20), (45, 45, 40), (80, 80, 6)])
def test_crops_around_single_vertebrae_of_real_cts_pass(real_cts, half):
    count = 0
    for path, ct in real_cts.items():
        for point in centroids(path.parent):
            reach = np.array(half) / ct.grid.spacing
            middle = ct.grid.to_index(point)
            start = np.maximum(0, np.round(middle - reach)).astype(int)
            stop = np.minimum(ct.grid.shape, np.round(middle + reach) + 1).astype(int)
            assert verdict(cropped(ct, start.tolist(), stop.tolist())).is_body_ct
            count += 1
    assert count >= 30
