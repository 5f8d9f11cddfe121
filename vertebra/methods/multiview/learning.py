"""What is trained, stage by stage: pre-training of the encoder, then localization and naming."""

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
from .exposures import Exposures, Pairs
from .inference import METHOD
from .networks import MultiViewNetwork
from .objective import losses
from .simsiam import SimSiam


class Training(nn.Module):
    """Both networks with their losses."""

    def __init__(self, network: MultiViewNetwork, configuration: Configuration) -> None:
        super().__init__()
        self.network = network
        self.configuration = configuration

    def forward(self, batch: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """The parts of the loss of a batch."""
        reading = self.network(batch["views"])
        return losses(
            reading, batch["points"], batch["levels"], batch["present"], self.configuration
        )


class Pretraining(nn.Module):
    """The encoder with SimSiam's loss."""

    def __init__(self, configuration: Configuration) -> None:
        super().__init__()
        self.network = MultiViewNetwork(configuration)
        encoder = self.network.localizer.encoder
        self.siamese = SimSiam(encoder, configuration.widths.encoder[-1])

    def forward(self, batch: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """The loss of a batch of pairs."""
        return {"loss": self.siamese(batch["one"], batch["other"])}


def pretrain(
    exposures: Path,
    configuration: Configuration,
    out: Path,
    *,
    resume: bool = False,
    device: str = "auto",
    workers: int = 0,
    progress: Progress | None = None,
) -> None:
    """Pre-train the encoder on pairs of views; `out` gets checkpoint and curves."""
    batches = Pairs(exposures, configuration, configuration.pretraining.batch)
    train_loop(
        Pretraining(configuration),
        batches,
        configuration.pretraining,
        out,
        resume=resume,
        device=device,
        workers=workers,
        notes={"method": METHOD, "stage": "pretrain", "configuration": configuration.to_dict()},
        progress=progress,
    )


def train(
    exposures: Path,
    configuration: Configuration,
    out: Path,
    *,
    encoder: Path | None = None,
    start: Mapping[str, Tensor] | None = None,
    resume: bool = False,
    device: str = "auto",
    devices: int = 1,
    workers: int = 0,
    progress: Progress | None = None,
) -> None:
    """Train both networks; `out` gets checkpoint and curves.

    They start from a pre-trained encoder (the folder of `pretrain`), from whole networks'
    weights (fine-tuning), or at random.
    """
    network = MultiViewNetwork(configuration)
    if start is not None:
        _fill(network, start)
    elif encoder is not None:
        fill_encoders(network, encoder)
    train_loop(
        Training(network, configuration),
        Exposures(exposures, configuration, configuration.training.batch),
        configuration.training,
        out,
        resume=resume,
        device=device,
        devices=devices,
        workers=workers,
        notes={"method": METHOD, "stage": "train", "configuration": configuration.to_dict()},
        progress=progress,
    )


def fill_encoders(network: MultiViewNetwork, folder: Path) -> None:
    """Give the networks the encoder that was pre-trained in a folder."""
    prefix = "siamese.encoder."
    weights = checkpoints.network_weights(folder)
    learned = {key[len(prefix) :]: t for key, t in weights.items() if key.startswith(prefix)}
    try:
        for encoder in network.encoders():
            encoder.load_state_dict(learned)
    except RuntimeError as error:
        raise BadModel(f"The encoder in '{folder}' belongs to another configuration.") from error


def trained_network(folder: Path, configuration: Configuration) -> MultiViewNetwork:
    """The networks of a training's checkpoint."""
    weights = checkpoints.network_weights(folder)
    network = MultiViewNetwork(configuration)
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
    """Write a training's networks as a model with a card, in half precision."""
    if card.method != METHOD:
        raise VertebraError(f"The card is for the method {card.method}, not {METHOD}.")
    weights = trained_network(folder, configuration).state_dict()
    return save(card, {key: _halved(tensor) for key, tensor in weights.items()}, into)


def _halved(tensor: Tensor) -> Tensor:
    return tensor.half() if tensor.dtype == torch.float32 else tensor


def _fill(network: MultiViewNetwork, weights: Mapping[str, Tensor]) -> None:
    try:
        network.load_state_dict(dict(weights))
    except RuntimeError as error:
        raise BadModel("The weights belong to another configuration of this method.") from error
