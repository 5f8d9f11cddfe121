"""`vertebra convert`: points and masks of one program into those of another."""

from __future__ import annotations

from pathlib import Path

import typer
from rich.table import Table

from .console import out, print_json


def convert(
    source: Path | None = typer.Argument(None, help="A file with points or masks."),
    target: Path | None = typer.Argument(None, help="The file to write; its ending says which."),
    from_format: str | None = typer.Option(None, "--from", help="The source's format by name."),
    to_format: str | None = typer.Option(None, "--to", help="The target's format by name."),
    image: Path | None = typer.Option(
        None, "--image", help="The CT they belong to: VerSe, TPTBox and DICOM need it."
    ),
    from_scheme: str | None = typer.Option(
        None, help="What the source's label numbers mean: verse, totalsegmentator, ..."
    ),
    scheme: str | None = typer.Option(None, help="The label numbers to write (default: verse)."),
    list_formats: bool = typer.Option(False, "--list", help="Show all formats and stop."),
    as_json: bool = typer.Option(False, "--json", help="Print JSON."),
) -> None:
    """Turn points into points and masks into masks, in place and to 0.001 mm."""
    if list_formats:
        _list(as_json)
        return
    if source is None or target is None:
        raise typer.BadParameter("name a source and a target file (or ask --list).")
    from ..exchange import convert as convert_file

    notes = convert_file(
        source,
        target,
        image=image,
        from_format=from_format,
        to_format=to_format,
        from_scheme=from_scheme,
        scheme=scheme,
    )
    if as_json:
        print_json({"written": str(target), "notes": list(notes)})
        return
    out.print(f"Wrote {target}.", soft_wrap=True)
    for note in notes:
        out.print(f"  {note}", soft_wrap=True)


def _list(as_json: bool) -> None:
    from ..exchange import formats

    rows = [
        {
            "name": each.name,
            "what": each.title,
            "holds": each.holds.value,
            "endings": list(each.endings),
            "written": each.write is not None,
            "needs_image_to": list(each.image_for),
        }
        for each in formats()
    ]
    if as_json:
        print_json(rows)
        return
    table = Table()
    table.add_column("Name", no_wrap=True)
    for title in ("What it is", "Holds", "Endings", "Needs --image to"):
        table.add_column(title)
    for each in formats():
        endings = " ".join(each.endings) or "name it with --from or --to"
        needs = " and ".join(each.image_for)
        table.add_row(each.name, each.title, each.holds.value, endings, needs)
    out.print(table)
