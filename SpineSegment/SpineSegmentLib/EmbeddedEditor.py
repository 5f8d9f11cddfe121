"""Slicer's Segment Editor inside the panel: bound to the masks, sparing neighbours by default."""

from __future__ import annotations

import qt
import slicer
import vtk

from vertebra.worker import Signal

OWNER = "SpineSegment"
"""The editor's settings are our own, and those of the module Segment Editor stay as they are."""
PREPARED = "Vertebra.sparesNeighbours"
"""Marks settings that were made ours once; what a person sets afterwards stays."""


class EmbeddedEditor:
    """Joins the editor with the chosen segmentation, scan and vertebra.

    Its own undo is off: it forgets at each renaming, and would not bring points back. Strokes are
    taken up as edits like all others, so the panel's Undo takes them back.
    """

    def __init__(self, widget, keysOf) -> None:
        self.chosen = Signal()  # the ID of the segment that was chosen in the editor
        self._widget, self._keysOf = widget, keysOf
        self._node = None
        self._observer = 0
        self._segmentId = ""
        widget.setSegmentationNodeSelectorVisible(False)
        widget.setSourceVolumeNodeSelectorVisible(False)
        widget.setSwitchToSegmentationsButtonVisible(False)
        widget.setMaximumNumberOfUndoStates(0)
        widget.setUndoEnabled(False)

    def show(self, segmentation, volume) -> None:
        """Edit this segmentation of this scan; None for none."""
        self._observeNode()
        self._widget.setSegmentationNode(segmentation)
        self._widget.setSourceVolumeNode(volume if segmentation else None)
        self._widget.enabled = segmentation is not None

    def choose(self, segmentId: str | None) -> None:
        """Edit this vertebra's segment."""
        if segmentId and segmentId != self._widget.currentSegmentID():
            self._segmentId = segmentId
            self._widget.setCurrentSegmentID(segmentId)

    def enter(self) -> None:
        """The user came: mouse and keys reach the editor."""
        self._observeNode()
        self._widget.setupViewObservations()
        self._widget.installKeyboardShortcuts(self._keysOf)
        undo = [qt.QKeySequence(each).toString() for each in ("Ctrl+Z", "Ctrl+Y", "Ctrl+Shift+Z")]
        for shortcut in slicer.util.findChildren(self._keysOf, className="QShortcut"):
            if shortcut.key.toString() in undo:
                shortcut.enabled = False

    def exit(self) -> None:
        """The user left: mouse and keys belong to others again."""
        self._widget.setActiveEffect(None)
        self._widget.uninstallKeyboardShortcuts()
        self._widget.removeViewObservations()

    def close(self) -> None:
        """Let go of nodes that go away."""
        self._widget.setActiveEffect(None)
        self._widget.setSegmentationNode(None)
        self._widget.setSourceVolumeNode(None)
        if self._node is not None:
            self._node.RemoveObserver(self._observer)
            self._node = None
        self._widget.setMRMLSegmentEditorNode(None)

    def _observeNode(self) -> None:
        node = self._settings()
        if node is not self._node:
            if self._node is not None:
                self._node.RemoveObserver(self._observer)
            self._node = node
            self._widget.setMRMLSegmentEditorNode(node)
            self._observer = node.AddObserver(vtk.vtkCommand.ModifiedEvent, self._onSettings)

    def _settings(self):
        """The editor's node; a new one, or one that a closed scene emptied, spares neighbours."""
        kind = "vtkMRMLSegmentEditorNode"
        node = slicer.mrmlScene.GetSingletonNode(OWNER, kind)
        if node is None:
            node = slicer.mrmlScene.CreateNodeByClass(kind)
            node.UnRegister(None)
            node.SetSingletonTag(OWNER)
            node = slicer.mrmlScene.AddNode(node)
        if node.GetAttribute(PREPARED) is None:
            node.SetAttribute(PREPARED, "1")
            node.SetOverwriteMode(node.OverwriteNone)
            node.SetMaskMode(slicer.vtkMRMLSegmentationNode.EditAllowedOutsideAllSegments)
        return node

    def _onSettings(self, *_callerAndEvent) -> None:
        segmentId = self._node.GetSelectedSegmentID() or ""
        if segmentId and segmentId != self._segmentId:
            self._segmentId = segmentId
            self.chosen.emit(segmentId)
