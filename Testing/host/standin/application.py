"""`slicer.app`, as far as slicer.util and our modules use it."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import qt
from PySide6.QtCore import QObject, Signal

from .mrml.core import Core
from .mrml.files import FileManager
from .pythonqt.strict import add_signals


@add_signals
class _Signals(QObject):
    startupCompleted = Signal()
    aboutToQuit = Signal()


class LayoutManager:
    """Four views in one fixed layout."""

    def __init__(self, core: Core) -> None:
        self._core = core

    def mrmlSliceLogics(self) -> Any:
        """The logics of all slice views."""
        return self._core.logic.GetSliceLogics()


class Application:
    """The application object of the stand-in window."""

    majorVersion = 5
    minorVersion = 12
    applicationName = "Stand-in for Slicer"

    def __init__(self, core: Core) -> None:
        self._core = core
        self._signals = _Signals()
        self._files = FileManager()
        self._testing = True
        self.temporaryPath = core.temporary_folder
        self.slicerHome = core.temporary_folder

    def mrmlScene(self) -> Any:
        """The scene."""
        return self._core.scene

    def applicationLogic(self) -> Any:
        """The C++ application logic."""
        return self._core.logic

    def connect(self, signature: str, slot: Any) -> bool:
        """Connect one of the application's signals."""
        return self._signals.connect(signature, slot)

    def disconnect(self, signature: str, slot: Any) -> bool:
        """Undo a connect."""
        return self._signals.disconnect(signature, slot)

    def startup_is_complete(self) -> None:
        """Tell the modules that Slicer is up."""
        self._signals.startupCompleted.emit()

    def about_to_quit(self) -> None:
        """Tell the modules that Slicer ends."""
        self._signals.aboutToQuit.emit()

    def ioManager(self) -> FileManager:
        """Loads and saves."""
        return self._files

    coreIOManager = ioManager

    def layoutManager(self) -> LayoutManager:
        """The fixed layout of the stand-in."""
        return LayoutManager(self._core)

    def commandOptions(self) -> SimpleNamespace:
        """How Slicer was started."""
        return SimpleNamespace(noMainWindow=False)

    def testingEnabled(self) -> bool:
        """While testing, messages are logged instead of shown."""
        return self._testing

    def topLevelWidgets(self) -> list[Any]:
        """All windows."""
        return qt.QApplication.topLevelWidgets()

    def processEvents(self, *_: Any) -> None:
        """Let Qt work off what is waiting."""
        qt.app.processEvents()

    def userSettings(self) -> Any:
        """The user's settings."""
        return qt.QSettings()

    settings = userSettings

    def setOverrideCursor(self, cursor: Any) -> None:
        """Show another cursor."""
        qt.QApplication.setOverrideCursor(cursor)

    def restoreOverrideCursor(self) -> None:
        """Show the usual cursor again."""
        qt.QApplication.restoreOverrideCursor()
