"""The evaluation as one HTML page that needs nothing beside itself."""

from __future__ import annotations

from html import escape
from importlib import resources

from .drawing import reliability_diagram, scan_picture, values_by_level
from .markup import (
    NONE,
    counted,
    figure,
    mean,
    mean_and_sd,
    mm,
    mm_number,
    number,
    percent,
    ratio,
    share,
    swatch,
    table,
)
from .meanings import MEANINGS
from .scores import Evaluation, ScanScore, Summary

NOTHING = "nothing"


def page(evaluation: Evaluation) -> str:
    """The HTML text."""
    title = "Vertebra evaluation"
    style = resources.files(__package__).joinpath("style.css").read_text("utf-8")
    sections = [
        _header(title, evaluation),
        _failures(evaluation),
        _regions(evaluation),
        _plots(evaluation),
        _counts(evaluation),
        _levels(evaluation),
        _scans(evaluation),
        _pictures(evaluation),
        _meanings(),
        _footer(evaluation),
    ]
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{title}</title>\n<style>\n{style}</style>\n</head>\n<body>\n<main>\n"
        + "\n".join(section for section in sections if section)
        + "\n</main>\n</body>\n</html>\n"
    )


def _header(title: str, evaluation: Evaluation) -> str:
    total, scans = evaluation.total, evaluation.scans
    keys = []
    if total.named:
        keys += [
            (percent(total.identification_rate), "identified", f"{_of(total)} vertebrae"),
            (
                percent(evaluation.all_right_rate),
                "all labels right",
                f"{evaluation.all_right} of {counted(evaluation.named_scans, 'scan')}",
            ),
            (
                mm(total.error_identified, "median"),
                "median error",
                f"mean {mean_and_sd(total.error_identified)}",
            ),
        ]
    if total.instance_dice:
        keys += [
            (mean(total.dice), "mean Dice", "same level"),
            (mean(total.instance_dice), "instance Dice", "largest overlap"),
            (
                mm(total.surface_distance),
                "surface distance",
                f"HD95 {mm(total.hd95)}",
            ),
        ]
    cells = "".join(
        f"<div><dd>{value}</dd><dt>{name}</dt><small>{note}</small></div>"
        for value, name, note in keys
    )
    return (
        f"<h1>{title}</h1>\n<p class=quiet>{counted(len(scans), 'scan')}, "
        f"{counted(total.vertebrae, 'reference vertebra', 'reference vertebrae')}, "
        f"{escape(evaluation.made.date[:10])}</p>\n<dl class=keys>{cells}</dl>"
    )


def _failures(evaluation: Evaluation) -> str:
    failures = evaluation.failures
    note = (
        "A prediction that cannot be read counts as missed; where the reference or the CT is at "
        "fault, or both sides do not fit, the scan is in no figure."
    )
    rows = [[escape(each.name), each.counts, escape(each.reason)] for each in failures]
    shown = table(["", "how it counts", "why"], rows, text_last=True)
    return f"<h2>Not compared</h2>\n<p class=quiet>{note}</p>\n{shown}" if failures else ""


def _regions(evaluation: Evaluation) -> str:
    rows = [
        [region.value.capitalize(), *_summary(summary)]
        for region, summary in evaluation.regions.items()
    ]
    rows.append(["All", *_summary(evaluation.total)])
    return "<h2>By region</h2>\n" + table(["", *_SUMMARY_HEADS], rows, last_is_total=True)


def _plots(evaluation: Evaluation) -> str:
    every = [vertebra for scan in evaluation.scans for vertebra in scan.vertebrae]
    plots = []
    if evaluation.total.error_all:
        errors = [each.error for each in every]
        plots.append(
            figure(
                "Distance to the prediction of the same level (mm). A bar marks the median, a red "
                "ring a vertebra that is not identified.",
                values_by_level(every, errors, "mm", "error"),
            )
        )
    if evaluation.total.instance_dice:
        dice = [each.instance_dice for each in every]
        plots.append(
            figure(
                "Instance Dice: overlap with the predicted vertebra that shares most voxels.",
                values_by_level(every, dice, "Dice", "dice"),
            )
        )
    return "<h2>Vertebra by vertebra</h2>\n" + "\n".join(plots) if plots else ""


