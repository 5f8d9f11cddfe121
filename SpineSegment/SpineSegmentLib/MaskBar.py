"""The buttons that correct levels and masks."""

from __future__ import annotations

from collections.abc import Callable

from vertebra.anatomy import VERTEBRAE, Level
from vertebra.spine import Spine, Vertebra

from .Case import Case
from .SegmentCorrection import SegmentCorrection
from .SegmentTable import SegmentTable

NEEDS_ONE = (
    *("setButton", "renameButton", "hereUpButton", "hereDownButton"),
    *("deleteButton", "levelBox"),
)
NEEDS_MASK = ("mergeButton", "splitButton")
"""Buttons that work on the chosen vertebra, and on its mask."""


class MaskBar:
    """Binds the buttons of the panel to edits of the case."""

    def __init__(self, ui, correction: SegmentCorrection, table: SegmentTable) -> None:
        self._ui, self._correction, self._table = ui, correction, table
        self._shown: tuple[int, Level] | None = None
        ui.levelBox.addItems([level.name for level in VERTEBRAE])
        for name, action in self._actions().items():
            getattr(ui, name).connect("clicked(bool)", lambda _checked, run=action: run())
        table.chosen.connect(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        """Enable what can be done now, and show the chosen level.

        Measuring refreshes often; a level that a person is picking meanwhile is theirs.
        """
        ui, vertebra, case = self._ui, self._table.vertebra, self._correction.case
        for name in NEEDS_ONE:
            getattr(ui, name).enabled = vertebra is not None
        masked = vertebra is not None and vertebra.instance in case.masks
        for name in NEEDS_MASK:
            getattr(ui, name).enabled = masked
        for name in ("allUpButton", "allDownButton"):
            getattr(ui, name).enabled = len(self._correction.spine) > 0
        ui.undoButton.enabled = self._correction.history.canUndo
        ui.redoButton.enabled = self._correction.history.canRedo
        if vertebra is not None and (vertebra.instance, vertebra.level) != self._shown:
            self._shown = vertebra.instance, vertebra.level
            ui.levelBox.currentIndex = vertebra.level.rank

    def _actions(self) -> dict[str, Callable[[], object]]:
        return {
            "setButton": lambda: self._rename(lambda spine, v: spine.anchored(v, self._level())),
            "renameButton": lambda: self._rename(
                lambda spine, v: spine.relabelled(v, self._level())
            ),
            "allUpButton": lambda: self._relabel(lambda spine: spine.shifted(-1)),
            "allDownButton": lambda: self._relabel(lambda spine: spine.shifted(+1)),
            "hereUpButton": lambda: self._rename(lambda spine, v: spine.shifted(-1, below=v)),
            "hereDownButton": lambda: self._rename(lambda spine, v: spine.shifted(+1, below=v)),
            "mergeButton": lambda: self._edit(Case.mergedWithNext),
            "splitButton": lambda: self._edit(Case.split),
            "deleteButton": lambda: self._edit(Case.deleted),
            "undoButton": self._correction.undo,
            "redoButton": self._correction.redo,
        }

    def _level(self):
        return VERTEBRAE[self._ui.levelBox.currentIndex]

    def _relabel(self, change: Callable[[Spine], Spine]) -> None:
        self._correction.edit(lambda case: case.relabelled(change))

    def _rename(self, change: Callable[[Spine, Vertebra], Spine]) -> None:
        vertebra = self._table.vertebra
        if vertebra is not None:
            self._relabel(lambda spine: change(spine, vertebra))

    def _edit(self, change: Callable[[Case, int], Case]) -> None:
        vertebra = self._table.vertebra
        if vertebra is not None:
            self._correction.edit(lambda case: change(case, vertebra.instance))
