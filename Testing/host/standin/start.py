"""Puts the stand-ins where code inside Slicer looks for them: `slicer.app`, `slicer.i18n`, …"""

from __future__ import annotations

import sys
from typing import Any

import ctk
import qt
import slicer

from .application import Application
from .dicom_database import DicomDatabase
from .mrml.core import Core
from .mrml.subject_hierarchy import keep_items


def start() -> Any:
    """Start the core once; returns `slicer`, complete enough for our modules."""
    if getattr(slicer, "app", None) is not None:
        return slicer
    core = Core()
    slicer.app = Application(core)
    slicer.mrmlScene = core.scene
    slicer.dicomDatabase = DicomDatabase()
    slicer.modules = core.modules
    keep_items(core.scene)
    _install_python_modules()
    return slicer


def _install_python_modules() -> None:
    from .qmrml.node_selector import qMRMLNodeComboBox
    from .qmrml.segment_editor import qMRMLSegmentEditorWidget
    from .qmrml.widget import qMRMLWidget
    from .slicerpy import i18n, parameter_node, sample_data, scripted_module

    for name, module in {
        "i18n": i18n,
        "parameterNodeWrapper": parameter_node,
        "ScriptedLoadableModule": scripted_module,
    }.items():
        sys.modules[f"slicer.{name}"] = module
        setattr(slicer, name, module)
    for widget in (qMRMLWidget, qMRMLNodeComboBox, qMRMLSegmentEditorWidget):
        setattr(slicer, widget.__name__, widget)
    sys.modules["SampleData"] = sample_data
    sys.modules.setdefault("qt", qt)
    sys.modules.setdefault("ctk", ctk)