def _counts(evaluation: Evaluation) -> str:
    """Detection, anomalies, masks, completeness and reliability, where they have a meaning."""
    blocks = [
        _detection(evaluation),
        _anomalies(evaluation),
        _masks(evaluation),
        _completeness(evaluation),
        _reliability(evaluation),
    ]
    shown = [f"<div>{block}</div>" for block in blocks if block]
    return f"<div class=columns>{''.join(shown)}</div>" if shown else ""


def _detection(evaluation: Evaluation) -> str:
    found = evaluation.detection
    if found is None:
        return ""
    rows = [
        [name, percent(kind.precision), percent(kind.recall), share(kind.average_precision)]
        for name, kind in (("Found, any name", found.agnostic), ("Right name", found.labelled))
    ]
    return "<h2>Detection</h2>" + table(["", "precision", "recall", "AP, mAP"], rows)


def _anomalies(evaluation: Evaluation) -> str:
    if evaluation.any_anomaly is None:
        return ""
    kinds = [(anomaly.value, score) for anomaly, score in evaluation.anomalies.items()]
    rows = [
        [
            name[0].upper() + name[1:],
            ratio(score.seen, score.present),
            percent(score.recall),
            ratio(score.false_alarms, score.absent),
            percent(score.false_alarm_rate),
        ]
        for name, score in [*kinds, ("any of them", evaluation.any_anomaly)]
    ]
    heads = ["", "seen", "recall", "false alarms", "rate"]
    return "<h2>Anomalies</h2>" + table(heads, rows, last_is_total=True)


def _masks(evaluation: Evaluation) -> str:
    quality = evaluation.quality
    if quality is None:
        return ""
    masks = [scan.masks for scan in evaluation.scans if scan.masks is not None]
    every = [vertebra for scan in evaluation.scans for vertebra in scan.vertebrae]
    compared = [each for each in every if each.instance_dice is not None]
    right = sum(each.mask_called is each.level for each in compared)
    rows = [
        ["Level right", ratio(right, len(compared))],
        ["Missed vertebrae", str(sum(len(each.missed) for each in masks))],
        ["Merged: one mask over several", str(sum(len(each.merged) for each in masks))],
        ["Double: several masks in one", str(sum(len(each.double) for each in masks))],
        ["Recognition quality", share(quality.recognition)],
        ["Segmentation quality", share(quality.segmentation)],
        ["Panoptic quality", share(quality.panoptic)],
    ]
    return "<h2>Masks as instances</h2>" + table(["", "all scans"], rows)


def _completeness(evaluation: Evaluation) -> str:
    score = evaluation.completeness
    if score.accuracy is None:
        return ""
    rows = [
        ["Accuracy", percent(score.accuracy)],
        ["Incomplete in the reference", str(score.partial)],
        ["Of those, called so", percent(score.partial_found)],
        ["False positives a scan", number(score.false_positives_a_scan)],
        ["False negatives a scan", number(score.false_negatives_a_scan)],
    ]
    return "<h2>Completely in view</h2>" + table(["", "all scans"], rows)


def _reliability(evaluation: Evaluation) -> str:
    measured = evaluation.reliability
    if measured is None:
        return ""
    caption = (
        f"{counted(measured.count, 'prediction')} at a reference vertebra; calibration error "
        f"{share(measured.calibration_error)}, Brier score {share(measured.brier)}."
    )
    return "<h2>Confidence</h2>" + figure(caption, reliability_diagram(measured))


def _levels(evaluation: Evaluation) -> str:
    rows = [
        [swatch(level) + level.name, *_summary(summary)]
        for level, summary in evaluation.levels.items()
    ]
    return "<h2>By level</h2>\n" + table(["", *_SUMMARY_HEADS], rows)


