"""A network for voxels half as large, grown around a trained one: one more resolution outside."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

from .configuration import Configuration
from .network import MemoryNetwork

FIRST = "down.0.0.convolution.weight"
SECOND = "down.0.2.convolution.weight"
INNER = "down.1.0.convolution.weight"
SEEN = ((0, 1.0, 0.3), (0, -1.0, 0.3), (1, 1.0, 0.2), (2, 1.0, 0.1))
"""What is handed inwards at first: an input's channel, its sign, and about how much it varies:
HU above and below the middle of the window, for a rectifier lets one side pass, memory, point."""
FAINT = 0.1
"""Of the random weights by which the inner network reads all else that is handed to it."""


def grows_from(configuration: Configuration, weights: Mapping[str, Tensor]) -> bool:
    """Are these the weights of a network that lacks but the first resolution of this one?"""
    inner = MemoryNetwork(configuration).state_dict()
    return INNER in inner and all(
        name in inner and inner[name].shape == tensor.shape
        for name, tensor in _one_further_in(weights).items()
    )


def grown(configuration: Configuration, weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """All weights of a network whose inner part begins as a trained one and sees what that saw.

    The new convolutions begin by passing the inputs on; pooled, these are the larger voxels.
    """
    network = MemoryNetwork(configuration).state_dict()
    start = {**network, **_one_further_in(weights)}
    used = [seen for seen in SEEN if seen[0] < network[FIRST].shape[1]]
    passed = len(used)
    middle = (1, 1, 1)
    start[FIRST][:passed] = 0
    start[SECOND][:passed] = 0
    start[INNER] = start[INNER] * FAINT
    for place, (channel, sign, spread) in enumerate(used):
        start[FIRST][(place, channel, *middle)] = sign
        start[SECOND][(place, place, *middle)] = 1
        start[INNER][:, place] = weights[FIRST][:, channel] * sign * spread
    return start


def _one_further_in(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The weights that serve one resolution further in, named as they are there."""
    moved = {}
    for name, tensor in weights.items():
        part, *others = name.split(".")
        if part == "segmentation" or name == FIRST:
            continue
        if part == "down":
            others[0] = str(int(others[0]) + 1)
        moved[".".join([part, *others])] = tensor
    return moved
