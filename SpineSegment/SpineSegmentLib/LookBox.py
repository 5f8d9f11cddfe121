"""The box of the scan that the network is looking at, as a frame in all views."""

from __future__ import annotations

import slicer
from slicer.i18n import tr as _

from vertebra.worker import Look


class LookBox:
    """Shows where a run has got to; it is no part of the scene that a user keeps.

    >>> box = LookBox()
    >>> segmenting.looked.connect(box.show)
    """

    def __init__(self) -> None:
        self.node = None

    def show(self, look: Look) -> None:
        """Move the frame there; it is made for the first look."""
        if self.node is None or not slicer.mrmlScene.IsNodePresent(self.node):
            self.node = _frame()
        modifying = self.node.StartModify()
        self.node.SetCenter(look.centre)
        self.node.SetSize(look.size)
        self.node.EndModify(modifying)

    def remove(self) -> None:
        """Leave nothing behind."""
        if self.node is not None and slicer.mrmlScene.IsNodePresent(self.node):
            self.node.SetDisplayVisibility(False)  # views draw again for this
            slicer.mrmlScene.RemoveNode(self.node)
        self.node = None


def _frame():
    """A frame that can be neither grasped nor saved."""
    node = slicer.mrmlScene.CreateNodeByClass("vtkMRMLMarkupsROINode")
    node.UnRegister(None)
    node.SetName(_("Where Vertebra looks"))
    node.SetHideFromEditors(True)
    node.SetSaveWithScene(False)
    node.SetLocked(True)
    slicer.mrmlScene.AddNode(node)
    node.CreateDefaultDisplayNodes()
    display = node.GetDisplayNode()
    display.SetSaveWithScene(False)
    display.SetHandlesInteractive(False)
    display.SetPropertiesLabelVisibility(False)
    display.SetPointLabelsVisibility(False)
    display.SetGlyphScale(0.0)
    display.SetFillVisibility(False)
    display.SetSelectedColor(0.95, 0.75, 0.1)
    return node
