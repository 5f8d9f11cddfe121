"""The module `qt` as code inside Slicer knows it: one namespace for all of Qt."""

from __future__ import annotations

import os
import sys

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6 import QtCore, QtGui, QtWidgets
from standin.pythonqt import attributes, strict
from standin.pythonqt.uiloader import QUiLoader

__all__ = ["QUiLoader"]

attributes.make_attributes()

Signal = QtCore.Signal
Slot = QtCore.Slot

for _module in (QtCore, QtGui, QtWidgets):
    for _name in [each for each in dir(_module) if each.startswith("Q")]:
        _cls = getattr(_module, _name)
        if (
            isinstance(_cls, type)
            and issubclass(_cls, QtCore.QObject)
            and _name not in strict.ABSTRACT
        ):
            try:
                _cls = strict.strict(_cls)
            except TypeError:  # a class that Qt closes to inheritance stays as it is
                pass
        globals()[_name] = _cls

app = QtWidgets.QApplication.instance() or QtWidgets.QApplication(sys.argv[:1])
QtCore.QCoreApplication.setOrganizationName("Vertebra")
QtCore.QCoreApplication.setApplicationName("Stand-in for Slicer")


class _FileDialog(QtWidgets.QFileDialog):
    """PythonQt returns the chosen path alone, PySide a pair."""

    @staticmethod
    def getSaveFileName(*arguments: object) -> str:
        return QtWidgets.QFileDialog.getSaveFileName(*arguments)[0]

    @staticmethod
    def getExistingDirectory(*arguments: object) -> str:
        return QtWidgets.QFileDialog.getExistingDirectory(*arguments)


QFileDialog = _FileDialog
