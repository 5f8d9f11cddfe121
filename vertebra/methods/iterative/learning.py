"""How the network is trained, and how a trained one becomes a model."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timezone
from pathlib import Path

import torch
from torch import Tensor, nn

from ...errors import BadModel, VertebraError
from ...runtime import Progress
from ...runtime.models import Card, Model, save
from ...training import checkpoints
from ...training.loop import train as train_loop
from .configuration import Configuration
from .inference import METHOD
from .network import MemoryNetwork, network_input
from .objective import losses
from .patches import Patches


class Training(nn.Module):
    """The network with its loss."""

    def __init__(self, network: MemoryNetwork, configuration: Configuration) -> None:
        super().__init__()
        self.network = network
        self.configuration = configuration

    def forward(self, batch: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """The parts of the loss of a batch."""
        reading = self.network(network_input(batch["patch"], batch["memory"]))
        return losses(
            reading, batch["truth"], batch["weights"], batch["complete"], self.configuration
        )


def train(
    prepared: Path,
    configuration: Configuration,
    out: Path,
    *,
    start: Mapping[str, Tensor] | None = None,
    resume: bool = False,
    device: str = "auto",
    devices: int = 1,
    workers: int = 0,
    progress: Progress | None = None,
) -> None:
    """Train on a folder of prepared scans, from `start` or at random; `out` gets the checkpoint."""
    network = MemoryNetwork(configuration)
    if start is not None:
        _fill(network, start)
    train_loop(
        Training(network, configuration),
        Patches(prepared, configuration),
        configuration.training,
        out,
        resume=resume,
        device=device,
        devices=devices,
        workers=workers,
        notes={"method": METHOD, "configuration": configuration.to_dict()},
        progress=progress,
    )


def trained_network(folder: Path, configuration: Configuration) -> MemoryNetwork:
    """The network of a training's checkpoint."""
    weights = checkpoints.network_weights(folder)
    network = MemoryNetwork(configuration)
    _fill(network, {key.removeprefix("network."): tensor for key, tensor in weights.items()})
    return network


def card(name: str, configuration: Configuration, data: str) -> Card:
    """The card of a model that a user trained."""
    return Card(
        name=name,
        method=METHOD,
        configuration=configuration.to_dict(),
        description="Trained by a user of Vertebra.",
        data=data,
        created=datetime.now(timezone.utc).isoformat(timespec="seconds"),
    )


def publish(folder: Path, configuration: Configuration, card: Card, into: Path) -> Model:
    """Write a training's network as a model with a card, in half precision."""
    if card.method != METHOD:
        raise VertebraError(f"The card is for the method {card.method}, not {METHOD}.")
    weights = trained_network(folder, configuration).state_dict()
    return save(card, {key: _halved(tensor) for key, tensor in weights.items()}, into)


def _halved(tensor: Tensor) -> Tensor:
    return tensor.half() if tensor.dtype == torch.float32 else tensor


def _fill(network: MemoryNetwork, weights: Mapping[str, Tensor]) -> None:
    try:
        network.load_state_dict(dict(weights))
    except RuntimeError as error:
        raise BadModel("The weights belong to another configuration of this method.") from error
