"""The table of vertebrae: level, confidence, completeness, and what to look at."""

from __future__ import annotations

from collections.abc import Iterable

import qt
import slicer
from slicer.i18n import tr as _

from vertebra.spine import Problem, Spine, Vertebra
from vertebra.worker import Signal

COLUMNS = 4
WARNING = (255, 214, 204)


class VertebraTable:
    """Shows a spine row by row; a click shows the vertebra in all slices."""

    def __init__(self, table) -> None:
        self.chosen = Signal()  # another row was chosen
        self._table = table
        self._spine = Spine()
        table.setColumnCount(COLUMNS)
        table.setHorizontalHeaderLabels([_("Level"), _("Sure"), _("In view"), _("Notes")])
        table.horizontalHeader().setStretchLastSection(True)
        for column, width in enumerate((64, 52, 58)):
            table.setColumnWidth(column, width)
        table.verticalHeader().setVisible(False)
        table.verticalHeader().setDefaultSectionSize(22)
        table.connect("cellClicked(int,int)", self._onClick)
        table.connect("itemSelectionChanged()", self.chosen.emit)

    def show(self, spine: Spine) -> None:
        """Fill the rows; the chosen vertebra stays chosen."""
        before = self.vertebra
        self._spine = spine
        self._table.blockSignals(True)
        self._table.setRowCount(len(spine))
        sentences = problemsByInstance(spine.problems())
        for row, vertebra in enumerate(spine):
            self._fill(row, vertebra, sentences.get(vertebra.instance, []))
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

    def choose(self, instance: int) -> None:
        """Choose the row of a vertebra, if it is still there."""
        for row, vertebra in enumerate(self._spine):
            if vertebra.instance == instance:
                self._table.selectRow(row)

    def _fill(self, row: int, vertebra: Vertebra, problems: list[str]) -> None:
        notes = problems + sorted(flag.sentence for flag in vertebra.flags)
        name = f"{vertebra.level}{' 🔒' if vertebra.locked else ''}"
        texts = (
            name,
            percent(vertebra.confidence),
            percent(vertebra.completeness),
            " ".join(notes),
        )
        for column, text in enumerate(texts):
            item = qt.QTableWidgetItem(text)
            item.setToolTip(text)
            if column == 0 or problems:
                paint(item, vertebra.level.colour if column == 0 else WARNING)
            self._table.setItem(row, column, item)

    def _onClick(self, row: int, _column: int) -> None:
        point = self._spine.vertebrae[row].centroid
        slicer.modules.markups.logic().JumpSlicesToLocation(*point, True)


def paint(item, colour: tuple[int, int, int]) -> None:
    """Give a cell a background, and letters that can be read on it."""
    red, green, blue = colour
    letters = 0 if 0.3 * red + 0.6 * green + 0.1 * blue > 110 else 255
    item.setBackground(qt.QBrush(qt.QColor(*colour)))
    item.setForeground(qt.QBrush(qt.QColor(letters, letters, letters)))


def problemsByInstance(problems: Iterable[Problem]) -> dict[int, list[str]]:
    """The sentences of the problems that concern each vertebra."""
    sentences: dict[int, list[str]] = {}
    for problem in problems:
        for instance in problem.instances:
            sentences.setdefault(instance, []).append(problem.sentence)
    return sentences


def percent(probability: float | None) -> str:
    """A probability as a person reads it; a dash where nothing is known."""
    return "–" if probability is None else f"{probability:.0%}"
