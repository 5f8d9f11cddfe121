"""SpineSegment: shows the masks of the vertebrae in a CT and lets a person correct them."""

from __future__ import annotations

import slicer
import vtk
from slicer.i18n import tr as _
from slicer.ScriptedLoadableModule import (
    ScriptedLoadableModule,
    ScriptedLoadableModuleLogic,
    ScriptedLoadableModuleTest,
    ScriptedLoadableModuleWidget,
)
from slicer.util import VTKObservationMixin


class SpineSegment(ScriptedLoadableModule):
    """What Slicer's menus show of the module."""

    def __init__(self, parent) -> None:
        ScriptedLoadableModule.__init__(self, parent)
        parent.title = _("Spine Segment")
        parent.categories = [_("Segmentation")]
        parent.dependencies = ["SpineLabel", "Segmentations", "Markups"]
        parent.contributors = ["Vertebra Contributors (Vertebra)"]
        parent.helpText = _(
            "Lists the vertebrae of a segmentation with their level, volume and whether the scan "
            "cuts them. Levels can be set and renumbered, masks merged, split and deleted, with "
            "undo. Segments of other structures are left alone. Nothing is sent anywhere."
        )
        parent.acknowledgementText = _("Not a medical device: check every result.")


class SpineSegmentWidget(ScriptedLoadableModuleWidget, VTKObservationMixin):
    """The panel's shell: it follows the scene; what the user sees is SegmentPanel."""

    def __init__(self, parent=None) -> None:
        ScriptedLoadableModuleWidget.__init__(self, parent)
        VTKObservationMixin.__init__(self)
        self.logic = None
        self.panel = None
        self._parameterNode = None
        self._boundNode = None

    def setup(self) -> None:
        """Build the panel when the user opens the module for the first time."""
        from SpineSegmentLib.SegmentPanel import SegmentPanel

        ScriptedLoadableModuleWidget.setup(self)
        root = slicer.util.loadUI(self.resourcePath("UI/SpineSegment.ui"))
        self.layout.addWidget(root)
        self.ui = slicer.util.childWidgetVariables(root)
        root.setMRMLScene(slicer.mrmlScene)
        self.logic = SpineSegmentLogic()
        self.panel = SegmentPanel(self.ui)
        scene = slicer.mrmlScene
        self.addObserver(scene, scene.StartCloseEvent, self.onSceneStartClose)
        self.addObserver(scene, scene.EndCloseEvent, self.onSceneChanged)
        self.addObserver(scene, scene.EndImportEvent, self.onSceneChanged)
        self.initializeParameterNode()

    def enter(self) -> None:
        """The user came; the scene may have changed meanwhile."""
        self.initializeParameterNode()

    def exit(self) -> None:
        """The user left; there is nothing to give back."""

    def cleanup(self) -> None:
        """Slicer ends, or the module is reloaded."""
        self.setParameterNode(None)
        self.removeObservers()

    def onSceneStartClose(self, *_callerAndEvent) -> None:
        """Let go of nodes that go away."""
        self.setParameterNode(None)

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
        self.panel.show(self._parameterNode)


class SpineSegmentLogic(ScriptedLoadableModuleLogic):
    """For scripts: measures the vertebrae of a segmentation.

    >>> logic = SpineSegmentLogic()
    >>> logic.measure(slicer.util.getNode("CT vertebrae"), slicer.util.getNode("CT"))
    {'L1': Measure(millilitres=48.2, cut=False, middle=(1.2, -3.4, 56.0))}
    """

    def getParameterNode(self):
        """The module's parameters in this scene."""
        from SpineSegmentLib.Parameters import SpineSegmentParameterNode

        return SpineSegmentParameterNode(super().getParameterNode())

    def measure(self, segmentationNode, volumeNode) -> dict:
        """The volume of each vertebra, and whether the scan cuts it, by level name."""
        from SpineLabelLib.scene import labelMapFromNode
        from SpineSegmentLib.measures import measure

        masks = labelMapFromNode(segmentationNode, volumeNode)
        return {masks.names[number]: each for number, each in measure(masks).items()}


class SpineSegmentTest(ScriptedLoadableModuleTest):
    """A self test that runs inside Slicer; the thorough tests are in Testing/modules."""

    def runTest(self) -> None:
        """Measure one vertebra."""
        import numpy as np

        slicer.mrmlScene.Clear()
        volume = slicer.util.addVolumeFromArray(np.zeros((8, 8, 8), np.int16))
        node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode")
        node.SetReferenceImageGeometryParameterFromVolumeNode(volume)
        segment = node.GetSegmentation().AddEmptySegment("a", "L1")
        mask = np.zeros((8, 8, 8), np.uint8)
        mask[2:4, 2:4, 2:4] = 1
        slicer.util.updateSegmentBinaryLabelmapFromArray(mask, node, segment, volume)
        measured = SpineSegmentLogic().measure(node, volume)
        self.assertAlmostEqual(measured["L1"].millilitres, 0.008)
