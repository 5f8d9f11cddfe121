"""How the network is trained."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path

import torch
from torch import Tensor, nn

from ...runtime import Progress
from ...training.loop import train as train_loop
from ..common.weights import filled, trained_weights
from .choosing import METHOD
from .configuration import Configuration
from .growth import grown, grows_from
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
        reading = self.network(network_input(batch["patch"], batch["memory"], batch.get("pointer")))
        return losses(
            reading, batch["truth"], batch["weights"], batch["complete"], self.configuration
        )


def train(
    prepared: Path,
    configuration: Configuration,
    out: Path,
    *,
    start: Mapping[str, Tensor] | None = None,
    names: Collection[str] | None = None,
    resume: bool = False,
    device: str = "auto",
    devices: int = 1,
    workers: int = 0,
    progress: Progress | None = None,
) -> None:
    """Train on a folder of prepared scans; `out` gets checkpoint and curves.

    With `names` other scans that lie in the folder are not looked at.
    What `start` holds of the network's weights is where it starts from, the rest is random.
    """
    network = MemoryNetwork(configuration)
    filled(network, {**network.state_dict(), **(start or {})})
    # a quarter quicker on a processor with its channels last
    training = Training(network, configuration).to(memory_format=torch.channels_last_3d)  # type: ignore[call-overload]
    train_loop(
        training,
        Patches(prepared, configuration, names=names),
        configuration.training,
        out,
        resume=resume,
        device=device,
        devices=devices,
        workers=workers,
        notes={"method": METHOD, "configuration": configuration.to_dict()},
        progress=progress,
    )


def fitting(configuration: Configuration, weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Those weights of another configuration's network that fit this one's: from coarse to fine.

    Where this one has one resolution more, it is grown around that network.
    """
    if grows_from(configuration, weights):
        return grown(configuration, weights)
    wanted = MemoryNetwork(configuration).state_dict()
    return {
        name: tensor
        for name, tensor in weights.items()
        if name in wanted and wanted[name].shape == tensor.shape
    }


def trained_network(folder: Path, configuration: Configuration) -> MemoryNetwork:
    """The network of a training's checkpoint."""
    return filled(MemoryNetwork(configuration), trained_weights(folder))
