"""How good is it? Metrics as published, and a report with pictures.

`evaluate` scores predictions against references case by case; `write_report` writes the figures as
one JSON and one HTML file. docs/metrics.md defines every figure.
"""

from .cases import Annotation, Case
from .evaluate import evaluate, summarised
from .folders import paired_cases
from .report import check_report, to_json, write_report
from .scan import score
from .scores import Evaluation, Failure, ScanScore, Spread, Summary, VertebraScore

__all__ = [
    "Annotation",
    "Case",
    "Evaluation",
    "Failure",
    "ScanScore",
    "Spread",
    "Summary",
    "VertebraScore",
    "check_report",
    "evaluate",
    "paired_cases",
    "score",
    "summarised",
    "to_json",
    "write_report",
]
