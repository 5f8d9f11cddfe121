"""qMRMLNodeComboBox: chooses a node of the scene."""

from __future__ import annotations

from typing import Any

import slicer
from PySide6 import QtWidgets
from PySide6.QtCore import Property, Signal

from ..pythonqt.strict import add_signals
from ..pythonqt.uiloader import register


def _option(kind: Any, name: str, default: Any) -> Property:
    """A plain Qt property that a .ui file may set."""

    def get(self: Any) -> Any:
        return self._options.get(name, default)

    def put(self: Any, value: Any) -> None:
        self._options[name] = value
        self.refresh()

    return Property(kind, get, put)


@register
@add_signals
class qMRMLNodeComboBox(QtWidgets.QWidget):
    """A combo box over the nodes of some classes, kept in step with the scene."""

    currentNodeChanged = Signal(object)

    nodeTypes = _option("QStringList", "nodeTypes", [])
    noneEnabled = _option(bool, "noneEnabled", False)
    noneDisplay = _option(str, "noneDisplay", "None")
    addEnabled = _option(bool, "addEnabled", True)
    removeEnabled = _option(bool, "removeEnabled", True)
    renameEnabled = _option(bool, "renameEnabled", False)
    showChildNodeTypes = _option(bool, "showChildNodeTypes", True)

    def __init__(self, parent: QtWidgets.QWidget | None = None) -> None:
        super().__init__(parent)
        self._options: dict[str, Any] = {}
        self._scene: Any = None
        self._tags: list[int] = []
        self._id: str | None = None
        self.box = QtWidgets.QComboBox(self)
        self.box.setSizePolicy(_stretching(), _fixed())
        layout = QtWidgets.QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.box)
        self.box.activated.connect(lambda index: self._choose(self.box.itemData(index)))

    def setMRMLScene(self, scene: Any) -> None:
        """Offer the nodes of this scene."""
        for tag in self._tags:
            self._scene.RemoveObserver(tag)
        self._scene, self._tags = scene, []
        events = slicer.vtkMRMLScene
        if scene is not None:
            self._tags = [
                scene.AddObserver(event, lambda *_: self.refresh())
                for event in (
                    events.NodeAddedEvent,
                    events.NodeRemovedEvent,
                    events.EndCloseEvent,
                    events.EndImportEvent,
                )
            ]
        self.refresh()

    def mrmlScene(self) -> Any:
        """The scene whose nodes are offered."""
        return self._scene

    def currentNode(self) -> Any:
        """The chosen node, or None."""
        return self._scene.GetNodeByID(self._id) if self._scene and self._id else None

    def setCurrentNode(self, node: Any) -> None:
        """Choose a node."""
        self._choose(node.GetID() if node else None)

    def nodeCount(self) -> int:
        """How many nodes are offered."""
        return len(self._nodes())

    def refresh(self) -> None:
        """Take up the nodes that the scene has now; renamed ones too."""
        nodes = self._nodes()
        self.box.blockSignals(True)
        self.box.clear()
        if self.noneEnabled:
            self.box.addItem(self.noneDisplay, None)
        for node in nodes:
            self.box.addItem(node.GetName(), node.GetID())
        self.box.blockSignals(False)
        if self._id not in [node.GetID() for node in nodes]:
            self._choose(None if self.noneEnabled or not nodes else nodes[0].GetID())
        self.box.setCurrentIndex(self.box.findData(self._id))

    def _nodes(self) -> list[Any]:
        if self._scene is None:
            return []
        found = []
        for name in self.nodeTypes:
            for node in slicer.util.getNodesByClass(name, self._scene):
                right_class = self.showChildNodeTypes or node.GetClassName() == name
                if right_class and node not in found and not node.GetHideFromEditors():
                    found.append(node)
        return found

    def _choose(self, node_id: str | None) -> None:
        changed = node_id != self._id
        self._id = node_id
        self.box.setCurrentIndex(self.box.findData(node_id))
        if changed:
            self.currentNodeChanged.emit(self.currentNode())


def _stretching() -> Any:
    return QtWidgets.QSizePolicy.Policy.Expanding


def _fixed() -> Any:
    return QtWidgets.QSizePolicy.Policy.Fixed
