"""A Qt widget that shows an offscreen VTK view and passes the mouse on to it."""

from __future__ import annotations

from typing import Any

import numpy as np
import slicer
import vtk
from PySide6 import QtCore, QtGui, QtWidgets
from vtk.util.numpy_support import vtk_to_numpy

from . import rendering

_BUTTONS = {
    QtCore.Qt.MouseButton.LeftButton: "LeftButton",
    QtCore.Qt.MouseButton.RightButton: "RightButton",
    QtCore.Qt.MouseButton.MiddleButton: "MiddleButton",
}


class ViewWidget(QtWidgets.QWidget):
    """The part that slice views and 3D views share."""

    managers: tuple[str, ...] = ()
    factory: Any = None

    def __init__(self) -> None:
        super().__init__()
        self.setMouseTracking(True)
        self.setMinimumSize(160, 160)
        self._image = QtGui.QImage()
        self.renderer = vtk.vtkRenderer()
        self.window = vtk.vtkRenderWindow()
        self.window.SetOffScreenRendering(1)
        self.window.ShowWindowOff()
        self.window.SetMultiSamples(0)
        self.window.AddRenderer(self.renderer)
        self.interactor = vtk.vtkRenderWindowInteractor()
        self.interactor.SetRenderWindow(self.window)
        self.interactor.Initialize()
        self.group = self._displayable_managers()
        self.group.AddObserver(vtk.vtkCommand.UpdateEvent, lambda *_: rendering.request(self))

    def _displayable_managers(self) -> Any:
        factory = self.factory.GetInstance()
        for name in self.managers:
            if not factory.IsDisplayableManagerRegistered(name):
                factory.RegisterDisplayableManager(name)
        group = slicer.vtkMRMLDisplayableManagerGroup()
        group.SetRenderer(self.renderer)
        group.Initialize(factory, self.renderer)
        return group

    def before_render(self) -> None:
        """What a kind of view does before each picture."""

    def resizeEvent(self, event: QtGui.QResizeEvent) -> None:
        """Give the VTK window the widget's size."""
        self.window.SetSize(self.width, self.height)
        self.interactor.UpdateSize(self.width, self.height)
        rendering.request(self)

    def paintEvent(self, event: QtGui.QPaintEvent) -> None:
        """Copy the picture that was rendered last into the widget."""
        painter = QtGui.QPainter(self)
        painter.drawImage(0, 0, self._image)
        painter.end()

    def render_now(self) -> None:
        """Render, and let the widget show it."""
        picture = self.picture()
        height, width = picture.shape[:2]
        self._image = QtGui.QImage(
            picture.tobytes(), width, height, 3 * width, QtGui.QImage.Format.Format_RGB888
        )
        self.update()

    def picture(self) -> np.ndarray:
        """The view as an array of rows of RGB."""
        self.before_render()
        self.window.Render()
        width, height = self.window.GetSize()
        pixels = vtk.vtkUnsignedCharArray()
        self.window.GetPixelData(0, 0, width - 1, height - 1, 0, pixels, 0)
        return np.ascontiguousarray(vtk_to_numpy(pixels).reshape(height, width, 3)[::-1])

    def mousePressEvent(self, event: QtGui.QMouseEvent) -> None:
        """Pass a press on to VTK."""
        self._send(event, f"{_BUTTONS[event.button()]}PressEvent")

    def mouseReleaseEvent(self, event: QtGui.QMouseEvent) -> None:
        """Pass a release on to VTK."""
        self._send(event, f"{_BUTTONS[event.button()]}ReleaseEvent")

    def mouseMoveEvent(self, event: QtGui.QMouseEvent) -> None:
        """Pass a move on to VTK."""
        self._send(event, "MouseMoveEvent")

    def wheelEvent(self, event: QtGui.QWheelEvent) -> None:
        """Pass the wheel on to VTK."""
        forward = event.angleDelta().y() > 0
        self._send(event, f"MouseWheel{'Forward' if forward else 'Backward'}Event")

    def enterEvent(self, event: QtGui.QEnterEvent) -> None:
        """Tell VTK that the mouse came."""
        self.interactor.EnterEvent()

    def _send(self, event: Any, name: str) -> None:
        place, keys = event.position(), event.modifiers()
        self.interactor.SetEventInformation(
            int(place.x()),
            self.window.GetSize()[1] - 1 - int(place.y()),
            int(bool(keys & QtCore.Qt.KeyboardModifier.ControlModifier)),
            int(bool(keys & QtCore.Qt.KeyboardModifier.ShiftModifier)),
            chr(0),
            0,
            None,
        )
        getattr(self.interactor, name)()
