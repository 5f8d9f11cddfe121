"""A table of vertebrae, one a row; what its columns say is told by a module's own table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import qt
import slicer

from vertebra.spine import Problem, Spine, Vertebra
from vertebra.worker import Signal

WARNING = (255, 214, 204)


class VertebraRows:
    """Shows a row for each vertebra; a click shows that one in all slices.

    `columns` holds the tooltip of each by its title; the last one takes the room that is left.
    """

    def __init__(self, table, columns: Mapping[str, str], widths: Sequence[int]) -> None:
        self.chosen = Signal()  # another row was chosen
        self._table = table
        self._spine = Spine()
        table.setColumnCount(len(columns))
        table.setHorizontalHeaderLabels(list(columns))
        for column, tip in enumerate(columns.values()):
            table.horizontalHeaderItem(column).setToolTip(tip)
        table.horizontalHeader().setStretchLastSection(True)
        for column, width in enumerate(widths):
            table.setColumnWidth(column, width)
        table.verticalHeader().setVisible(False)
        table.verticalHeader().setDefaultSectionSize(22)
        table.connect("cellClicked(int,int)", self._onClick)
        table.connect("itemSelectionChanged()", self.chosen.emit)

    @property
    def vertebra(self) -> Vertebra | None:
        """The chosen vertebra."""
        rows = self._table.selectionModel().selectedRows()
        row = rows[0].row() if rows else -1
        return self._spine.vertebrae[row] if 0 <= row < len(self._spine) else None

    def choose(self, instance: int | None) -> None:
        """Choose the row of a vertebra; none for one that is not there."""
        for row, vertebra in enumerate(self._spine):
            if vertebra.instance == instance:
                self._table.selectRow(row)
                return
        self._table.clearSelection()

    def fill(self, spine: Spine, rows: Iterable[tuple[Sequence[str], bool]]) -> None:
        """Show these texts, and whether somebody should look; the chosen vertebra stays chosen."""
        before = self.vertebra
        self._spine = spine
        self._table.blockSignals(True)
        self._table.setRowCount(len(spine))
        for row, (texts, doubtful) in enumerate(rows):
            for column, text in enumerate(texts):
                item = qt.QTableWidgetItem(text)
                item.setToolTip(text)
                if column == 0 or doubtful:
                    _paint(item, spine.vertebrae[row].level.colour if column == 0 else WARNING)
                self._table.setItem(row, column, item)
        self._table.blockSignals(False)
        self._table.clearSelection()
        if before is not None:
            self.choose(before.instance)

    def _onClick(self, row: int, _column: int) -> None:
        point = self._spine.vertebrae[row].centroid
        slicer.modules.markups.logic().JumpSlicesToLocation(*point, True)


def _paint(item, colour: tuple[int, int, int]) -> None:
    """Give a cell a background, and letters that can be read on it."""
    red, green, blue = colour
    letters = 0 if 0.3 * red + 0.6 * green + 0.1 * blue > 110 else 255
    item.setBackground(qt.QBrush(qt.QColor(*colour)))
    item.setForeground(qt.QBrush(qt.QColor(letters, letters, letters)))


def levelText(vertebra: Vertebra) -> str:
    """A vertebra's level, with a padlock where it is locked."""
    return f"{vertebra.level}{' 🔒' if vertebra.locked else ''}"


def problemsByInstance(problems: Iterable[Problem]) -> dict[int, list[str]]:
    """The sentences of the problems that concern each vertebra."""
    sentences: dict[int, list[str]] = {}
    for problem in problems:
        for instance in problem.instances:
            sentences.setdefault(instance, []).append(problem.sentence)
    return sentences


def sure(confidence: float | None) -> str:
    """A confidence in percent; no name is ever quite sure."""
    return ">99%" if confidence is not None and confidence > 0.99 else percent(confidence)


def percent(probability: float | None) -> str:
    """A probability as a person reads it; a dash where nothing is known."""
    return "–" if probability is None else f"{probability:.0%}"
