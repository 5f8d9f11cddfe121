"""What a person does in the window: clicks, drags, keys."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import qt
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtTest import QTest

from .views import rendering

LEFT = Qt.MouseButton.LeftButton


class User:
    """Acts through Qt's events, so that only what a person can reach is reached."""

    def __init__(self, window: Any) -> None:
        self._window = window

    def __getattr__(self, name: str) -> Any:
        return getattr(self._window, name)

    def settle(self) -> None:
        """Wait until the window has worked off what is waiting."""
        for _ in range(4):
            qt.app.processEvents()
        while rendering.pending():
            qt.app.processEvents()

    def wait_until(self, arrived: Callable[[], bool], seconds: float = 20) -> None:
        """Wait, with the window alive, until something is so."""
        end = time.monotonic() + seconds
        while not arrived():
            if time.monotonic() > end:
                raise TimeoutError("what the test waits for did not come")
            qt.app.processEvents()
            time.sleep(0.002)

    def click(self, button: Any) -> None:
        """Click a button; one that is disabled or hidden cannot be clicked."""
        if not button.enabled:
            raise AssertionError(f"'{button.text}' is disabled")
        QTest.mouseClick(button, LEFT, pos=QPoint(8, button.height // 2))
        self.settle()

    def click_row(self, table: Any, row: int, column: int = 1) -> None:
        """Click a cell of a table."""
        item = table.item(row, column)
        table.scrollToItem(item)
        QTest.mouseClick(table.viewport(), LEFT, pos=table.visualItemRect(item).center())
        self.settle()

    def choose(self, selector: Any, node: Any) -> None:
        """Choose a node in a node selector."""
        box = selector.box
        index = box.findData(node.GetID() if node else None)
        box.setCurrentIndex(index)
        box.activated.emit(index)
        self.settle()

    def press(self, keys: str) -> None:
        """Press a key combination in the main window."""
        self._window.activateWindow()
        self.settle()
        QTest.keySequence(self._window, QKeySequence(keys))
        self.settle()

    def drag(self, view: str, point: tuple[float, float, float], by: tuple[int, int]) -> None:
        """Drag what is seen at a point of the patient by some pixels."""
        widget, start = self._window.views[view], self._pixel(view, point)
        widget.interactor.EnterEvent()
        self._move(widget, start - QPoint(20, 0))
        self._move(widget, start)
        QTest.mousePress(widget, LEFT, pos=start)
        for step in range(1, 6):
            self._move(widget, start + QPoint(by[0] * step // 5, by[1] * step // 5))
        QTest.mouseRelease(widget, LEFT, pos=start + QPoint(*by))
        self.settle()

    def click_in_view(self, view: str, point: tuple[float, float, float]) -> None:
        """Click where a point of the patient is seen."""
        widget, place = self._window.views[view], self._pixel(view, point)
        widget.interactor.EnterEvent()
        self._move(widget, place - QPoint(20, 0))
        self._move(widget, place)
        QTest.mouseClick(widget, LEFT, pos=place)
        self.settle()

    def _pixel(self, view: str, point: tuple[float, float, float]) -> QPoint:
        self.settle()
        return self._window.views[view].pixel_of(point)

    def _move(self, widget: Any, place: QPoint) -> None:
        QTest.mouseMove(widget, place)
        self.settle()
