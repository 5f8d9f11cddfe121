"""The multi-view paper's dynamic programming (Eq. 1, 2, 6), by its literal recursion."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from vertebra.chain.published import accumulated, corrected_labels, sequence_loss, voted
from vertebra.errors import VertebraError


def literal(P: np.ndarray) -> np.ndarray:
    """Eq. 1 cell by cell, with indices from 1 as printed."""
    n, c = P.shape
    OPT = np.zeros((n + 1, c + 1))
    for i in range(1, n + 1):
        for j in range(1, c + 1):
            if j == 1 or i == 1:
                OPT[i, j] = P[i - 1, j - 1]
            else:
                right = 0.1 * P[i - 1, j] if j < c else -np.inf
                D = max(0.1 * P[i - 1, j - 2], 0.8 * P[i - 1, j - 1], right)
                OPT[i, j] = OPT[i - 1, j - 1] + D
    return OPT[1:, 1:]


MAPS = st.tuples(st.integers(1, 12), st.integers(1, 25)).flatmap(
    lambda shape: arrays(float, shape, elements=st.floats(0, 1))
)


@given(MAPS)
def test_the_recursion_is_that_of_equation_1(P: np.ndarray) -> None:
    assert np.allclose(accumulated(P), literal(P), atol=1e-12)
    assert sequence_loss(P) == pytest.approx(1 - literal(P)[-1].max() / (0.8 * len(P)))


def test_a_perfect_sequence_has_the_smallest_loss_and_a_reversed_one_a_large_loss() -> None:
    perfect = np.eye(25)[4:12]
    assert sequence_loss(perfect) == pytest.approx(1 - (1 + 7 * 0.8) / (0.8 * 8))
    assert sequence_loss(perfect[::-1]) > 0.7


def test_one_wrongly_identified_vertebra_costs_little_and_is_corrected() -> None:
    P = np.eye(25)[4:12]
    P[3] = np.eye(25)[8]
    assert sequence_loss(P) < 0.1
    assert corrected_labels(P) == list(range(4, 12))


def test_the_last_row_decides_and_the_rest_is_counted_back() -> None:
    P = np.full((4, 6), 0.1)
    P[-1, 5] = 0.9
    assert corrected_labels(P) == [2, 3, 4, 5]


def test_labels_never_leave_the_columns() -> None:
    P = np.zeros((3, 5))
    P[:, 0] = 1
    assert corrected_labels(P)[0] >= 0
    with pytest.raises(VertebraError, match="cannot follow each other"):
        corrected_labels(np.ones((4, 3)))


def test_the_vote_prefers_the_view_in_sequence() -> None:
    good, bad = np.eye(6)[1:5], np.eye(6)[[3, 1, 4, 0]]
    fused = voted(np.stack([good, bad]))
    weights = np.array([1 - sequence_loss(P) for P in (good, bad)])
    expected = (weights[0] * good + weights[1] * bad) / weights.sum()
    assert np.allclose(fused, expected)
    assert (fused.argmax(1) == good.argmax(1)).all()


def test_torch_shares_the_definition_and_learns_from_it() -> None:
    P = np.random.default_rng(0).random((5, 9))
    tensor = torch.tensor(P, requires_grad=True)
    loss = sequence_loss(tensor, xp=torch)
    assert loss.item() == pytest.approx(float(sequence_loss(P)))
    assert corrected_labels(tensor, xp=torch) == corrected_labels(P)
    loss.backward()
    assert tensor.grad is not None
    assert float((tensor - 0.01 * tensor.grad).clamp(0, 1).detach().sum()) > P.sum()
