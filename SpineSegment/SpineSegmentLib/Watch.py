"""Notices what others do to segments and points: the Segment Editor, other modules, a script."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Watch:
    """Calls `changed` once for all that belongs together; true if voxels were painted.

    It calls `moved` instead, likewise, where a transform has moved a node, the scan included.

    >>> watch = Watch(later, changed=print, moved=print)
    >>> watch.follow(segmentationNode, volumeNode, pointsNode)
    """

    def __init__(
        self,
        later: Callable[[Callable[[], None]], None],
        changed: Callable[[bool], None],
        moved: Callable[[bool], None],
    ) -> None:
        self._later, self._changed, self._moved = later, changed, moved
        self._observed: list[tuple] = []
        self._paused = self._dragging = self._waiting = self._repainted = False
        self._elsewhere = False

    def follow(self, node, volume, points=None) -> None:
        """Watch these nodes from now on."""
        self.forget()
        for each in filter(None, (node, volume, points)):
            self._add(each, each.TransformModifiedEvent, lambda *_: self._notice(elsewhere=True))
        segmentation = node.GetSegmentation()
        repainted = segmentation.SourceRepresentationModified
        self._add(segmentation, repainted, lambda *_: self._notice(repainted=True))
        for event in (
            segmentation.SegmentAdded,
            segmentation.SegmentRemoved,
            segmentation.SegmentModified,
        ):
            self._add(segmentation, event, lambda *_: self._notice())
        if points is None:
            return
        for event in (
            points.PointPositionDefinedEvent,
            points.PointRemovedEvent,
            points.PointModifiedEvent,
        ):
            self._add(points, event, lambda *_: self._notice())
        self._add(points, points.PointStartInteractionEvent, lambda *_: self._drag(True))
        self._add(points, points.PointEndInteractionEvent, lambda *_: self._drag(False))

    def forget(self) -> None:
        """Watch nothing."""
        for subject, tag in self._observed:
            subject.RemoveObserver(tag)
        self._observed.clear()
        self._dragging = self._repainted = self._elsewhere = False

    @contextmanager
    def paused(self) -> Iterator[None]:
        """What is done meanwhile is our own doing."""
        self._paused = True
        try:
            yield
        finally:
            self._paused = False

    def _add(self, subject, event, callback) -> None:
        self._observed.append((subject, subject.AddObserver(event, callback)))

    def _drag(self, on: bool) -> None:
        self._dragging = on
        if not on:
            self._notice()

    def _notice(self, repainted: bool = False, elsewhere: bool = False) -> None:
        if self._paused:
            return
        self._repainted = self._repainted or repainted
        self._elsewhere = self._elsewhere or elsewhere
        if not (self._dragging or self._waiting):
            self._waiting = True
            self._later(self._tell)

    def _tell(self) -> None:
        self._waiting = False
        repainted, elsewhere = self._repainted, self._elsewhere
        self._repainted = self._elsewhere = False
        tell = self._moved if elsewhere else self._changed
        tell(repainted)
