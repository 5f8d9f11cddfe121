"""Single masks read from and written to segments, on grids of all kinds."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from SpineLabelLib.scene import (
    Mask,
    createSegmentationNode,
    geometryFromNode,
    labelMapFromNode,
    masksFromNode,
    writeMask,
)

from vertebra.errors import BadEdit
from vertebra.volume import Grid


def ball(start: tuple[int, int, int], size: int = 5) -> Mask:
    """A mask that looks different from every side."""
    i, j, k = np.indices((size, size + 1, size + 2))
    return Mask(start, (i + 2 * j + 3 * k) % 5 != 0)


@pytest.fixture
def scan(add_scan: Callable[..., Any]) -> Any:
    return add_scan(shape=(20, 22, 24))


@pytest.fixture
def node(scan: Any) -> Any:
    node = createSegmentationNode(scan)
    for number, start in (("vertebra-1", (2, 3, 1)), ("vertebra-2", (8, 9, 12))):
        node.GetSegmentation().AddEmptySegment(number, number.replace("vertebra-", "L"))
        writeMask(ball(start), node, number, scan)
    return node


def test_masks_come_back_voxel_for_voxel_and_share_a_layer(node: Any, scan: Any) -> None:
    masks = masksFromNode(node, ["vertebra-1", "vertebra-2"], scan)
    assert masks["vertebra-1"].same_as(ball((2, 3, 1)))
    assert masks["vertebra-2"].same_as(ball((8, 9, 12)))
    assert node.GetSegmentation().GetNumberOfLayers("Binary labelmap") == 1
    whole = labelMapFromNode(node, scan).voxels
    for number, mask in ((1, ball((2, 3, 1))), (2, ball((8, 9, 12)))):
        np.testing.assert_array_equal(whole[mask.box] == number, mask.voxels)


def test_a_mask_that_is_written_again_leaves_the_others_as_they_are(node: Any, scan: Any) -> None:
    writeMask(ball((1, 1, 1), 3), node, "vertebra-1", scan)
    masks = masksFromNode(node, ["vertebra-1", "vertebra-2"], scan)
    assert masks["vertebra-1"].same_as(ball((1, 1, 1), 3))
    assert masks["vertebra-2"].same_as(ball((8, 9, 12)))


def test_an_empty_segment_has_no_mask(node: Any, scan: Any) -> None:
    node.GetSegmentation().AddEmptySegment("new", "L3")
    assert set(masksFromNode(node, ["vertebra-1", "new"], scan)) == {"vertebra-1"}


def test_a_saved_segmentation_that_slicer_cropped_is_read_in_the_same_place(
    node: Any, scan: Any, slicer: Any, tmp_path: Path
) -> None:
    assert slicer.util.saveNode(node, str(tmp_path / "masks.seg.nrrd"))
    loaded = slicer.util.loadSegmentation(str(tmp_path / "masks.seg.nrrd"))
    masks = masksFromNode(loaded, ["vertebra-1", "vertebra-2"], scan)
    assert masks["vertebra-2"].same_as(ball((8, 9, 12)))


def test_masks_on_another_grid_are_put_on_the_scans(slicer: Any) -> None:
    coarse = slicer.util.addVolumeFromArray(
        np.zeros((20, 20, 20), np.int16), np.diag([4.0, 4, 4, 1]), "coarse"
    )
    fine = slicer.util.addVolumeFromArray(
        np.zeros((40, 40, 40), np.int16), np.diag([2.0, 2, 2, 1]), "fine"
    )
    node = createSegmentationNode(coarse)
    node.GetSegmentation().AddEmptySegment("vertebra-1", "L1")
    writeMask(Mask((4, 5, 6), np.ones((5, 5, 5), bool)), node, "vertebra-1", coarse)
    mask = masksFromNode(node, ["vertebra-1"], fine)["vertebra-1"]
    assert mask.voxels.all()
    np.testing.assert_allclose(np.array(mask.voxels.shape) * 2, 20, atol=2)
    centre = geometryFromNode(fine).to_world(np.add(mask.start, np.array(mask.voxels.shape) / 2))
    np.testing.assert_allclose(centre, (24, 28, 32), atol=2.1)


def test_scan_and_segmentation_may_stand_under_transforms(
    node: Any, scan: Any, slicer: Any
) -> None:
    for each, shift in ((scan, (30, 0, 0)), (node, (30, 0, 0))):
        transform = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLinearTransformNode")
        matrix = np.eye(4)
        matrix[:3, 3] = shift
        transform.SetMatrixTransformToParent(slicer.util.vtkMatrixFromArray(matrix))
        each.SetAndObserveTransformNodeID(transform.GetID())
    assert masksFromNode(node, ["vertebra-2"], scan)["vertebra-2"].same_as(ball((8, 9, 12)))
    writeMask(ball((3, 3, 3)), node, "vertebra-1", scan)
    assert masksFromNode(node, ["vertebra-1"], scan)["vertebra-1"].same_as(ball((3, 3, 3)))


def test_a_mask_beyond_the_edge_of_the_scan_is_cut_there() -> None:
    grid = Grid.of((10, 10, 10))
    inside = Mask((-2, 3, 7), np.ones((5, 4, 6), bool)).within(grid)
    assert (inside.start, inside.voxels.shape) == ((0, 3, 7), (3, 4, 3))
    assert inside.is_cut(grid)
    assert Mask((12, 0, 0), np.ones((2, 2, 2), bool)).within(grid) is None


def test_joining_and_taking_away_are_each_others_undoing() -> None:
    one, other = ball((2, 2, 2)), Mask((7, 7, 7), np.ones((4, 4, 4), bool))
    assert one.joined(other).without(other).cropped().same_as(one.without(other).cropped())
    assert one.joined(one).same_as(one)
    assert one.without(Mask((50, 50, 50), np.ones((2, 2, 2), bool))) is one
    assert one.without(one).cropped() is None


def test_a_mask_in_pieces_is_taken_apart_largest_first() -> None:
    voxels = np.zeros((10, 10, 20), bool)
    voxels[2:8, 2:8, 10:18] = True
    voxels[2:8, 2:8, 1:6] = True
    voxels[0, 0, 0] = True
    upper, lower = Mask((5, 5, 5), voxels).pieces()
    assert (upper.start, upper.voxels.sum()) == ((7, 7, 15), 6 * 6 * 8)
    assert lower.voxels.sum() == 6 * 6 * 5 + 1, "a crumb stays with the nearest piece"
    with pytest.raises(BadEdit, match="in one piece"):
        upper.pieces()
