"""What the user sees of SpineSegment: the run, the table, the corrections, the export."""

from __future__ import annotations

import qt
import slicer
from slicer.i18n import tr as _
from SpineLabelLib.ModelBox import ModelBox
from SpineLabelLib.RunButton import RunButton
from SpineLabelLib.scene import (
    createSpineNode,
    currentSpine,
    otherScanOf,
    placeBeside,
    showSpine,
    showTable,
)
from SpineLabelLib.Shortcuts import Shortcuts

from vertebra.errors import VertebraError

from .Case import Case
from .Drawing import Drawing
from .EmbeddedEditor import EmbeddedEditor
from .Export import KINDS, Source, export
from .LookBox import LookBox
from .MaskBar import MaskBar
from .Measuring import Measuring
from .Resegmenting import Resegmenting
from .SegmentCorrection import SegmentCorrection
from .Segmenting import Segmenting
from .SegmentTable import SegmentTable

METHOD = "iterative"
"""The method whose models segment vertebrae."""
TABLE = "Vertebra.measurements"
"""The reference from the masks to the table of their measures."""


class SegmentPanel:
    """Joins the widgets of the .ui file with the segmentation in the scene."""

    def __init__(self, ui, segmenting: Segmenting, root) -> None:
        self.ui, self.segmenting = ui, segmenting
        self.correction = SegmentCorrection(later=_later)
        self.measuring = Measuring(later=_later)
        self.table = SegmentTable(ui.segmentTable)
        self.bar = MaskBar(ui, self.correction, self.table)
        self.editor = EmbeddedEditor(ui.segmentEditor, root)
        self.models = ModelBox(ui.modelBox, ui.modelHint, METHOD, self._onModel, self.say)
        self.run = RunButton(segmenting, ui.segmentButton, ui.progressBar, self.say)
        self.run.starts(self._begin)
        self.again = Resegmenting(segmenting, self.correction, self.say)
        self.shortcuts = Shortcuts(ui)
        self._parameters = None
        self._drawing: Drawing | None = None
        self._look = LookBox()
        self._shown = (None, None, None)
        self._hidden: set[str] | None = None
        ui.formatBox.addItems([_(kind.title) for kind in KINDS])
        ui.exportButton.connect("clicked(bool)", self._onExportButton)
        ui.tableButton.connect("clicked(bool)", self._onTableButton)
        ui.resegmentButton.connect("clicked(bool)", self._onResegmentButton)
        segmenting.drawn.connect(self._onDrawn)
        segmenting.looked.connect(self._onLooked)
        segmenting.finished.connect(self._onFinished)
        segmenting.failed.connect(self._onFailed)
        segmenting.cancelled.connect(self._onCancelled)
        for ended in (segmenting.finished, segmenting.failed, segmenting.cancelled):
            ended.connect(lambda *_: self._onRow())
        self.correction.changed.connect(self._onChanged)
        self.correction.refused.connect(self.say)
        self.measuring.changed.connect(self._showRows)
        self.table.chosen.connect(self._onRow)
        self.editor.chosen.connect(
            lambda segmentId: self.table.choose(self.correction.instanceOf(segmentId))
        )
        self._onChanged()

    def show(self, parameters) -> None:
        """Show what the parameter node says; None for a scene that is being closed."""
        self._parameters = parameters
        chosen = (None, None, None)
        if parameters:
            chosen = (parameters.segmentation, parameters.inputVolume, parameters.spine)
        if chosen != self._shown:
            alone = chosen[0] is not None and chosen[1] is None
            asked = [_("Choose the CT that the masks were made on.")] if alone else []
            self.say(" ".join([*asked, *_leftAside(*chosen)]))
            with slicer.util.WaitCursor():
                self._follow(chosen)
        if parameters:
            self.models.show(parameters.model)
        self.run.showReady(chosen[1] is not None)
        self._showPartial()

    def say(self, sentence: str) -> None:
        """Tell the user something below the button."""
        self.ui.statusLabel.text = sentence

    def enter(self) -> None:
        """The user came: keys and mouse work."""
        self.models.refresh()
        self.editor.enter()
        self.shortcuts.install()

    def exit(self) -> None:
        """The user left: keys and mouse belong to others again."""
        self.shortcuts.remove()
        self.editor.exit()

    def close(self) -> None:
        """Drop a run on its way, end the worker process, and let go of all nodes."""
        self.run.close()
        self._look.remove()
        self._drawing = None
        self.again.forget()
        self.editor.close()

    def _follow(self, chosen, drawn: Case | None = None) -> None:
        """Correct these masks, scan and points from now on."""
        self._shown, self._hidden = chosen, None
        masks, volume, points = chosen
        self.correction.follow(_ifOf(volume, masks), volume, _ifOf(volume, points), drawn)
        if self._parameters:
            self.editor.show(self.correction.node, self.correction.volume)

    def _begin(self) -> None:
        parameters = self._parameters
        given = _ifOf(parameters.inputVolume, parameters.spine)
        points = currentSpine(given) if given else None
        self.segmenting.start(
            parameters.inputVolume,
            points,
            parameters.device,
            direction=parameters.direction,
            search=parameters.search,
            model=parameters.model,
        )
        self._drawing = Drawing(parameters.inputVolume)

    def _onResegmentButton(self, _checked: bool) -> None:
        parameters, vertebra = self._parameters, self.table.vertebra
        self.run.start(
            lambda: self.again.begin(vertebra.instance, parameters.device, parameters.model)
        )

    def _onModel(self, name: str) -> None:
        if self._parameters is not None:
            self._parameters.model = name

    def _onDrawn(self, piece) -> None:
        """Each vertebra appears as it is found; the chosen masks are left alone."""
        if self._mayShow():
            self._drawing.add(piece)

    def _onLooked(self, look) -> None:
        """A frame goes from vertebra to vertebra, so that a user sees where it has got to."""
        if self._mayShow():
            self._look.show(look)

    def _mayShow(self) -> bool:
        """Is there a run with something to be shown? One that lost its scan or masks is ended."""
        if self._drawing is not None and not self._drawing.possible:
            self._look.remove()
            self.segmenting.cancel()
            return False
        return self._drawing is not None

    def _onFinished(self, result) -> None:
        self._look.remove()
        if self._drawing is None:
            return
        drawing, self._drawing = self._drawing, None
        if not drawing.possible:
            drawing.drop()
            self.say(_("The scan or its masks were removed meanwhile; nothing was changed."))
            return
        if drawing.node is None:
            self.say(_("No vertebra was found in this scan; nothing was changed."))
            return
        parameters, earlier = self._parameters, self._parameters.segmentation
        case, modifying = drawing.finish(result.spine), parameters.parameterNode.StartModify()
        sentences = [_("Done: {count} vertebrae.").format(count=len(case.masks))]
        points = parameters.spine
        if _ifOf(drawing.volume, points) is None:
            parameters.spine = createSpineNode(drawing.volume)
            showSpine(result.spine, parameters.spine)
            if points is not None:
                points.SetDisplayVisibility(False)
                kept = _("The earlier points are kept, hidden: {name}.")
                sentences.append(kept.format(name=points.GetName()))
        parameters.segmentation, parameters.inputVolume = drawing.node, drawing.volume
        self._follow((drawing.node, drawing.volume, parameters.spine), case)
        parameters.parameterNode.EndModify(modifying)
        if earlier is not None:
            earlier.SetDisplayVisibility(False)
            kept = _("The earlier masks are kept, hidden: {name}.")
            sentences.append(kept.format(name=earlier.GetName()))
        self.say(" ".join([*sentences, *result.notes]))

    def _onFailed(self, sentence: str) -> None:
        self._dropDrawing()
        self.say(sentence)

    def _onCancelled(self) -> None:
        self._dropDrawing()
        self.say(_("Cancelled; nothing was changed."))

    def _dropDrawing(self) -> None:
        self._look.remove()
        if self._drawing is not None:
            self._drawing.drop()
            self._drawing = None

    def _onChanged(self) -> None:
        """Levels, masks or points are others."""
        problems = [f"⚠ {problem.sentence}" for problem in self.correction.problems]
        if self.correction.node is not None and not len(self.correction.spine):
            problems = [_("No segment is named after a vertebra; name them like T12 or L1.")]
        self.ui.problemsLabel.text = "\n".join(problems)
        self.ui.problemsLabel.visible = bool(problems)
        self.measuring.follow(self.correction.case, self.correction.volume)
        self._showRows()
        self._showPartial()

    def _showRows(self) -> None:
        self.table.show(self.correction, self.measuring)
        self._onRow()

    def _onRow(self) -> None:
        """Another vertebra is chosen, or there are others to choose from."""
        vertebra = self.table.vertebra
        if vertebra is not None:
            self.editor.choose(self.correction.segmentOf(vertebra.instance))
        masks = self.correction.case is not None and bool(self.correction.case.masks)
        self.ui.exportButton.enabled = self.ui.tableButton.enabled = masks
        free = not self.segmenting.running
        self.ui.resegmentButton.enabled = vertebra is not None and free
        self.bar.refresh()

    def _showPartial(self) -> None:
        """Hide the vertebrae that do not lie completely in the scan, or show what was hidden so.

        Only what becomes another is touched: what a person shows or hides meanwhile stays.
        """
        node, case = self.correction.node, self.correction.case
        if case is None or node.GetDisplayNode() is None or self._parameters is None:
            return
        display, segmentation = node.GetDisplayNode(), node.GetSegmentation()
        cut = (each.instance for each in case.spine if case.isPartial(each))
        partial = {each for each in map(self.correction.segmentOf, cut) if each is not None}
        if self._hidden is None:
            self._hidden = {each for each in partial if not display.GetSegmentVisibility(each)}
        hidden = set() if self._parameters.showPartial else partial
        for segmentId in hidden ^ self._hidden:
            if segmentation.GetSegment(segmentId) is not None:
                display.SetSegmentVisibility(segmentId, segmentId not in hidden)
        self._hidden = hidden

    def _onTableButton(self, _checked: bool) -> None:
        self.measuring.finish()
        node = self.correction.node
        table = showTable(
            self.measuring.columns(),
            _("{name} measurements").format(name=node.GetName()),
            node.GetNodeReference(TABLE),
        )
        node.SetNodeReferenceID(TABLE, table.GetID())
        placeBeside(table, self.correction.volume)
        self.say(_("The table is in the scene: ") + table.GetName())

    def _onExportButton(self, _checked: bool) -> None:
        kind = KINDS[self.ui.formatBox.currentIndex]
        path = self._asked(kind)
        if not path:
            return
        self.measuring.finish()
        case = self.correction.case
        segmentIds = [self.correction.segmentOf(instance) for instance in case.masks]
        columns = self.measuring.columns()
        source = Source(case, self.correction.node, self.correction.volume, segmentIds, columns)
        try:
            written = export(kind, path, source)
        except VertebraError as error:
            self.say(str(error))
        else:
            self.say(_("Saved: ") + str(written))

    def _asked(self, kind) -> str:
        """Where to write; empty when the user changed their mind."""
        window = slicer.util.mainWindow()
        if not kind.ending:
            return qt.QFileDialog.getExistingDirectory(window, _("Folder for the surfaces"), "")
        name = f"{self.correction.node.GetName()}{kind.ending}"
        kinds = f"{_(kind.title)} (*{kind.ending})"
        return qt.QFileDialog.getSaveFileName(window, _("Save the masks"), name, kinds)


def _ifOf(volume, node):
    """Points or masks, unless they were made on another scan than this."""
    return None if otherScanOf(node, volume) is not None else node


def _leftAside(masks, volume, points) -> list[str]:
    """A sentence on each node that was made on another scan."""
    sentence = _("'{name}' was made on '{scan}'; choose that scan to go on with it.")
    scans = [(node, otherScanOf(node, volume)) for node in (masks, points)]
    return [
        sentence.format(name=node.GetName(), scan=scan.GetName())
        for node, scan in scans
        if scan is not None
    ]


def _later(work) -> None:
    qt.QTimer.singleShot(0, work)
