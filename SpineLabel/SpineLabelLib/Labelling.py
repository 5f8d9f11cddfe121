"""Labelling a scan in the worker process."""

from __future__ import annotations

from vertebra.spine import Spine

from .scene import volumeFromNode
from .WorkerRun import WorkerRun


class Labelling(WorkerRun):
    """Finds and names the vertebrae of a scan.

    >>> labelling = Labelling()
    >>> labelling.finished.connect(lambda result: print(result.spine.levels))
    >>> labelling.start(slicer.util.getNode("CT"))
    """

    task = "label"

    def __init__(self) -> None:
        super().__init__()
        self.found = self.client.found  # the spine so far

    def start(self, volumeNode, device: str = "auto", model: str = "") -> None:
        """Label this scan; a scan that cannot be labelled raises a VertebraError."""
        options = {"model": model} if model else {}
        self.begin(volumeFromNode(volumeNode), device, options=options)

    def labelAndWait(self, volumeNode, device: str = "auto", model: str = "") -> Spine:
        """Label this scan and return its spine."""
        self.start(volumeNode, device, model)
        return self.wait().spine
