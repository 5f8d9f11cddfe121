"""A network for smaller voxels begins as the trained one that it is grown around."""

from dataclasses import replace

import pytest
import torch

from vertebra.methods.iterative.configuration import COMPACT, CONFIGURATIONS
from vertebra.methods.iterative.growth import FAINT, INNER, grown, grows_from
from vertebra.methods.iterative.learning import fitting
from vertebra.methods.iterative.network import MemoryNetwork

SMALL = replace(COMPACT, patch=16, spacing=4.0, widths=(4, 6, 6))
FINER = replace(SMALL, patch=32, spacing=2.0, widths=(5, 4, 6, 6))


@pytest.fixture
def trained():
    torch.manual_seed(0)
    network = MemoryNetwork(SMALL)
    network.train()(torch.randn(2, 3, 16, 16, 16))
    return network.state_dict()


def network_of(weights, configuration=FINER):
    network = MemoryNetwork(configuration)
    network.load_state_dict(weights)
    return network.eval()


def test_everything_further_in_is_the_trained_network(trained):
    start = grown(FINER, trained)
    inner = network_of(trained, SMALL)
    outer = network_of(start)
    features = torch.randn(1, 4, 8, 8, 8)
    for one, other in zip(inner.down[1:], outer.down[2:]):
        assert torch.equal(one(features), other(features))
        features = inner.pool(one(features))
    for one, other, width in zip(inner.joined, outer.joined, (6, 4)):
        below = torch.randn(1, 2 * width, 4, 4, 4)
        assert torch.equal(one(below), other(below))
    deepest = torch.randn(1, 6, 4, 4, 4)
    assert torch.equal(inner.completeness(deepest), outer.completeness(deepest))


def test_what_is_seen_is_handed_inwards(trained):
    outer = network_of(grown(FINER, trained))
    seen = torch.rand(1, 3, 8, 8, 8)
    seen[:, 0] = seen[:, 0] * 2 - 1
    handed = outer.down[0](seen)
    hounsfield, memory, point = seen[0]
    wanted = [hounsfield.clamp(min=0), (-hounsfield).clamp(min=0), memory, point]
    assert torch.allclose(handed[0, :4], torch.stack(wanted), atol=1e-4)


def test_the_trained_network_reads_what_is_handed_to_it_as_before(trained):
    start = grown(FINER, trained)
    first = trained["down.0.0.convolution.weight"]
    above, below, memory, point = start[INNER][:, :4].unbind(1)
    assert torch.allclose(above, -below)
    assert torch.allclose(above, 0.3 * first[:, 0])
    assert torch.allclose(memory, 0.2 * first[:, 1])
    assert torch.allclose(point, 0.1 * first[:, 2])
    assert start[INNER][:, 4:].abs().max() < FAINT


def test_a_network_that_sees_no_points_is_grown_as_well():
    blind, finer = replace(SMALL, pointed=False), replace(FINER, pointed=False)
    start = grown(finer, MemoryNetwork(blind).state_dict())
    handed = network_of(start, finer).down[0](torch.ones(1, 2, 8, 8, 8))
    assert torch.allclose(handed[0, 2], torch.ones(8, 8, 8), atol=1e-4)


def test_the_trained_weights_are_left_as_they_are(trained):
    before = {name: tensor.clone() for name, tensor in trained.items()}
    grown(FINER, trained)
    assert all(torch.equal(before[name], tensor) for name, tensor in trained.items())


def test_only_one_resolution_more_is_grown(trained):
    assert grows_from(FINER, trained)
    assert set(fitting(FINER, trained)) == set(MemoryNetwork(FINER).state_dict())
    same = network_of(trained, SMALL).state_dict()
    assert not grows_from(SMALL, same)
    assert not grows_from(replace(FINER, widths=(5, 4, 6, 8)), trained)
    assert not grows_from(replace(FINER, widths=(4,)), trained)


def test_the_fine_configuration_is_grown_around_the_compact_one():
    weights = MemoryNetwork(COMPACT).state_dict()
    assert grows_from(CONFIGURATIONS["fine"], weights)
