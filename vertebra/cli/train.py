"""`vertebra train`: teach a method from synthetic spines or from a VerSe-style folder."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import replace
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import typer

from ..errors import BadModel, VertebraError
from ..runtime import Progress
from .console import errors, out, progress_bar
from .phantom import shapes_with
from .segment import Direction

if TYPE_CHECKING:
    from torch import Tensor

    from ..runtime.models import Card

app = typer.Typer(help="Train the methods on your own or synthetic data.", no_args_is_help=True)

STOPPED = "Stopped; what was made and learned is kept: go on with --resume."
Choice = TypeVar("Choice")

DATA = typer.Option(
    "phantoms", "--data", help="A VerSe-style folder, or 'phantoms' or 'phantoms:SEED'."
)
ANATOMY = typer.Option(
    None, help="A folder of bone surfaces (PLY), which half of the phantoms are made from."
)
RESUME = typer.Option(False, "--resume", help="Go on where the last run stopped.")
DEVICE = typer.Option("auto", help="auto, cpu, cuda, cuda:1 or mps.")
DEVICES = typer.Option(1, min=1, help="How many devices of that kind.")
WORKERS = typer.Option(0, min=0, help="Processes that prepare batches ahead.")
CASES = typer.Option(500, min=1, help="How many phantoms to make.")


class Stage(str, Enum):
    """What to train."""

    PRETRAIN = "pretrain"
    TRAIN = "train"


@app.command()
def multiview(
    data: str = DATA,
    output: Path = typer.Option(..., "-o", "--output", help="A folder for exposures and weights."),
    configuration: str = typer.Option("compact", help="compact or paper."),
    stage: Stage = typer.Option(Stage.TRAIN, help="pretrain (contrastive) or train."),
    cases: int = CASES,
    anatomy: Path | None = ANATOMY,
    start: str | None = typer.Option(
        None, "--from", help="Fine-tune an installed model, or a checkpoint's folder."
    ),
    resume: bool = RESUME,
    device: str = DEVICE,
    devices: int = DEVICES,
    workers: int = WORKERS,
    name: str = typer.Option("multiview-trained", help="The name of the trained model."),
) -> None:
    """Train the multi-view labeller; Ctrl-C keeps what was learned, --resume goes on.

    A pre-trained encoder in the output folder is used. The trained model lies in OUTPUT/model;
    'vertebra models install' makes it available to 'vertebra label'.
    """
    from ..methods.common.weights import card, weights_of
    from ..methods.multiview import learning
    from ..methods.multiview.configuration import CONFIGURATIONS
    from ..methods.multiview.exposures import prepare
    from ..methods.multiview.inference import METHOD, PURPOSE
    from ..training.examples import recipes

    chosen = _chosen(configuration, CONFIGURATIONS)
    exposures, encoder = output / "exposures", output / "pretrain"
    if stage is Stage.PRETRAIN and devices > 1:
        raise VertebraError("Pre-training runs on one device; leave out --devices.")
    first = None if start is None else weights_of(start, METHOD, PURPOSE)
    with _stage("Taking views") as progress:
        wanted = list(recipes(data, cases, chosen.optics.finest, shapes_with(anatomy)))
        prepare(wanted, chosen, exposures, progress, errors.print)
        names = [each for each, _ in wanted]
    with _stage("Training") as progress:
        if stage is Stage.PRETRAIN:
            learning.pretrain(
                exposures,
                chosen,
                encoder,
                names=names,
                resume=resume and _resumed(encoder),
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
            encoder=encoder if _begun(encoder) else None,
            start=first,
            names=names,
            resume=resume and _resumed(output / "train"),
            device=device,
            devices=devices,
            workers=workers,
            progress=progress,
        )
    weights = learning.trained_network(output / "train", chosen).state_dict()
    _publish(weights, card(name, METHOD, chosen.to_dict(), data), output)


@app.command()
def iterative(
    data: str = DATA,
    output: Path = typer.Option(..., "-o", "--output", help="A folder for scans and weights."),
    configuration: str = typer.Option("compact", help="compact, coarse, fine or paper."),
    direction: Direction = typer.Option(Direction.DOWN, help="Which end of the spine comes first."),
    cases: int = CASES,
    anatomy: Path | None = ANATOMY,
    start: str | None = typer.Option(
        None,
        "--from",
        help="Start from an installed model or a checkpoint's folder, of any configuration.",
    ),
    resume: bool = RESUME,
    device: str = DEVICE,
    devices: int = DEVICES,
    workers: int = WORKERS,
    name: str = typer.Option("iterative-trained", help="The name of the trained model."),
) -> None:
    """Train the iterative segmenter; Ctrl-C keeps what was learned, --resume goes on.

    A network learns one direction, and voxels of one size: 'coarse' ones find the vertebrae that
    'compact' ones segment; a 'fine' network is grown around the 'compact' one that it starts
    --from, and draws outlines itself. Otherwise what --from draws them with is kept as it is. The
    trained model lies in OUTPUT/model; 'vertebra models install' makes it available to 'vertebra
    segment'.
    """
    from ..methods.common.weights import card, weights_of
    from ..methods.iterative import learning
    from ..methods.iterative.choosing import METHOD, PURPOSE
    from ..methods.iterative.configuration import CONFIGURATIONS
    from ..methods.iterative.lessons import lessons
    from ..methods.iterative.outline import WIDTHS, draws_itself, joined, split
    from ..methods.iterative.patches import prepare

    chosen = replace(_chosen(configuration, CONFIGURATIONS), direction=direction.value)
    first = None
    outlines: Mapping[str, Tensor] = {}
    if start is not None:
        given, outlines = split(weights_of(start, METHOD, PURPOSE))
        first = learning.fitting(chosen, given)
        _tell_what_fits(start, given, first)
    scans = output / "scans"
    with _stage("Preparing scans") as progress:
        wanted = list(lessons(data, cases, chosen.spacing, shapes_with(anatomy)))
        prepare(wanted, chosen, scans, progress, errors.print)
        names = [each for each, _ in wanted]
    with _stage("Training") as progress:
        learning.train(
            scans,
            chosen,
            output / "train",
            start=first,
            names=names,
            resume=resume and _resumed(output / "train"),
            device=device,
            devices=devices,
            workers=workers,
            progress=progress,
        )
    weights = learning.trained_network(output / "train", chosen).state_dict()
    if draws_itself(chosen.spacing):
        outlines = {}
    if outlines:
        chosen = replace(chosen, outline=WIDTHS)
    _publish(joined(weights, outlines), card(name, METHOD, chosen.to_dict(), data), output)


@app.command()
def outline(
    model: str = typer.Argument(..., help="The installed iterative model to be complemented."),
    data: str = DATA,
    output: Path = typer.Option(..., "-o", "--output", help="A folder for scans and weights."),
    cases: int = typer.Option(200, min=1, help="How many phantoms to make."),
    anatomy: Path | None = ANATOMY,
    resume: bool = RESUME,
    device: str = DEVICE,
    workers: int = WORKERS,
    name: str = typer.Option("iterative-outlined", help="The name of the model of both networks."),
) -> None:
    """Train the network that draws outlines at 1 mm around what an iterative model finds.

    One that the model has already learns on. Ctrl-C keeps what was learned, --resume goes on. The
    model of both lies in OUTPUT/model.
    """
    from ..methods.common.installed import chosen
    from ..methods.common.weights import card, weights_of
    from ..methods.iterative import outline_learning
    from ..methods.iterative.choosing import METHOD, PURPOSE
    from ..methods.iterative.inference import Segmenter
    from ..methods.iterative.outline import WIDTHS, joined, split
    from ..methods.iterative.outline_lessons import close_lessons, prepare

    segmenter = Segmenter.load(chosen(METHOD, PURPOSE, model).card.name, device)
    given = weights_of(model, METHOD, PURPOSE)
    scans = output / "scans"
    with _stage("Preparing scans") as progress:
        wanted = list(close_lessons(data, cases, shapes_with(anatomy)))
        prepare(wanted, segmenter, scans, progress, errors.print)
        names = [each for each, _ in wanted]
    with _stage("Training") as progress:
        outline_learning.train(
            scans,
            output / "train",
            start=split(given)[1],
            names=names,
            resume=resume and _resumed(output / "train"),
            device=device,
            workers=workers,
            progress=progress,
        )
    network = outline_learning.trained_network(output / "train")
    both = joined(given, network.state_dict())
    complemented = replace(segmenter.configuration, outline=WIDTHS)
    _publish(both, card(name, METHOD, complemented.to_dict(), data), output)


def _stage(title: str) -> AbstractContextManager[Progress]:
    """A stage of a training, which can be stopped and gone on with."""
    return progress_bar(title, when_stopped=STOPPED)


def _begun(folder: Path) -> bool:
    """Has a training come as far as its first checkpoint? It may be stopped while it prepares."""
    from ..training.checkpoints import STATE

    return (folder / STATE).exists()


def _resumed(folder: Path) -> bool:
    """Is there something to resume? It is said where there is not."""
    begun = _begun(folder)
    if not begun:
        errors.print(f"There is no checkpoint in '{folder}' yet: the training begins anew.")
    return begun


def _publish(weights: Mapping[str, Tensor], card: Card, output: Path) -> None:
    """Write what was learned as a model, and say where it lies."""
    from ..methods.common.weights import publish

    model = publish(weights, card, output / "model")
    out.print(f"The model lies in {model.weights}.", soft_wrap=True)


def _chosen(name: str, configurations: Mapping[str, Choice]) -> Choice:
    if name not in configurations:
        names = " or ".join(configurations)
        raise VertebraError(f"'{name}' is not a configuration; choose {names}.")
    return configurations[name]


def _tell_what_fits(
    source: str, given: Mapping[str, Tensor], fitting: Mapping[str, Tensor]
) -> None:
    """Say which parts of a network start at random because those given have other sizes."""
    if not fitting:
        raise BadModel(f"Nothing of '{source}' fits this configuration; leave out --from.")
    others = dict.fromkeys(key.split(".")[0] for key in given if key not in fitting)
    if others:
        errors.print(
            f"{len(fitting)} of the {len(given)} tensors of '{source}' are taken; what has "
            f"another size starts at random, in: {', '.join(others)}."
        )
