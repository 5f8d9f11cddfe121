"""Where the scan ends before the spine does: what shows of a vertebra whose point is outside."""

from dataclasses import replace

import numpy as np
import pytest
from coded_spine import BlobSegmenter, blob_scan

from vertebra.anatomy import LEVELS
from vertebra.methods.iterative.ends import ends_of
from vertebra.methods.iterative.rules import Direction
from vertebra.spine import Flag, Spine
from vertebra.volume import Grid, cropped, resampled


def cut_at_both_ends(named: bool):
    """A scan whose first and last vertebra are cut off; their points lie outside, or are not."""
    scan, truth, points = blob_scan()
    low, high = (0, 0, 13), (32, 36, scan.grid.shape[2] - 6)
    scan, truth = (cropped(each, low, high) for each in (scan, truth))
    inside = [scan.grid.contains(each.centroid) for each in points]
    assert inside == [False, True, True, True, True, False]
    kept = [each for each, seen in zip(points, inside) if named or seen]
    return scan, truth, Spine(tuple(kept))


@pytest.mark.parametrize("direction", Direction)
@pytest.mark.parametrize("named", [True, False])
def test_what_shows_of_a_vertebra_whose_point_is_outside_gets_a_mask(direction, named):
    scan, truth, points = cut_at_both_ends(named)
    labels, judged = BlobSegmenter.at(3.0, direction).segment(scan, points)
    assert [each.level.name for each in judged] == ["T6", "T7", "T8", "T9", "T10", "T11"]
    for number, vertebra in enumerate(judged, 1):
        assert np.array_equal(labels.voxels == vertebra.instance, truth.voxels == number)
    added = Flag.PARTIAL if named else Flag.NO_POINT
    assert [added in each.flags for each in judged] == [True, *[False] * 4, True]
    assert all(Flag.PARTIAL in judged.vertebrae[at].flags for at in (0, -1))


def test_what_is_cut_off_is_found_in_a_scan_that_lies_askew():
    scan, truth, points = blob_scan()
    angle = np.radians(10)
    turn = np.array(
        [[1, 0, 0], [0, np.cos(angle), -np.sin(angle)], [0, np.sin(angle), np.cos(angle)]]
    )
    middle = np.mean(points.centroids, axis=0)
    corner = middle - turn @ (1.5 * np.array([31, 35, 42]))
    grid = Grid.of((64, 72, 86), (1.5, 1.5, 1.5), corner, turn)
    scan, truth = resampled(scan, grid), resampled(truth, grid)
    inside = [each for each in points if grid.contains(each.centroid)]
    shown = [number for number in range(1, 7) if (truth.voxels == number).sum() * 3.375 > 2000]
    assert len(shown) == len(inside) + 2
    labels, judged = BlobSegmenter.at(3.0).segment(scan, Spine(tuple(inside)))
    assert len(judged) == len(shown)
    for number, vertebra in zip(shown, judged):
        found, true = labels.voxels == vertebra.instance, truth.voxels == number
        assert 2 * (found & true).sum() > 0.8 * (found.sum() + true.sum())
    assert [Flag.NO_POINT in each.flags for each in judged] == [True, *[False] * len(inside), True]


@pytest.mark.parametrize(
    ("names", "sought"),
    [("T7 T8 T9 T10", [True, False]), ("C1 C2 C3 C4", [False]), ("L2 L3 L4 L5", [True])],
)
def test_nothing_is_sought_beyond_the_atlas_and_the_last_lumbar_vertebra(names, sought):
    scan, _, points = cut_at_both_ends(named=False)
    renamed = [replace(each, level=LEVELS[name]) for each, name in zip(points, names.split())]
    assert [end.upper for end in ends_of(renamed, Spine(tuple(renamed)), scan, scan.grid)] == sought


def test_what_is_found_beyond_an_end_counts_only_where_the_border_cuts_it():
    scan, truth, points = blob_scan(count=3)
    last = points.vertebrae[2]
    far = replace(last, centroid=(*last.centroid[:2], -900.0))
    for top, seen in ((0, False), (12, True)):
        part, labels = (cropped(each, (0, 0, top), scan.grid.shape) for each in (scan, truth))
        found, _ = BlobSegmenter.at(3.0).segment(part, Spine((*points.vertebrae[:2], far)))
        assert (found.voxels[labels.voxels == 3] > 0).any() == seen
