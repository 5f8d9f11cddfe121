"""`vertebra train`: teach a method from synthetic spines or from a VerSe-style folder."""

from __future__ import annotations

from enum import Enum
from pathlib import Path

import typer

from ..errors import VertebraError
from .console import errors, out, progress_bar

app = typer.Typer(help="Train the methods on your own or synthetic data.", no_args_is_help=True)

STOPPED = "Stopped; what was made and learned is kept: go on with --resume."


class Stage(str, Enum):
    """What to train."""

    PRETRAIN = "pretrain"
    TRAIN = "train"


@app.command()
def multiview(
    data: str = typer.Option(
        "phantoms", "--data", help="A VerSe-style folder, or 'phantoms' or 'phantoms:SEED'."
    ),
    output: Path = typer.Option(..., "-o", "--output", help="A folder for exposures and weights."),
    configuration: str = typer.Option("compact", help="compact or paper."),
    stage: Stage = typer.Option(Stage.TRAIN, help="pretrain (contrastive) or train."),
    cases: int = typer.Option(500, min=1, help="How many phantoms to make."),
    start: str | None = typer.Option(None, "--from", help="Fine-tune an installed model."),
    resume: bool = typer.Option(False, "--resume", help="Go on where the last run stopped."),
    device: str = typer.Option("auto", help="auto, cpu, cuda, cuda:1 or mps."),
    devices: int = typer.Option(1, min=1, help="How many devices of that kind."),
    workers: int = typer.Option(0, min=0, help="Processes that prepare batches ahead."),
    name: str = typer.Option("multiview-trained", help="The name of the trained model."),
) -> None:
    """Train the multi-view labeller; Ctrl-C keeps what was learned, --resume goes on.

    A pre-trained encoder in the output folder is used. The trained model lies in OUTPUT/model;
    'vertebra models install' makes it available to 'vertebra label'.
    """
    from ..methods.common.weights import card, publish
    from ..methods.multiview import learning
    from ..methods.multiview.configuration import CONFIGURATIONS
    from ..methods.multiview.exposures import prepare
    from ..methods.multiview.inference import METHOD
    from ..runtime import models
    from ..training.examples import recipes

    if configuration not in CONFIGURATIONS:
        raise VertebraError(
            f"'{configuration}' is not a configuration; choose {' or '.join(CONFIGURATIONS)}."
        )
    chosen = CONFIGURATIONS[configuration]
    exposures, encoder = output / "exposures", output / "pretrain"
    weights = models.load(models.model(start)) if start else None
    with progress_bar("Taking views", when_stopped=STOPPED) as progress:
        wanted = list(recipes(data, cases, chosen.optics.pixel))
        prepare(wanted, chosen, exposures, progress, lambda told: errors.print(told))
    with progress_bar("Training", when_stopped=STOPPED) as progress:
        if stage is Stage.PRETRAIN:
            learning.pretrain(
                exposures,
                chosen,
                encoder,
                resume=resume,
                device=device,
                workers=workers,
                progress=progress,
            )
            out.print(f"The encoder lies in {encoder}.", soft_wrap=True)
            return
        learning.train(
            exposures,
            chosen,
            output / "train",
            encoder=encoder if encoder.exists() else None,
            start=weights,
            resume=resume,
            device=device,
            devices=devices,
            workers=workers,
            progress=progress,
        )
    network = learning.trained_network(output / "train", chosen)
    made = card(name, METHOD, chosen.to_dict(), data)
    model = publish(network, made, output / "model")
    out.print(f"The model lies in {model.weights}.", soft_wrap=True)
