"""The table of masks: level, completeness, volume, and what to look at."""

from __future__ import annotations

import qt
import slicer
from slicer.i18n import tr as _
from SpineLabelLib.VertebraTable import WARNING, paint, percent, problemsByInstance

from vertebra.spine import Problem, Spine, Vertebra
from vertebra.worker.signal import Signal

from .measures import Measure


class SegmentTable:
    """Shows the vertebrae row by row; a click shows the vertebra in all slices."""

    def __init__(self, table) -> None:
        self.chosen = Signal()  # another row was chosen
        self._table = table
        self._spine = Spine()
        table.setColumnCount(4)
        table.setHorizontalHeaderLabels([_("Level"), _("In view"), _("Volume"), _("Notes")])
        table.horizontalHeader().setStretchLastSection(True)
        for column, width in enumerate((64, 58, 70)):
            table.setColumnWidth(column, width)
        table.verticalHeader().setVisible(False)
        table.verticalHeader().setDefaultSectionSize(22)
        table.connect("cellClicked(int,int)", self._onClick)
        table.connect("itemSelectionChanged()", self.chosen.emit)

    def show(
        self, spine: Spine, measures: dict[int, Measure], problems: tuple[Problem, ...]
    ) -> None:
        """Fill the rows; the chosen vertebra stays chosen."""
        before = self.vertebra
        self._spine = spine
        self._table.blockSignals(True)
        self._table.setRowCount(len(spine))
        sentences = problemsByInstance(problems)
        for row, vertebra in enumerate(spine):
            known = measures.get(vertebra.instance)
            self._fill(row, vertebra, known, sentences.get(vertebra.instance, []))
        self._table.blockSignals(False)
        self._table.clearSelection()
        for row, vertebra in enumerate(spine):
            if before is not None and vertebra.instance == before.instance:
                self._table.selectRow(row)

    @property
    def vertebra(self) -> Vertebra | None:
        """The chosen vertebra."""
        rows = self._table.selectionModel().selectedRows()
        row = rows[0].row() if rows else -1
        return self._spine.vertebrae[row] if 0 <= row < len(self._spine) else None

    def _fill(
        self, row: int, vertebra: Vertebra, known: Measure | None, problems: list[str]
    ) -> None:
        cut = known is not None and known.cut
        notes = [*problems, *([_("Reaches the edge of the scan.")] if cut else [])]
        size = f"{known.millilitres:.1f} ml" if known else "–"
        texts = (vertebra.level.name, percent(vertebra.completeness), size, " ".join(notes))
        for column, text in enumerate(texts):
            item = qt.QTableWidgetItem(text)
            item.setToolTip(text)
            if column == 0 or problems:
                paint(item, vertebra.level.colour if column == 0 else WARNING)
            self._table.setItem(row, column, item)

    def _onClick(self, row: int, _column: int) -> None:
        point = self._spine.vertebrae[row].centroid
        slicer.modules.markups.logic().JumpSlicesToLocation(*point, True)
