"""A module at work before a pretended engine: what the tests of runs need of either of the two."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

PRETEND = (sys.executable, str(Path(__file__).with_name("pretend_segmenter.py")))
NAMES = ["T11", "T12", "L1", "L2", "L3", "L4", "L5"]
"""What the pretended engine finds where no points are given."""
MODULES = {
    "SpineLabel": ("labelling", "labelButton", "vertebraTable"),
    "SpineSegment": ("segmenting", "segmentButton", "segmentTable"),
}
MADE = ("MarkupsFiducial", "Segmentation", "LabelMapVolume", "Table", "MarkupsROI")
"""The kinds of nodes that a run may make."""


class Bench:
    """One module with a person in front of it.

    >>> bench.choose_scan("slow")  # the name tells the pretended engine what to do
    >>> bench.start()
    >>> bench.finish()
    >>> bench.rows()
    ['T11', 'T12', 'L1', 'L2', 'L3', 'L4', 'L5']
    """

    def __init__(self, window: Any, slicer: Any, module: str) -> None:
        engine, button, table = MODULES[module]
        self.window, self.slicer, self.module = window, slicer, module
        self.widget = window.select_module(module)
        self.panel, self.ui = self.widget.panel, self.widget.ui
        self.engine = getattr(self.panel, engine)
        self.button, self.table = getattr(self.ui, button), getattr(self.ui, table)

    @contextmanager
    def pretending(self) -> Iterator[None]:
        """The pretended engine answers meanwhile."""
        client = self.engine.client
        real, client.command = client.command, PRETEND
        client.close()
        try:
            yield
        finally:
            client.close()
            client.command = real

    def choose_scan(
        self, name: str = "CT", shape: tuple[int, int, int] = (40, 40, 80), spacing: float = 2.5
    ) -> Any:
        """Add a scan whose middle is the origin, and choose it; spacing in mm."""
        toRas = np.diag([-spacing, -spacing, spacing, 1.0])
        toRas[:3, 3] = np.array([1, 1, -1]) * shape * spacing / 2
        voxels = np.full(shape[::-1], 200, np.int16)
        node = self.slicer.util.addVolumeFromArray(voxels, toRas, name)
        self.window.choose(self.ui.inputSelector, node)
        return node

    def start(self) -> None:
        """Click the large button."""
        self.window.click(self.button)

    def finish(self, seconds: float = 60) -> None:
        """Wait for the end of the run."""
        self.window.wait_until(lambda: not self.engine.running, seconds)
        self.window.settle()

    def run(self) -> None:
        """From the click to the result."""
        self.start()
        self.finish()

    def half_way(self) -> None:
        """Wait until some vertebrae have appeared."""
        self.window.wait_until(lambda: any(count >= 3 for count in self._counts()), 60)

    def rows(self) -> list[str]:
        """The levels in the table."""
        return [self.table.item(row, 0).text() for row in range(self.table.rowCount)]

    def status(self) -> str:
        """The line below the button."""
        return str(self.ui.statusLabel.text)

    def made(self) -> list[str]:
        """The names of everything in the scene that a run makes."""
        return [node.GetName() for kind in MADE for node in self._nodes(kind)]

    def _counts(self) -> list[int]:
        points = [node.GetNumberOfControlPoints() for node in self._nodes("MarkupsFiducial")]
        masks = [each.GetSegmentation().GetNumberOfSegments() for each in self._nodes(MADE[1])]
        return masks if self.module == "SpineSegment" else points

    def _nodes(self, kind: str) -> list[Any]:
        return list(self.slicer.util.getNodesByClass(f"vtkMRML{kind}Node"))


BenchFor = Callable[[str], Bench]


def segment_names(node: Any) -> list[str]:
    """The names of a segmentation's segments, from the first to the last."""
    segmentation = node.GetSegmentation()
    count = segmentation.GetNumberOfSegments()
    return [segmentation.GetNthSegment(n).GetName() for n in range(count)]


def point_names(node: Any) -> list[str]:
    """The labels of a markups node's points, from the first to the last."""
    return [node.GetNthControlPointLabel(n) for n in range(node.GetNumberOfControlPoints())]


def paint(bench: Bench, segment: str, index: tuple[int, int, int]) -> None:
    """Add a voxel (i, j, k) to a segment, as a stroke of the Segment Editor does."""
    correction, util = bench.panel.correction, bench.slicer.util
    before = util.arrayFromSegmentBinaryLabelmap(correction.node, segment, correction.volume)
    voxels = before.copy()
    voxels[index[::-1]] = 1
    util.updateSegmentBinaryLabelmapFromArray(voxels, correction.node, segment, correction.volume)
    bench.window.settle()
