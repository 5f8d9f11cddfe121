"""The table of masks: level, completeness, measures, and what to look at."""

from __future__ import annotations

import qt
import slicer
from slicer.i18n import tr as _
from SpineLabelLib.VertebraTable import WARNING, paint, percent, problemsByInstance

from vertebra.spine import Flag, Spine, Vertebra
from vertebra.worker import Signal

from .Case import Case
from .Measuring import Measuring
from .SegmentCorrection import SegmentCorrection

WIDTHS = (58, 54, 56, 46, 40, 40)


class SegmentTable:
    """Shows the vertebrae row by row; a click shows the vertebra in all slices."""

    def __init__(self, table) -> None:
        self.chosen = Signal()  # another row was chosen
        self._table = table
        self._spine = Spine()
        titles = {
            _("Level"): "",
            _("In view"): _("How probable it is that the vertebra lies completely in the scan."),
            _("ml"): _("The volume of the mask, millilitres."),
            _("HU"): _("The mean of the scan in a ball in the middle of the body."),
            _("A/P"): _("Anterior through posterior height of the body, at 85 and 15 % of depth."),
            _("M/P"): _("Middle through posterior height of the body."),
            _("Notes"): "",
        }
        table.setColumnCount(len(titles))
        table.setHorizontalHeaderLabels(list(titles))
        for column, tip in enumerate(titles.values()):
            table.horizontalHeaderItem(column).setToolTip(tip)
        table.horizontalHeader().setStretchLastSection(True)
        for column, width in enumerate(WIDTHS):
            table.setColumnWidth(column, width)
        table.verticalHeader().setVisible(False)
        table.verticalHeader().setDefaultSectionSize(22)
        table.connect("cellClicked(int,int)", self._onClick)
        table.connect("itemSelectionChanged()", self.chosen.emit)

    def show(self, correction: SegmentCorrection, measuring: Measuring) -> None:
        """Fill the rows; the chosen vertebra stays chosen."""
        before = self.vertebra
        self._spine = correction.spine
        self._table.blockSignals(True)
        self._table.setRowCount(len(self._spine))
        sentences = problemsByInstance(correction.problems)
        for row, vertebra in enumerate(self._spine):
            problems = sentences.get(vertebra.instance, [])
            notes = [*problems, *_notes(vertebra, correction)]
            texts = (*_numbers(vertebra, correction.case, measuring), " ".join(notes))
            self._fill(row, vertebra, texts, bool(problems))
        self._table.blockSignals(False)
        self._table.clearSelection()
        if before is not None:
            self.choose(before.instance)

    @property
    def vertebra(self) -> Vertebra | None:
        """The chosen vertebra."""
        rows = self._table.selectionModel().selectedRows()
        row = rows[0].row() if rows else -1
        return self._spine.vertebrae[row] if 0 <= row < len(self._spine) else None

    def choose(self, instance: int | None) -> None:
        """Choose the row of a vertebra, if it is there."""
        for row, vertebra in enumerate(self._spine):
            if vertebra.instance == instance:
                self._table.selectRow(row)

    def _fill(self, row: int, vertebra: Vertebra, texts: tuple[str, ...], doubtful: bool) -> None:
        for column, text in enumerate(texts):
            item = qt.QTableWidgetItem(text)
            item.setToolTip(text)
            if column == 0 or doubtful:
                paint(item, vertebra.level.colour if column == 0 else WARNING)
            self._table.setItem(row, column, item)

    def _onClick(self, row: int, _column: int) -> None:
        point = self._spine.vertebrae[row].centroid
        slicer.modules.markups.logic().JumpSlicesToLocation(*point, True)


def _numbers(vertebra: Vertebra, case: Case, measuring: Measuring) -> tuple[str, ...]:
    mask, body = case.masks.get(vertebra.instance), measuring.of(vertebra)
    return (
        f"{vertebra.level}{' 🔒' if vertebra.locked else ''}",
        percent(vertebra.completeness),
        f"{mask.millilitres(case.grid):.1f}" if mask else "–",
        f"{body.hounsfield:.0f}" if body and body.hounsfield is not None else "–",
        f"{body.wedge:.2f}" if body else "–",
        f"{body.concavity:.2f}" if body else "–",
    )


def _notes(vertebra: Vertebra, correction: SegmentCorrection) -> list[str]:
    """What to look at besides the problems of the spine."""
    case, notes = correction.case, []
    mask = case.masks.get(vertebra.instance)
    if vertebra.instance in case.moved:
        notes.append(_("Its point was moved: segment it again?"))
    if mask is None:
        notes.append(Flag.NO_MASK.sentence)
    elif mask.is_cut(case.grid):
        notes.append(_("Reaches the edge of the scan."))
    hidden = {Flag.NO_MASK, Flag.PARTIAL}
    if correction.points is None:
        hidden.add(Flag.NO_POINT)
    return notes + sorted(flag.sentence for flag in vertebra.flags - hidden)
