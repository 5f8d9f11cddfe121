"""`vertebra phantom`: synthetic CTs of spines with their exact truth."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from .console import out, print_json, progress_bar

if TYPE_CHECKING:
    from ..phantom.shapes.source import ShapeSource


def phantom(
    folder: Path = typer.Argument(help="A new folder, laid out like VerSe."),
    count: int = typer.Option(10, min=1, help="How many cases."),
    seed: int = typer.Option(0, min=0, help="The same seed gives the same cases."),
    region: str | None = typer.Option(
        None, help="cervical, chest, lumbar, trunk, spine, ..., or a level such as T12."
    ),
    spacing: float | None = typer.Option(
        None, min=0.3, help="Voxel size in mm; left out, as hospitals scan."
    ),
    anatomy: Path | None = typer.Option(
        None, help="A folder of bone surfaces (PLY) to use beside our own shapes."
    ),
    device: str = typer.Option("auto", help="auto, cpu or cuda."),
    previews: bool = typer.Option(True, help="Write a picture of each case."),
    as_json: bool = typer.Option(False, "--json", help="Print JSON."),
) -> None:
    """Make CTs of spines that never were, with masks, body centres, completeness and a manifest."""
    from ..phantom.writing import write_phantoms
    from ..runtime.devices import device as device_of

    with progress_bar("Making phantoms", quiet=as_json) as progress:
        write_phantoms(
            folder,
            count,
            seed,
            region=region,
            spacing=spacing,
            device=device_of(device),
            shapes=shapes_with(anatomy),
            previews=previews,
            progress=progress,
        )
    if as_json:
        print_json({"written": str(folder), "cases": count})
    else:
        out.print(f"Wrote {count} case{'s' * (count > 1)} to {folder}.", soft_wrap=True)


def shapes_with(anatomy: Path | None) -> ShapeSource | None:
    """Half of the subjects with bones from a folder of surfaces, if there is one."""
    if anatomy is None:
        return None
    from ..phantom.shapes.anatomy import Anatomy
    from ..phantom.shapes.mixture import Mixture
    from ..phantom.shapes.procedural import Procedural

    return Mixture(Procedural(), Anatomy(anatomy))