def _scans(evaluation: Evaluation) -> str:
    rows = []
    for scan in evaluation.scans:
        summary = Summary.of(scan.vertebrae)
        rows.append(
            [
                escape(scan.name),
                _of(summary),
                NONE if scan.extra is None else str(scan.extra),
                mm_number(summary.error_identified),
                mean(summary.dice),
                mean(summary.instance_dice),
                mm_number(summary.surface_distance),
                _faults(scan),
            ]
        )
    heads = ["", "identified", "extra", "error, mm", "Dice", "instance", "ASD, mm", "to look at"]
    return "<h2>By scan</h2>\n" + table(heads, rows, text_last=True)


def _pictures(evaluation: Evaluation) -> str:
    pictured = sorted(
        (scan for scan in evaluation.scans if scan.view is not None),
        key=lambda scan: -scan.errors,
    )
    if not pictured:
        return ""
    note = "Sections along the curve of the spine. "
    if len(pictured) < len(evaluation.scans):
        note += f"The {len(pictured)} scans with the most errors. "
    note += "A red ring and a red name mark a prediction that does not have the level of its place."
    shown = "\n".join(
        f"<div class=scan><h3>{escape(scan.name)}</h3>{_noted(scan)}{scan_picture(scan)}</div>"
        for scan in pictured
    )
    return f"<h2>Pictures</h2>\n<p class=quiet>{note}</p>\n{shown}"


def _meanings() -> str:
    items = "".join(f"<dt>{name}</dt><dd>{text}</dd>" for name, text in MEANINGS)
    return f"<h2>What the figures mean</h2>\n<dl class=meanings>{items}</dl>"


def _footer(evaluation: Evaluation) -> str:
    made = evaluation.made
    lines = [escape(f"{made.software}, {made.date}, {made.machine}")]
    lines += [escape(f"Predictions by {method}") for method in _methods(evaluation)]
    lines += [f"<code>{escape(made.command)}</code>"]
    return f"<footer class=quiet>{'<br>'.join(lines)}</footer>"


def _methods(evaluation: Evaluation) -> list[str]:
    """What made the predictions, as far as their files tell."""
    made_by = [scan.made_by for scan in evaluation.scans if scan.made_by is not None]
    parts = [
        (each.software, each.method, each.weights and f"weights {each.weights}") for each in made_by
    ]
    return sorted({", ".join(filter(None, each)) for each in parts} - {""})


def _noted(scan: ScanScore) -> str:
    faults = _faults(scan)
    return "" if faults == NOTHING else f"<p class=quiet>{faults}</p>"


def _faults(scan: ScanScore) -> str:
    """What went wrong in a scan, in words."""
    parts = []
    wrong = [
        f"{each.level} as {each.name_given}" if each.name_given else f"no {each.level}"
        for each in scan.vertebrae
        if each.wrong
    ]
    if wrong:
        parts.append(f"<span class=wrong>{', '.join(wrong)}</span>")
    if scan.masks:
        for name, which in (
            ("no mask for", scan.masks.missed),
            ("one mask over several:", scan.masks.merged),
            ("several masks in", scan.masks.double),
        ):
            if which:
                parts.append(f"<span class=wrong>{name} {escape(', '.join(which))}</span>")
    parts.extend(escape(note) for note in scan.notes)
    return "; ".join(parts) or NOTHING


_SUMMARY_HEADS = (
    "vertebrae",
    "identified",
    "VerSe",
    "error, mm",
    "median",
    "Dice",
    "instance",
    "ASD, mm",
    "HD95, mm",
    "surface",
)


def _summary(summary: Summary) -> list[str]:
    error = summary.error_all
    return [
        str(summary.vertebrae),
        percent(summary.identification_rate),
        percent(summary.verse_rate),
        mean_and_sd(error, unit=""),
        number(error.median) if error else NONE,
        mean(summary.dice),
        mean(summary.instance_dice),
        mm_number(summary.surface_distance),
        mm_number(summary.hd95),
        mean(summary.surface_dice),
    ]


def _of(summary: Summary) -> str:
    return ratio(summary.identified, summary.named)
