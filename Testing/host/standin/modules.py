"""Loads scripted modules as Slicer's module factory does."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import qt
import slicer

from .qmrml.widget import qMRMLWidget


class ModuleDescription:
    """The C++ object that a module describes itself to; unknown fields are refused."""

    __slots__ = (
        "acknowledgementText",
        "categories",
        "contributors",
        "dependencies",
        "helpText",
        "hidden",
        "icon",
        "path",
        "title",
    )

    def __init__(self, path: Path) -> None:
        self.path = str(path)
        self.title, self.helpText, self.acknowledgementText = "", "", ""
        self.categories, self.contributors, self.dependencies = [], [], []
        self.hidden, self.icon = False, None


class LoadedModule:
    """A scripted module with its panel."""

    def __init__(self, path: Path) -> None:
        self.name, self.path = path.stem, str(path)
        if str(path.parent) not in sys.path:
            sys.path.append(str(path.parent))
        python = _imported(path)
        self.description = ModuleDescription(path)
        self.module = getattr(python, self.name)(self.description)
        setattr(slicer.modules, self.name.lower(), self)
        self.panel = qMRMLWidget()
        self.panel.setLayout(qt.QVBoxLayout())
        self.panel.setMRMLScene(slicer.mrmlScene)
        self.widget = getattr(python, f"{self.name}Widget")(self.panel)
        setattr(slicer.modules, f"{self.name}Widget", self.widget)
        self.widget.setup()

    def widgetRepresentation(self) -> Any:
        """The module's panel, with the Python widget behind it."""
        return SimpleNamespace(self=lambda: self.widget)


def _imported(path: Path) -> Any:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} is no Python module")
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    spec.loader.exec_module(module)
    return module
