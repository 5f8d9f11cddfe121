"""Classes that refuse what PythonQt refuses: unknown attributes and overwritten methods."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QObject

from . import signals

ABSTRACT = {
    "QAbstractButton",
    "QAbstractItemModel",
    "QAbstractItemView",
    "QAbstractScrollArea",
    "QAbstractSlider",
    "QAbstractSpinBox",
    "QApplication",
    "QCoreApplication",
    "QFrame",
    "QGuiApplication",
    "QLayout",
    "QObject",
    "QWidget",
}
"""Base classes that stay PySide's own, so that isinstance and findChildren keep their meaning."""


def add_signals(cls: type[QObject]) -> type[QObject]:
    """Give a class made in Python PythonQt's connect and disconnect."""
    cls.connect, cls.disconnect = signals.connect, signals.disconnect
    return cls


def guarded(cls: type[QObject]) -> type[QObject]:
    """A class made in Python that refuses unknown attributes too, once it is built."""

    def put(self: QObject, name: str, value: Any) -> None:
        if not name.startswith("_"):
            _refuse_unknown(self, name)
        super(cls, self).__setattr__(name, value)

    cls.__setattr__ = put
    return cls


def strict(cls: type[QObject]) -> type[QObject]:
    """A subclass that connects by signature and takes no attribute that Qt does not know."""

    def put(self: QObject, name: str, value: Any) -> None:
        if type(self).__module__ == "qt" and not name.startswith("_"):
            _refuse_unknown(self, name)
        super(made, self).__setattr__(name, value)

    def also_in_subclasses(subclass: type, **options: Any) -> None:
        super(made, subclass).__init_subclass__(**options)
        add_signals(subclass)

    made = type(cls)(
        cls.__name__,
        (cls,),
        {
            "__module__": "qt",
            "__setattr__": put,
            "__init_subclass__": classmethod(also_in_subclasses),
            "connect": signals.connect,
            "disconnect": signals.disconnect,
        },
    )
    return made


def _refuse_unknown(widget: QObject, name: str) -> None:
    known = getattr(type(widget), name, None)
    if known is None and name.encode() not in widget.dynamicPropertyNames():
        raise AttributeError(
            f"'{name}' does not exist on {type(widget).__name__}; "
            "PythonQt creates no new attributes on C++ objects"
        )
    if callable(known):
        raise AttributeError(f"'{name}' is a method of {type(widget).__name__}, not an attribute")
