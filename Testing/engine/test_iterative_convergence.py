"""How a patch moves until it stays: it ends where the published rule ends, in fewer looks."""

from dataclasses import replace

import numpy as np
import pytest
from coded_spine import ExactReader, in_scan, scan_of, spine_labels
from hypothesis import given
from hypothesis import strategies as st

from vertebra.methods.iterative.guided import Place, segment_places
from vertebra.methods.iterative.rules import Rules
from vertebra.methods.iterative.traversal import Traversal
from vertebra.methods.iterative.windows import bounds
from vertebra.volume import Grid, Volume

RULES = Rules(patch=24, least=40, tolerance=2)


def leading(towards):
    """A scan, and a network that finds at each place along x something around another place."""
    values = np.arange(100, 160, dtype=np.int16)[:, None, None]
    scan = Volume(np.broadcast_to(values, (60, 24, 24)).copy(), Grid.of((60, 24, 24)))

    def network(patch, memory, point):
        here = int(patch[12, 12, 12]) - 100
        there = 12 + towards[here] - here
        probabilities = np.zeros(patch.shape, np.float32)
        probabilities[there - 4 : there + 4, 8:16, 8:16] = 1
        return probabilities, 1.0

    return scan, network


def by_the_published_rule(towards, start, trusted):
    """The place of the last look, and whether the patch converged."""
    before, here = None, start
    for _ in range(RULES.iterations):
        there = towards[here]
        if (before is not None and abs(here - before) <= RULES.tolerance) or (
            trusted and abs(there - here) <= RULES.tolerance
        ):
            return here, True
        before, here = here, there
    return (here + before) // 2, False


@given(
    moves=st.lists(st.integers(-7, 7), min_size=60, max_size=60),
    start=st.integers(12, 47),
    trusted=st.booleans(),
)
def test_hardly_a_place_is_looked_at_twice_and_the_end_is_that_of_the_published_rule(
    moves, start, trusted
):
    towards = [int(np.clip(here + move, 12, 47)) for here, move in enumerate(moves)]
    scan, network = leading(towards)
    steps = []
    found = Traversal(scan, network, RULES, steps.append).track((start, 12, 12), slack=int(trusted))
    last, converged = by_the_published_rule(towards, start, trusted)
    assert steps[-1].centre[0] == last
    assert (found.centre[0], found.converged) == (towards[last], converged)
    assert found.steps == len(steps) <= RULES.iterations + 1
    looked = [step.centre[0] for step in steps]
    assert len(set(looked[:-1])) == len(looked) - 1, "but perhaps where it ends"


def test_a_patch_that_swings_ends_midway():
    towards = dict.fromkeys(range(60), 20) | {20: 26}
    scan, network = leading(towards)
    steps = []
    found = Traversal(scan, network, RULES, steps.append).track((20, 12, 12))
    assert not found.converged
    assert [step.centre[0] for step in steps] == [20, 26, 23]


def test_a_patch_that_wanders_on_is_stopped_at_the_iteration_limit():
    slow = replace(RULES, tolerance=0)
    towards = [min(here + 1, 47) for here in range(60)]
    scan, network = leading(towards)
    steps = []
    found = Traversal(scan, network, slow, steps.append).track((12, 12, 12))
    assert not found.converged
    assert found.steps == slow.iterations + 1 == len(steps)


@pytest.mark.parametrize(("off", "looks"), [(0, 1), (16, 1), (-16, 1), (17, 2)])
def test_one_look_is_enough_at_a_point_about_which_the_patch_shows_all_of_the_vertebra(off, looks):
    labels = spine_labels((40, 44, 90), 8, np.random.default_rng(0))
    scan, _ = scan_of(labels)
    low, high = bounds(labels == 1)
    i, j, k = ((a + b + 1) // 2 for a, b in zip(low, high))
    reader = ExactReader(labels)
    wide = Traversal(scan, reader, replace(RULES, patch=64))
    place = Place(1, (i, j + off, k), np.argwhere(labels == 1).mean(axis=0))
    [(owner, instance)] = segment_places(wide, [place])
    assert (owner, reader.looks) == (1, looks)
    assert np.array_equal(in_scan(instance, labels.shape), labels == 1)
