"""Masks found without points that cannot be vertebrae are dropped, and those that can are kept."""

import numpy as np
import pytest
from coded_spine import BlobSegmenter, blob_scan

from vertebra.methods.iterative.coarse import segment_coarse_to_fine
from vertebra.methods.iterative.events import Drawn, Dropped
from vertebra.methods.iterative.instances import Instance
from vertebra.methods.iterative.misfits import line_of, misfits
from vertebra.methods.iterative.result import Canvas, drawn_without_points
from vertebra.methods.iterative.windows import Window
from vertebra.volume import Grid, LabelMap, Volume

UPRIGHT = Grid.of((80, 80, 250), (3, 3, 3))
BODY = (12, 10, 8)


def instance(number, place, size=BODY, complete=True):
    """A block of voxels of 3 mm whose middle is at a place in mm."""
    i, j, k = (round(middle / 3 - n / 2) for middle, n in zip(place, size))
    mask = np.ones(size, bool)
    return Instance(
        number,
        Window((i, j, k), size),
        mask,
        mask.astype(np.float32),
        float(complete),
        (i + size[0] // 2, j + size[1] // 2, k + size[2] // 2),
        True,
        2,
    )


def spine(count=6, step=33.0, bend=6.0):
    places = [(100, 100 + bend * np.sin(n), 600 - step * n) for n in range(count)]
    return [instance(n, place) for n, place in enumerate(places, 1)]


def test_a_spine_is_kept_whole_also_where_vertebrae_were_missed():
    assert misfits(spine(), UPRIGHT, UPRIGHT) == {}
    assert misfits(spine(17), UPRIGHT, UPRIGHT) == {}
    with_gaps = [each for each in spine(12) if each.number not in (3, 7, 8)]
    assert misfits(with_gaps, UPRIGHT, UPRIGHT) == {}


@pytest.mark.parametrize("count", [0, 1, 2])
def test_few_masks_are_kept(count):
    assert misfits(spine(count), UPRIGHT, UPRIGHT) == {}


@pytest.mark.parametrize("tilt", [-45, 45])
def test_a_crooked_spine_is_kept(tilt):
    angles = np.radians(np.linspace(-tilt, tilt, 10))
    steps = np.stack([np.sin(angles), 0 * angles, -np.cos(angles)], axis=1)
    places = 30 * np.cumsum(steps, axis=0) + [200, 200, 600]
    assert misfits([instance(n, place) for n, place in enumerate(places)], UPRIGHT, UPRIGHT) == {}


@pytest.mark.parametrize("aside", [(70, 0, -60), (-60, 40, -100), (55, -90, -200), (0, -110, -90)])
def test_a_rib_or_the_breastbone_is_dropped(aside):
    away = np.add((100, 100, 600), aside)
    found = [*spine(), instance(7, away, (6, 8, 7), complete=False)]
    assert misfits(found, UPRIGHT, UPRIGHT) == {7: "off the line of the spine"}


def test_the_hips_below_a_spine_are_dropped():
    found = [*spine(), instance(8, (165, 90, 390), (9, 14, 14)), instance(9, (30, 90, 385))]
    assert set(misfits(found, UPRIGHT, UPRIGHT)) == {8, 9}


def test_parts_of_the_sacrum_below_a_spine_are_dropped():
    parts = [instance(7, (100, 80, 400), (8, 8, 5)), instance(8, (100, 60, 375), (7, 7, 5))]
    why = "too small beside the vertebrae above it"
    assert misfits([*spine(), *parts], UPRIGHT, UPRIGHT) == {7: why, 8: why}
    cut = [instance(9, (100, 90, 402), (8, 8, 5), complete=False)]
    assert misfits([*spine(), *cut], UPRIGHT, UPRIGHT) == {}, "of what is cut, more may be there"
    last = [instance(10, (100, 90, 7), (8, 8, 5))]
    above = [instance(n, (100, 100, 9 + 33 * n)) for n in range(1, 7)]
    assert misfits([*above, *last], UPRIGHT, UPRIGHT) == {}, "nor is it seen where the scan ends"


def test_the_small_vertebrae_below_the_axis_are_kept():
    neck = [instance(n, (100, 100, 600 - 18 * n), (9, 10, 4)) for n in range(3, 8)]
    atlas_and_axis = [instance(1, (100, 100, 600), (9, 10, 5)), instance(2, (100, 100, 574))]
    assert misfits([*atlas_and_axis, *neck], UPRIGHT, UPRIGHT) == {}


def test_the_process_of_a_vertebra_that_the_scan_cuts_off_is_kept():
    process = instance(9, (101, 66, 604), (3, 8, 5), complete=False)
    assert misfits([*spine(), process], UPRIGHT, UPRIGHT) == {}


def test_sizes_that_no_vertebra_has_are_told():
    large = instance(7, (100, 100, 400), (30, 30, 10))
    crumb = instance(8, (100, 100, 370), (4, 4, 4))
    told = misfits([*spine(), large, crumb], UPRIGHT, UPRIGHT)
    assert told == {7: "too large for a vertebra", 8: "too small for a vertebra"}
    fragment = instance(8, (100, 100, 402), (4, 4, 4), complete=False)
    assert misfits([*spine(), fragment], UPRIGHT, UPRIGHT) == {}


def test_the_order_of_finding_does_not_matter():
    found = [*spine(), instance(7, (170, 100, 540), (6, 8, 7), complete=False)]
    shuffled = [found[place] for place in np.random.default_rng(3).permutation(len(found))]
    assert misfits(shuffled, UPRIGHT, UPRIGHT) == misfits(found, UPRIGHT, UPRIGHT) != {}


def test_the_heaviest_chain_wins():
    ribs = np.array([[0, 0, -20.0 * n] for n in range(5)])
    bones = np.array([[120, 0, -30.0 * n] for n in range(4)])
    weights = np.array([0.3] * 5 + [1.0] * 4)
    assert sorted(line_of(np.vstack([ribs, bones]), weights)) == [5, 6, 7, 8]


def scan_with_a_rib():
    """A spine of blobs, and a blob of the size of a rib far to its side."""
    scan, truth, _ = blob_scan(count=5)
    labels = np.zeros((70, *truth.grid.shape[1:]), np.uint8)
    labels[:32] = truth.voxels
    labels[55:62, 14:22, 20:27] = 9
    grid = Grid.of(labels.shape, (3, 3, 3), scan.grid.origin)
    return Volume(np.where(labels > 0, 1000, 20).astype(np.int16), grid), LabelMap(labels, grid)


def test_what_is_dropped_is_in_neither_the_masks_nor_the_spine_and_is_told():
    scan, truth = scan_with_a_rib()
    told = []
    labels, found = BlobSegmenter.at(3.0).segment(scan, on_event=told.append)
    [dropped] = [event for event in told if isinstance(event, Dropped)]
    assert dropped.why == "off the line of the spine"
    drawn = [event.number for event in told if isinstance(event, Drawn)]
    assert dropped.number in drawn
    assert np.array_equal(labels.voxels > 0, (truth.voxels > 0) & (truth.voxels < 9))
    assert len(found) == 5
    assert {each.instance for each in found} == set(drawn) - {dropped.number}


def test_the_fine_network_does_not_look_where_the_coarse_one_went_astray():
    scan, truth = scan_with_a_rib()
    fine = BlobSegmenter.at(1.5)
    labels, found = segment_coarse_to_fine(BlobSegmenter.at(3.0), fine, scan)
    assert len(found) == 5
    assert not labels.voxels[truth.voxels == 9].any()
    assert fine.reader.looks <= 7, "one each, and one beyond either end"


def test_a_chain_of_hips_below_the_spine_is_in_neither_the_masks_nor_the_spine_and_is_told():
    places = [(100, 100, 600 - 33 * n) for n in range(6)]
    hips = [(170, 95, 381), (170, 105, 353), (163, 110, 325), (180, 115, 297), (190, 110, 270)]
    found = [instance(n, place) for n, place in enumerate([*places, *hips], 1)]
    assert misfits(found, UPRIGHT, UPRIGHT) == {}
    scan = Volume(np.zeros(UPRIGHT.shape, np.int16), UPRIGHT)
    told = []
    canvas = Canvas.empty(scan, scan, lambda each, _: (each.window, each.mask), told.append)
    labels, named = drawn_without_points(canvas, found)
    dropped = [(event.number, event.why) for event in told if isinstance(event, Dropped)]
    assert dropped == [(number, "off the line of the spine") for number in range(7, 12)]
    assert [each.instance for each in named] == [1, 2, 3, 4, 5, 6]
    assert set(np.unique(labels.voxels)) == {0, 1, 2, 3, 4, 5, 6}
