"""What the user sees of SpineSegment: the table of masks, the corrections, the export."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import qt
import slicer
from slicer.i18n import tr as _
from SpineLabelLib.scene import labelMapFromNode, vertebraSegments

from vertebra.anatomy import VERTEBRAE
from vertebra.errors import VertebraError
from vertebra.exchange.convert import write
from vertebra.exchange.formats import named_format
from vertebra.spine import Spine, Vertebra

from .SegmentCorrection import SegmentCorrection
from .SegmentTable import SegmentTable

FORMATS = tuple(named_format(name) for name in ("segmentation", "labelmap"))
NEEDS_ONE = (
    *("setButton", "renameButton", "hereUpButton", "hereDownButton"),
    *("mergeButton", "splitButton", "deleteButton", "levelBox"),
)
"""Buttons that work on the chosen vertebra."""


class SegmentPanel:
    """Joins the widgets of the .ui file with the segmentation in the scene."""

    def __init__(self, ui) -> None:
        self.ui = ui
        self.correction = SegmentCorrection()
        self.table = SegmentTable(ui.segmentTable)
        self._parameters = None
        self._shown = (None, None)
        ui.levelBox.addItems([level.name for level in VERTEBRAE])
        ui.formatBox.addItems([format_.title for format_ in FORMATS])
        for name, action in self._actions().items():
            getattr(ui, name).connect("clicked(bool)", lambda _checked, run=action: run())
        ui.exportButton.connect("clicked(bool)", self._onExportButton)
        self.correction.changed.connect(self._onChanged)
        self.correction.refused.connect(self.say)
        self.table.chosen.connect(self._refresh)
        self._refresh()

    def show(self, parameters) -> None:
        """Show what the parameter node says; None for a scene that is being closed."""
        self._parameters = parameters
        chosen = (parameters.segmentation, parameters.inputVolume) if parameters else (None, None)
        if chosen != self._shown:
            self._shown = chosen
            alone = chosen[0] is not None and chosen[1] is None
            self.say(_("Choose the CT that the masks were made on.") if alone else "")
            self._attempt(lambda: self.correction.follow(*chosen))
        self._showPartial()

    def say(self, sentence: str) -> None:
        """Tell the user something below the table."""
        self.ui.statusLabel.text = sentence

    def _actions(self) -> dict[str, Callable[[], None]]:
        return {
            "setButton": lambda: self._relabel(lambda spine, v: spine.anchored(v, self._level())),
            "renameButton": lambda: self._relabel(
                lambda spine, v: spine.relabelled(v, self._level())
            ),
            "allUpButton": lambda: self.correction.relabel(lambda spine: spine.shifted(-1)),
            "allDownButton": lambda: self.correction.relabel(lambda spine: spine.shifted(+1)),
            "hereUpButton": lambda: self._relabel(lambda spine, v: spine.shifted(-1, below=v)),
            "hereDownButton": lambda: self._relabel(lambda spine, v: spine.shifted(+1, below=v)),
            "mergeButton": lambda: self._onOne(self.correction.mergeWithNext),
            "splitButton": lambda: self._onOne(self.correction.split),
            "deleteButton": lambda: self._onOne(self.correction.delete),
            "undoButton": self.correction.undo,
            "redoButton": self.correction.redo,
        }

    def _relabel(self, change: Callable[[Spine, Vertebra], Spine]) -> None:
        vertebra = self.table.vertebra
        if vertebra is not None:
            self.correction.relabel(lambda spine: change(spine, vertebra))

    def _onOne(self, edit: Callable[[int], None]) -> None:
        vertebra = self.table.vertebra
        if vertebra is not None:
            edit(vertebra.instance)

    def _level(self):
        return VERTEBRAE[self.ui.levelBox.currentIndex]

    def _attempt(self, work: Callable[[], None]) -> None:
        try:
            work()
        except VertebraError as error:
            self.say(str(error))

    def _onChanged(self) -> None:
        spine = self.correction.spine
        problems = self.correction.problems
        self.table.show(spine, self.correction.measures, problems)
        sentences = [f"⚠ {problem.sentence}" for problem in problems]
        if self.correction.node is not None and not len(spine):
            sentences = [_("No segment is named after a vertebra; name them like T12 or L1.")]
        self.ui.problemsLabel.text = "\n".join(sentences)
        self._refresh()
        self._showPartial()

    def _refresh(self) -> None:
        ui, vertebra = self.ui, self.table.vertebra
        for name in NEEDS_ONE:
            getattr(ui, name).enabled = vertebra is not None
        masks = self.correction.volume is not None
        for name in ("mergeButton", "splitButton"):
            getattr(ui, name).enabled = vertebra is not None and masks
        for name in ("allUpButton", "allDownButton"):
            getattr(ui, name).enabled = len(self.correction.spine) > 0
        ui.exportButton.enabled = len(self.correction.spine) > 0 and masks
        ui.undoButton.enabled = self.correction.canUndo
        ui.redoButton.enabled = self.correction.canRedo
        if vertebra is not None:
            ui.levelBox.currentIndex = vertebra.level.rank

    def _showPartial(self) -> None:
        """Show or hide the vertebrae that the edge of the scan cuts."""
        node = self.correction.node
        if node is None or node.GetDisplayNode() is None or self._parameters is None:
            return
        for instance, segmentId in vertebraSegments(node).items():
            known = self.correction.measures.get(instance)
            if known is not None and known.cut:
                shown = self._parameters.showPartial
                node.GetDisplayNode().SetSegmentVisibility(segmentId, shown)

    def _onExportButton(self) -> None:
        format_ = FORMATS[self.ui.formatBox.currentIndex]
        ending = format_.endings[0]
        node = self.correction.node
        kinds = f"{format_.title} (*{ending})"
        path = qt.QFileDialog.getSaveFileName(
            slicer.util.mainWindow(), _("Save the masks"), f"{node.GetName()}{ending}", kinds
        )
        if not path:
            return
        target = path if path.endswith(ending) else f"{path}{ending}"
        self._attempt(lambda: self._export(Path(target), format_.name))

    def _export(self, target: Path, format_: str) -> None:
        masks = labelMapFromNode(self.correction.node, self.correction.volume)
        write(target, masks, format_, spine=self.correction.spine)
        self.say(_("Saved: ") + str(target))
