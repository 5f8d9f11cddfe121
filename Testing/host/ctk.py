"""The module `ctk` as far as our modules use it."""

from __future__ import annotations

from PySide6 import QtWidgets
from PySide6.QtCore import Property, Signal
from standin.pythonqt.strict import add_signals
from standin.pythonqt.uiloader import register

__all__ = ["ctkCollapsibleButton"]


@register
@add_signals
class ctkCollapsibleButton(QtWidgets.QWidget):
    """A titled section that opens and closes."""

    contentsCollapsed = Signal(bool)

    def __init__(self, parent: QtWidgets.QWidget | None = None) -> None:
        super().__init__(parent)
        self.setContentsMargins(0, 26, 0, 0)
        self._header = QtWidgets.QToolButton(self)
        self._header.setAutoRaise(True)
        self._header.setToolButtonStyle(_beside_icon())
        self._header.clicked.connect(lambda: self._set_collapsed(not self._collapsed))
        self._collapsed = False
        self._show_arrow()

    def resizeEvent(self, event: object) -> None:
        """Keep the title as wide as the section."""
        self._header.setGeometry(0, 0, self.width, 24)

    def _text(self) -> str:
        return self._header.text

    def _set_text(self, text: str) -> None:
        self._header.text = text

    def _is_collapsed(self) -> bool:
        return self._collapsed

    def _set_collapsed(self, collapsed: bool) -> None:
        if collapsed == self._collapsed:
            return
        self._collapsed = collapsed
        self._show_arrow()
        for child in self.children():
            if isinstance(child, QtWidgets.QWidget) and child is not self._header:
                child.visible = not collapsed
        self.contentsCollapsed.emit(collapsed)

    def showEvent(self, event: object) -> None:
        """Hide what came into a section that was closed from the start."""
        for child in self.children() if self._collapsed else ():
            if isinstance(child, QtWidgets.QWidget) and child is not self._header:
                child.visible = False

    def _show_arrow(self) -> None:
        from PySide6.QtCore import Qt

        arrow = Qt.ArrowType.RightArrow if self._collapsed else Qt.ArrowType.DownArrow
        self._header.setArrowType(arrow)

    text = Property(str, _text, _set_text)
    collapsed = Property(bool, _is_collapsed, _set_collapsed)


def _beside_icon() -> object:
    from PySide6.QtCore import Qt

    return Qt.ToolButtonStyle.ToolButtonTextBesideIcon
