"""Stands in for slicer.ScriptedLoadableModule: the four base classes of a scripted module."""

from __future__ import annotations

import unittest
from pathlib import Path
from typing import Any

import slicer

__all__ = [
    "ScriptedLoadableModule",
    "ScriptedLoadableModuleLogic",
    "ScriptedLoadableModuleTest",
    "ScriptedLoadableModuleWidget",
]


class ScriptedLoadableModule:
    """A module's description."""

    def __init__(self, parent: Any) -> None:
        self.parent = parent
        self.moduleName = type(self).__name__

    def getDefaultModuleDocumentationLink(self) -> str:
        """A line for the help text."""
        return f"<p>See the documentation of {self.moduleName}.</p>"


class ScriptedLoadableModuleWidget:
    """A module's panel: subclasses fill `self.layout` in `setup`."""

    def __init__(self, parent: Any = None) -> None:
        self.moduleName = type(self).__name__.removesuffix("Widget")
        self.parent = parent
        self.layout = parent.layout()
        self.developerMode = False

    def resourcePath(self, name: str) -> str:
        """Where a file of the module's Resources folder lies."""
        module = getattr(slicer.modules, self.moduleName.lower())
        return str(Path(module.path).parent / "Resources" / name)

    def setup(self) -> None:
        """Build the panel."""

    def cleanup(self) -> None:
        """Leave no observers behind."""

    def enter(self) -> None:
        """The user came to the module."""

    def exit(self) -> None:
        """The user left the module."""


class ScriptedLoadableModuleLogic:
    """A module's logic, with one parameter node a scene."""

    def __init__(self, parent: Any = None) -> None:
        self.moduleName = type(self).__name__.removesuffix("Logic")

    def getParameterNode(self) -> Any:
        """The module's parameter node; made when the scene has none."""
        node = slicer.mrmlScene.GetSingletonNode(self.moduleName, "vtkMRMLScriptedModuleNode")
        if node is None:
            node = slicer.mrmlScene.CreateNodeByClass("vtkMRMLScriptedModuleNode")
            node.UnRegister(None)
            node.SetModuleName(self.moduleName)
            node.SetSingletonTag(self.moduleName)
            node.SetAttribute("ModuleName", self.moduleName)
            node.SetName(slicer.mrmlScene.GenerateUniqueName(self.moduleName))
            node = slicer.mrmlScene.AddNode(node)
        return node


class ScriptedLoadableModuleTest(unittest.TestCase):
    """A module's self test."""

    def runTest(self) -> None:
        """Run the test methods of the subclass."""
