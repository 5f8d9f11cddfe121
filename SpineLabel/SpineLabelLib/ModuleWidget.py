"""The shell of both modules' panels: it follows the scene and the parameter node."""

from __future__ import annotations

import slicer
import vtk
from slicer.ScriptedLoadableModule import ScriptedLoadableModuleWidget
from slicer.util import VTKObservationMixin


class ModuleWidget(ScriptedLoadableModuleWidget, VTKObservationMixin):
    """What Slicer calls; a module says in `build` what its logic and its panel are.

    The panel has `show(parameters)`, `enter`, `exit` and `close`.
    """

    def __init__(self, parent=None) -> None:
        ScriptedLoadableModuleWidget.__init__(self, parent)
        VTKObservationMixin.__init__(self)
        self.logic = None
        self.panel = None
        self._parameterNode = None
        self._boundNode = None

    def build(self):
        """The logic, and the panel that shows it in the widgets of the .ui file."""
        raise NotImplementedError

    def setup(self) -> None:
        """Build the panel when the user opens the module for the first time."""
        ScriptedLoadableModuleWidget.setup(self)
        self.root = slicer.util.loadUI(self.resourcePath(f"UI/{self.moduleName}.ui"))
        self.layout.addWidget(self.root)
        self.ui = slicer.util.childWidgetVariables(self.root)
        self.root.setMRMLScene(slicer.mrmlScene)
        self.logic, self.panel = self.build()
        scene = slicer.mrmlScene
        self.addObserver(scene, scene.StartCloseEvent, self.onSceneStartClose)
        self.addObserver(scene, scene.EndCloseEvent, self.onSceneChanged)
        self.addObserver(scene, scene.EndImportEvent, self.onSceneChanged)
        self.initializeParameterNode()

    def enter(self) -> None:
        """The user came: keys and mouse work, and the scene may have changed meanwhile."""
        self.initializeParameterNode()
        self.panel.enter()

    def exit(self) -> None:
        """The user left: keys and mouse belong to others again."""
        self.panel.exit()

    def cleanup(self) -> None:
        """Slicer ends, or the module is reloaded."""
        self.exit()
        self.setParameterNode(None)
        self.removeObservers()
        self.panel.close()

    def onSceneStartClose(self, *_callerAndEvent) -> None:
        """A run for a scene that goes away is of no use."""
        self.setParameterNode(None)
        self.panel.close()

    def onSceneChanged(self, *_callerAndEvent) -> None:
        """Another scene is there; show what it says."""
        self.initializeParameterNode()

    def initializeParameterNode(self) -> None:
        """Take the scene's parameters, and its first scan where none is chosen."""
        self.setParameterNode(self.logic.getParameterNode())
        if not self._parameterNode.inputVolume:
            first = slicer.mrmlScene.GetFirstNodeByClass("vtkMRMLScalarVolumeNode")
            if first:
                self._parameterNode.inputVolume = first

    def setParameterNode(self, parameters) -> None:
        """Show these parameters; None for none.

        Slicer never lets go of a bound widget, so a node is bound once and not again.
        """
        modified = vtk.vtkCommand.ModifiedEvent
        if self._parameterNode:
            self.removeObserver(self._parameterNode, modified, self._onParameters)
        self._parameterNode = parameters
        if parameters:
            if parameters.parameterNode is self._boundNode:
                parameters.Modified()
            else:
                self._boundNode = parameters.parameterNode
                parameters.connectGui(self.ui)
            self.addObserver(parameters, modified, self._onParameters)
        self.panel.show(parameters)

    def _onParameters(self, *_callerAndEvent) -> None:
        """Show what they say now; those of a scene that is being loaded once it is complete."""
        if not slicer.mrmlScene.IsImporting():
            self.panel.show(self._parameterNode)
