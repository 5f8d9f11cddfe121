"""Training data: examples from phantoms and VerSe folders, and random changes of images."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from blocks import block_example

from vertebra.errors import VertebraError
from vertebra.exchange import verse
from vertebra.training.augmentation import covered, moved, recoloured
from vertebra.training.examples import recipes
from vertebra.volume import write_volume


def test_a_verse_style_folder_gives_its_scans_with_their_spines(tmp_path):
    example = block_example(1)
    for part in ("rawdata", "derivatives"):
        (tmp_path / part / "sub-x1").mkdir(parents=True)
    write_volume(example.volume, tmp_path / "rawdata/sub-x1/sub-x1_ct.nii.gz")
    write_volume(example.volume, tmp_path / "rawdata/sub-x1/sub-x2_ct.nii.gz")
    target = tmp_path / "derivatives/sub-x1/sub-x1_seg-subreg_ctd.json"
    verse.write(target, example.spine, example.volume.grid)
    ((name, make),) = recipes(str(tmp_path), count=9, spacing=2.5)
    found = make()
    assert name == found.name == "sub-x1"
    assert found.spine.levels == example.spine.levels
    assert np.allclose(found.spine.centroids, example.spine.centroids, atol=0.1)
    assert (found.volume.voxels == example.volume.voxels).all()


def test_a_scan_with_voxels_that_hold_no_number_is_no_example(tmp_path):
    example = block_example(1)
    voxels = example.volume.voxels.astype(np.float32)
    voxels[:2] = np.nan
    ct, points = tmp_path / "rawdata/sub-x_ct.nii.gz", tmp_path / "derivatives/sub-x_ctd.json"
    write_volume(replace(example.volume, voxels=voxels), ct)
    points.parent.mkdir()
    verse.write(points, example.spine, example.volume.grid)
    ((_, make),) = recipes(str(tmp_path), count=9, spacing=2.5)
    with pytest.raises(VertebraError, match="of its voxels hold no number"):
        make()


def test_a_folder_without_centroids_is_refused(tmp_path):
    (tmp_path / "rawdata" / "sub-x1").mkdir(parents=True)
    write_volume(block_example(1).volume, tmp_path / "rawdata/sub-x1/sub-x1_ct.nii.gz")
    with pytest.raises(VertebraError, match="centroids"):
        list(recipes(str(tmp_path), 1, 2.5))


def test_phantoms_are_named_by_their_seeds():
    assert [name for name, _ in recipes("phantoms:7", 2, 2.5)] == [
        "phantom-0000007",
        "phantom-0000008",
    ]
    with pytest.raises(VertebraError, match="phantoms:SEED"):
        list(recipes("phantoms:x", 1, 2.5))


def test_a_phantom_is_an_example():
    ((_, make),) = recipes("phantoms:2", 1, 6.0)
    example = make()
    assert example.name == "phantom-0000002"
    assert len(example.spine) > 1


def test_points_move_with_the_image():
    random = torch.Generator().manual_seed(3)
    rows, columns = torch.meshgrid(torch.arange(96), torch.arange(64), indexing="ij")
    points = torch.tensor([[[30.0, 20.0], [60.0, 40.0], [48.0, 33.0]]]).expand(12, -1, -1)
    bells = [
        torch.exp(-((rows - r) ** 2 + (columns - c) ** 2) / 18.0) for r, c in points[0].tolist()
    ]
    images = torch.stack(bells)[None].expand(12, -1, -1, -1)
    changed, places = moved(images, points, random)
    assert not torch.allclose(places, points, atol=2)
    for image, expected in zip(changed.flatten(0, 1), places.flatten(0, 1)):
        found = torch.stack([(image * rows).sum(), (image * columns).sum()]) / image.sum()
        if (expected > 12).all() and (expected < torch.tensor([84, 52])).all():
            assert torch.allclose(found, expected, atol=0.6)


def test_half_of_the_images_are_mirrored():
    random = torch.Generator().manual_seed(0)
    points = torch.tensor([[[0.0, 10.0], [0.0, 20.0]]]).expand(200, -1, -1)
    _, places = moved(torch.zeros(200, 1, 32, 32), points, random, turn=0, scale=0, shift=0)
    mirrored = (places[:, 1, 1] < places[:, 0, 1]).float().mean()
    assert 0.35 < mirrored < 0.65
    assert set(places[:, 0, 1].round().int().tolist()) == {10, 21}


def test_what_comes_into_view_has_the_outside_value():
    random = torch.Generator().manual_seed(0)
    outside = torch.tensor([-1.0])
    changed, _ = moved(
        torch.full((4, 1, 32, 32), -1.0), torch.zeros(4, 1, 2), random, outside=outside
    )
    assert torch.allclose(changed, torch.tensor(-1.0))


def test_colours_noise_and_bars_change_with_the_numbers_drawn_only():
    images = torch.rand(16, 2, 32, 32)

    def change(seed):
        random = torch.Generator().manual_seed(seed)
        return covered(recoloured(images, random), random)

    assert torch.equal(change(1), change(1))
    assert not torch.equal(change(1), change(2))
    assert torch.isfinite(change(1)).all()


def test_some_images_show_a_bar():
    changed = covered(torch.zeros(64, 1, 32, 32), torch.Generator().manual_seed(0))
    share = changed.flatten(1).amax(dim=1).mean()
    assert 0.1 < share < 0.45
