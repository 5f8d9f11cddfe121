"""SpineSegment: shows the masks of the vertebrae in a CT and lets a person correct them."""

from __future__ import annotations

import slicer
from slicer.i18n import tr as _
from slicer.ScriptedLoadableModule import (
    ScriptedLoadableModule,
    ScriptedLoadableModuleLogic,
    ScriptedLoadableModuleTest,
)
from SpineLabelLib.ModuleWidget import ModuleWidget


class SpineSegment(ScriptedLoadableModule):
    """What Slicer's menus show of the module."""

    def __init__(self, parent) -> None:
        ScriptedLoadableModule.__init__(self, parent)
        parent.title = _("Spine Segment")
        parent.categories = [_("Segmentation")]
        parent.dependencies = ["SpineLabel", "Segmentations", "Markups"]
        parent.contributors = ["Vertebra Contributors (Vertebra)"]
        parent.helpText = _(
            "Draws a mask of every vertebra in a CT, says which ones are not completely in view, "
            "and lets you correct levels and masks with undo: renumber, paint, merge, split, "
            "delete, segment one again. Points follow. Measures volume (ml), density (HU) and "
            "heights (mm) of the bodies. Other segments are left alone. Nothing is sent anywhere."
        )
        parent.acknowledgementText = _(
            "After Lessmann et al., Iterative fully convolutional neural networks for automatic "
            "vertebra segmentation and identification, 2019. Not a medical device: check every "
            "result."
        )


class SpineSegmentWidget(ModuleWidget):
    """The module's place in Slicer's window; what the user sees is SegmentPanel."""

    def build(self):
        """The logic and the panel."""
        from SpineSegmentLib.SegmentPanel import SegmentPanel

        logic = SpineSegmentLogic()
        return logic, SegmentPanel(self.ui, logic.segmenting, self.root)


class SpineSegmentLogic(ScriptedLoadableModuleLogic):
    """For scripts: segments a scan and measures its vertebrae.

    >>> logic = SpineSegmentLogic()
    >>> masks = logic.segment(slicer.util.getNode("CT"))
    >>> logic.measure(masks, slicer.util.getNode("CT"))["Volume (ml)"]
    [38.1, 41.6, 43.0]
    """

    def __init__(self) -> None:
        from SpineSegmentLib.Segmenting import Segmenting

        ScriptedLoadableModuleLogic.__init__(self)
        self.segmenting = Segmenting()

    def getParameterNode(self):
        """The module's parameters in this scene."""
        from SpineSegmentLib.Parameters import SpineSegmentParameterNode

        return SpineSegmentParameterNode(super().getParameterNode())

    def segment(self, volumeNode, spineNode=None, device: str = "auto", **options: str):
        """The new segmentation node with the scan's vertebrae, from these points if any.

        Options are `direction` ("down" or "up"), `search` and `model`.
        """
        from SpineLabelLib.scene import createSegmentationNode, currentSpine, showLabelMap

        points = currentSpine(spineNode) if spineNode else None
        self.segmenting.start(volumeNode, points, device, **options)
        result = self.segmenting.wait()
        node = createSegmentationNode(volumeNode)
        showLabelMap(result.labels, result.spine, node)
        return node

    def measure(self, segmentationNode, volumeNode, spineNode=None) -> dict:
        """The columns of the panel's table, by title."""
        from SpineSegmentLib.Measuring import Measuring
        from SpineSegmentLib.SegmentCorrection import SegmentCorrection

        correction, measuring = SegmentCorrection(), Measuring()
        correction.follow(segmentationNode, volumeNode, spineNode)
        measuring.follow(correction.case, volumeNode)
        measuring.finish()
        columns = dict(measuring.columns())
        correction.follow(None, None)
        return columns


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
        self.assertAlmostEqual(measured["Volume (ml)"][0], 0.008)
