"""The outline network: where its outlines come to lie, how it learns, and models that hold it."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from coded_spine import BlobSegmenter, blob_scan
from test_iterative_learning import TINY, blob_lesson
from torch import nn

from vertebra.errors import BadFile, BadModel, VertebraError
from vertebra.methods.common.weights import card
from vertebra.methods.iterative import outline_learning
from vertebra.methods.iterative.choosing import METHOD
from vertebra.methods.iterative.inference import Segmenter
from vertebra.methods.iterative.network import MemoryNetwork
from vertebra.methods.iterative.outline import (
    SPACING,
    OutlineNetwork,
    Outliner,
    joined,
    outline_input,
    split,
    whole_blocks,
)
from vertebra.methods.iterative.outline_lessons import close_lessons, prepare
from vertebra.methods.iterative.refinement import Boundary
from vertebra.runtime import models
from vertebra.training.schedule import Schedule
from vertebra.volume import Grid, oriented, resampled

WIDTHS = (4, 8)


class Bright(nn.Module):
    """An exact outline of what was found: its bright part, without what others hold."""

    def forward(self, channels):
        scan, likely, others = channels.unbind(1)
        near = torch.nn.functional.max_pool3d(likely[:, None], 5, 1, 2)[:, 0] > 0.3
        return torch.where(near & (others < 0.5), scan * 20, torch.tensor(-9.0))


def exact(spacing=3.0):
    outliner = Outliner(Bright(), 8, torch.device("cpu"))
    return replace(BlobSegmenter.at(spacing), outliner=outliner, boundary=Boundary.LEARNED)


def dice(one, other):
    return 2 * (one & other).sum() / max(1, one.sum() + other.sum())


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("outlines")
    recipes = [(f"blobs-{seed}", lambda seed=seed: blob_lesson(seed)) for seed in range(2)]
    prepare(recipes, BlobSegmenter.at(4.0), folder)
    return folder


@pytest.mark.parametrize("codes", ["RAS", "PIL", "LPS"])
def test_outlines_come_back_on_the_grid_of_the_scan_finer_than_they_were_found(codes):
    scan, truth, points = blob_scan(count=3)
    fine = Grid.of((130, 150, 54), (0.75, 0.75, 1.9), scan.grid.origin - 1)
    scan, truth = (oriented(resampled(each, fine), codes) for each in (scan, truth))
    labels, spine = exact().segment(scan, points)
    rough, _ = replace(exact(), boundary=Boundary.PUBLISHED).segment(scan, points)
    assert labels.grid.same_as(scan.grid)
    for number, vertebra in enumerate(spine, 1):
        mine = dice(labels.voxels == vertebra.instance, truth.voxels == number)
        assert mine > 0.96
        assert mine > dice(rough.voxels == vertebra.instance, truth.voxels == number)


def test_outlines_keep_their_place_in_an_oblique_scan():
    scan, truth, points = blob_scan(count=3)
    c, s = np.cos(0.2), np.sin(0.2)
    turn = np.array([[1, 0, 0], [0, c, -s], [0, s, c]])
    grid = Grid.of((60, 70, 70), (1.6, 1.8, 1.7), scan.grid.origin + [0, 10, -12], turn)
    scan, truth = resampled(scan, grid), resampled(truth, grid)
    labels, spine = exact().segment(scan, points)
    for number, vertebra in enumerate(spine, 1):
        assert dice(labels.voxels == vertebra.instance, truth.voxels == number) > 0.93


def test_an_outline_leaves_alone_what_other_vertebrae_hold():
    scan, truth, points = blob_scan(count=3)
    drawn, spine = exact().segment(scan, points)
    middle = spine.vertebrae[1].instance
    cut = drawn.voxels.copy()
    low, high = np.nonzero(cut == middle)[0].min(), np.nonzero(cut == middle)[0].max()
    half = np.zeros(cut.shape, bool)
    half[: (low + high) // 2] = True
    cut[half & (cut == middle)] = spine.vertebrae[0].instance
    labels, _ = exact().resegment(scan, replace(drawn, voxels=cut), spine, middle)
    assert not (half & (labels.voxels == middle)).any()
    assert np.array_equal(labels.voxels[half], cut[half])
    mine = (labels.voxels == middle) & ~half
    assert dice(mine, (truth.voxels == 2) & ~half) > 0.93


def test_a_grid_grows_at_its_far_ends_to_whole_blocks():
    grid = whole_blocks(Grid.of((9, 16, 1), (1, 1, 1), (3, 4, 5)), 8)
    assert grid.shape == (16, 16, 8)
    assert grid.origin.tolist() == [3, 4, 5]


def test_what_was_found_lies_in_a_training_cube_where_the_truth_lies(folder):
    cubes = outline_learning.Cubes(folder, batch=4)
    overlaps = []
    for number in range(6):
        batch = cubes[number]
        again = cubes[number]
        assert all(torch.equal(batch[name], again[name]) for name in batch)
        assert not (batch["others"] & batch["truth"]).any()
        for likely, truth in zip(batch["likely"] > 0.5, batch["truth"]):
            if truth.sum() > 2000:
                overlaps.append(dice(likely.numpy(), truth.numpy()))
    assert len(overlaps) > 5
    assert np.median(overlaps) > 0.8


def test_training_brings_the_outline_nearer_to_the_truth_than_what_was_found(
    folder, tmp_path, monkeypatch
):
    torch.manual_seed(1)
    monkeypatch.setattr(outline_learning, "PATCH", 32)
    schedule = Schedule(iterations=100, batch=2, rate=2e-2, decay="cosine")
    outline_learning.train(folder, tmp_path / "out", schedule=schedule, widths=WIDTHS, device="cpu")
    network = outline_learning.trained_network(tmp_path / "out", WIDTHS).eval()
    cubes = outline_learning.Cubes(folder, batch=2, seed=9)
    found, drawn = [], []
    for number in range(5):
        batch = cubes[number]
        with torch.inference_mode():
            logits = network(outline_input(batch["patch"], batch["likely"], batch["others"]))
        for likely, mine, truth in zip(batch["likely"] > 0.5, logits > 0, batch["truth"]):
            if truth.any():
                found.append(dice(likely.numpy(), truth.numpy()))
                drawn.append(dice(mine.numpy(), truth.numpy()))
    assert np.mean(drawn) > np.mean(found)


def test_a_damaged_or_empty_folder_of_outlines_is_refused(folder, tmp_path):
    with pytest.raises(BadFile, match="holds no prepared scans"):
        outline_learning.Cubes(tmp_path, batch=1)
    (tmp_path / "a.safetensors").write_bytes(b"broken")
    with pytest.raises(BadFile, match="damaged; delete it"):
        outline_learning.Cubes(tmp_path, batch=1)[0]
    [file, *_] = sorted(folder.glob("*.safetensors"))
    before = file.stat().st_mtime_ns
    prepare([(file.stem, lambda: pytest.fail("it is there"))], BlobSegmenter.at(4.0), folder)
    assert file.stat().st_mtime_ns == before


def test_a_lesson_that_cannot_be_made_is_told_and_left_out(tmp_path):
    def broken():
        raise VertebraError("the file is gone.")

    told = []
    prepare([("one", broken)], BlobSegmenter.at(4.0), tmp_path, say=told.append)
    lesson = blob_lesson()
    unmarked = replace(lesson.labels, voxels=np.zeros_like(lesson.labels.voxels))
    empty = replace(lesson, labels=unmarked)
    prepare([("two", lambda: empty)], BlobSegmenter.at(4.0), tmp_path, say=told.append)
    assert told == [
        "one is left out: the file is gone.",
        "two is left out: the segmenter finds no vertebra in it.",
    ]
    assert not list(tmp_path.iterdir())


def test_synthetic_lessons_are_named_after_their_seeds():
    recipes = list(close_lessons("phantoms:48", 2))
    assert [name for name, _ in recipes] == ["phantom-0000048", "phantom-0000049"]


def test_a_model_with_an_outline_network_uses_it_and_one_without_says_so(tmp_path, monkeypatch):
    monkeypatch.setenv("VERTEBRA_MODELS", str(tmp_path))
    configuration = replace(TINY, outline=WIDTHS)
    memory, outline = MemoryNetwork(configuration), OutlineNetwork(WIDTHS)
    first = memory.state_dict()
    weights = joined(first, outline.state_dict())
    models.save(card("both", METHOD, configuration.to_dict(), "none"), weights, tmp_path)
    models.save(card("one", METHOD, TINY.to_dict(), "none"), first, tmp_path)
    models.save(
        card("less", METHOD, configuration.to_dict(), "none"), memory.state_dict(), tmp_path
    )
    both = Segmenter.load("both")
    assert both.boundary is Boundary.LEARNED
    assert both.outliner is not None
    assert Segmenter.load("one").boundary is Boundary.SHARP
    small = replace(TINY, spacing=SPACING)
    models.save(card("small", METHOD, small.to_dict(), "none"), first, tmp_path)
    assert Segmenter.load("small").boundary is Boundary.SMOOTH
    scan, _, points = blob_scan(count=1)
    with pytest.raises(VertebraError, match="no network for outlines"):
        replace(Segmenter.load("one"), boundary=Boundary.LEARNED).segment(scan, points)
    with pytest.raises(BadModel, match="do not fit its card"):
        Segmenter.load("less")


def test_another_outline_network_takes_the_place_of_that_of_a_model():
    first, second = {"down.a": torch.zeros(1)}, {"down.b": torch.ones(1)}
    weights = joined(joined(first, {"old": torch.zeros(2)}), second)
    assert weights.keys() == {"down.a", "outline.down.b"}
    assert [part.keys() for part in split(weights)] == [first.keys(), second.keys()]
