"""Starts the scene, the application logic and the modules' C++ logics."""

from __future__ import annotations

import tempfile
from types import SimpleNamespace
from typing import Any

import slicer
import vtk

LOGICS = {
    "markups": "vtkSlicerMarkupsLogic",
    "segmentations": "vtkSlicerSegmentationsModuleLogic",
    "volumes": "vtkSlicerVolumesLogic",
    "subjecthierarchy": "vtkSlicerSubjectHierarchyModuleLogic",
    "tables": "vtkSlicerTablesLogic",
    "models": "vtkSlicerModelsLogic",
    "transforms": "vtkSlicerTransformLogic",
}


class CoreModule:
    """`slicer.modules.markups` and the like: a name and a C++ logic."""

    def __init__(self, name: str, logic: Any) -> None:
        self.name = name
        self.path = ""
        self._logic = logic

    def logic(self) -> Any:
        """The module's C++ logic."""
        return self._logic


class Core:
    """The scene with everything that must live as long as it."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="stand-in-", ignore_cleanup_errors=True)
        self.temporary_folder = self._folder.name
        self.scene = slicer.vtkMRMLScene()
        self.logic = slicer.vtkSlicerApplicationLogic()
        self.logic.SetMRMLScene(self.scene)
        self._add_colors()
        self._add_views()
        self._add_remote_io()
        self.modules = SimpleNamespace(terminologies=self._terminologies())
        for name, class_name in LOGICS.items():
            setattr(self.modules, name, CoreModule(name, self._module_logic(class_name)))

    def _add_colors(self) -> None:
        colors = self.logic.GetColorLogic()
        colors.SetMRMLScene(self.scene)
        colors.AddDefaultColorNodes()
        self.logic.SetModuleLogic("Colors", colors)

    def _add_views(self) -> None:
        self.logic.SetSliceLogics(vtk.vtkCollection())
        self.logic.SetViewLogics(vtk.vtkCollection())
        crosshair = slicer.vtkMRMLCrosshairNode()
        crosshair.SetCrosshairName("default")
        self.scene.AddNode(crosshair)
        slicer.vtkMRMLSliceNode.AddDefaultSliceOrientationPresets(self.scene, True)
        for factory in (
            slicer.vtkMRMLSliceViewDisplayableManagerFactory,
            slicer.vtkMRMLThreeDViewDisplayableManagerFactory,
        ):
            factory.GetInstance().SetMRMLApplicationLogic(self.logic)

    def _add_remote_io(self) -> None:
        """What .mrb bundles need, though nothing remote is ever read."""
        remote, manager = slicer.vtkMRMLRemoteIOLogic(), slicer.vtkDataIOManagerLogic()
        for logic in (remote, manager):
            logic.SetMRMLScene(self.scene)
            logic.SetMRMLApplicationLogic(self.logic)
        remote.GetCacheManager().SetRemoteCacheDirectory(self.temporary_folder)
        manager.SetAndObserveDataIOManager(remote.GetDataIOManager())
        remote.AddDataIOToScene()
        self._kept_alive = (remote, manager)

    def _terminologies(self) -> CoreModule:
        """Quietly: that its own files are not part of the core's wheel is known."""
        before = vtk.vtkLogger.GetCurrentVerbosityCutoff()
        vtk.vtkLogger.SetStderrVerbosity(vtk.vtkLogger.VERBOSITY_OFF)
        logic = self._module_logic("vtkSlicerTerminologiesModuleLogic")
        vtk.vtkLogger.SetStderrVerbosity(before)
        return CoreModule("terminologies", logic)

    def _module_logic(self, class_name: str) -> Any:
        logic = getattr(slicer, class_name)()
        logic.SetMRMLApplicationLogic(self.logic)
        logic.SetMRMLScene(self.scene)
        short = class_name.replace("vtkSlicer", "").replace("ModuleLogic", "").replace("Logic", "")
        self.logic.SetModuleLogic(short, logic)
        return logic
