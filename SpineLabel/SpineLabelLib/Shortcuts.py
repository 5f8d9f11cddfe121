"""Keys that press the panel's buttons while the module is open."""

from __future__ import annotations

import qt
import slicer

KEYS = {
    "undoButton": "Ctrl+Z",
    "redoButton": "Ctrl+Y",
    "allUpButton": "Ctrl+Up",
    "allDownButton": "Ctrl+Down",
    "hereUpButton": "Ctrl+Shift+Up",
    "hereDownButton": "Ctrl+Shift+Down",
    "setButton": "Ctrl+Return",
    "insertButton": "Ctrl+I",
    "deleteButton": "Ctrl+Delete",
    "lockButton": "Ctrl+L",
}
"""The key of each button; a panel uses those of the buttons that it has."""


class Shortcuts:
    """Installed when the user enters the module and removed when the user leaves it."""

    def __init__(self, ui) -> None:
        self._ui = ui
        self._keys = {name: key for name, key in KEYS.items() if hasattr(ui, name)}
        self._installed: list = []
        for name, key in self._keys.items():
            button = getattr(ui, name)
            button.toolTip = f"{button.toolTip} ({key})"

    def install(self) -> None:
        """Listen to the keys in the whole main window."""
        self.remove()
        for name, key in self._keys.items():
            shortcut = qt.QShortcut(slicer.util.mainWindow())
            shortcut.setKey(qt.QKeySequence(key))
            button = getattr(self._ui, name)
            shortcut.connect("activated()", lambda pressed=button: pressed.click())
            self._installed.append(shortcut)

    def remove(self) -> None:
        """Give the keys back."""
        for shortcut in self._installed:
            shortcut.setParent(None)
            shortcut.deleteLater()
        self._installed.clear()
