"""What views sum up, and the numbers that networks get."""

import numpy as np
import torch

from vertebra.methods.multiview.intensity import attenuation, bone, network_input

AIR, PADDING, WATER, MARROW, METAL = -1000.0, -3024.0, 0.0, 250.0, 9000.0


def test_air_and_padding_weaken_nothing_and_water_is_the_unit():
    found = attenuation(torch.tensor([AIR, PADDING, WATER]))
    assert found.tolist() == [0, 0, 1]


def test_soft_tissue_is_no_bone_and_metal_not_endless():
    found = bone(torch.tensor([AIR, WATER, 100.0, MARROW, METAL]))
    assert np.allclose(found, [0, 0, 0, 0.1, 1.85])
    assert attenuation(torch.tensor([METAL])).item() == 3


def test_a_network_gets_numbers_near_one_in_the_order_of_its_channels():
    views = torch.tensor([[[[300.0]], [[64.0]]], [[[0.0]], [[0.0]]]])
    found = network_input(views, ("attenuation", "bone"))
    assert found.flatten().tolist() == [1, 1, -1, -1]
