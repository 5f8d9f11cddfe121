"""The traversal finds every vertebra once, in order, and always ends."""

import numpy as np
import pytest
from coded_spine import ExactReader, coded, decoded, in_scan, scan_of, spine_labels

from vertebra.errors import Cancelled, VertebraError
from vertebra.methods.iterative.events import Found, Step
from vertebra.methods.iterative.rules import Direction, Rules
from vertebra.methods.iterative.traversal import MOST_VERTEBRAE, Traversal, search_places
from vertebra.methods.iterative.windows import Window
from vertebra.runtime import Progress
from vertebra.volume import Grid, Volume

SEEDED = np.random.default_rng(7)
RULES = Rules(patch=24, least=40, tolerance=2)


def rules(direction=Direction.DOWN, **changed):
    return Rules(**{**RULES.__dict__, "direction": direction, **changed})


def traversed(labels, direction=Direction.DOWN, **changed):
    scan, _ = scan_of(labels)
    reader = ExactReader(labels, direction)
    traversal = Traversal(scan, reader, rules(direction, **changed))
    return traversal, list(traversal.run()), reader


@pytest.mark.parametrize("direction", Direction)
@pytest.mark.parametrize("seed", range(6))
def test_every_vertebra_is_segmented_exactly_once_in_order(direction, seed):
    rng = np.random.default_rng(seed)
    labels = spine_labels((40 + 7 * seed, 44, 90), 8, rng)
    traversal, instances, reader = traversed(labels, direction)
    order = range(1, 9) if direction is Direction.DOWN else range(8, 0, -1)
    assert len(instances) == 8
    for number, instance in zip(order, instances):
        assert np.array_equal(in_scan(instance, labels.shape), labels == number)
        assert instance.converged
    assert np.array_equal(traversal.memory, labels > 0)
    assert reader.looks < 80


def test_a_brief_run_finds_the_same_in_fewer_looks():
    labels = spine_labels((40, 44, 90), 8, np.random.default_rng(0))
    _, usual, looked = traversed(labels)
    scan, _ = scan_of(labels)
    reader = ExactReader(labels)
    brief = list(Traversal(scan, reader, RULES).run(brief=True))
    np.testing.assert_allclose([a.centre for a in brief], [b.centre for b in usual], atol=2)
    assert reader.looks < looked.looks


@pytest.mark.parametrize("direction", Direction)
def test_what_is_seen_from_afar_alone_does_not_hide_the_vertebrae_beyond_it(direction):
    labels = spine_labels((40, 44, 90), 8, np.random.default_rng(5))
    first = 1 if direction is Direction.DOWN else 8
    exact = ExactReader(labels, direction)

    def long_sighted(patch, memory, point):
        probabilities, complete = exact(patch, memory, point)
        seen = np.argwhere(probabilities)
        near = len(seen) and np.abs(seen.mean(axis=0) - 12).max() < 4
        if near and decoded(patch)[tuple(seen[0])] == first:
            return np.zeros_like(probabilities), 0.0
        return probabilities, complete

    scan, _ = scan_of(labels)
    traversal = Traversal(scan, long_sighted, rules(direction))
    found = list(traversal.run())
    assert len(found) == 7
    for instance in found:
        mask = in_scan(instance, labels.shape)
        [number] = np.unique(labels[mask])
        assert number != first
        assert np.array_equal(mask, labels == number)


def test_vertebrae_cut_by_the_scan_are_partial_but_remembered():
    labels = spine_labels((40, 44, 90), 8, np.random.default_rng(3))[..., 21:87]
    traversal, instances, _ = traversed(labels)
    assert [instance.complete for instance in instances] == [False, *[True] * 6, False][
        : len(instances)
    ]
    assert len(instances) == len(np.unique(labels)) - 1
    assert np.array_equal(traversal.memory, labels > 0)


def test_the_spine_is_found_anywhere_in_a_wide_scan():
    labels = np.zeros((120, 100, 90), np.uint8)
    labels[75:115, 10:54] = spine_labels((40, 44, 90), 8, np.random.default_rng(1))
    _, instances, _ = traversed(labels)
    assert len(instances) == 8


def test_the_search_goes_on_behind_a_gap_that_no_patch_bridges():
    labels = spine_labels((40, 44, 160), 16, np.random.default_rng(5))
    labels[np.isin(labels, range(5, 10))] = 0
    _, instances, _ = traversed(labels)
    assert len(instances) == 11


def test_too_small_a_fragment_is_no_vertebra():
    labels = np.zeros((30, 30, 30), np.uint8)
    labels[10:13, 10:13, 10:13] = 1
    assert traversed(labels)[1] == []
    assert len(traversed(labels, least=27)[1]) == 1


def test_noise_around_a_vertebra_does_not_move_the_patch():
    labels = spine_labels((40, 44, 30), 1, np.random.default_rng(0))
    noise = np.random.default_rng(1).random(labels.shape) < 0.002

    class Speckled(ExactReader):
        def __call__(self, patch, memory, point=None):
            probabilities, complete = super().__call__(patch, memory)
            return np.maximum(probabilities, decoded(patch) == 30), complete

    speckled = np.where((labels == 0) & noise, 30, labels).astype(np.uint8)
    scan, _ = scan_of(speckled)
    found = list(Traversal(scan, Speckled(labels), RULES).run())
    assert len(found) == 1
    assert np.array_equal(in_scan(found[0], labels.shape) & (labels > 0), labels == 1)
    assert in_scan(found[0], labels.shape).sum() < (labels == 1).sum() + 20


