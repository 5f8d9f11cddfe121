"""`vertebra evaluate`: predictions against references, as figures and as a report."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import typer
from rich.table import Table

from ..evaluation.scores import Evaluation, Spread, Summary
from ..runtime.files import require_writable
from .console import errors, out, print_json, progress_bar


def evaluate(
    references: Path = typer.Argument(help="A folder (or one file) of reference points and masks."),
    predictions: Path = typer.Argument(help="A folder (or one file) of predictions."),
    output: Path | None = typer.Option(
        None, "-o", "--output", help="A new folder for evaluation.html and evaluation.json."
    ),
    images: Path | None = typer.Option(None, "--images", help="The CTs, to draw the results on."),
    reference_scheme: str | None = typer.Option(None, help="Label numbers of the references."),
    prediction_scheme: str | None = typer.Option(None, help="Label numbers of the predictions."),
    as_json: bool = typer.Option(False, "--json", help="Print every figure as JSON."),
) -> None:
    """Score levels, positions, masks and completeness; '–' where a figure has no meaning.

    Scans that cannot be compared are told, the others scored; the exit code is 1 then.
    """
    from ..evaluation import check_report, paired_cases, to_json, write_report
    from ..evaluation import evaluate as score_all

    if output is not None:
        check_report(output)
        require_writable(output.parent)
    cases = paired_cases(
        references,
        predictions,
        images=images,
        reference_scheme=reference_scheme,
        prediction_scheme=prediction_scheme,
    )
    with progress_bar("Scoring", quiet=as_json) as progress:
        evaluation = score_all(cases, progress)
    for name in cases.unused:
        errors.print(f"Left out: the prediction {name} has no reference.")
    if output is not None:
        write_report(evaluation, output)
    for failed in evaluation.failures:
        errors.print(f"{failed.name}, {failed.counts}: {failed.reason}", soft_wrap=True)
    if as_json:
        print_json(json.loads(to_json(evaluation)))
    else:
        out.print(_table(evaluation))
        if output is not None:
            out.print(f"Wrote {output / 'evaluation.html'}.", soft_wrap=True)
    if evaluation.failures:
        raise typer.Exit(1)


def _table(evaluation: Evaluation) -> Table:
    table = Table(title=f"{len(evaluation.scans)} scan{'s' * (len(evaluation.scans) > 1)}")
    table.add_column("")
    rows = {"all": evaluation.total} | {
        region.value: summary for region, summary in evaluation.regions.items()
    }
    for name in rows:
        table.add_column(name, justify="right")
    for title, figure in _FIGURES.items():
        table.add_row(title, *(figure(summary) for summary in rows.values()))
    if evaluation.all_right_rate is not None:
        share = f"{evaluation.all_right} of {evaluation.named_scans}"
        table.add_row("scans with all levels right", share)
    return table


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{share:.1%}"


def _middle(spread: Spread | None, digits: int) -> str:
    return "–" if spread is None else f"{spread.mean:.{digits}f} ({spread.median:.{digits}f})"


_FIGURES: dict[str, Callable[[Summary], str]] = {
    "vertebrae": lambda summary: str(summary.vertebrae),
    "identification rate": lambda summary: _percent(summary.identification_rate),
    "the same by VerSe's rule": lambda summary: _percent(summary.verse_rate),
    "error, mean (median) mm": lambda summary: _middle(summary.error_identified, 2),
    "Dice of the level, mean (median)": lambda summary: _middle(summary.dice, 3),
    "Dice of the instance": lambda summary: _middle(summary.instance_dice, 3),
    "surface distance mm": lambda summary: _middle(summary.surface_distance, 2),
    "Hausdorff 95 % mm": lambda summary: _middle(summary.hd95, 2),
}
