"""What was shown of a job; in the end it is what the result says, voxel for voxel."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from ..pipeline import News, Piece, Show
from ..volume import LabelMap


class Shown:
    """Shows news and keeps the masks, so that a window need not compare a whole label map.

    >>> shown = Shown(print)
    >>> shown.show(piece)
    >>> shown.settle(result.labels)  # shows again whatever has become another mask
    """

    def __init__(self, show: Show) -> None:
        self._show = show
        self._pieces: dict[int, Piece] = {}

    def show(self, news: News) -> None:
        """Show the spine so far, one vertebra that has been drawn, or where is being looked."""
        if isinstance(news, Piece) and news.mask.any():
            self._pieces[news.instance] = news
        self._show(news)

    def settle(self, labels: LabelMap) -> None:
        """Show every mask that the result has otherwise; an empty one for what it has not."""
        boxes = ndimage.find_objects(labels.voxels)
        present = {number: box for number, box in enumerate(boxes, start=1) if box is not None}
        for number in self._pieces.keys() - present.keys():
            self._show(Piece(number, "", (0, 0, 0), np.zeros((1, 1, 1), bool)))
        for number, (i, j, k) in present.items():
            mask = labels.voxels[i, j, k] == number
            if not _same(self._pieces.get(number), mask, (i.start, j.start, k.start)):
                start = (i.start, j.start, k.start)
                self._show(Piece(number, labels.names.get(number, ""), start, mask))


def _same(piece: Piece | None, mask: NDArray[np.bool_], start: tuple[int, int, int]) -> bool:
    """Does a piece, which may have empty margins, have just these voxels?"""
    if piece is None or np.count_nonzero(piece.mask) != np.count_nonzero(mask):
        return False
    inner = tuple(slice(a - b, a - b + n) for a, b, n in zip(start, piece.start, mask.shape))
    return all(part.start >= 0 for part in inner) and np.array_equal(piece.mask[inner], mask)
