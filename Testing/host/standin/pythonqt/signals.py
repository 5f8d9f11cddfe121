"""Signals by signature: `button.connect("clicked(bool)", self.onClick)`; a wrong one raises."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QMetaMethod, QMetaObject, QObject

_connections: dict[tuple[int, str, Any], tuple[Any, Callable[..., Any]]] = {}


def connect(self: QObject, signature: str, slot: Callable[..., Any]) -> bool:
    """Connect a signal, named by its C++ signature, to a Python function."""
    signal, arguments = _signal(self, signature)
    wrapped = _taking(slot, arguments)
    signal.connect(wrapped)
    _connections[id(self), signature, slot] = (signal, wrapped)
    return True


def disconnect(self: QObject, signature: str, slot: Callable[..., Any]) -> bool:
    """Undo a `connect` with the same arguments."""
    known = _connections.pop((id(self), signature, slot), None)
    if known is None:
        return False
    signal, wrapped = known
    signal.disconnect(wrapped)
    return True


def _signal(sender: QObject, signature: str) -> tuple[Any, int]:
    normal = bytes(QMetaObject.normalizedSignature(signature)).decode()
    name, _, inside = normal.partition("(")
    arguments = [each for each in inside.rstrip(")").split(",") if each]
    meta = sender.metaObject()
    of_that_name = [
        bytes(method.methodSignature()).decode()
        for method in map(meta.method, range(meta.methodCount()))
        if method.methodType() == QMetaMethod.MethodType.Signal
        and bytes(method.name()).decode() == name
    ]
    if normal not in of_that_name and not _made_in_python(of_that_name, len(arguments)):
        has = ", ".join(of_that_name) or "none of that name"
        raise RuntimeError(f"{meta.className()} has no signal {signature}; it has {has}")
    return getattr(sender, name), len(arguments)


def _made_in_python(signatures: list[str], count: int) -> bool:
    """A signal with MRML arguments is known to Qt by its number of arguments only."""
    return any("PyObject" in each and each.count("PyObject") == count for each in signatures)


def _taking(slot: Callable[..., Any], count: int) -> Callable[..., Any]:
    """The slot, called with as many of the signal's arguments as it takes.

    PySide looks at how many arguments a function has to choose between a signal's overloads.
    """
    try:
        parameters = inspect.signature(slot).parameters.values()
    except (TypeError, ValueError):
        return slot
    if any(each.kind is each.VAR_POSITIONAL for each in parameters):
        return slot
    positional = [each for each in parameters if each.kind is not each.KEYWORD_ONLY]
    taken = min(len(positional), count)
    return (lambda: slot(), lambda a: slot(a), lambda a, b: slot(a, b))[taken]
