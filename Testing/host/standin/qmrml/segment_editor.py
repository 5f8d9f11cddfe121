"""qMRMLSegmentEditorWidget with two effects, Paint and Erase, over Slicer's own editor logic.

Which voxels a stroke may change is decided by `vtkSlicerSegmentEditorLogic` and the masking and
overwriting of its `vtkMRMLSegmentEditorNode`, which is what Slicer's widget does too. As in Slicer,
nothing is painted without a call of setupViewObservations, and no key works without
installKeyboardShortcuts.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import qt
import slicer
import vtk
from PySide6 import QtWidgets
from vtk.util.numpy_support import vtk_to_numpy

from ..pythonqt.strict import guarded
from ..pythonqt.uiloader import register
from .widget import qMRMLWidget

EFFECTS = ("Paint", "Erase")
UNDO, REDO = ("Z", "Ctrl+Z"), ("Y", "Ctrl+Shift+Z", "Ctrl+Y")


@register
@guarded
class qMRMLSegmentEditorWidget(qMRMLWidget):
    """Edits the segment that the editor's node names, with a round brush."""

    buttons: Any = ()
    radius: Any = ()
    undo_buttons: Any = ()
    surfaces: Any = ()

    def __init__(self, parent: QtWidgets.QWidget | None = None) -> None:
        super().__init__(parent)
        self._logic = slicer.vtkSlicerSegmentEditorLogic()
        self._logic.SetMRMLApplicationLogic(slicer.app.applicationLogic())
        self._node: Any = None
        self._tag = 0
        self._effect = ""
        self._shortcuts: list[Any] = []
        self._observed: list[tuple[Any, int]] = []
        self._painting = ""
        self._build()

    def _build(self) -> None:
        rows, buttons = QtWidgets.QVBoxLayout(self), QtWidgets.QHBoxLayout()
        rows.setContentsMargins(0, 0, 0, 0)
        self._segment = qt.QComboBox()
        self._segment.connect("activated(int)", self._on_segment_box)
        rows.addWidget(self._segment)
        self.buttons = {name: qt.QPushButton(name) for name in EFFECTS}
        for name, button in self.buttons.items():
            button.checkable = True
            button.connect(
                "clicked(bool)", lambda on, which=name: self._toggle(which if on else "")
            )
            buttons.addWidget(button)
        self.radius = qt.QSpinBox()
        self.radius.suffix = " mm"
        self.radius.value = 5
        buttons.addWidget(self.radius)
        self.undo_buttons = qt.QPushButton("Undo"), qt.QPushButton("Redo")
        for button, action in zip(self.undo_buttons, (self.undo, self.redo)):
            button.connect("clicked(bool)", lambda _on, run=action: run())
            buttons.addWidget(button)
        self.surfaces = qt.QPushButton("Show 3D")
        self.surfaces.checkable = True
        self.surfaces.connect("clicked(bool)", self._on_surfaces)
        buttons.addWidget(self.surfaces)
        rows.addLayout(buttons)

    def setMRMLScene(self, scene: Any) -> None:
        """Edit in this scene."""
        super().setMRMLScene(scene)
        self._logic.SetMRMLScene(scene)

    def setMRMLSegmentEditorNode(self, node: Any) -> None:
        """Take the settings from this node."""
        if node is not None and not node.IsA("vtkMRMLSegmentEditorNode"):
            raise ValueError("this is no vtkMRMLSegmentEditorNode")
        if self._node is not None:
            self._node.RemoveObserver(self._tag)
        self._node = node
        self._logic.SetSegmentEditorNode(node)
        if node is not None:
            self._tag = node.AddObserver(vtk.vtkCommand.ModifiedEvent, self.updateWidgetFromMRML)
        self.updateWidgetFromMRML()

    def mrmlSegmentEditorNode(self) -> Any:
        """The node with the settings."""
        return self._node

    def setSegmentationNode(self, node: Any) -> None:
        """Edit this segmentation; its first segment is chosen."""
        if self._node is None:
            if node is not None:
                raise RuntimeError("Slicer's editor needs its vtkMRMLSegmentEditorNode first")
            return
        if self._node.GetSegmentationNode() is not node:
            self._node.SetAndObserveSegmentationNode(node)
            ids = self._ids()
            self._node.SetSelectedSegmentID(ids[0] if ids else "")

    def segmentationNode(self) -> Any:
        """The segmentation under edit."""
        return self._node.GetSegmentationNode() if self._node else None

    def setSourceVolumeNode(self, node: Any) -> None:
        """Edit over this volume."""
        if self._node is not None:
            self._node.SetAndObserveSourceVolumeNode(node)

    def sourceVolumeNode(self) -> Any:
        """The volume under the segmentation."""
        return self._node.GetSourceVolumeNode() if self._node else None

    def setCurrentSegmentID(self, segment_id: str) -> None:
        """Edit this segment."""
        if segment_id not in self._ids():
            raise RuntimeError(f"There is no segment '{segment_id}'")
        self._node.SetSelectedSegmentID(segment_id)

    def currentSegmentID(self) -> str:
        """The segment under edit."""
        return (self._node.GetSelectedSegmentID() or "") if self._node else ""

    def setActiveEffectByName(self, name: str) -> None:
        """Take a tool."""
        if name not in EFFECTS:
            raise RuntimeError(f"The stand-in has no effect '{name}'")
        self._toggle(name)

    def setActiveEffect(self, effect: None) -> None:
        """Put the tool away."""
        if effect is not None:
            raise RuntimeError("The stand-in only knows how to put a tool away")
        self._toggle("")

    def setupViewObservations(self) -> None:
        """Let the mouse in the slice views paint."""
        self.removeViewObservations()
        events = ("LeftButtonPressEvent", "MouseMoveEvent", "LeftButtonReleaseEvent")
        for view in slicer.util.mainWindow().views.values():
            if hasattr(view, "depth_of"):
                for event in events:
                    tag = view.interactor.AddObserver(
                        event, lambda caller, name, v=view: self._on_mouse(v, name), 10.0
                    )
                    self._observed.append((view.interactor, tag))

    def removeViewObservations(self) -> None:
        """Give the mouse back."""
        for interactor, tag in self._observed:
            interactor.RemoveObserver(tag)
        self._observed.clear()

    def installKeyboardShortcuts(self, parent: Any = None) -> None:
        """Listen to the keys."""
        self.uninstallKeyboardShortcuts()
        actions = {"1": lambda: self._press("Paint"), "2": lambda: self._press("Erase")}
        actions |= dict.fromkeys(UNDO, self.undo) | dict.fromkeys(REDO, self.redo)
        for key, action in actions.items():
            shortcut = qt.QShortcut(parent or slicer.util.mainWindow())
            shortcut.setKey(qt.QKeySequence(key))
            shortcut.connect("activated()", action)
            self._shortcuts.append(shortcut)

    def uninstallKeyboardShortcuts(self) -> None:
        """Give the keys back."""
        for shortcut in self._shortcuts:
            shortcut.setParent(None)
            shortcut.deleteLater()
        self._shortcuts.clear()

    def setSegmentationNodeSelectorVisible(self, visible: bool) -> None:
        """The stand-in has no such selector."""

    def setSourceVolumeNodeSelectorVisible(self, visible: bool) -> None:
        """The stand-in has no such selector."""

    def setSwitchToSegmentationsButtonVisible(self, visible: bool) -> None:
        """The stand-in has no such button."""

    def setMaximumNumberOfUndoStates(self, count: int) -> None:
        """How many steps can be taken back."""
        self._logic.SetMaximumNumberOfUndoStates(count)

    def setUndoEnabled(self, enabled: bool) -> None:
        """Show the editor's own undo or not; the keys stay, as in Slicer."""
        for button in self.undo_buttons:
            button.visible = enabled

    def undo(self) -> None:
        """Take the last stroke back."""
        self._logic.Undo()

    def redo(self) -> None:
        """Paint it again."""
        self._logic.Redo()

    def updateWidgetFromMRML(self, *_: Any) -> None:
        """Show what the node says."""
        ids, chosen = self._ids(), self.currentSegmentID()
        segmentation = self.segmentationNode().GetSegmentation() if ids else None
        self._segment.blockSignals(True)
        self._segment.clear()
        for each in ids:
            self._segment.addItem(segmentation.GetSegment(each).GetName(), each)
        self._segment.setCurrentIndex(ids.index(chosen) if chosen in ids else -1)
        self._segment.blockSignals(False)

    def _ids(self) -> list[str]:
        node = self.segmentationNode()
        if node is None:
            return []
        segmentation = node.GetSegmentation()
        return [segmentation.GetNthSegmentID(n) for n in range(segmentation.GetNumberOfSegments())]

    def _on_segment_box(self, index: int) -> None:
        self.setCurrentSegmentID(self._segment.itemData(index))

    def _on_surfaces(self, on: bool) -> None:
        node = self.segmentationNode()
        if node is not None and on:
            node.CreateClosedSurfaceRepresentation()
        elif node is not None:
            node.RemoveClosedSurfaceRepresentation()

    def _press(self, name: str) -> None:
        self._toggle("" if self._effect == name else name)

    def _toggle(self, name: str) -> None:
        self._effect = name
        for each, button in self.buttons.items():
            button.checked = each == name

    def _on_mouse(self, view: Any, event: str) -> None:
        """A stroke goes from press to release and is one step."""
        if not (self._effect and self.segmentationNode() and self.sourceVolumeNode()):
            return
        if event == "LeftButtonPressEvent":
            self._painting = self.currentSegmentID()
            self._logic.SaveStateForUndo()
        if self._painting:
            self._dab(view)
        if event == "LeftButtonReleaseEvent":
            self._painting = ""

    def _dab(self, view: Any) -> None:
        """Let Slicer's logic add or take away a ball of voxels around the mouse."""
        x, y = view.interactor.GetEventPosition()
        place = view.node.GetXYToRAS().MultiplyPoint([x, y, 0, 1])[:3]
        self._logic.ResetModifierLabelmapToDefault()
        image = self._logic.GetModifierLabelmap()
        matrix = vtk.vtkMatrix4x4()
        image.GetImageToWorldMatrix(matrix)
        to_world = slicer.util.arrayFromVTKMatrix(matrix)
        start, shape = np.array(image.GetExtent()[::2]), image.GetDimensions()
        index = np.moveaxis(np.indices(shape), 0, -1) + start
        apart = np.linalg.norm(index @ to_world[:3, :3].T + to_world[:3, 3] - place, axis=-1)
        voxels = vtk_to_numpy(image.GetPointData().GetScalars()).reshape(shape[::-1])
        voxels[:] = (apart <= self.radius.value).T
        image.Modified()
        logic = slicer.vtkSlicerSegmentEditorLogic
        adds = self._effect == "Paint"
        mode = logic.ModificationModeAdd if adds else logic.ModificationModeRemove
        node = self.segmentationNode()
        self._logic.ModifySegmentByLabelmap(node, self._painting, image, mode, False, False)
