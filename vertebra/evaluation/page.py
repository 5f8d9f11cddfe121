"""The evaluation as one HTML page that needs nothing beside itself."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from importlib import resources

from ..anatomy import Level
from .drawing import reliability_diagram, scan_picture, values_by_level
from .scores import Evaluation, ScanScore, Spread, Summary

NONE = "–"
"""Stands where a figure has no meaning."""

NOTHING = "nothing"

_MEANINGS = (
    (
        "Identified (Glocker)",
        "The prediction nearest to the reference point carries its level and lies within 20 mm. "
        "The rate is over all reference vertebrae.",
    ),
    (
        "VerSe hit",
        "Among the levels on both sides, the reference nearest to the prediction is its own and "
        "lies within 20 mm. The rate is over all reference vertebrae.",
    ),
    ("Error", "From a reference point to the prediction of the same level, identified or not."),
    ("All right", "Every vertebra of the scan's reference is identified."),
    ("Dice", "Overlap of the masks of the same level; 0 where the level was not predicted."),
    (
        "Instance Dice",
        "Overlap with the predicted vertebra that shares most voxels, whatever it is called; "
        "so are surface distance, HD95 and surface Dice.",
    ),
    ("Surface distance", "Mean over the voxels of both surfaces of the distance to the other one."),
    ("HD95", "95th percentile of these distances, the larger of both directions."),
    ("Surface Dice", "The share of both surfaces that lies within 1 mm of the other."),
    (
        "Precision, recall, AP",
        "A prediction within 20 mm of a free reference vertebra is right, the surest first; AP is "
        "the area under the precision-recall curve, mAP its mean over levels.",
    ),
)


def page(evaluation: Evaluation) -> str:
    """The HTML text."""
    title = "Vertebra evaluation"
    style = resources.files(__package__).joinpath("style.css").read_text("utf-8")
    sections = [
        _header(title, evaluation),
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
            (_percent(total.identification_rate), "identified", f"{_of(total)} vertebrae"),
            (
                _percent(evaluation.all_right_rate),
                "all labels right",
                f"{evaluation.all_right} of {_counted(evaluation.named_scans, 'scan')}",
            ),
            (
                _mm(total.error_identified, "median"),
                "median error",
                f"mean {_spread(total.error_identified)}",
            ),
        ]
    if total.instance_dice:
        keys += [
            (_mean(total.dice), "mean Dice", "same level"),
            (_mean(total.instance_dice), "instance Dice", "largest overlap"),
            (
                _mm(total.surface_distance),
                "surface distance",
                f"HD95 {_mm(total.hd95)}",
            ),
        ]
    cells = "".join(
        f"<div><dd>{value}</dd><dt>{name}</dt><small>{note}</small></div>"
        for value, name, note in keys
    )
    return (
        f"<h1>{title}</h1>\n<p class=quiet>{_counted(len(scans), 'scan')}, "
        f"{_counted(total.vertebrae, 'reference vertebra', 'reference vertebrae')}, "
        f"{escape(evaluation.made.date[:10])}</p>\n<dl class=keys>{cells}</dl>"
    )


def _regions(evaluation: Evaluation) -> str:
    rows = [
        [region.value.capitalize(), *_summary(summary)]
        for region, summary in evaluation.regions.items()
    ]
    rows.append(["All", *_summary(evaluation.total)])
    return "<h2>By region</h2>\n" + _table(["", *_SUMMARY_HEADS], rows, last_is_total=True)


def _plots(evaluation: Evaluation) -> str:
    every = [vertebra for scan in evaluation.scans for vertebra in scan.vertebrae]
    plots = []
    if evaluation.total.error_all:
        errors = [each.error for each in every]
        plots.append(
            _figure(
                "Distance to the prediction of the same level (mm). A bar marks the median, a red "
                "ring a vertebra that is not identified.",
                values_by_level(every, errors, "mm", "error"),
            )
        )
    if evaluation.total.instance_dice:
        dice = [each.instance_dice for each in every]
        plots.append(
            _figure(
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
        [name, _percent(kind.precision), _percent(kind.recall), _share(kind.average_precision)]
        for name, kind in (("Found, any name", found.agnostic), ("Right name", found.labelled))
    ]
    return "<h2>Detection</h2>" + _table(["", "precision", "recall", "AP, mAP"], rows)


def _anomalies(evaluation: Evaluation) -> str:
    if evaluation.any_anomaly is None:
        return ""
    kinds = [(anomaly.value, score) for anomaly, score in evaluation.anomalies.items()]
    rows = [
        [
            name[0].upper() + name[1:],
            _ratio(score.seen, score.present),
            _percent(score.recall),
            _ratio(score.false_alarms, score.absent),
            _percent(score.false_alarm_rate),
        ]
        for name, score in [*kinds, ("any of them", evaluation.any_anomaly)]
    ]
    heads = ["", "seen", "recall", "false alarms", "rate"]
    return "<h2>Anomalies</h2>" + _table(heads, rows, last_is_total=True)


def _masks(evaluation: Evaluation) -> str:
    quality = evaluation.quality
    if quality is None:
        return ""
    masks = [scan.masks for scan in evaluation.scans if scan.masks is not None]
    every = [vertebra for scan in evaluation.scans for vertebra in scan.vertebrae]
    compared = [each for each in every if each.instance_dice is not None]
    right = sum(each.mask_called is each.level for each in compared)
    rows = [
        ["Level right", _ratio(right, len(compared))],
        ["Missed vertebrae", str(sum(len(each.missed) for each in masks))],
        ["Merged: one mask over several", str(sum(len(each.merged) for each in masks))],
        ["Double: several masks in one", str(sum(len(each.double) for each in masks))],
        ["Recognition quality", _share(quality.recognition)],
        ["Segmentation quality", _share(quality.segmentation)],
        ["Panoptic quality", _share(quality.panoptic)],
    ]
    return "<h2>Masks as instances</h2>" + _table(["", "all scans"], rows)


def _completeness(evaluation: Evaluation) -> str:
    score = evaluation.completeness
    if score.accuracy is None:
        return ""
    rows = [
        ["Accuracy", _percent(score.accuracy)],
        ["False positives a scan", _number(score.false_positives_a_scan)],
        ["False negatives a scan", _number(score.false_negatives_a_scan)],
    ]
    return "<h2>Completely in view</h2>" + _table(["", "all scans"], rows)


def _reliability(evaluation: Evaluation) -> str:
    measured = evaluation.reliability
    if measured is None:
        return ""
    caption = (
        f"{_counted(measured.count, 'prediction')} at a reference vertebra; calibration error "
        f"{_share(measured.calibration_error)}, Brier score {_share(measured.brier)}."
    )
    return "<h2>Confidence</h2>" + _figure(caption, reliability_diagram(measured))


def _levels(evaluation: Evaluation) -> str:
    rows = [
        [_swatch(level) + level.name, *_summary(summary)]
        for level, summary in evaluation.levels.items()
    ]
    return "<h2>By level</h2>\n" + _table(["", *_SUMMARY_HEADS], rows)


def _scans(evaluation: Evaluation) -> str:
    rows = []
    for scan in evaluation.scans:
        summary = Summary.of(scan.vertebrae)
        rows.append(
            [
                escape(scan.name),
                _of(summary),
                NONE if scan.extra is None else str(scan.extra),
                _mm_number(summary.error_identified),
                _mean(summary.dice),
                _mean(summary.instance_dice),
                _mm_number(summary.surface_distance),
                _faults(scan),
            ]
        )
    heads = ["", "identified", "extra", "error, mm", "Dice", "instance", "ASD, mm", "to look at"]
    return "<h2>By scan</h2>\n" + _table(heads, rows, text_last=True)


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
    items = "".join(f"<dt>{name}</dt><dd>{text}</dd>" for name, text in _MEANINGS)
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
        _percent(summary.identification_rate),
        _percent(summary.verse_rate),
        _spread(error, unit=""),
        _number(error.median) if error else NONE,
        _mean(summary.dice),
        _mean(summary.instance_dice),
        _mm_number(summary.surface_distance),
        _mm_number(summary.hd95),
        _mean(summary.surface_dice),
    ]


def _table(
    heads: Sequence[str],
    rows: Iterable[Sequence[str]],
    *,
    last_is_total: bool = False,
    text_last: bool = False,
) -> str:
    kind = [" class=text" if text_last and i == len(heads) - 1 else "" for i in range(len(heads))]
    head = "".join(f"<th{k}>{name}</th>" for k, name in zip(kind, heads))
    body = ["".join(f"<td{k}>{cell}</td>" for k, cell in zip(kind, row)) for row in rows]
    marks = [""] * (len(body) - 1) + [" class=total" if last_is_total else ""]
    lines = "\n".join(f"<tr{mark}>{cells}</tr>" for mark, cells in zip(marks, body))
    return f"<table><thead><tr>{head}</tr></thead>\n<tbody>\n{lines}\n</tbody></table>"


def _figure(caption: str, picture: str) -> str:
    return f"<figure><figcaption>{caption}</figcaption>{picture}</figure>"


def _swatch(level: Level) -> str:
    return f'<span class=swatch style="background:rgb{level.colour}"></span>'


def _counted(count: int, one: str, many: str = "") -> str:
    return f"{count} {one if count == 1 else many or one + 's'}"


def _of(summary: Summary) -> str:
    return _ratio(summary.identified, summary.named)


def _ratio(part: int, whole: int) -> str:
    return f"{part} of {whole}" if whole else NONE


def _percent(value: float | None) -> str:
    return NONE if value is None else f"{100 * value:.1f} %"


def _share(value: float | None) -> str:
    return NONE if value is None else f"{value:.3f}"


def _number(value: float | None) -> str:
    return NONE if value is None else f"{value:.2f}"


def _mm(spread: Spread | None, middle: str = "mean") -> str:
    return NONE if spread is None else f"{getattr(spread, middle):.2f} mm"


def _mean(spread: Spread | None) -> str:
    return NONE if spread is None else f"{spread.mean:.3f}"


def _mm_number(spread: Spread | None) -> str:
    return NONE if spread is None else f"{spread.mean:.2f}"


def _spread(spread: Spread | None, unit: str = " mm") -> str:
    if spread is None:
        return NONE
    deviation = "" if spread.sd is None else f" ± {spread.sd:.2f}"
    return f"{spread.mean:.2f}{deviation}{unit}"
