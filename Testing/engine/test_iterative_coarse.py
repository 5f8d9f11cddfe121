"""Coarse to fine: as the finer network alone, with a look at a box of each vertebra."""

from dataclasses import replace

import numpy as np
import pytest
from coded_spine import BlobSegmenter, ExactReader, blob_scan, in_scan, scan_of, spine_labels
from scipy import ndimage

from vertebra.methods.iterative.coarse import (
    at_places_and_between,
    places_from_afar,
    rooms,
    segment_coarse_to_fine,
    single,
)
from vertebra.methods.iterative.events import Dropped, Found, Step
from vertebra.methods.iterative.guided import Place, segment_places
from vertebra.methods.iterative.rules import Direction, Rules
from vertebra.methods.iterative.traversal import ASKEW, GLANCES, Traversal
from vertebra.methods.iterative.windows import bounds
from vertebra.runtime import Progress

RULES = Rules(patch=24, least=40, tolerance=2)


def test_a_glance_at_a_box_shows_all_of_a_vertebra_or_the_whole_patch_decides():
    labels = spine_labels((40, 44, 90), 8, np.random.default_rng(0))
    scan, _ = scan_of(labels)
    low, high = bounds(labels == 1)
    middle = [(a + b + 1) // 2 for a, b in zip(low, high)]
    sides = [b - a + 1 for a, b in zip(low, high)]
    for missing in (None, 0, 1, 2):
        events = []
        traversal = Traversal(scan, ExactReader(labels), RULES, events.append)
        width, depth, height = (
            size - 1 if axis == missing else size + 2 for axis, size in enumerate(sides)
        )
        found = traversal.glance(middle, (width, depth, height), None)
        assert found is not None
        assert np.array_equal(in_scan(found, labels.shape), labels == 1)
        sizes = [step.size for step in events]
        if missing is None:
            assert sizes == [(width, depth, height)]
        else:
            assert sizes[0] == (width, depth, height)
            assert 2 <= len(sizes) <= GLANCES + 1
            assert sizes[-1] == (24, 24, 24), "it may go on beyond the box"


@pytest.mark.parametrize(("off", "looks"), [(0, 1), (2 * ASKEW, 1), (-2 * ASKEW - 1, 2)])
def test_a_box_that_is_not_around_what_it_shows_is_moved_there(off, looks):
    labels = spine_labels((40, 44, 90), 8, np.random.default_rng(0))
    scan, _ = scan_of(labels)
    low, high = bounds(labels == 1)
    i, j, k = ((a + b + 1) // 2 for a, b in zip(low, high))
    reader = ExactReader(labels)
    wide = Traversal(scan, reader, replace(RULES, patch=32))
    found = wide.glance((i + off, j, k), (32, 24, 16), None)
    assert found is not None
    assert (reader.looks, found.steps) == (looks, looks)
    assert np.array_equal(in_scan(found, labels.shape), labels == 1)


def test_a_box_that_shows_something_else_each_time_is_given_up():
    scan, _ = scan_of(spine_labels((40, 44, 90), 8, np.random.default_rng(0)))
    looks = []

    def restless(patch, memory, point=None):
        looks.append(patch.shape)
        mask = np.zeros(patch.shape, np.float32)
        mask[1:5, 8:12, 4:12] = 1
        return mask, 1.0

    traversal = Traversal(scan, restless, RULES)
    traversal.glance((20, 22, 45), (24, 24, 16), None)
    assert looks[: GLANCES + 1] == [(24, 24, 16)] * GLANCES + [(24, 24, 24)]


def test_places_of_known_size_take_one_look_each_and_more_where_their_box_is_too_small():
    labels = spine_labels((40, 44, 90), 8, np.random.default_rng(4))
    scan, _ = scan_of(labels)
    boxes = {n: bounds(labels == n) for n in range(1, 9)}
    for extra, looks in ((2, 8), (-4, 16)):
        places = []
        for number, (low, high) in boxes.items():
            i, j, k = ((a + b + 1) // 2 for a, b in zip(low, high))
            x, y, z = (b - a + 1 + extra for a, b in zip(low, high))
            body = np.argwhere(labels == number).mean(axis=0)
            places.append(Place(number, (i, j, k), body, (x, y, z)))
        reader = ExactReader(labels)
        found = dict(segment_places(Traversal(scan, reader, RULES), places))
        assert reader.looks == looks
        for number, instance in found.items():
            assert np.array_equal(in_scan(instance, labels.shape), labels == number)


@pytest.mark.parametrize("direction", Direction)
def test_coarse_to_fine_gives_the_plain_result_with_fewer_fine_looks(direction):
    scan, truth, _ = blob_scan(count=5, repeat=2)
    plain, fine, coarse = (BlobSegmenter.at(size, direction) for size in (1.5, 1.5, 3.0))
    labels, spine = plain.segment(scan)
    told = []
    quick_labels, quick_spine = segment_coarse_to_fine(coarse, fine, scan, None, told.append)
    assert sum(isinstance(event, Found) for event in told) == 5
    assert np.array_equal(labels.voxels > 0, truth.voxels > 0)
    counted = {quick.instance: plain.instance for quick, plain in zip(quick_spine, spine)}
    assert np.array_equal(quick_labels.renumbered(counted).voxels, labels.voxels)
    assert quick_spine.levels == spine.levels
    assert np.allclose(quick_spine.centroids, spine.centroids)
    assert fine.reader.looks <= 7, "one each, and one beyond either end"
    assert plain.reader.looks > 10
    alone = BlobSegmenter.at(3.0, direction)
    alone.segment(scan)
    assert coarse.reader.looks <= alone.reader.looks


@pytest.mark.parametrize("unseen", [(1, 2), (3,), (2, 4), (5,), (1, 2, 3, 5), (1, 2, 3, 4, 5)])
def test_what_the_coarse_search_leaves_out_is_found_where_there_is_room(unseen):
    scan, truth, _ = blob_scan(count=5, repeat=2)
    fine, all_of_them = BlobSegmenter.at(1.5), BlobSegmenter.at(1.5)
    large = fine.upright(scan, Progress())
    places = places_from_afar(BlobSegmenter.at(3.0), all_of_them, large, Progress())
    by_height = sorted(places, key=lambda place: -place.point[2])
    seen = [place for number, place in enumerate(by_height, 1) if number not in unseen]
    found = list(at_places_and_between(fine.traversal(large, Progress(), None), seen))
    assert len(found) == 5
    for instance in found:
        masked = large.grid.to_world(np.argwhere(instance.mask) + instance.window.start)
        inside = truth.grid.to_index(masked)
        values = ndimage.map_coordinates(truth.voxels.astype(float), inside.T, order=0)
        assert len(np.unique(values[values > 0])) == 1


def in_line(*heights):
    """Places at heights, with these as their keys."""
    return [Place(z, (20, 20, z), np.array([20.0, 20, z])) for z in heights]


@pytest.mark.parametrize("merged", range(1, 8))
def test_a_place_between_two_vertebrae_is_no_place(merged):
    heights = [190 - 16 * n for n in range(10)]
    both = heights[merged : merged + 2]
    seen = [z for z in heights if z not in both] + [sum(both) // 2]
    kept = [place.key for place in single(in_line(*seen))]
    assert kept == [z for z in heights if z not in both]


def test_places_beside_a_gap_or_further_apart_from_neck_to_loins_are_all_kept():
    heights = np.cumsum([0, 20, 22, 17, 17, 18, 18, 20, 22, 44, 24, 25, 27, 29, 32, 34])
    for places in (in_line(*heights), in_line(*heights[:4]), in_line(3), []):
        assert single(places) == places


def test_two_vertebrae_that_were_taken_for_one_are_both_found():
    scan, *_ = blob_scan(count=8, repeat=2)
    fine = BlobSegmenter.at(1.5)
    large = fine.upright(scan, Progress())
    places = places_from_afar(BlobSegmenter.at(3.0), fine, large, Progress())
    places.sort(key=lambda place: -place.point[2])
    upper, lower = places[3:5]
    i, j, k = ((a + b) // 2 for a, b in zip(upper.start, lower.start))
    between = replace(upper, start=(i, j, k), point=(upper.point + lower.point) / 2)

    def merging(patch, memory, point=None):
        here = None if point is None else tuple(np.rint(point).astype(int))
        if here is None or max(np.subtract(here, patch.shape)) >= 0 or patch[here] > 300:
            return fine.segment_patch(patch, memory, point)
        return ((patch > 300) & ~memory).astype(np.float32), 1.0

    def sizes(places):
        traversal = Traversal(large, merging, fine.configuration.rules())
        return sorted(int(each.mask.sum()) for each in at_places_and_between(traversal, places))

    assert sizes([*places[:3], between, *places[5:]]) == sizes(places)


def test_there_is_room_beyond_the_ends_and_in_wide_gaps_alone():
    line = np.array([[20.0, 20, z] for z in (100, 90, 80, 60, 50)])
    shuffled = line[[3, 0, 4, 1, 2]]
    assert [height for _, _, height in rooms(shuffled)] == [110, 70, 40]


def test_a_room_is_looked_at_in_the_size_of_what_is_next_to_it():
    scan, _, _ = blob_scan(count=5, repeat=2)
    fine = BlobSegmenter.at(1.5)
    large = fine.upright(scan, Progress())
    places = places_from_afar(BlobSegmenter.at(3.0), fine, large, Progress())
    shapes = [(24 + 8 * n, 24, 24) for n in range(5)]
    downwards = sorted(places, key=lambda place: -place.point[2])
    sized = [replace(place, shape=shape) for place, shape in zip(downwards, shapes)]
    told = []
    traversal = fine.traversal(large, Progress(), told.append)
    assert len(list(at_places_and_between(traversal, sized))) == 5
    above, below = (step.size for step in told if isinstance(step, Step) and not step.voxels)
    assert above == (1.5 * 24, 36, 36)
    assert below == (1.5 * 56, 36, 36)


def test_what_only_the_coarse_search_takes_for_a_vertebra_is_told_without_a_number():
    scan, truth, _ = blob_scan(count=5, repeat=2)
    voxels = np.array(scan.voxels)
    voxels[2:14, 8:24, 44:56] = 1000  # a piece of rib, at their side
    told = []
    coarse, fine = BlobSegmenter.at(3.0), BlobSegmenter.at(1.5)
    labels, _ = segment_coarse_to_fine(
        coarse, fine, replace(scan, voxels=voxels), None, told.append
    )
    assert np.array_equal(labels.voxels > 0, truth.voxels > 0)
    dropped = [event for event in told if isinstance(event, Dropped)]
    assert (dropped[0].number, dropped[0].why) == (None, "off the line of the spine")
