"""Masks on their way from the worker to the window."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from vertebra.worker import Piece
from vertebra.worker.result import piece_message, piece_of


def test_a_vertebra_that_is_shown_again_leaves_its_first_mask_to_be_read(tmp_path: Path) -> None:
    small, large = np.ones((2, 2, 2), bool), np.ones((3, 4, 5), bool)
    first = piece_message(Piece(7, "L1", (1, 1, 1), small), tmp_path)
    second = piece_message(Piece(7, "L1", (0, 0, 0), large), tmp_path)
    assert piece_of(first, tmp_path).mask.shape == small.shape
    assert piece_of(second, tmp_path).mask.shape == large.shape
