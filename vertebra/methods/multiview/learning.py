"""What is trained, stage by stage: pre-training of the encoder, then localization and naming."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path

from torch import Tensor, nn

from ...errors import BadModel
from ...runtime import Progress
from ...training import checkpoints
from ...training.loop import train as train_loop
from ..common.weights import filled, trained_weights
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
    names: Collection[str] | None = None,
    resume: bool = False,
    device: str = "auto",
    workers: int = 0,
    progress: Progress | None = None,
) -> None:
    """Pre-train the encoder on pairs of views; `out` gets checkpoint and curves.

    With `names` exposures of other examples that lie in the folder are not looked at.
    """
    batches = Pairs(exposures, configuration, configuration.pretraining.batch, names=names)
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
    names: Collection[str] | None = None,
    resume: bool = False,
    device: str = "auto",
    devices: int = 1,
    workers: int = 0,
    progress: Progress | None = None,
) -> None:
    """Train both networks; `out` gets checkpoint and curves.

    With `names` exposures of other examples that lie in the folder are not looked at.
    They start from a pre-trained encoder (the folder of `pretrain`), from whole networks'
    weights (fine-tuning), or at random.
    """
    network = MultiViewNetwork(configuration)
    if start is not None:
        filled(network, start)
    elif encoder is not None:
        fill_encoders(network, encoder)
    train_loop(
        Training(network, configuration),
        Exposures(exposures, configuration, configuration.training.batch, names=names),
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
    return filled(MultiViewNetwork(configuration), trained_weights(folder))
