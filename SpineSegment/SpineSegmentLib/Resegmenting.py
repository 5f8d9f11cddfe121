"""One vertebra segmented anew from its point, as an edit that can be undone."""

from __future__ import annotations

from collections.abc import Callable

from slicer.i18n import tr as _
from SpineLabelLib.scene import Mask

from vertebra.spine import refuse_locked

from .SegmentCorrection import SegmentCorrection
from .Segmenting import Segmenting


class Resegmenting:
    """Takes the one piece of its run up as an edit; until then nothing changes."""

    def __init__(
        self, segmenting: Segmenting, correction: SegmentCorrection, say: Callable[[str], None]
    ) -> None:
        self._segmenting, self._correction, self._say = segmenting, correction, say
        self._instance: int | None = None
        self._mask: Mask | None = None
        segmenting.drawn.connect(self._onDrawn)
        segmenting.finished.connect(self._onFinished)
        for ended in (segmenting.failed, segmenting.cancelled):
            ended.connect(lambda *_: self.forget())

    def begin(self, instance: int, device: str, model: str) -> None:
        """Segment this vertebra of the case anew; a locked one is refused."""
        correction = self._correction
        refuse_locked(correction.spine.find(instance))
        self._segmenting.startOne(correction.volume, correction.case, instance, device, model)
        self._instance, self._mask = instance, None
        self._nodes = correction.node, correction.volume

    def forget(self) -> None:
        """There is no run."""
        self._instance = self._mask = None

    def _onDrawn(self, piece) -> None:
        if piece.instance == self._instance:
            self._mask = Mask(piece.start, piece.mask).cropped()

    def _onFinished(self, result) -> None:
        if self._instance is None:
            return
        judged, mask = result.spine.find(self._instance), self._mask
        self.forget()
        if self._nodes != (self._correction.node, self._correction.volume):
            self._say(_("Other masks or another scan were chosen meanwhile; nothing was changed."))
        elif mask is None:
            self._say(_("No vertebra was found at this point; nothing was changed."))
        elif self._correction.edit(lambda case: case.segmentedAnew(judged, mask)):
            self._say(_("Segmented anew: {level}.").format(level=judged.level))
