"""The table of masks: level, completeness, measures, and what to look at."""

from __future__ import annotations

from slicer.i18n import tr as _
from SpineLabelLib.VertebraRows import VertebraRows, levelText, percent, problemsByInstance

from vertebra.anatomy import Region
from vertebra.spine import Flag, Vertebra

from .Case import Case
from .Measuring import Measuring
from .SegmentCorrection import SegmentCorrection

WIDTHS = (44, 54, 42, 38, 38, 38)


class SegmentTable(VertebraRows):
    """The rows of a spine with masks."""

    def __init__(self, table) -> None:
        columns = {
            _("Level"): "",
            _("In view"): _("How probable it is that the vertebra lies completely in the scan."),
            _("ml"): _("The volume of the mask, millilitres."),
            _("HU"): _("The mean of the scan in a ball in the middle of the body."),
            _("A/P"): _("Anterior through posterior height of the body, at 85 and 15 % of depth."),
            _("M/P"): _("Middle through posterior height of the body."),
            _("Notes"): "",
        }
        super().__init__(table, columns, WIDTHS)

    def show(self, correction: SegmentCorrection, measuring: Measuring) -> None:
        """Fill the rows."""
        found = problemsByInstance(correction.problems)
        rows = []
        for vertebra in correction.spine:
            problems = found.get(vertebra.instance, [])
            notes = " ".join([*problems, *_notes(vertebra, correction)])
            numbers = _numbers(vertebra, correction.case, measuring)
            rows.append(((*numbers, notes), bool(problems)))
        self.fill(correction.spine, rows)


def _numbers(vertebra: Vertebra, case: Case, measuring: Measuring) -> tuple[str, ...]:
    mask, body = case.masks.get(vertebra.instance), measuring.of(vertebra)
    return (
        levelText(vertebra),
        percent(vertebra.completeness),
        f"{mask.millilitres(case.grid):.1f}" if mask else "–",
        f"{body.hounsfield:.0f}" if body and body.hounsfield is not None else "–",
        f"{body.wedge:.2f}" if body else "–",
        f"{body.concavity:.2f}" if body else "–",
    )


def _notes(vertebra: Vertebra, correction: SegmentCorrection) -> list[str]:
    """What to look at besides the problems of the spine; the sacrum is not meant to have a mask."""
    case, notes = correction.case, []
    mask = case.masks.get(vertebra.instance)
    if vertebra.instance in case.moved:
        notes.append(_("Its point was moved: segment it again?"))
    if mask is None and vertebra.level.region is not Region.SACRAL:
        notes.append(Flag.NO_MASK.sentence)
    if mask is not None and mask.is_cut(case.grid):
        notes.append(_("Reaches the edge of the scan."))
    hidden = {Flag.NO_MASK, Flag.PARTIAL}
    if correction.points is None:
        hidden.add(Flag.NO_POINT)
    return notes + sorted(flag.sentence for flag in vertebra.flags - hidden)
