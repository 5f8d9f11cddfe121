"""Training batches that are cut down to boxes, and patches beyond the last vertebra."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from coded_spine import blob_scan
from hypothesis import given
from hypothesis import strategies as some
from scipy import ndimage

from vertebra.methods.iterative import boxes as boxing
from vertebra.methods.iterative import patches as drawing
from vertebra.methods.iterative.boxes import boxed
from vertebra.methods.iterative.configuration import COMPACT, FINE
from vertebra.methods.iterative.lessons import Lesson
from vertebra.methods.iterative.patches import Patches, prepare
from vertebra.methods.iterative.pointers import misleading_point

SIDE = 48
TINY = replace(COMPACT, name="tiny", patch=16, spacing=6.0, widths=(8, 8, 8))


def patch(low=(0, 0, 0), high=(0, 0, 0)):
    """A patch of `COMPACT` in which every voxel has a number of its own, and a box is wanted."""
    voxels = torch.arange(SIDE**3, dtype=torch.float32).reshape(SIDE, SIDE, SIDE)
    truth = torch.zeros(SIDE, SIDE, SIDE, dtype=torch.bool)
    truth[tuple(slice(a, b) for a, b in zip(low, high))] = True
    return {"patch": voxels, "truth": truth, "complete": torch.tensor(True)}


corners = some.tuples(*[some.integers(2, 30)] * 3)
sizes = some.tuples(*[some.integers(3, 16)] * 3)


@given(corners, sizes, corners, sizes, some.integers(0, 99))
def test_patches_of_a_batch_become_boxes_of_one_shape_around_what_they_want(a, b, c, d, seed):
    drawn = [patch(a, np.add(a, b)), patch(c, np.add(c, d))]
    wanted = [int(each["truth"].sum()) for each in drawn]
    boxed(drawn, COMPACT, np.random.default_rng(seed))
    [shape] = {each["patch"].shape for each in drawn}
    assert all(side % COMPACT.divisor == 0 and side <= SIDE for side in shape)
    needed = np.maximum(b, d) * COMPACT.spacing + 2 * boxing.AROUND[0]
    assert (np.array(shape) >= np.minimum(needed / COMPACT.spacing, SIDE)).all()
    for each, voxels in zip(drawn, wanted):
        assert each["truth"].shape == shape
        assert each["truth"].sum() >= 0.5 * voxels
        first = int(each["patch"].flatten()[0])
        assert each["patch"][-1, -1, -1] == first + np.dot(
            np.subtract(shape, 1), (SIDE**2, SIDE, 1)
        )
        assert each["complete"]


def test_a_patch_that_wants_nothing_gets_the_box_of_the_others_about_its_middle():
    drawn = [patch((20, 20, 20), (28, 26, 24)), patch()]
    boxed(drawn, COMPACT, np.random.default_rng(1))
    assert drawn[1]["patch"].shape == drawn[0]["patch"].shape < (SIDE,) * 3
    middle = int(drawn[1]["patch"][tuple(side // 2 for side in drawn[1]["patch"].shape)])
    assert np.abs(np.array(np.unravel_index(middle, (SIDE,) * 3)) - SIDE / 2).max() < 8
    nothing = [patch(), patch()]
    boxed(nothing, COMPACT, np.random.default_rng(1))
    assert all(each["patch"].shape == (SIDE,) * 3 for each in nothing)


@pytest.mark.parametrize(("side", "voxels"), [(1.0, 16), (64.0, 64), (65.0, 80), (500.0, 96)])
def test_the_side_of_a_box_is_one_that_the_network_reads(side, voxels):
    assert FINE.box_side(side) == voxels


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("prepared")
    scan, truth, spine = blob_scan(count=4, seed=0)
    labels = truth.renumbered({number: each.level.verse for number, each in enumerate(spine, 1)})
    lesson = Lesson("blobs", scan, labels, frozenset(each.level.verse for each in spine))
    prepare([("blobs", lambda: lesson)], TINY, folder)
    return folder


def test_half_of_the_batches_are_boxes_if_the_network_is_shown_points(folder):
    def shapes(configuration):
        patches = Patches(folder, configuration)
        return [tuple(patches[number]["patch"].shape[1:]) for number in range(60)]

    assert set(shapes(replace(TINY, pointed=False))) == {(16, 16, 16)}
    smaller = [shape != (16, 16, 16) for shape in shapes(TINY)]
    assert 0.25 < np.mean(smaller) < 0.75


@pytest.mark.parametrize("direction", ["down", "up"])
def test_beyond_the_last_vertebra_all_are_done_and_nothing_is_wanted(
    folder, direction, monkeypatch
):
    monkeypatch.setattr(drawing, "FORCED", 1.0)
    monkeypatch.setattr(drawing, "BEYOND", 1.0)
    monkeypatch.setattr(drawing, "BOXED", 0.0)
    monkeypatch.setattr(drawing, "ROOM", 0.0)
    patches = Patches(folder, replace(TINY, direction=direction))
    batches = [patches[number] for number in range(20)]
    assert not any(batch["truth"].any() or batch["complete"].any() for batch in batches)
    memory = torch.stack([batch["memory"].float().sum(dim=(0, 1, 2)) for batch in batches])
    below, above = memory[:, :8].sum(), memory[:, 8:].sum()
    done, left = (above, below) if direction == "down" else (below, above)
    assert done > 4 * left


def test_a_misleading_point_lies_in_bone_that_is_no_vertebra():
    labels = np.zeros((40, 40, 40), np.uint8)
    labels[5:35, 5:35, 20:30] = 3
    sacrum = np.zeros(labels.shape, np.bool_)
    sacrum[8:32, 12:28, 4:17] = True
    voxels = np.where((labels > 0) | sacrum, 400, 40).astype(np.float32)
    rng = np.random.default_rng(0)
    places = np.array([misleading_point(voxels, labels, 2.0, rng) for _ in range(200)], int)
    assert (labels[tuple(places.T)] == 0).all()
    assert sacrum[tuple(places.T)].mean() > 0.75
    assert ndimage.distance_transform_edt(~sacrum)[tuple(places.T)].max() <= 2
    assert np.ptp(places, axis=0).min() >= 6
    assert misleading_point(np.where(labels > 0, voxels, 40), labels, 2.0, rng) is None


def test_beyond_the_last_vertebra_a_network_that_is_shown_points_is_misled(folder, monkeypatch):
    monkeypatch.setattr(drawing, "FORCED", 1.0)
    monkeypatch.setattr(drawing, "BEYOND", 1.0)
    monkeypatch.setattr(drawing, "ROOM", 0.0)
    monkeypatch.setattr(drawing, "misleading_point", lambda *_: np.array([8.0, 8.0, 4.0]))
    batches = [Patches(folder, TINY)[number] for number in range(30)]
    assert not any(batch["truth"].any() for batch in batches)
    told = np.mean([float(batch["pointer"].flatten(1).any(1).float().mean()) for batch in batches])
    assert abs(told - drawing.POINTED) < 0.2


@pytest.mark.parametrize("direction", ["down", "up"])
def test_half_of_the_patches_beyond_the_last_vertebra_lie_anywhere_beyond(
    folder, direction, monkeypatch
):
    monkeypatch.setattr(drawing, "FORCED", 1.0)
    monkeypatch.setattr(drawing, "BEYOND", 1.0)
    patches, rng = Patches(folder, replace(TINY, direction=direction)), np.random.default_rng(2)
    boxes = np.array([[[20, 20, z - 3], [30, 30, z + 3]] for z in (60, 50, 40)])
    places = [patches._place((60, 80, 100), boxes, np.arange(3), rng) for _ in range(400)]
    assert {number for number, _ in places} == {drawing.NONE_LEFT}
    middles = np.array([middle for _, middle in places])
    heights = middles[:, 2] if direction == "down" else 100 - middles[:, 2]
    assert heights.max() <= 40 + 3 * drawing.OFF_BEYOND / 6.0
    near = np.linalg.norm(middles - [25, 25, 30 if direction == "down" else 70], axis=1) < 8
    assert 0.4 < near.mean() < 0.65
    assert np.ptp(middles[~near], axis=0).min() >= 38


def test_where_the_scan_ends_with_its_last_vertebra_no_patch_lies_beyond(folder, monkeypatch):
    monkeypatch.setattr(drawing, "FORCED", 1.0)
    monkeypatch.setattr(drawing, "BEYOND", 1.0)
    monkeypatch.setattr(drawing, "ROOM", 1000.0)
    patches = Patches(folder, TINY)
    assert any(patches[number]["truth"].any() for number in range(5))
