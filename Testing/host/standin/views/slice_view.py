"""An axial, sagittal or coronal view."""

from __future__ import annotations

import numpy as np
import slicer
import vtk
from PySide6 import QtCore, QtGui

from . import rendering
from .view_widget import ViewWidget


class SliceView(ViewWidget):
    """One slice of the volumes, with segments and points over it."""

    managers = (
        "vtkMRMLCrosshairDisplayableManager",
        "vtkMRMLSegmentationsDisplayableManager2D",
        "vtkMRMLMarkupsDisplayableManager",
        "vtkMRMLRulerDisplayableManager",
    )
    factory = slicer.vtkMRMLSliceViewDisplayableManagerFactory

    def __init__(self, name: str, orientation: str) -> None:
        super().__init__()
        self.renderer.GetActiveCamera().ParallelProjectionOn()
        self._mapper = vtk.vtkImageMapper()
        self._mapper.SetColorWindow(255)
        self._mapper.SetColorLevel(127.5)
        actor = vtk.vtkActor2D()
        actor.SetMapper(self._mapper)
        actor.GetProperty().SetDisplayLocationToBackground()
        self.renderer.AddViewProp(actor)
        self.logic = slicer.vtkMRMLSliceLogic()
        application = slicer.app.applicationLogic()
        self.logic.SetMRMLApplicationLogic(application)
        application.GetSliceLogics().AddItem(self.logic)
        self.logic.SetMRMLScene(slicer.mrmlScene)
        self.node = self.logic.AddSliceNode(name)
        self.node.SetOrientation(orientation)
        self.interactor.SetInteractorStyle(vtk.vtkInteractorStyleUser())
        self._style = slicer.vtkMRMLSliceViewInteractorStyle()
        self._style.SetSliceLogic(self.logic)
        self.group.SetMRMLDisplayableNode(self.node)
        self._style.SetDisplayableManagers(self.group)
        self._style.SetInteractor(self.interactor)
        self.logic.AddObserver(vtk.vtkCommand.ModifiedEvent, lambda *_: rendering.request(self))

    def before_render(self) -> None:
        """Show the slice that the logic has computed."""
        self._mapper.SetInputConnection(self.logic.GetImageDataConnection())

    def resizeEvent(self, event: QtGui.QResizeEvent) -> None:
        """Give the slice the view's size."""
        super().resizeEvent(event)
        self.logic.ResizeSliceNode(self.width, self.height)

    def fit(self) -> None:
        """Show the whole background volume."""
        self.logic.FitSliceToBackground(self.width, self.height)

    def pixel_of(self, point: tuple[float, float, float]) -> QtCore.QPoint:
        """Where in the widget a point of the patient (RAS mm) is seen."""
        x, y, _ = self._in_view(point)
        return QtCore.QPoint(round(x), self.window.GetSize()[1] - 1 - round(y))

    def depth_of(self, point: tuple[float, float, float]) -> float:
        """How far a point of the patient (RAS mm) lies before or behind the slice, mm."""
        spacing = np.linalg.norm([self.node.GetXYToRAS().GetElement(row, 2) for row in range(3)])
        return self._in_view(point)[2] * float(spacing)

    def _in_view(self, point: tuple[float, float, float]) -> tuple[float, float, float]:
        to_view = vtk.vtkMatrix4x4()
        vtk.vtkMatrix4x4.Invert(self.node.GetXYToRAS(), to_view)
        x, y, z, _ = to_view.MultiplyPoint([*point, 1.0])
        return x, y, z
