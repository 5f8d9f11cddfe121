"""The networks of both configurations, their objectives, and contrastive pre-training."""

import json

import numpy as np
import pytest
import torch

from vertebra.anatomy import LEVELS, VERTEBRAE
from vertebra.chain import published
from vertebra.errors import BadModel
from vertebra.methods.common.convolution import folded
from vertebra.methods.multiview.configuration import CLASSES, COMPACT, PAPER, from_dict
from vertebra.methods.multiview.networks import MultiViewNetwork
from vertebra.methods.multiview.objective import ORDERED, losses, order_loss, probability_maps
from vertebra.methods.multiview.simsiam import SimSiam, negative_cosine
from vertebra.methods.multiview.targets import heat_maps, own_places, sampled, square_places


def test_the_papers_numbers_are_in_the_paper_configuration():
    assert (PAPER.optics.views, PAPER.optics.pixel, PAPER.square, PAPER.gamma) == (10, 1, 22, 1)
    assert (published.ALPHA, published.BETA) == (0.1, 0.8)
    train, first = PAPER.training, PAPER.pretraining
    assert (train.iterations, train.rate, train.every, train.optimiser) == (
        15000,
        1e-3,
        4000,
        "adam",
    )
    assert (first.rate, first.weight_decay, first.momentum, first.batch) == (0.0125, 1e-4, 0.9, 64)
    assert (first.optimiser, first.decay) == ("sgd", "cosine")


def test_the_papers_encoder_is_a_resnet50():
    network = MultiViewNetwork(PAPER)
    resnet50_without_classifier, two_colours_less = 23_508_032, 2 * 64 * 7 * 7
    for encoder in network.encoders():
        count = sum(parameter.numel() for parameter in encoder.parameters())
        assert count == resnet50_without_classifier - two_colours_less
    assert len(network.encoders()) == 2
    with torch.inference_mode():
        heat, levels = network.eval()(torch.zeros(1, 1, 64, 32))
    assert (heat.shape, levels.shape) == ((1, 64, 32), (1, CLASSES, 32, 16))


def test_the_compact_network_is_a_few_megabytes():
    count = sum(tensor.numel() for tensor in MultiViewNetwork(COMPACT).state_dict().values())
    assert count * 2 < 5e6


def test_a_configuration_survives_a_models_card():
    for configuration in (PAPER, COMPACT):
        assert from_dict(json.loads(json.dumps(configuration.to_dict()))) == configuration
    with pytest.raises(BadModel, match="card"):
        from_dict({"name": "x"})


def test_folded_normalizations_change_no_value():
    torch.manual_seed(0)
    network = MultiViewNetwork(COMPACT)
    views = torch.randn(2, 2, 64, 32)
    for _ in range(3):
        network(views)  # moves the running means
    network.eval()
    with torch.inference_mode():
        heat, levels = network(views)
        quick_heat, quick_levels = folded(network)(views)
    assert heat.shape == (2, 64, 32)
    assert levels.shape == (2, CLASSES, 32, 16)
    assert torch.allclose(heat, quick_heat, atol=1e-4)
    assert torch.allclose(levels, quick_levels, atol=1e-4)


def test_heat_maps_peak_at_the_points_that_are_present():
    points = torch.tensor([[[10.0, 5.0], [20.0, 8.0]]])
    heat = heat_maps(points, torch.tensor([[True, False]]), (32, 16), 2.0)
    assert heat.shape == (1, 32, 16)
    assert heat[0, 10, 5] == 1
    assert heat[0, 12, 5] == pytest.approx(np.exp(-0.5))
    assert heat[0, 20, 8] < 1e-3


def test_a_square_is_shared_between_neighbours_at_half_way():
    points = torch.tensor([[[10.0, 10.0], [14.0, 10.0], [-99.0, -99.0]]])
    present = torch.tensor([[True, True, False]])
    places = square_places(points, 8.0, 2.0)
    own = own_places(places, points, present)
    assert places.shape == (1, 3, 16, 2)
    assert (places[0, 0][own[0, 0]][:, 0] <= 12).all()
    assert (places[0, 1][own[0, 1]][:, 0] >= 12).all()
    assert not own[0, 2].any()


def test_maps_are_sampled_where_the_image_has_the_place():
    ramp = torch.arange(16.0)[None, None, :, None].expand(1, 1, 16, 8).contiguous()
    places = torch.tensor([[[[8.5, 4.0]]]])  # between rows 8 and 9 of 32: row 4 of 16
    assert sampled(ramp, places, (32, 16)).item() == pytest.approx(4.0)


def test_the_sequence_loss_is_the_published_one_and_teaches():
    rng = np.random.default_rng(1)
    logits = torch.from_numpy(rng.normal(size=(1, 5, CLASSES))).requires_grad_()
    levels = torch.tensor([[LEVELS[name].rank for name in ("T11", "T12", "L1", "L2", "S1")]])
    loss = order_loss(logits.softmax(-1), levels, torch.ones(1, 5, dtype=torch.bool))
    P = logits.detach().softmax(-1)[0, :4][:, ORDERED].numpy()
    assert loss.item() == pytest.approx(published.sequence_loss(P))
    loss.backward()
    assert logits.grad[0, :4].abs().sum() > 0
    assert logits.grad[0, 4].abs().sum() == 0
    assert len(ORDERED) == 25


def test_views_without_vertebrae_cost_nothing_but_their_heat():
    points = torch.full((1, 3, 2), -1e4)
    absent = torch.zeros(1, 3, dtype=torch.bool)
    reading = MultiViewNetwork(COMPACT)(torch.zeros(1, 2, 64, 32))
    parts = losses(reading, points, torch.zeros(1, 3, dtype=torch.long), absent, COMPACT)
    assert parts["naming"] == 0
    assert parts["order"] == 0
    assert parts["heat"] > 0
    parts["loss"].backward()


def test_probability_maps_are_the_mean_over_the_own_places():
    logits = torch.zeros(1, 1, 2, len(VERTEBRAE))
    logits[0, 0, 0, 3] = 50
    P = probability_maps(logits, torch.tensor([[[True, False]]]))
    assert P[0, 0, 3] == pytest.approx(1)


def test_no_gradient_flows_through_the_projection():
    prediction, projection = (
        torch.randn(4, 8, requires_grad=True),
        torch.randn(4, 8, requires_grad=True),
    )
    negative_cosine(prediction, projection).backward()
    assert prediction.grad is not None
    assert projection.grad is None
    assert negative_cosine(projection, projection).item() == pytest.approx(-1)


def test_pre_training_brings_views_of_one_patient_together():
    torch.manual_seed(0)
    network = MultiViewNetwork(COMPACT)
    siamese = SimSiam(network.localizer.encoder, COMPACT.widths.encoder[-1], width=64)
    optimiser = torch.optim.SGD(siamese.parameters(), 0.05, momentum=0.9)
    pattern = torch.randn(8, 2, 64, 32)
    course = []
    for _ in range(12):
        loss = siamese(*(pattern + 0.3 * torch.randn_like(pattern) for _ in range(2)))
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        course.append(loss.item())
    assert course[-1] < course[0] - 0.1
