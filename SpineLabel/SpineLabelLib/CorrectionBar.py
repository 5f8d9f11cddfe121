"""The buttons that correct a spine."""

from __future__ import annotations

from collections.abc import Callable

import slicer
from slicer.i18n import tr as _

from vertebra.anatomy import VERTEBRAE, Anomaly
from vertebra.spine import Spine, Vertebra

from .Correction import Correction
from .VertebraTable import VertebraTable

ANOMALIES = {
    "noT12Button": Anomaly.NO_T12,
    "t13Button": Anomaly.T13,
    "noL5Button": Anomaly.NO_L5,
    "l6Button": Anomaly.L6,
}


class CorrectionBar:
    """Binds the buttons of the panel to edits of the spine."""

    def __init__(self, ui, correction: Correction, table: VertebraTable) -> None:
        self._ui, self._correction, self._table = ui, correction, table
        ui.levelBox.addItems([level.name for level in VERTEBRAE])
        for name, action in self._actions().items():
            getattr(ui, name).connect("clicked(bool)", lambda _checked, run=action: run())
        for name, anomaly in ANOMALIES.items():
            getattr(ui, name).connect(
                "clicked(bool)",
                lambda on, which=anomaly: self._toggle(which, on),
            )
        ui.dragCheckBox.connect("toggled(bool)", self._onDrag)
        correction.changed.connect(self.refresh)
        table.chosen.connect(self.refresh)
        self.refresh()

    def _actions(self) -> dict[str, Callable[[], None]]:
        return {
            "setButton": lambda: self._edit(lambda spine, v: spine.anchored(v, self._level())),
            "renameButton": lambda: self._edit(lambda spine, v: spine.relabelled(v, self._level())),
            "allUpButton": lambda: self._correction.edit(lambda spine: spine.shifted(-1)),
            "allDownButton": lambda: self._correction.edit(lambda spine: spine.shifted(+1)),
            "hereUpButton": lambda: self._edit(lambda spine, v: spine.shifted(-1, below=v)),
            "hereDownButton": lambda: self._edit(lambda spine, v: spine.shifted(+1, below=v)),
            "insertButton": self._insert,
            "deleteButton": lambda: self._edit(lambda spine, v: spine.removed(v)),
            "swapButton": lambda: self._edit(_swappedWithNext),
            "lockButton": lambda: self._edit(lambda spine, v: spine.locked(v, not v.locked)),
            "undoButton": self._correction.undo,
            "redoButton": self._correction.redo,
        }

    def refresh(self) -> None:
        """Enable what can be done now, and show what is set."""
        ui, spine, vertebra = self._ui, self._correction.spine, self._table.vertebra
        for name in ("setButton", "renameButton", "hereUpButton", "hereDownButton"):
            getattr(ui, name).enabled = vertebra is not None
        for name in ("deleteButton", "lockButton", "levelBox"):
            getattr(ui, name).enabled = vertebra is not None
        ui.swapButton.enabled = vertebra is not None and spine.vertebrae[-1] != vertebra
        for name in ("allUpButton", "allDownButton", *ANOMALIES):
            getattr(ui, name).enabled = len(spine) > 0
        for name in ("insertButton", "dragCheckBox"):
            getattr(ui, name).enabled = self._correction.node is not None
        ui.undoButton.enabled = self._correction.history.canUndo
        ui.redoButton.enabled = self._correction.history.canRedo
        for name, anomaly in ANOMALIES.items():
            getattr(ui, name).checked = anomaly in spine.anomalies
        ui.lockButton.text = _("Unlock") if vertebra and vertebra.locked else _("Lock")
        node = self._correction.node
        ui.dragCheckBox.checked = node is not None and not node.GetLocked()
        if vertebra is not None:
            ui.levelBox.currentIndex = vertebra.level.rank

    def _edit(self, change: Callable[[Spine, Vertebra], Spine]) -> None:
        """An edit of the chosen vertebra."""
        vertebra = self._table.vertebra
        if vertebra is not None:
            self._correction.edit(lambda spine: change(spine, vertebra))

    def _level(self):
        return VERTEBRAE[self._ui.levelBox.currentIndex]

    def _toggle(self, anomaly: Anomaly, on: bool) -> None:
        self._correction.edit(lambda spine: spine.with_anomaly(anomaly, on))
        self.refresh()

    def _insert(self) -> None:
        """Let the user click the missed vertebra in a view; its point is taken up from there."""
        logic = slicer.modules.markups.logic()
        logic.SetActiveList(self._correction.node)
        logic.StartPlaceMode(False)

    def _onDrag(self, on: bool) -> None:
        if self._correction.node is not None:
            self._correction.node.SetLocked(not on)


def _swappedWithNext(spine: Spine, vertebra: Vertebra) -> Spine:
    return spine.swapped(vertebra, spine.vertebrae[spine.place(vertebra) + 1])
