"""Puts the commands together and turns every error into one sentence and an exit code."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence

import typer
from rich.text import Text

from .. import __version__
from ..errors import Cancelled, VertebraError
from . import convert, evaluate, info, label, models, phantom, segment, spine, train
from .console import errors

DONE, FAILED, FAULT, CANCELLED = 0, 1, 70, 130
"""And 2, with which typer itself leaves when a command is not understood."""

app = typer.Typer(
    name="vertebra",
    help="Finds, names, segments and measures the vertebrae in a CT.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    epilog="Exit codes: 0 done, 1 not possible, 2 not understood, 70 our fault, 130 cancelled.",
)
app.command("info")(info.info)
app.command("label")(label.label)
app.command("segment")(segment.segment)
app.command("convert")(convert.convert)
app.command("evaluate")(evaluate.evaluate)
app.command("phantom")(phantom.phantom)
app.add_typer(models.app, name="models")
app.add_typer(train.app, name="train")
app.add_typer(spine.app, name="spine")


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"vertebra {__version__}")
        raise typer.Exit


@app.callback()
def _top(
    version: bool = typer.Option(
        False, "--version", callback=_version, is_eager=True, help="Show the version."
    ),
) -> None:
    pass


def run(arguments: Sequence[str]) -> int:
    """Run one command; never raises, always returns an exit code."""
    as_json = "--json" in arguments
    try:
        app(list(arguments), prog_name="vertebra")
        return DONE
    except SystemExit as left:
        if left.code == CANCELLED:
            return _failed("Cancelled; nothing was changed.", CANCELLED, as_json)
        return left.code if isinstance(left.code, int) else DONE
    except KeyboardInterrupt:
        return _failed("Cancelled; nothing was changed.", CANCELLED, as_json)
    except Cancelled as cancelled:
        return _failed(str(cancelled), CANCELLED, as_json)
    except VertebraError as error:
        return _failed(str(error), FAILED, as_json)
    except ModuleNotFoundError as error:
        sentence = f"The package '{error.name}' is not installed; install Vertebra anew with pip."
        return _failed(sentence, FAILED, as_json)
    except MemoryError:
        return _failed("There is not enough memory for this image.", FAILED, as_json)
    except Exception as error:
        errors.print_exception()
        return _failed(f"This is a fault in Vertebra, please report it: {error!r}", FAULT, as_json)


def _failed(sentence: str, code: int, as_json: bool) -> int:
    if as_json:
        json.dump({"error": sentence, "exit_code": code}, sys.stdout)
        sys.stdout.write("\n")
    else:
        errors.print(Text("Error:", "bold red"), sentence, soft_wrap=True)
    return code
