"""SpineLabel: finds every vertebra of a CT, says which one it is, and lets a person correct it."""

from __future__ import annotations

from pathlib import Path

import slicer
from slicer.i18n import tr as _
from slicer.ScriptedLoadableModule import (
    ScriptedLoadableModule,
    ScriptedLoadableModuleLogic,
    ScriptedLoadableModuleTest,
)
from SpineLabelLib.ModuleWidget import ModuleWidget


class SpineLabel(ScriptedLoadableModule):
    """What Slicer's menus show of the module."""

    def __init__(self, parent) -> None:
        ScriptedLoadableModule.__init__(self, parent)
        parent.title = _("Spine Label")
        parent.categories = [_("Segmentation")]
        parent.dependencies = ["Markups", "Terminologies"]
        parent.contributors = ["Vertebra Contributors (Vertebra)"]
        parent.helpText = _(
            "Finds the vertebrae of a CT and names them by level. Every result can be corrected: "
            "set one level and the rest is renumbered; shift, move, insert, delete, undo. Points "
            "are the centres of the vertebral bodies. Nothing is sent anywhere."
        )
        parent.acknowledgementText = _(
            "After Wu et al., Multi-View Vertebra Localization and Identification from CT Images, "
            "2023. Not a medical device: check every result."
        )
        slicer.app.connect("startupCompleted()", onStartupCompleted)


def onStartupCompleted() -> None:
    """Offer our sample in Sample Data and every level in the terminology selector."""
    from SpineLabelLib.samples import registerSamples
    from SpineLabelLib.terminology import registerTerminology

    registerTerminology()
    registerSamples(str(Path(__file__).parent / "Resources" / "Icons" / "SpineLabel.png"))


class SpineLabelWidget(ModuleWidget):
    """The module's place in Slicer's window; what the user sees is SpineLabelLib.Panel."""

    def build(self):
        """The logic and the panel."""
        from SpineLabelLib.Panel import Panel

        logic = SpineLabelLogic()
        return logic, Panel(self.ui, logic.labelling)


class SpineLabelLogic(ScriptedLoadableModuleLogic):
    """For scripts: labels a scan and waits for the result.

    >>> logic = SpineLabelLogic()
    >>> points = logic.process(slicer.util.getNode("CT"))
    >>> points.GetNthControlPointLabel(0)
    'T11'
    """

    def __init__(self) -> None:
        from SpineLabelLib.Labelling import Labelling

        ScriptedLoadableModuleLogic.__init__(self)
        self.labelling = Labelling()

    def getParameterNode(self):
        """The module's parameters in this scene."""
        from SpineLabelLib.Parameters import SpineLabelParameterNode

        return SpineLabelParameterNode(super().getParameterNode())

    def process(self, volumeNode, device: str = "auto", model: str = ""):
        """The new markups node with the scan's spine; without a name the best model labels."""
        from SpineLabelLib.scene import createSpineNode, showSpine

        spine = self.labelling.labelAndWait(volumeNode, device, model)
        node = createSpineNode(volumeNode)
        showSpine(spine, node)
        return node


class SpineLabelTest(ScriptedLoadableModuleTest):
    """A self test that runs inside Slicer; the thorough tests are in Testing/modules."""

    def runTest(self) -> None:
        """Show a spine and take a correction up."""
        slicer.mrmlScene.Clear()
        self.test_a_moved_point_is_taken_up()

    def test_a_moved_point_is_taken_up(self) -> None:
        """From points to a spine and back."""
        from SpineLabelLib.Correction import Correction
        from SpineLabelLib.scene import createSpineNode, showSpine

        from vertebra.spine import Spine

        node = createSpineNode()
        showSpine(Spine.of({"L1": (0, 0, 60), "L2": (0, 0, 27), "L3": (0, 0, -8)}), node)
        correction = Correction()
        correction.follow(node)
        node.SetNthControlPointPosition(1, 5.0, 0.0, 27.0)
        self.assertEqual(correction.spine.centroids[1], (5.0, 0.0, 27.0))
        correction.edit(lambda spine: spine.shifted(+1))
        self.assertEqual(node.GetNthControlPointLabel(0), "L2")
