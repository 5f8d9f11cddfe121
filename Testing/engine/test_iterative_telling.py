"""A network that sees points is told where the body is that it has found, until that stays."""

from dataclasses import replace

import numpy as np
import pytest
from coded_spine import ExactReader, decoded, in_scan, scan_of, spine_labels

from vertebra.methods.iterative.configuration import COARSE, COMPACT, FINE, PAPER
from vertebra.methods.iterative.guided import Place, segment_places
from vertebra.methods.iterative.rules import Rules
from vertebra.methods.iterative.traversal import TOLD_AGAIN, Traversal

RULES = Rules(patch=24, least=40, tolerance=2)
TELLING = replace(RULES, strayed=2.0)
LABELS = spine_labels((40, 44, 60), 4, np.random.default_rng(2))


class Mixing(ExactReader):
    """Without a point it adds the next vertebra's process to a body; with one it is exact."""

    def __call__(self, patch, memory, point=None):
        found, complete = super().__call__(patch, memory)
        if point is not None or not found.any():
            return found, complete
        seen = decoded(patch)
        other = (seen == seen[found > 0.5].max() + 1) & ~memory
        middle = np.argwhere(found > 0.5).mean(axis=0)[1]
        behind = np.arange(patch.shape[1])[None, :, None] < middle - 3
        return np.maximum(found, other & behind), complete


def run_of(reader, rules):
    scan, _ = scan_of(LABELS)
    return list(Traversal(scan, reader, rules).run())


def test_a_body_taken_with_anothers_process_is_mended_by_telling_the_body():
    mixed = run_of(Mixing(LABELS), RULES)
    assert not all((in_scan(each, LABELS.shape) <= (each.number == LABELS)).all() for each in mixed)
    for number, each in enumerate(run_of(Mixing(LABELS), TELLING), 1):
        assert np.array_equal(in_scan(each, LABELS.shape), number == LABELS)


def test_a_network_that_is_never_wrong_finds_the_same_with_one_look_more():
    usual, told = ExactReader(LABELS), ExactReader(LABELS)
    before, after = run_of(usual, RULES), run_of(told, TELLING)
    assert [each.steps + 1 for each in before] == [each.steps for each in after]
    assert told.looks == usual.looks + 4
    for one, other in zip(before, after):
        assert np.array_equal(in_scan(one, LABELS.shape), in_scan(other, LABELS.shape))


def body_of(number: int) -> np.ndarray:
    scan, _ = scan_of(LABELS)
    first = list(Traversal(scan, ExactReader(LABELS), RULES).run())
    return first[number - 1].body_centre(1.0)


@pytest.mark.parametrize("shape", [None, (16, 20, 12)])
@pytest.mark.parametrize(("aside", "looks"), [(1.0, 1), (4.0, 2)])
def test_a_point_near_the_body_is_told_once_and_one_further_away_is_mended(aside, looks, shape):
    scan, _ = scan_of(LABELS)
    reader, body = Mixing(LABELS), body_of(1)
    i, j, k = np.argwhere(LABELS == 1)[[0, -1]].mean(axis=0).round().astype(int)
    place = Place(1, (i, j, k), body + (0, 0, aside), shape)
    traversal = Traversal(scan, reader, replace(TELLING, tolerance=3))
    [(owner, found)] = segment_places(traversal, [place])
    assert owner == 1
    assert np.array_equal(in_scan(found, LABELS.shape), LABELS == 1)
    assert reader.looks == looks


def test_what_the_network_no_longer_sees_when_told_stays_as_found():
    class Blinded(ExactReader):
        def __call__(self, patch, memory, point=None):
            found, complete = super().__call__(patch, memory)
            return (found if point is None else 0 * found), complete

    found = run_of(Blinded(LABELS), TELLING)
    assert [each.number for each in found] == [1, 2, 3, 4]


def test_a_network_that_never_settles_is_told_so_many_times_only():
    class Wandering(ExactReader):
        def __call__(self, patch, memory, point=None):
            found, complete = super().__call__(patch, memory)
            if point is not None:
                found = np.roll(found, 3 if self.looks % 2 else -3, axis=0)
            return found, complete

    scan, _ = scan_of(LABELS)
    reader = Wandering(LABELS)
    found = Traversal(scan, reader, TELLING).track((20, 22, 52))
    assert found is not None
    assert found.steps == reader.looks
    assert reader.looks <= RULES.iterations + TOLD_AGAIN


def test_networks_of_1_mm_that_see_points_are_told_and_the_published_one_is_not():
    assert FINE.rules().strayed == 5
    for other in (PAPER, COMPACT, COARSE):
        assert other.rules().strayed is None
