"""The window, the worker process and the real iterative method together, with a tiny network."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from installed_blobs import body_of_blobs
from SpineLabelLib.scene import createSpineNode, labelMapFromNode, showSpine
from test_iterative_learning import TINY
from torch import nn

from vertebra.methods.iterative.network import MemoryNetwork
from vertebra.runtime.models import Card, save


@pytest.fixture
def panel(window: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The panel with a model installed that takes every bright voxel for the vertebra."""
    configuration = replace(TINY, pointed=True, patch=16, spacing=3.0)
    torch.manual_seed(1)
    network = MemoryNetwork(configuration)
    nn.init.ones_(network.segmentation.bias)
    save(Card("eager", "iterative", configuration.to_dict()), network.state_dict(), tmp_path)
    monkeypatch.setenv("VERTEBRA_MODELS", str(tmp_path))
    panel = window.select_module("SpineSegment").panel
    panel.segmenting.client.close()
    panel.models.refresh()
    box = panel.ui.modelBox
    box.currentIndex = [box.itemText(n) for n in range(box.count)].index("eager")
    yield panel
    panel.segmenting.client.close()


@pytest.fixture
def points(panel: Any, window: Any, slicer: Any) -> Any:
    """A scan of bright blobs with its points, both chosen."""
    scan, _truth, spine = body_of_blobs()
    node = slicer.util.addVolumeFromArray(
        np.ascontiguousarray(scan.voxels.T), np.array(scan.grid.affine), "CT"
    )
    points = createSpineNode(node)
    showSpine(spine, points)
    window.choose(panel.ui.inputSelector, node)
    window.choose(panel.ui.spineSelector, points)
    return points


def finish(panel: Any, window: Any) -> None:
    window.wait_until(lambda: not panel.segmenting.running, seconds=120)
    window.settle()


def test_what_the_method_draws_is_what_the_scene_shows_and_one_is_drawn_again(
    panel: Any, window: Any, points: Any
) -> None:
    drawn = []
    panel.segmenting.drawn.connect(drawn.append)
    window.click(panel.ui.segmentButton)
    finish(panel, window)
    assert panel.ui.statusLabel.text.startswith("Done"), panel.ui.statusLabel.text
    case, node = panel.correction.case, panel.correction.node
    assert set(case.masks) == {piece.instance for piece in drawn}
    assert len(case.masks) >= 2
    shown = labelMapFromNode(node, panel.correction.volume)
    np.testing.assert_array_equal(shown.voxels, case.labelMap().voxels)
    masked = [n for n, each in enumerate(case.spine) if each.instance in case.masks]
    window.click_row(panel.ui.segmentTable, masked[0])
    first = case.spine.vertebrae[masked[0]]
    window.click(panel.ui.resegmentButton)
    finish(panel, window)
    assert panel.ui.statusLabel.text == f"Segmented anew: {first.level}."
    after = panel.correction.case.masks
    assert [n for n in after if after[n] is not case.masks[n]] == [first.instance]
    window.click(panel.ui.undoButton)
    assert panel.correction.case.masks == case.masks


def test_a_direction_that_the_model_does_not_go_is_refused(
    panel: Any, window: Any, points: Any, slicer: Any
) -> None:
    panel.ui.directionBox.currentIndex = 2
    window.click(panel.ui.segmentButton)
    finish(panel, window)
    assert panel.ui.statusLabel.text.startswith("'eager' does not go up;")
    assert not slicer.util.getNodesByClass("vtkMRMLSegmentationNode")
