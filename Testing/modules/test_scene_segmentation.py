"""A label map in the scene: one segment a vertebra, with its meaning, saved without loss."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import vtk
from SpineLabelLib.scene import (
    createSegmentationNode,
    describeSegment,
    geometryFromNode,
    labelMapFromNode,
    showLabelMap,
)
from SpineLabelLib.scene.segmentationNode import completenessOf

from vertebra.anatomy import LEVELS
from vertebra.exchange.terminology import CONTEXT
from vertebra.exchange.terminology import entry as terminology_entry
from vertebra.spine import Flag, Spine
from vertebra.volume import LabelMap


@pytest.fixture
def scan(add_scan: Callable[..., Any]) -> Any:
    return add_scan()


@pytest.fixture
def spine() -> Spine:
    """L1 to L3 with instance numbers in another order than the levels."""
    plain = Spine.of({"L1": (0, 0, 60), "L2": (0, 0, 30), "L3": (0, 0, 0)})
    numbers, complete = (9, 2, 5), (None, 1.0, 0.3)
    vertebrae = tuple(
        replace(vertebra, instance=number, completeness=share)
        for vertebra, number, share in zip(plain, numbers, complete)
    )
    return replace(plain, vertebrae=vertebrae)


@pytest.fixture
def label_map(scan: Any) -> LabelMap:
    grid = geometryFromNode(scan)
    voxels = np.zeros(grid.shape, np.uint8)
    voxels[2:9, 3:8, 10:14] = 9
    voxels[2:9, 3:8, 6:10] = 2
    voxels[2:9, 3:9, 1:6] = 5
    return LabelMap(voxels, grid)


@pytest.fixture
def shown(scan: Any, spine: Spine, label_map: LabelMap) -> Any:
    node = createSegmentationNode(scan)
    showLabelMap(label_map, spine, node)
    return node


def segments(node: Any) -> list[tuple[str, Any]]:
    segmentation = node.GetSegmentation()
    ids = [segmentation.GetNthSegmentID(n) for n in range(segmentation.GetNumberOfSegments())]
    return [(each, segmentation.GetSegment(each)) for each in ids]


def test_segments_are_named_by_level_and_listed_from_head_to_tail(shown: Any) -> None:
    assert [(id_, segment.GetName()) for id_, segment in segments(shown)] == [
        ("vertebra-9", "L1"),
        ("vertebra-2", "L2"),
        ("vertebra-5", "L3"),
    ]


def test_the_mask_comes_back_voxel_for_voxel(shown: Any, scan: Any, label_map: LabelMap) -> None:
    back = labelMapFromNode(shown, scan)
    assert back.grid.same_as(label_map.grid)
    np.testing.assert_array_equal(back.voxels, label_map.voxels)
    assert back.names == {9: "L1", 2: "L2", 5: "L3"}


def test_all_segments_share_one_layer(shown: Any) -> None:
    assert shown.GetSegmentation().GetNumberOfLayers("Binary labelmap") == 1


def test_a_segment_carries_its_levels_colour_and_terminology(shown: Any, spine: Spine) -> None:
    tag, value = shown.GetSegmentation().GetSegment("vertebra-9"), vtk.reference("")
    tag.GetTag("TerminologyEntry", value)
    assert "SCT^66794005^L1 vertebra" in value.get()
    assert tag.GetColor() == pytest.approx(np.array(spine.vertebrae[0].level.colour) / 255)


def test_a_partial_vertebra_is_half_transparent_and_says_how_much_is_in_view(shown: Any) -> None:
    display = shown.GetDisplayNode()
    assert display.GetSegmentOpacity3D("vertebra-5") < 0.5
    assert display.GetSegmentOpacity2DFill("vertebra-5") < 0.5
    assert display.GetSegmentOpacity3D("vertebra-2") == 1.0
    shares = [completenessOf(shown, id_) for id_, _ in segments(shown)]
    assert shares == [None, 1.0, 0.3]


def test_a_segments_status_says_whether_somebody_should_look_at_it(
    shown: Any, spine: Spine, slicer: Any
) -> None:
    logic = slicer.vtkSlicerSegmentationsModuleLogic

    def statuses() -> list[str]:
        found = [logic.GetSegmentStatus(segment) for _, segment in segments(shown)]
        return [logic.GetSegmentStatusAsMachineReadableString(status) for status in found]

    assert statuses() == ["inprogress", "inprogress", "flagged"]
    describeSegment(shown, "vertebra-9", replace(spine.find(9), locked=True))
    doubtful = replace(spine.find(2), flags=frozenset({Flag.FRAGMENTED}))
    describeSegment(shown, "vertebra-2", doubtful)
    assert statuses() == ["completed", "flagged", "flagged"]
    logic.SetSegmentStatus(shown.GetSegmentation().GetSegment("vertebra-2"), logic.Completed)
    describeSegment(shown, "vertebra-2", doubtful)
    assert statuses() == ["completed", "completed", "flagged"], "a person has looked at it"


def test_a_vertebra_without_a_mask_makes_no_segment(
    scan: Any, spine: Spine, label_map: LabelMap
) -> None:
    node = createSegmentationNode(scan)
    showLabelMap(replace(label_map, voxels=np.where(label_map.voxels == 2, 0, 5)), spine, node)
    assert [segment.GetName() for _, segment in segments(node)] == ["L3"]


@pytest.mark.parametrize("ending", ["mrml", "mrb"])
def test_a_saved_scene_keeps_masks_levels_and_completeness(
    shown: Any, label_map: LabelMap, slicer: Any, reopened: Any, ending: str
) -> None:
    before = [
        (id_, s.GetName(), s.GetColor(), completenessOf(shown, id_)) for id_, s in segments(shown)
    ]
    reopened(ending)
    node, scan = slicer.util.getNode("CT vertebrae"), slicer.util.getNode("CT")
    after = [
        (id_, s.GetName(), s.GetColor(), completenessOf(node, id_)) for id_, s in segments(node)
    ]
    assert [(a[0], a[1], a[3]) for a in after] == [(b[0], b[1], b[3]) for b in before]
    np.testing.assert_allclose([a[2] for a in after], [b[2] for b in before], atol=1e-5)
    np.testing.assert_array_equal(labelMapFromNode(node, scan).voxels, label_map.voxels)
    assert node.GetDisplayNode().GetSegmentOpacity3D("vertebra-5") < 0.5


def test_slicer_loads_the_terminology_of_the_levels(window: Any, slicer: Any) -> None:
    logic = slicer.modules.terminologies.logic()
    names = vtk.vtkStringArray()
    logic.GetLoadedTerminologyNames(names)
    loaded = [names.GetValue(n) for n in range(names.GetNumberOfValues())]
    assert CONTEXT in loaded
    for level in LEVELS.values():
        entry = slicer.vtkSlicerTerminologyEntry()
        assert logic.DeserializeTerminologyEntry(terminology_entry(level), entry)