def test_no_vertebra_is_segmented_twice_by_a_network_that_forgets():
    labels = spine_labels((40, 44, 60), 4, np.random.default_rng(2))
    scan, _ = scan_of(labels)

    def forgetful(patch, memory, point):
        return (decoded(patch) == 1).astype(np.float32), 1.0

    found = list(Traversal(scan, forgetful, RULES).run())
    assert len(found) == 1


def test_more_vertebrae_than_anybody_has_are_refused():
    labels = spine_labels((40, 44, 9 * MOST_VERTEBRAE + 30), MOST_VERTEBRAE + 1, SEEDED)
    with pytest.raises(VertebraError, match=f"More than {MOST_VERTEBRAE} vertebrae"):
        traversed(labels)


def test_every_step_is_told_and_every_vertebra_found():
    labels = spine_labels((40, 44, 60), 4, np.random.default_rng(2))
    scan, _ = scan_of(labels)
    reader, events = ExactReader(labels), []
    list(Traversal(scan, reader, RULES, events.append).run())
    steps = [event for event in events if isinstance(event, Step)]
    found = [event for event in events if isinstance(event, Found)]
    assert len(steps) == reader.looks
    assert [event.instance.number for event in found] == [1, 2, 3, 4]
    heights = [event.centre[2] for event in found]
    assert heights == sorted(heights, reverse=True)
    assert {step.size for step in steps} == {(24.0, 24.0, 24.0)}
    assert all(step.voxels == 0 or step.voxels >= RULES.least for step in steps)


def test_progress_rises_and_a_cancel_is_obeyed():
    labels = spine_labels((40, 44, 60), 4, np.random.default_rng(2))
    scan, _ = scan_of(labels)
    seen = []
    progress = Progress(lambda fraction, _: seen.append(fraction))
    list(Traversal(scan, ExactReader(labels), RULES, None, progress).run())
    assert seen == sorted(seen)
    progress.cancel()
    with pytest.raises(Cancelled):
        list(Traversal(scan, ExactReader(labels), RULES, None, progress).run())


@pytest.mark.parametrize("shape", [(1, 1, 1), (24, 24, 24), (25, 60, 7), (100, 31, 61)])
@pytest.mark.parametrize("direction", Direction)
def test_the_search_covers_every_voxel(shape, direction):
    covered = np.zeros(shape, bool)
    places = search_places(shape, rules(direction))
    for place in places:
        covered[Window.around(place, RULES.whole).overlap(shape)[0]] = True
    assert covered.all()
    heights = [place[2] for place in places]
    assert heights == sorted(heights, reverse=direction is Direction.DOWN)
    for height in set(heights):
        level = [place[:2] for place in places if place[2] == height]
        aside = [np.linalg.norm(np.subtract(place, np.array(shape[:2]) / 2)) for place in level]
        assert aside == sorted(aside), "from the middle to the sides"


def bones(shape, rng):
    """As much of a spine as fits."""
    return coded(spine_labels(shape, 4, rng))


NASTY = {
    "empty": lambda shape, rng: np.full(shape, -1000),
    "all bone": lambda shape, rng: np.full(shape, 1500),
    "noise": lambda shape, rng: rng.normal(0, 1500, shape),
    "metal": lambda shape, rng: np.where(rng.random(shape) < 0.1, 30000, bones(shape, rng)),
    "upside down": lambda shape, rng: np.flip(bones(shape, rng), 2),
    "not a number": lambda shape, rng: np.where(rng.random(shape) < 0.5, np.nan, 700.0),
}


READERS = {
    "threshold": lambda rng: lambda patch, memory, point: ((patch > 300) & ~memory, 0.5),
    "threshold without memory": lambda rng: (
        lambda patch, memory, point: (patch > 300, float("nan"))
    ),
    "noise": lambda rng: lambda patch, memory, point: (rng.random(patch.shape), rng.random()),
    "everything": lambda rng: lambda patch, memory, point: (np.ones(patch.shape), 2.0),
}


@pytest.mark.parametrize("kind", NASTY)
def test_nasty_scans_end_with_a_clear_result_or_a_clear_refusal(kind):
    rng = np.random.default_rng(list(kind.encode()))
    for number in range(36):
        shape = tuple(int(size) for size in rng.integers(1, 40, 3))
        if number % 5 == 0:
            thin = number // 5 % 3
            shape = (*shape[:thin], 1, *shape[thin + 1 :])
        voxels = NASTY[kind](shape, rng).astype(np.float32)
        scan = Volume(voxels, Grid.of(shape, (2, 2, 2)))
        reader = list(READERS.values())[number % len(READERS)](rng)
        direction = list(Direction)[number % 2]
        small = rules(direction, patch=12, least=int(rng.integers(1, 60)))
        traversal = Traversal(scan, reader, small)
        try:
            instances = list(traversal.run())
        except VertebraError:
            assert len(traversal.instances) == MOST_VERTEBRAE
            continue
        masks = np.zeros(shape, int)
        for instance in instances:
            there, here = instance.window.overlap(shape)
            masks[there] += instance.mask[here]
            assert instance.mask.sum() >= small.least
            assert 0 <= instance.completeness <= 1
        assert masks.max(initial=0) <= 1
        assert traversal.memory[masks > 0].all()
