"""Segmenting a scan, or one vertebra anew, in the worker process."""

from __future__ import annotations

from SpineLabelLib.scene import volumeFromNode
from SpineLabelLib.WorkerRun import WorkerRun

from vertebra.spine import Spine

from .Case import Case


class Segmenting(WorkerRun):
    """Draws the vertebrae of a scan one after the other.

    >>> segmenting = Segmenting()
    >>> segmenting.drawn.connect(lambda piece: print(piece.name))
    >>> segmenting.start(slicer.util.getNode("CT"))
    """

    task = "segment"

    def __init__(self) -> None:
        super().__init__()
        self.drawn = self.client.drawn  # the piece: one vertebra that has appeared
        self.looked = self.client.looked  # the look: where the network is looking

    def start(
        self, volumeNode, spine: Spine | None = None, device: str = "auto", **options: str
    ) -> None:
        """Segment this scan from these points; options are `direction`, `search` and `model`.

        "auto" or nothing leaves a choice to the engine.
        """
        given = {name: value for name, value in options.items() if value not in ("", "auto")}
        self.begin(volumeFromNode(volumeNode), device, spine=spine, options=given)

    def startOne(
        self, volumeNode, case: Case, instance: int, device: str = "auto", model: str = ""
    ) -> None:
        """Segment one vertebra anew from its point; the others stay as they are."""
        options = {"only": instance, **({"model": model} if model else {})}
        self.begin(
            volumeFromNode(volumeNode),
            device,
            spine=case.spine,
            labels=case.labelMap(),
            options=options,
        )
