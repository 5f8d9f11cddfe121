"""What the user sees of SpineLabel: the run, the table, the corrections, the export."""

from __future__ import annotations

import qt
import slicer
from slicer.i18n import tr as _

from vertebra.errors import VertebraError

from .Correction import Correction
from .CorrectionBar import CorrectionBar
from .Export import FORMATS, exportSpine
from .Labelling import Labelling
from .ModelBox import ModelBox
from .RunButton import RunButton
from .scene import createSpineNode, scanOf, showSpine
from .Shortcuts import Shortcuts
from .VertebraTable import VertebraTable

METHOD = "multiview"
"""The method whose models label spines."""


class Panel:
    """Joins the widgets of the .ui file with the spine in the scene."""

    def __init__(self, ui, labelling: Labelling) -> None:
        self.ui, self.labelling = ui, labelling
        self.correction = Correction(later=lambda work: qt.QTimer.singleShot(0, work))
        self.table = VertebraTable(ui.vertebraTable)
        self.correction.changed.connect(self._onSpine)
        self.correction.refused.connect(self.say)
        self.bar = CorrectionBar(ui, self.correction, self.table)
        self.shortcuts = Shortcuts(ui)
        self._parameters = None
        self._volume = None
        self._result = None
        self.models = ModelBox(ui.modelBox, ui.modelHint, METHOD, self._onModel, self.say)
        self.run = RunButton(labelling, ui.labelButton, ui.progressBar, self.say)
        self.run.starts(self._begin)
        ui.formatBox.addItems([_(format_.title) for format_ in FORMATS])
        ui.exportButton.connect("clicked(bool)", self._onExportButton)
        labelling.found.connect(self._showFound)
        labelling.finished.connect(self._onFinished)
        labelling.failed.connect(self._onFailed)
        labelling.cancelled.connect(self._onCancelled)
        self._onSpine()

    def show(self, parameters) -> None:
        """Show what the parameter node says; None for a scene that is being closed."""
        self._parameters = parameters
        node = parameters.spine if parameters else None
        if node is not self.correction.node:
            self.say("")
            self.correction.follow(node)
        if parameters:
            self.models.show(parameters.model)
        self.run.showReady(parameters is not None and parameters.inputVolume is not None)

    def enter(self) -> None:
        """The user came: keys work, and models may have been installed meanwhile."""
        self.models.refresh()
        self.shortcuts.install()

    def exit(self) -> None:
        """The user left: the keys belong to others again."""
        self.shortcuts.remove()

    def say(self, sentence: str) -> None:
        """Tell the user something below the button."""
        self.ui.statusLabel.text = sentence

    def close(self) -> None:
        """Drop a run on its way and end the worker process."""
        self.run.close()
        self._result = None

    def _onSpine(self) -> None:
        spine = self.correction.spine
        self.table.show(spine)
        sentences = [f"⚠ {problem.sentence}" for problem in spine.problems()]
        if len(spine) and not sentences:
            sentences = [_("No problems found.")]
        self.ui.problemsLabel.text = "\n".join(sentences)
        self.ui.problemsLabel.visible = bool(sentences)
        self.ui.exportButton.enabled = len(spine) > 0
        self.bar.refresh()

    def _begin(self) -> None:
        parameters = self._parameters
        self._volume = parameters.inputVolume
        self.labelling.start(self._volume, parameters.device, parameters.model)

    def _onModel(self, name: str) -> None:
        if self._parameters is not None:
            self._parameters.model = name

    def _showFound(self, spine) -> None:
        """Each vertebra appears as it is found; the chosen points are left alone."""
        if self._result is None:
            present = self._volume and slicer.mrmlScene.IsNodePresent(self._volume)
            self._result = createSpineNode(self._volume if present else None)
        showSpine(spine, self._result)

    def _onFinished(self, result) -> None:
        self._showFound(result.spine)
        earlier, self._parameters.spine = self._parameters.spine, self._result
        self._result = None
        if slicer.mrmlScene.IsNodePresent(self._volume):
            self._parameters.inputVolume = self._volume
        if earlier is not None:
            earlier.SetDisplayVisibility(False)
            done = _("Done. The earlier points are kept, hidden: {name}.")
            self.say(" ".join([done.format(name=earlier.GetName()), *result.notes]))
        else:
            done = _("Done: {count} vertebrae.").format(count=len(result.spine))
            self.say(" ".join([done, *result.notes]))

    def _onFailed(self, sentence: str) -> None:
        self._dropResult()
        self.say(sentence)

    def _onCancelled(self) -> None:
        self._dropResult()
        self.say(_("Cancelled; nothing was changed."))

    def _dropResult(self) -> None:
        if self._result is not None:
            slicer.mrmlScene.RemoveNode(self._result)
            self._result = None

    def _onExportButton(self) -> None:
        format_ = FORMATS[self.ui.formatBox.currentIndex]
        name = self.correction.node.GetName().replace(" ", "_")
        kinds = f"{format_.title} (*{format_.endings[0]})"
        path = qt.QFileDialog.getSaveFileName(
            slicer.util.mainWindow(), _("Save the spine"), f"{name}{format_.endings[0]}", kinds
        )
        if not path:
            return
        scan = scanOf(self.correction.node) or self._parameters.inputVolume
        try:
            written = exportSpine(self.correction.spine, format_, path, scan)
        except VertebraError as error:
            self.say(str(error))
        else:
            self.say(_("Saved: ") + str(written))
