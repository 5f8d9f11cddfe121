"""The 3D view."""

from __future__ import annotations

import slicer
import vtk

from . import rendering
from .view_widget import ViewWidget


class ThreeDView(ViewWidget):
    """Surfaces and points in space."""

    managers = (
        "vtkMRMLCameraDisplayableManager",
        "vtkMRMLViewDisplayableManager",
        "vtkMRMLSegmentationsDisplayableManager3D",
        "vtkMRMLMarkupsDisplayableManager",
        "vtkMRMLThreeDReformatDisplayableManager",
    )
    factory = slicer.vtkMRMLThreeDViewDisplayableManagerFactory

    def __init__(self, name: str) -> None:
        super().__init__()
        self.logic = slicer.vtkMRMLViewLogic()
        application = slicer.app.applicationLogic()
        self.logic.SetMRMLApplicationLogic(application)
        application.GetViewLogics().AddItem(self.logic)
        self.logic.SetMRMLScene(slicer.mrmlScene)
        self.node = self.logic.AddViewNode(name)
        self.node.SetBoxVisible(False)
        self.interactor.SetInteractorStyle(vtk.vtkInteractorStyle3D())
        self._style = slicer.vtkMRMLThreeDViewInteractorStyle()
        self.group.SetMRMLDisplayableNode(self.node)
        self._style.SetDisplayableManagers(self.group)
        self._style.SetInteractor(self.interactor)

    def fit(self) -> None:
        """Show everything, as large as the view allows."""
        self.renderer.ResetCamera()
        self.renderer.GetActiveCamera().Dolly(1.35)
        self.renderer.ResetCameraClippingRange()
        rendering.request(self)
