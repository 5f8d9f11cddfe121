"""The `vertebra phantom` command."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ..runtime.progress import Progress
from .shapes.anatomy import Anatomy
from .shapes.mixture import Mixture
from .shapes.procedural import Procedural
from .writing import write_phantoms

app = typer.Typer(help="Make synthetic spines with their truth.")


@app.command("phantom")
def phantom(
    out: Annotated[Path, typer.Argument(help="A new folder, laid out like VerSe.")],
    count: Annotated[int, typer.Option(help="How many cases.")] = 10,
    seed: Annotated[int, typer.Option(help="The same seed gives the same cases.")] = 0,
    region: Annotated[
        str | None, typer.Option(help="cervical, chest, lumbar, trunk, spine, ... or a level.")
    ] = None,
    spacing: Annotated[
        float | None, typer.Option(help="Voxel size in mm; as hospitals scan if left out.")
    ] = None,
    anatomy: Annotated[
        Path | None, typer.Option(help="A folder of bone surfaces (PLY) to use beside our own.")
    ] = None,
    device: Annotated[str, typer.Option(help="cpu or cuda.")] = "cpu",
    previews: Annotated[bool, typer.Option(help="Write a PNG of each case.")] = True,
) -> None:
    """Write synthetic CTs of spines with masks, centroids and a manifest."""
    shapes = None if anatomy is None else Mixture(Procedural(), Anatomy(anatomy))
    progress = Progress(lambda fraction, message: typer.echo(f"{fraction:4.0%} {message}"))
    write_phantoms(
        out,
        count,
        seed,
        region=region,
        spacing=spacing,
        device=device,
        shapes=shapes,
        previews=previews,
        progress=progress,
    )
    typer.echo(f"{count} cases are in {out}")
