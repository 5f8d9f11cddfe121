"""The network, its loss and its targets, against the paper's equations and counts."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy import ndimage
from torch import nn

from vertebra.errors import BadModel
from vertebra.methods.common.convolution import folded
from vertebra.methods.iterative.configuration import COMPACT, CONFIGURATIONS, PAPER, from_dict
from vertebra.methods.iterative.network import MemoryNetwork, Reading, network_input
from vertebra.methods.iterative.objective import false_negatives, false_positives, losses
from vertebra.methods.iterative.rules import Direction, Rules
from vertebra.methods.iterative.targets import (
    completely_visible,
    surface_weights,
    target,
    visible,
)

SMALL = replace(COMPACT, name="small", pointed=False, patch=16, widths=(4, 4, 4), spacing=3.0)


def test_the_paper_configuration_has_the_published_numbers():
    assert PAPER.rules() == Rules(patch=128, least=1000, tolerance=2, iterations=20)
    assert PAPER.rules().step == 64
    assert (PAPER.lam, PAPER.gamma, PAPER.sigma, PAPER.dropout) == (0.1, 8, 6, 0.2)
    schedule = PAPER.training
    assert (schedule.rate_at(0), schedule.rate_at(schedule.iterations - 1)) == (0.001, 0.001)
    adam = schedule.optimiser_for([nn.Parameter(torch.zeros(1))])
    assert adam.param_groups[0]["betas"][0] == 0.99


def test_rules_keep_their_millimetres_at_every_resolution():
    for each in CONFIGURATIONS.values():
        rules = each.rules()
        assert rules.least == round(1000 / each.spacing**3)
        assert abs(rules.tolerance * each.spacing - 2) <= 1
    sizes = {name: each.patch * each.spacing for name, each in CONFIGURATIONS.items()}
    assert sizes == {"paper": 128, "fine": 96, "compact": 96, "coarse": 120}


def test_the_paper_network_has_one_width_and_follows_its_figure():
    with torch.device("meta"):
        network = MemoryNetwork(PAPER)
        patch = torch.zeros(1, 2, 128, 128, 128)
    sizes = []
    convolutions = [part for part in network.modules() if isinstance(part, nn.Conv3d)]
    for part in convolutions:
        part.register_forward_hook(lambda _, __, result: sizes.append(result.shape[-1]))
    reading = network.eval()(patch)
    assert {part.out_channels for part in convolutions} == {1, 64}
    assert {part.in_channels for part in convolutions} == {2, 64, 128}
    assert sizes[:8] == [128, 128, 64, 64, 32, 32, 16, 16]
    assert sizes[8:15] == [32, 32, 64, 64, 128, 128, 128]
    assert sizes[15:] == [8, 4, 2, 1]
    assert reading.voxels.shape == (1, 128, 128, 128)
    assert reading.complete.shape == (1,)


@pytest.mark.parametrize("patch", [16, 20, 24])
def test_one_patch_at_a_time_can_be_learned_from(patch):
    network = MemoryNetwork(replace(SMALL, patch=patch))
    reading = network.train()(torch.randn(1, 2, patch, patch, patch))
    assert reading.voxels.shape == (1, patch, patch, patch)
    assert reading.complete.shape == (1,)


@pytest.mark.parametrize("seed", range(4))
def test_half_precision_teaches_the_completeness_branch_what_full_precision_does(seed):
    # PyTorch's own bfloat16 gradient of the branch's last maps, of 2x2x2 voxels, was garbage
    torch.manual_seed(seed)
    configuration = replace(COMPACT, patch=16, widths=(4, 4, 4))
    network = MemoryNetwork(configuration).to(memory_format=torch.channels_last_3d)
    patches = torch.randn(4, 3, 16, 16, 16)
    gradients = []
    for half in (False, True):
        network.zero_grad()
        with torch.autocast("cpu", torch.bfloat16, enabled=half):
            network(patches).complete.float().sum().backward()
        gradients.append(network.completeness[1].convolution.weight.grad.clone())
    full, halved = gradients
    assert torch.linalg.norm(halved - full) < 0.2 * torch.linalg.norm(full)


def test_a_part_of_a_patch_is_read_as_if_it_went_on_at_its_sides():
    network = MemoryNetwork(replace(COMPACT, patch=32, widths=(2, 4, 4))).eval()
    part = torch.randn(1, 3, 32, 16, 20)
    reading = network(part)
    assert reading.voxels.shape == part.shape[:1] + part.shape[2:]
    assert reading.complete.shape == (1,)
    _, deepest = network.read(part)
    around = network._as_of_patch(deepest)
    assert around.shape == (1, 4, 8, 8, 8)
    assert torch.equal(around[..., 2:6, 1:6], deepest)
    for axis, last in ((3, 5), (4, 5)):
        beyond = around.index_select(axis, torch.tensor([7]))
        assert torch.equal(beyond, around.index_select(axis, torch.tensor([last])))
    whole = torch.randn(1, 4, 8, 8, 8)
    assert network._as_of_patch(whole) is whole


def test_folded_normalizations_change_nothing():
    torch.manual_seed(0)
    network = MemoryNetwork(SMALL)
    network.train()(torch.randn(2, 2, 16, 16, 16))
    network.eval()
    quick = folded(network)
    assert not any(isinstance(part, nn.BatchNorm3d) for part in quick.modules())
    patch = torch.randn(1, 2, 16, 16, 16)
    for one, other in zip(network(patch), quick(patch)):
        assert torch.allclose(one, other, atol=1e-4)


def test_the_network_sees_hounsfield_units_and_memory():
    patch = torch.tensor([-1000.0, -500, 500, 1500, 3000]).view(1, 5, 1, 1)
    seen = network_input(patch, torch.ones(1, 5, 1, 1, dtype=torch.bool))
    assert seen[0, 0].flatten().tolist() == [-1, -1, 0, 1, 1]
    assert seen[0, 1].flatten().tolist() == [1] * 5


def test_soft_counts_are_counts_where_the_network_is_sure():
    truth = torch.tensor([1.0, 1, 0, 0]).view(1, 4, 1, 1)
    found = torch.tensor([1.0, 0, 1, 0]).view(1, 4, 1, 1)
    weights = torch.tensor([1.0, 2, 3, 4]).view(1, 4, 1, 1)
    assert false_negatives(found, truth, weights).tolist() == [2]
    assert false_positives(found, truth, weights).tolist() == [3]


def test_the_loss_weighs_false_positives_and_adds_completeness():
    logits = torch.full((1, 2, 2, 2), 0.0)
    truth = torch.zeros(1, 2, 2, 2)
    truth[0, 0] = 1
    weights = torch.ones(1, 2, 2, 2)
    reading = Reading(logits, torch.tensor([0.0]))
    parts = losses(reading, truth, weights, torch.tensor([1.0]), PAPER)
    assert parts["loss"].item() == pytest.approx(0.1 * 2 + 2 + np.log(2))
    empty = losses(reading, torch.zeros_like(truth), weights, torch.tensor([0.0]), PAPER)
    assert empty["false negatives"].item() == 0


def test_weights_follow_the_distance_to_the_surface():
    truth = np.zeros((60, 40, 40), bool)
    truth[26:34, 16:24, 16:24] = True
    configuration = replace(PAPER, spacing=2.0)
    weights = surface_weights(truth, configuration)
    surface = truth & ~ndimage.binary_erosion(truth)
    distance = 2.0 * ndimage.distance_transform_edt(~surface)
    expected = 8 * np.exp(-(distance**2) / 36) + 1
    assert np.allclose(weights, expected, atol=2e-3)
    assert weights[26, 20, 20] == pytest.approx(9)
    assert (surface_weights(np.zeros((4, 4, 4), bool), PAPER) == 1).all()


@pytest.mark.parametrize("direction", Direction)
def test_the_memory_holds_what_comes_before_the_target(direction):
    labels = np.array([0, 1, 1, 2, 3, 4], np.uint8).reshape(6, 1, 1)
    goal = target(labels, 3, np.ones(4, bool), direction)
    before = [1, 2] if direction is Direction.DOWN else [4]
    assert np.array_equal(goal.memory, np.isin(labels, before))
    assert np.array_equal(goal.truth, labels == 3)
    assert goal.complete
    assert visible(labels, direction) == ([1, 2, 3, 4] if before == [1, 2] else [4, 3, 2, 1])


def test_with_nothing_left_everything_is_remembered_and_nothing_is_complete():
    labels = np.array([0, 1, 2], np.uint8).reshape(3, 1, 1)
    goal = target(labels, None, np.ones(2, bool), Direction.DOWN)
    assert np.array_equal(goal.memory, labels > 0)
    assert not goal.truth.any()
    assert not goal.complete


def test_three_percent_may_lie_outside_a_patch():
    shown, volumes = np.array([97, 96, 100]), np.array([100, 100, 100])
    whole = np.array([True, True, False])
    assert completely_visible(shown, volumes, whole).tolist() == [True, False, False]


def test_a_configuration_survives_its_card():
    assert from_dict(COMPACT.to_dict()) == COMPACT
    with pytest.raises(BadModel, match="does not describe an iterative model"):
        from_dict({"name": "x"})
    with pytest.raises(BadModel, match="does not describe an iterative model"):
        from_dict({**COMPACT.to_dict(), "direction": "sideways"})


def test_the_logarithmic_loss_still_teaches_where_the_network_is_surely_wrong():
    truth, weights = torch.ones(1, 2, 2, 2), torch.ones(1, 2, 2, 2)
    steepness = {}
    for configuration in (PAPER, COMPACT):
        logits = torch.full((1, 2, 2, 2), -12.0, requires_grad=True)
        reading = Reading(logits, torch.zeros(1))
        parts = losses(reading, truth, weights, torch.ones(1), configuration)
        parts["false negatives"].backward()
        steepness[configuration.name] = logits.grad.abs().max().item()
    assert steepness["paper"] < 1e-4
    assert steepness["compact"] > 0.99
