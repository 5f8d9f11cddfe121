"""`vertebra models`: which weights are on this machine, and installing them without a network."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import typer
from rich.table import Table

from .console import errors, out, print_json

if TYPE_CHECKING:
    from ..runtime.models import Model

app = typer.Typer(help="List, inspect, install and remove models.", no_args_is_help=True)

AS_JSON = typer.Option(False, "--json", help="Print JSON instead of a table.")


@app.command("list")
def list_models(as_json: bool = AS_JSON) -> None:
    """Show the models on this machine, and what lies among them without being one."""
    from ..runtime.models import models, unreadable, user_folder

    found = models()
    if as_json:
        print_json([{**asdict(m.card), "bundled": m.bundled, "bytes": m.size} for m in found])
    elif found:
        out.print(_table(found))
    else:
        out.print(f"No models yet; installed ones will lie in {user_folder()}.", soft_wrap=True)
    for why in unreadable().values():
        errors.print(f"Left out: {why}", soft_wrap=True)


def _table(found: Sequence[Model]) -> Table:
    table = Table()
    for title in ("Name", "Method", "MB", "From", "Description"):
        table.add_column(title, justify="right" if title == "MB" else "left")
    for each in found:
        origin = "ships with Vertebra" if each.bundled else "installed"
        size = f"{each.size / 1e6:.1f}"
        table.add_row(each.card.name, each.card.method, size, origin, each.card.description)
    return table


@app.command()
def show(name: str) -> None:
    """Print a model's card."""
    from ..runtime.models import model

    print_json(asdict(model(name).card))


@app.command()
def install(file: Path = typer.Argument(help="The .safetensors or .json file of a model.")) -> None:
    """Install a model from a file; its weights are checked against its card."""
    from ..runtime.models import install as install_model

    installed = install_model(file)
    out.print(f"Installed '{installed.card.name}' as {installed.weights}.")


@app.command()
def remove(name: str) -> None:
    """Delete an installed model, or files that lie there without being one."""
    from ..runtime.models import remove as remove_model

    remove_model(name)
    out.print(f"Removed '{name}'.")
