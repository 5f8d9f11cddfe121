"""`vertebra label`: from a CT to named vertebrae, in every format that others read."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import typer

from ..errors import VertebraError
from ..runtime import write_text
from ..spine import Flag, Spine, to_json
from ..volume import Volume
from .console import out, print_flags, print_json, print_spine, print_warning, progress_bar
from .results import (
    made_from,
    picture,
    require_no_masks,
    require_room,
    require_uncorrected,
    stem,
    writing,
)

ANCHORS = {"C2": "axis", "S1": "sacrum"}
"""What a count starts from, by the level that shows it."""


def label(
    ct: Path = typer.Argument(help="A CT: a DICOM folder, or a NIfTI, NRRD or MetaImage file."),
    output: Path | None = typer.Option(
        None,
        "-o",
        "--output",
        file_okay=False,
        help="A folder for the points in several formats and a picture.",
    ),
    series: str | None = typer.Option(None, help="The UID of one DICOM series in the folder."),
    model: str | None = typer.Option(
        None, help="A model of 'models list'; by default the first that labels spines."
    ),
    device: str = typer.Option("auto", help="auto, cpu, cuda, cuda:1 or mps."),
    as_json: bool = typer.Option(False, "--json", help="Print the spine as JSON, not a table."),
) -> None:
    """Find every vertebra and say which one it is, how sure that is, and what to check."""
    from .. import pipeline
    from ..volume import read_volume

    name = stem(ct, series)
    if output is not None:
        require_room(output, name, ct)
        require_no_masks(output, name)
        require_uncorrected(output, name, takes_points=False)
    with progress_bar("Labelling", quiet=as_json) as progress:
        volume = read_volume(ct, series=series, progress=progress.part(0, 0.3))
        part = progress.part(0.3, 1)
        result = pipeline.label(volume, model=model, device=device, progress=part)
    spine, notes = made_from(result.spine, ct), list(result.notes)
    if output is not None:
        with writing(output):
            notes += write_results(volume, spine, output, name)
    if as_json:
        print_json({**json.loads(to_json(spine)), "notes": notes})
        return
    if len(spine):
        out.print(summary(spine))
        print_spine(spine, ct.name)
        print_flags(spine)
    else:
        out.print("No vertebra was found; is the spine in view?")
    for note in notes:
        print_warning(note)
    if output is not None:
        out.print(f"The results lie in {output}.", soft_wrap=True)


def summary(spine: Spine) -> str:
    """What was found, by what it was counted, and what else it may be, in one or two sentences."""
    names = [str(level) for level in spine.levels]
    said = f"{_counted(len(names))}, {_range(names)}"
    seen = [place for name, place in ANCHORS.items() if name in names]
    if spine.anchored_count and seen:
        said += f"; counted from the {' and the '.join(seen)}"
    said += "."
    if spine.runner_up and any(Flag.AMBIGUOUS in each.flags for each in spine):
        others = [str(level) for level in spine.runner_up.levels]
        said += f" The next best names are {_range(others)}."
    return said


def _counted(count: int) -> str:
    return "1 vertebra" if count == 1 else f"{count} vertebrae"


def _range(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{names[0]} to {names[-1]}"


def write_results(volume: Volume, spine: Spine, folder: Path, name: str) -> list[str]:
    """Write points, table, spine and picture; gives what had to be left out.

    The folder may hold other scans' results.
    """
    from ..exchange import markups, table, verse

    write_text(folder / f"{name}.spine.json", to_json(spine))
    markups.write(folder / f"{name}.mrk.json", spine)
    table.write(folder / f"{name}.csv", spine)
    notes = []
    centroids = folder / f"{name}_seg-vert_ctd.json"
    try:
        verse.write(centroids, spine, volume.grid)
    except VertebraError as error:
        centroids.unlink(missing_ok=True)
        notes.append(f"The file in VerSe's numbers is left out: {error}")
    return notes + picture(volume, spine, folder / f"{name}.png")
