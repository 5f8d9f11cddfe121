"""A signal in plain Python, so that logic can tell a window something without knowing Qt."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Slot = Callable[..., object]


class Signal:
    """Calls whoever is connected, in the order of connecting.

    >>> said = Signal()
    >>> said.connect(print)
    >>> said.emit("T12", 0.97)
    T12 0.97
    """

    def __init__(self) -> None:
        self._slots: list[Slot] = []

    def connect(self, slot: Slot) -> None:
        """Call `slot` at each emit."""
        self._slots.append(slot)

    def disconnect(self, slot: Slot) -> None:
        """Stop calling `slot`."""
        self._slots.remove(slot)

    def emit(self, *values: Any) -> None:
        """Call all slots with these values."""
        for slot in tuple(self._slots):
            slot(*values)
