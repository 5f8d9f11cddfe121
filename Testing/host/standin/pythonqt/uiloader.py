"""Loads .ui files that name Slicer's widgets, and makes the connections they list."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree

from PySide6 import QtCore, QtUiTools, QtWidgets

_custom: dict[str, type[QtWidgets.QWidget]] = {}


def register(cls: type[QtWidgets.QWidget]) -> type[QtWidgets.QWidget]:
    """Make a widget class known to .ui files."""
    _custom[cls.__name__] = cls
    return cls


class QUiLoader(QtUiTools.QUiLoader):
    """Qt's loader with Slicer's widgets; a file that names what does not exist raises."""

    def createWidget(self, className: str, parent: Any = None, name: str = "") -> Any:
        """The stand-in widget of that class, or Qt's own one in its strict form."""
        import qt

        cls = _custom.get(className) or getattr(qt, className, None)
        if cls is None:
            raise RuntimeError(f"This .ui file names the unknown widget class {className}")
        widget = cls(parent)
        widget.setObjectName(name)
        return widget

    def load(self, file: QtCore.QFile, parent: Any = None) -> Any:
        """Build the widgets, then make the file's connections in Python.

        Signals such as mrmlSceneChanged(vtkMRMLScene*) do not exist for Qt's own loader.
        """
        root = ElementTree.fromstring(bytes(file.readAll()))
        connections = root.find("connections")
        wanted = list(connections) if connections is not None else []
        if connections is not None:
            root.remove(connections)
        buffer = QtCore.QBuffer()
        buffer.setData(ElementTree.tostring(root))
        buffer.open(QtCore.QIODevice.OpenModeFlag.ReadOnly)
        widget = super().load(buffer, parent)
        file.close()
        for each in wanted:
            sender = _named(widget, each.findtext("sender", ""))
            receiver = _named(widget, each.findtext("receiver", ""))
            signal, slot = (each.findtext(key, "").split("(")[0] for key in ("signal", "slot"))
            getattr(sender, signal).connect(getattr(receiver, slot))
        return widget


def _named(widget: Any, name: str) -> Any:
    found = widget if widget.name == name else widget.findChild(QtCore.QObject, name)
    if found is None:
        raise RuntimeError(f"A connection of this .ui file names the missing widget '{name}'")
    return found
