"""Qt properties as Python attributes: `label.text`, where PySide says `label.text()`."""

from __future__ import annotations

from typing import Any

from PySide6 import QtCore, QtGui, QtWidgets

_FUNCTIONS = {"sizeHint", "minimumSizeHint", "singleShot"}
"""Names of properties that are functions too, and used as such."""

_MODULES = (QtCore, QtGui, QtWidgets)


def make_attributes() -> None:
    """Turn every property of every Qt class into an attribute."""
    for module in _MODULES:  # PySide makes a class only when somebody asks for it
        for name in dir(module):
            getattr(module, name)
    for cls in _qobject_classes(QtCore.QObject):
        _make_attributes_of(cls)
    QtCore.QObject.name = property(
        lambda self: self.property("objectName"), lambda self, name: self.setObjectName(name)
    )
    QtCore.QObject.className = lambda self: self.metaObject().className()


def _qobject_classes(root: type) -> list[type]:
    found = [root]
    for cls in type.__subclasses__(root):
        if cls.__module__.startswith("PySide6"):
            found.extend(_qobject_classes(cls))
    return list(dict.fromkeys(found))


def _make_attributes_of(cls: type) -> None:
    meta = cls.staticMetaObject
    for index in range(meta.propertyOffset(), meta.propertyCount()):
        name = meta.property(index).name()
        own = type(cls.__dict__.get(name)).__name__
        if name not in _FUNCTIONS and own not in ("Signal", "property"):
            setattr(cls, name, _attribute(name, meta.property(index).isWritable()))


def _attribute(name: str, writable: bool) -> property:
    def get(self: QtCore.QObject) -> Any:
        return self.property(name)

    def put(self: QtCore.QObject, value: Any) -> None:
        if not writable:
            raise AttributeError(f"Property '{name}' of {self.className()} is read-only")
        if not self.setProperty(name, value):
            raise ValueError(f"{self.className()}.{name} cannot be set to {value!r}")

    return property(get, put)
