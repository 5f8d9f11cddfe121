"""Masks, names, completeness and flags, free, from points, and one alone."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from coded_spine import BlobSegmenter, blob_scan
from scipy import ndimage
from torch import nn

from vertebra.anatomy import LEVELS
from vertebra.errors import VertebraError
from vertebra.methods.iterative.coarse import segment_coarse_to_fine
from vertebra.methods.iterative.configuration import COMPACT
from vertebra.methods.iterative.events import Drawn, Dropped, Found, Step
from vertebra.methods.iterative.guided import segment_places
from vertebra.methods.iterative.inference import Segmenter, places_of
from vertebra.methods.iterative.instances import Instance
from vertebra.methods.iterative.network import MemoryNetwork
from vertebra.methods.iterative.refinement import Boundary
from vertebra.methods.iterative.result import Canvas, complete_only, drawn_for_points
from vertebra.methods.iterative.rules import Direction
from vertebra.methods.iterative.traversal import Traversal
from vertebra.methods.iterative.windows import Window
from vertebra.runtime import Progress
from vertebra.spine import Flag, Spine, Vertebra
from vertebra.volume import Grid, LabelMap, Volume, cropped, oriented, resampled

UNLEARNED = tuple(each for each in Boundary if each is not Boundary.LEARNED)


def dice(one, other):
    return 2 * (one & other).sum() / max(1, one.sum() + other.sum())


def least_dice(labels, truth, spine):
    return min(
        dice(labels.voxels == vertebra.instance, truth.voxels == number)
        for number, vertebra in enumerate(spine, 1)
    )


@pytest.mark.parametrize("direction", Direction)
def test_blobs_are_segmented_one_after_the_other_and_named_from_head_to_tail(direction):
    scan, truth, points = blob_scan()
    labels, spine = BlobSegmenter.at(3.0, direction).segment(scan)
    counted = {each.instance: number for number, each in enumerate(spine, 1)}
    assert np.array_equal(labels.renumbered(counted).voxels, truth.voxels)
    order = [1, 2, 3, 4, 5, 6] if direction is Direction.DOWN else [6, 5, 4, 3, 2, 1]
    assert list(counted) == order
    assert all(vertebra.completeness == 1 for vertebra in spine)
    assert all(Flag.AMBIGUOUS in vertebra.flags for vertebra in spine)
    away = np.linalg.norm(np.subtract(spine.centroids, points.centroids), axis=1)
    assert away.max() < 3
    assert spine.provenance.method == "iterative blobs"
    assert spine.provenance.weights == "abc"
    assert labels.names == {each.instance: each.level.name for each in spine}


@pytest.mark.parametrize("given", [False, True])
@pytest.mark.parametrize("direction", Direction)
def test_every_mask_is_told_as_it_is_drawn_with_the_number_it_keeps(direction, given):
    scan, _, points = blob_scan()
    if given:
        points = Spine((*points.vertebrae[:2], *points.vertebrae[3:]))
    told = []
    segmenter = BlobSegmenter.at(1.5, direction)
    labels, spine = segmenter.segment(scan, points if given else None, on_event=told.append)
    drawn = [event for event in told if isinstance(event, Drawn)]
    assert len(drawn) == 6
    for piece in drawn:
        assert piece.name == (spine.find(piece.number).level.name if given else "")
        mask = np.zeros(labels.grid.shape, bool)
        mask[tuple(slice(a, a + n) for a, n in zip(piece.start, piece.mask.shape))] = piece.mask
        assert np.array_equal(mask, labels.voxels == piece.number)
    kinds = [type(event) for event in told if not isinstance(event, Step)]
    assert kinds == [Found, Drawn] * 6


@pytest.mark.parametrize("boundary", UNLEARNED)
@pytest.mark.parametrize("codes", ["RAS", "PIL", "LPS"])
def test_masks_come_back_on_the_grid_of_the_scan(boundary, codes):
    scan, truth, points = blob_scan(count=3)
    fine = Grid.of((130, 150, 54), (0.75, 0.75, 1.9), scan.grid.origin - 1)
    scan, truth = (oriented(resampled(each, fine), codes) for each in (scan, truth))
    labels, spine = replace(BlobSegmenter.at(1.5), boundary=boundary).segment(scan, points)
    assert labels.grid.same_as(scan.grid)
    assert least_dice(labels, truth, spine) > 0.93


def test_an_oblique_scan_keeps_its_masks_in_place():
    scan, truth, points = blob_scan(count=3)
    angle = np.radians(12)
    turn = np.array(
        [[1, 0, 0], [0, np.cos(angle), -np.sin(angle)], [0, np.sin(angle), np.cos(angle)]]
    )
    grid = Grid.of((60, 70, 70), (1.6, 1.8, 1.7), scan.grid.origin + [0, 10, -12], turn)
    scan, truth = resampled(scan, grid), resampled(truth, grid)
    labels, spine = BlobSegmenter.at(1.5).segment(scan, points)
    assert least_dice(labels, truth, spine) > 0.9


def test_masks_carry_the_instances_and_levels_of_the_points():
    scan, truth, points = blob_scan()
    shuffled = Spine(tuple(replace(each, instance=40 - each.instance) for each in points))
    labels, spine = BlobSegmenter.at(3.0).segment(scan, shuffled)
    assert spine.levels == points.levels
    for number, vertebra in enumerate(spine, 1):
        assert np.array_equal(labels.voxels == vertebra.instance, truth.voxels == number)
        assert labels.names[vertebra.instance] == vertebra.level.name
        assert not vertebra.flags


def test_partial_vertebrae_are_flagged_and_left_out_of_the_published_mask():
    scan, truth, _ = blob_scan()
    top = scan.grid.shape[2] - 5
    scan, truth = (cropped(each, (0, 0, 12), (32, 36, top)) for each in (scan, truth))
    labels, spine = BlobSegmenter.at(3.0).segment(scan)
    partial = [Flag.PARTIAL in vertebra.flags for vertebra in spine]
    assert partial == [True, False, False, False, False, True]
    assert np.array_equal(labels.voxels > 0, truth.voxels > 0)
    whole = complete_only(labels, spine)
    assert set(np.unique(whole.voxels)) == {0, 2, 3, 4, 5}


class PointedReader:
    """Segments the blob around the point it is told, whatever was segmented before."""

    def __init__(self):
        self.told = []

    def __call__(self, patch, memory, point):
        self.told.append(point)
        pieces, _ = ndimage.label(patch > 500)
        at = tuple(np.rint(point).astype(int))
        return (pieces == pieces[at]).astype(np.float32) * (pieces > 0), 1.0


def test_a_reader_is_told_the_point_of_the_wanted_vertebra_in_its_patch():
    scan, truth, points = blob_scan()
    some = Spine(tuple(points.vertebrae[place] for place in (1, 2, 4)))
    segmenter = BlobSegmenter.at(3.0)
    reader = PointedReader()
    traversal = Traversal(scan, reader, segmenter.configuration.rules())
    found = dict(segment_places(traversal, places_of(some, scan, scan.grid)))
    assert len(reader.told) >= len(some)
    for vertebra, number in zip(some, (2, 3, 5)):
        instance = found[vertebra.instance]
        there, here = instance.window.overlap(truth.grid.shape)
        assert np.array_equal(truth.voxels[there] == number, instance.mask[here])


def test_points_and_masks_that_disagree_are_flagged():
    scan, truth, points = blob_scan()
    bottom = points.vertebrae[-1]
    lost = replace(bottom, instance=9, level=LEVELS["L6"], centroid=(28.0, 70.0, 6.0))
    spine = Spine((*points.vertebrae[:3], *points.vertebrae[4:], lost))
    labels, judged = BlobSegmenter.at(3.0).segment(scan, spine)
    assert judged.find(9).flags == {Flag.NO_MASK}
    extra = [each for each in judged if Flag.NO_POINT in each.flags]
    assert len(extra) == 1
    assert extra[0].level is points.levels[3]
    assert np.array_equal(labels.voxels == extra[0].instance, truth.voxels == 4)
    assert np.linalg.norm(np.subtract(extra[0].centroid, points.centroids[3])) < 3


def test_a_point_outside_the_scan_has_no_mask():
    scan, _, points = blob_scan(count=2)
    away = Vertebra(7, LEVELS["L5"], (0.0, 0.0, -900.0))
    _, judged = BlobSegmenter.at(3.0).segment(scan, Spine((*points.vertebrae, away)))
    assert judged.find(7).flags == {Flag.NO_MASK}


def test_a_rib_that_is_found_beside_the_points_is_dropped_and_costs_no_vertebra():
    scan, truth, points = blob_scan(count=5)
    segmenter, told = BlobSegmenter.at(3.0), []
    places = places_of(points, scan, scan.grid)
    small, traversal = segmenter.begin(scan, Progress(), None)
    instances = list(segment_places(traversal, places))
    window = Window((0, 4, 22), (6, 8, 6))
    rib = np.ones(window.shape, bool)
    stray = Instance(9, window, rib, rib.astype(np.float32), 0.2, (3, 8, 25), True, 1)
    drawing = segmenter.drawing(scan, small)
    canvas = Canvas.empty(scan, small, drawing, told.append, highest=5)
    _, judged = drawn_for_points(canvas, points, [*instances[:2], (None, stray), *instances[2:]])
    assert judged.levels == points.levels
    assert np.array_equal(canvas.voxels > 0, truth.voxels > 0)
    assert [event.why for event in told if isinstance(event, Dropped)] == [
        "off the line of the spine"
    ]


def test_what_hangs_down_of_a_vertebra_above_the_scan_is_not_taken_for_one_below():
    scan, _, points = blob_scan(count=5)
    segmenter = BlobSegmenter.at(3.0)
    small, traversal = segmenter.begin(scan, Progress(), None)
    instances = list(segment_places(traversal, places_of(points, scan, scan.grid)))
    i, _, k = np.rint(small.grid.to_index(points.centroids[0])).astype(int).tolist()
    window = Window((i - 4, 0, k - 3), (8, 6, 12))
    hanging = np.zeros(window.shape, bool)
    hanging[2:6, :6, :3] = True  # the tip, thick as no other part of it, below the first point
    hanging[:, 2:4, 3:] = True
    for complete, level in ((0.1, points.levels[0].previous()), (0.9, points.levels[1])):
        shown = Instance(
            9, window, hanging, hanging.astype(np.float32), complete, (i, 3, k), True, 1
        )
        canvas = Canvas.empty(scan, small, segmenter.drawing(scan, small), None, highest=5)
        _, judged = drawn_for_points(canvas, points, [*instances, (None, shown)])
        [extra] = [each for each in judged if Flag.NO_POINT in each.flags]
        assert extra.level is level


@pytest.mark.parametrize("direction", Direction)
@pytest.mark.parametrize("place", [0, 2, 5])
def test_one_vertebra_is_segmented_without_touching_the_others(direction, place):
    scan, truth, points = blob_scan()
    wanted = points.vertebrae[place]
    edited = truth.voxels.copy()
    edited[truth.voxels == wanted.instance] = 0
    edited[10:14, 10:14, 0:2] = 77
    segmenter = BlobSegmenter.at(3.0, direction)
    labels, spine = segmenter.resegment(scan, LabelMap(edited, truth.grid), points, wanted)
    changed = labels.voxels != edited
    assert (labels.voxels[changed] == wanted.instance).all()
    assert np.array_equal(labels.voxels == wanted.instance, truth.voxels == wanted.instance)
    assert spine.find(wanted).completeness == 1
    assert segmenter.reader.looks <= 4


def test_the_first_segmented_vertebra_may_be_one_in_the_middle():
    scan, truth, points = blob_scan()
    nothing = LabelMap(np.zeros(truth.grid.shape, np.uint8), truth.grid)
    labels, _ = BlobSegmenter.at(3.0).resegment(scan, nothing, points, points.levels[3])
    assert np.array_equal(labels.voxels > 0, truth.voxels == 4)


def test_a_corrected_neighbour_keeps_its_voxels():
    scan, truth, points = blob_scan(count=3)
    edited = truth.voxels.copy()
    taken = (truth.voxels == 2) & (np.indices(truth.grid.shape)[0] < 14)
    edited[taken] = 1
    labels, _ = BlobSegmenter.at(3.0).resegment(scan, LabelMap(edited, truth.grid), points, 2)
    assert np.array_equal(labels.voxels == 1, edited == 1)
    assert np.array_equal(labels.voxels == 2, (truth.voxels == 2) & ~taken)


def test_a_point_in_soft_tissue_is_refused_and_changes_nothing():
    scan, truth, points = blob_scan(count=3)
    empty = Volume(np.full(scan.grid.shape, 20, np.int16), scan.grid)
    segmenter = BlobSegmenter.at(3.0)
    with pytest.raises(VertebraError, match="move the point into the vertebral body"):
        segmenter.resegment(empty, truth, points, 2)
    outside = points.moved(2, (0, 0, 5000))
    with pytest.raises(VertebraError, match="outside the scan"):
        segmenter.resegment(scan, truth, outside, 2)
    with pytest.raises(VertebraError, match="is locked"):
        segmenter.resegment(scan, truth, points.locked(2), 2)


@pytest.mark.parametrize("boundary", UNLEARNED)
def test_a_network_that_knows_nothing_ends_on_nasty_scans(boundary):
    tiny = replace(COMPACT, patch=8, widths=(2, 2), spacing=12.0)
    rng = np.random.default_rng(5)
    found = 0
    for number in range(16):
        torch.manual_seed(number)
        network = MemoryNetwork(tiny)
        nn.init.normal_(network.segmentation.weight, std=10)
        nn.init.zeros_(network.segmentation.bias)
        segmenter = replace(Segmenter.of(network, tiny), boundary=boundary)
        shape = tuple(int(size) for size in rng.integers(1, 24, 3))
        shape = (*shape[:2], 1) if number % 4 == 0 else shape
        voxels = rng.choice([-1000, 40, 300, 1500, 30000], shape).astype(np.float32)
        grid = Grid.of(shape, rng.uniform(1, 9, 3), directions=np.diag([1, 1, (-1) ** number]))
        scan = Volume(voxels, grid)
        points = [None, Spine.of({"L1": grid.to_world(np.array(shape) / 2).tolist()})][number % 2]
        try:
            labels, spine = segmenter.segment(scan, points)
        except VertebraError as error:
            assert "vertebrae were found" in str(error)  # noqa: PT017
            continue
        drawn = set(np.unique(labels.voxels).tolist()) - {0}
        masked = {each.instance for each in spine if Flag.NO_MASK not in each.flags}
        assert drawn == masked
        found += len(drawn)
    assert found > 0


def test_air_has_no_vertebrae():
    air = Volume(np.full((20, 20, 20), -1000, np.int16), Grid.of((20, 20, 20), (2, 2, 2)))
    for labels, spine in (
        BlobSegmenter.at(3.0).segment(air),
        segment_coarse_to_fine(BlobSegmenter.at(3.0), BlobSegmenter.at(1.5), air),
    ):
        assert not len(spine)
        assert not labels.voxels.any()
