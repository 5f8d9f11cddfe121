"""What the user sees of SpineLabel: the run, the table, the corrections, the export."""

from __future__ import annotations

import qt
import slicer
from slicer.i18n import tr as _

from vertebra.errors import VertebraError

from .Correction import Correction
from .CorrectionBar import CorrectionBar
from .Dependencies import ensureDependencies
from .Export import FORMATS, exportSpine
from .Labelling import Labelling
from .scene import createSpineNode, showSpine
from .Shortcuts import Shortcuts
from .VertebraTable import VertebraTable

POLL_MS = 50
"""How often the window looks for news from the worker, milliseconds."""


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
        self._timer = qt.QTimer()
        self._timer.setInterval(POLL_MS)
        self._timer.connect("timeout()", self._onTimer)
        ui.formatBox.addItems([format_.title for format_ in FORMATS])
        ui.labelButton.connect("clicked(bool)", self._onLabelButton)
        ui.exportButton.connect("clicked(bool)", self._onExportButton)
        labelling.progressed.connect(self._onProgress)
        labelling.found.connect(self._showFound)
        labelling.finished.connect(self._onFinished)
        labelling.failed.connect(self._onFailed)
        labelling.cancelled.connect(self._onCancelled)
        self._showIdle()

    def show(self, parameters) -> None:
        """Show what the parameter node says; None for a scene that is being closed."""
        self._parameters = parameters
        node = parameters.spine if parameters else None
        if node is not self.correction.node:
            self.say("")
            self.correction.follow(node)
        self._showButton()

    def say(self, sentence: str) -> None:
        """Tell the user something below the button."""
        self.ui.statusLabel.text = sentence

    def close(self) -> None:
        """Drop a run on its way and end the worker process."""
        self._timer.stop()
        self.labelling.close()
        self._result = None
        self._showIdle()

    def _onSpine(self) -> None:
        spine = self.correction.spine
        self.table.show(spine)
        sentences = [f"⚠ {problem.sentence}" for problem in spine.problems()]
        if len(spine) and not sentences:
            sentences = [_("No problems found.")]
        self.ui.problemsLabel.text = "\n".join(sentences)
        self.ui.exportButton.enabled = len(spine) > 0
        self.bar.refresh()

    def _onLabelButton(self) -> None:
        if self.labelling.running:
            self.ui.labelButton.enabled = False
            self.say(_("Cancelling…"))
            self.labelling.cancel()
            return
        try:
            ensureDependencies()
            self._volume = self._parameters.inputVolume
            self.labelling.start(self._volume, self._parameters.device)
        except VertebraError as error:
            self.say(str(error))
            return
        self.ui.labelButton.text = _("Cancel")
        self.ui.progressBar.visible = True
        self.ui.progressBar.value = 0
        self.say(_("Starting…"))
        self._timer.start()

    def _onTimer(self) -> None:
        self.labelling.poll()
        if not self.labelling.running:
            self._timer.stop()

    def _onProgress(self, percent: int, text: str) -> None:
        self.ui.progressBar.value = percent
        self.say(text)

    def _showFound(self, spine) -> None:
        """Each vertebra appears as it is found; the chosen points are left alone."""
        if self._result is None:
            present = self._volume and slicer.mrmlScene.IsNodePresent(self._volume)
            self._result = createSpineNode(self._volume if present else None)
        showSpine(spine, self._result)

    def _onFinished(self, spine) -> None:
        self._showFound(spine)
        earlier, self._parameters.spine = self._parameters.spine, self._result
        self._result = None
        self._showIdle()
        if earlier is not None:
            earlier.SetDisplayVisibility(False)
            self.say(_("Done. The earlier points are kept, hidden: ") + earlier.GetName())
        else:
            self.say(_("Done: {count} vertebrae.").format(count=len(spine)))

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
        self._showIdle()

    def _showIdle(self) -> None:
        self.ui.labelButton.text = _("Label spine")
        self.ui.progressBar.visible = False
        self._showButton()

    def _showButton(self) -> None:
        chosen = self._parameters is not None and self._parameters.inputVolume is not None
        self.ui.labelButton.enabled = chosen or self.labelling.running

    def _onExportButton(self) -> None:
        format_ = FORMATS[self.ui.formatBox.currentIndex]
        name = self.correction.node.GetName().replace(" ", "_")
        kinds = f"{format_.title} (*{format_.endings[0]})"
        path = qt.QFileDialog.getSaveFileName(
            slicer.util.mainWindow(), _("Save the spine"), f"{name}{format_.endings[0]}", kinds
        )
        if not path:
            return
        try:
            written = exportSpine(
                self.correction.spine, format_, path, self._parameters.inputVolume
            )
        except VertebraError as error:
            self.say(str(error))
        else:
            self.say(_("Saved: ") + str(written))
