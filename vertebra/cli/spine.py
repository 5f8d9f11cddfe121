"""`vertebra spine`: look at a labelled spine and correct it, as the modules in Slicer do."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import typer

from ..anatomy import Anomaly, level
from ..errors import BadEdit
from ..spine import Spine, Which, to_json
from .console import print_json, print_spine, print_warning

app = typer.Typer(help="Show and correct labelled spines.", no_args_is_help=True)
edit = typer.Typer(
    help="Correct the levels or points of a spine file, in place or into another file.",
    no_args_is_help=True,
)
app.add_typer(edit, name="edit")

FILE = typer.Argument(help="A spine or points file of any format that 'vertebra convert' reads.")
OUTPUT = typer.Option(None, "-o", "--output", help="Write here; the ending says the format.")
IMAGE = typer.Option(None, "--image", help="The CT or mask the points belong to (VerSe).")
AS_JSON = typer.Option(False, "--json", help="Print the spine as JSON instead of a table.")
VERTEBRA = typer.Argument(
    help="A vertebra: its level (T12) or its number in the file, in quotes ('#3')."
)


@app.command()
def show(file: Path = FILE, image: Path | None = IMAGE, as_json: bool = AS_JSON) -> None:
    """Show levels, positions, confidence, flags and problems."""
    from ..exchange import read_points

    spine = read_points(file, image=image)
    if as_json:
        print_json(json.loads(to_json(spine)))
    else:
        print_spine(spine, file.name)


@edit.command()
def shift(
    file: Path = FILE,
    by: int = typer.Option(..., "--by", help="How many levels; +1 turns T11 into T12."),
    below: str | None = typer.Option(None, help="Only from this vertebra down."),
    above: str | None = typer.Option(None, help="Only from this vertebra up."),
    output: Path | None = OUTPUT,
    image: Path | None = IMAGE,
    as_json: bool = AS_JSON,
) -> None:
    """Renumber all vertebrae, or those from one vertebra down or up."""

    def change(spine: Spine) -> Spine:
        return spine.shifted(by, below=_maybe(below), above=_maybe(above))

    _edit(change, file, output, image, as_json)


@edit.command()
def anchor(
    file: Path = FILE,
    vertebra: str = VERTEBRA,
    as_level: str = typer.Option(..., "--as", help="The level it has."),
    output: Path | None = OUTPUT,
    image: Path | None = IMAGE,
    as_json: bool = AS_JSON,
) -> None:
    """Fix one vertebra's level and renumber all others from it."""
    _edit(lambda s: s.anchored(_which(vertebra), level(as_level)), file, output, image, as_json)


@edit.command()
def relabel(
    file: Path = FILE,
    vertebra: str = VERTEBRA,
    as_level: str = typer.Option(..., "--as", help="The level it has."),
    output: Path | None = OUTPUT,
    image: Path | None = IMAGE,
    as_json: bool = AS_JSON,
) -> None:
    """Change one vertebra's level and no other."""
    _edit(lambda s: s.relabelled(_which(vertebra), level(as_level)), file, output, image, as_json)


@edit.command()
def swap(
    file: Path = FILE,
    one: str = VERTEBRA,
    other: str = VERTEBRA,
    output: Path | None = OUTPUT,
    image: Path | None = IMAGE,
    as_json: bool = AS_JSON,
) -> None:
    """Exchange the levels of two vertebrae."""
    _edit(lambda s: s.swapped(_which(one), _which(other)), file, output, image, as_json)


@edit.command()
def insert(
    file: Path = FILE,
    at: tuple[float, float, float] = typer.Option(..., "--at", help="Its body's centre, RAS mm."),
    as_level: str | None = typer.Option(None, "--as", help="Its level; else the one that fits."),
    output: Path | None = OUTPUT,
    image: Path | None = IMAGE,
    as_json: bool = AS_JSON,
) -> None:
    """Add a missed vertebra."""
    wanted = None if as_level is None else level(as_level)
    _edit(lambda s: s.inserted(at, wanted), file, output, image, as_json)


@edit.command()
def remove(
    file: Path = FILE,
    vertebra: str = VERTEBRA,
    close_gap: bool = typer.Option(False, help="Renumber what lies below."),
    output: Path | None = OUTPUT,
    image: Path | None = IMAGE,
    as_json: bool = AS_JSON,
) -> None:
    """Take a false vertebra out."""

    def change(spine: Spine) -> Spine:
        return spine.removed(_which(vertebra), close_gap=close_gap)

    _edit(change, file, output, image, as_json)


@edit.command()
def move(
    file: Path = FILE,
    vertebra: str = VERTEBRA,
    to: tuple[float, float, float] = typer.Option(..., "--to", help="Its body's centre, RAS mm."),
    output: Path | None = OUTPUT,
    image: Path | None = IMAGE,
    as_json: bool = AS_JSON,
) -> None:
    """Put one vertebra's centre elsewhere."""
    _edit(lambda s: s.moved(_which(vertebra), to), file, output, image, as_json)


@edit.command()
def anomaly(
    file: Path = FILE,
    name: Anomaly = typer.Argument(help="The anomaly to set."),
    clear: bool = typer.Option(False, "--clear", help="Say that the spine does not have it."),
    output: Path | None = OUTPUT,
    image: Path | None = IMAGE,
    as_json: bool = AS_JSON,
) -> None:
    """Set or clear T13, L6, "no T12" or "no L5", and renumber what lies below."""
    _edit(lambda s: s.with_anomaly(name, not clear), file, output, image, as_json)


@edit.command()
def lock(
    file: Path = FILE,
    vertebra: str = VERTEBRA,
    release: bool = typer.Option(False, "--release", help="Unlock it."),
    output: Path | None = OUTPUT,
    image: Path | None = IMAGE,
    as_json: bool = AS_JSON,
) -> None:
    """Protect a vertebra from all other edits."""
    from ..exchange import format_to_write

    written = format_to_write(output or file)
    if not release and not written.locks:
        raise BadEdit(f"{written.title} cannot hold locks; write a .spine.json file with -o.")
    _edit(lambda s: s.locked(_which(vertebra), not release), file, output, image, as_json)


def _edit(
    change: Callable[[Spine], Spine],
    file: Path,
    output: Path | None,
    image: Path | None,
    as_json: bool,
) -> None:
    from ..exchange import edit as edit_file

    target = output or file
    spine, notes = edit_file(file, target, change, image=image)
    if as_json:
        print_json({**json.loads(to_json(spine)), "notes": list(notes)})
        return
    print_spine(spine, target.name)
    for note in notes:
        print_warning(note)


def _maybe(name: str | None) -> Which | None:
    return None if name is None else _which(name)


def _which(name: str) -> Which:
    if name.startswith("#"):
        if not name[1:].isdecimal():
            raise BadEdit(f"'{name}' is not a vertebra's number; write it in quotes, like '#3'.")
        return int(name[1:])
    return level(name)
