"""Where networks get their weights from, and how trained ones become a model."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, TypeVar

import torch
from torch import Tensor, nn

from ...errors import BadModel
from ...runtime.models import Card, Model, load, save
from ...training import checkpoints
from .installed import chosen

Network = TypeVar("Network", bound=nn.Module)


def loaded(network: Network, found: Model) -> Network:
    """The network with the weights of a model."""
    return fitted(network, load(found), found)


def fitted(network: Network, weights: Mapping[str, Tensor], found: Model) -> Network:
    """The network with those of a model's weights that are its own."""
    try:
        network.load_state_dict(dict(weights))
    except RuntimeError as error:
        raise BadModel(f"The weights of '{found.card.name}' do not fit its card.") from error
    return network


def filled(network: Network, weights: Mapping[str, Tensor]) -> Network:
    """The network with these weights, all of which must fit."""
    try:
        network.load_state_dict(dict(weights))
    except RuntimeError as error:
        raise BadModel("The weights belong to another configuration of this method.") from error
    return network


def weights_of(source: str, method: str, purpose: str) -> dict[str, Tensor]:
    """The weights of a method's installed model, or of a folder with a training's checkpoint."""
    if (Path(source) / checkpoints.STATE).is_file():
        return trained_weights(Path(source))
    return load(chosen(method, purpose, source))


def trained_weights(folder: Path) -> dict[str, Tensor]:
    """The weights of the network in a training's checkpoint."""
    weights = checkpoints.network_weights(folder)
    return {name.removeprefix("network."): tensor for name, tensor in weights.items()}


def card(name: str, method: str, configuration: Mapping[str, Any], data: str) -> Card:
    """The card of a model that a user trained."""
    return Card(
        name=name,
        method=method,
        configuration=configuration,
        description="Trained by a user of Vertebra.",
        data=data,
        created=datetime.now(timezone.utc).isoformat(timespec="seconds"),
    )


def publish(weights: Mapping[str, Tensor], card: Card, into: Path) -> Model:
    """Write the weights of trained networks as a model with a card, in half precision.

    What that cannot hold, such as a variance over 65504, stays as it is.
    """
    return save(card, {key: _halved(tensor) for key, tensor in weights.items()}, into)


def _halved(tensor: Tensor) -> Tensor:
    half = tensor.half() if tensor.dtype == torch.float32 else tensor
    return half if half.isfinite().all() else tensor
