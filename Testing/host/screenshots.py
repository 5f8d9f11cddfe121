"""Takes the pictures of the tutorial and the README: `python Testing/host/screenshots.py`.

They show the stand-in window with the sample and the models that ship; whoever uses one says so
under it. Take them again after a change of the panels or the models, and look at each.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

os.environ["QT_QPA_PLATFORM"] = "offscreen"
ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "Testing" / "host"), str(ROOT)]

from standin.start import start

slicer = start()

import qt
from standin.user import User
from standin.window import Window

FOLDER = ROOT / "Resources" / "Screenshots"
PATIENCE = 3600

window = Window()
window.resize(1280, 800)
window.show()
user = User(window)


def look_at(centre: tuple[float, float, float]) -> None:
    """Turn all views to a point of the patient."""
    slicer.modules.markups.logic().JumpSlicesToLocation(*centre, False)
    user.settle()
    window.views["1"].fit()
    user.settle()


def shoot(name: str, *shown: object) -> None:
    """Save the window's picture with these parts of the panel in sight."""
    scroll = window._tabs.currentWidget()
    user.settle()
    for widget in shown:
        scroll.ensureWidgetVisible(widget)
    user.settle()
    window.grab().save(str(FOLDER / f"{name}.png"))


def open_section(section: object, is_open: bool = True) -> None:
    """Open or close a section of the panel."""
    if section.collapsed == is_open:
        user.click(section._header)


def label() -> None:
    """From the scan to a corrected spine; leaves the corrected points chosen."""
    panel = user.select_module("SpineLabel").panel
    ui = panel.ui
    user.choose(ui.inputSelector, scan)
    user.choose(ui.spineSelector, None)
    points.SetDisplayVisibility(False)
    shoot("1-open", ui.labelButton)
    user.click(ui.labelButton)
    user.wait_until(lambda: ui.progressBar.value >= 40, PATIENCE)
    shoot("2-label", ui.labelButton)
    user.wait_until(lambda: not panel.labelling.running, PATIENCE)
    third = len(panel.correction.spine) // 2
    user.click_row(ui.vertebraTable, third)
    look_at(panel.correction.spine.vertebrae[third].centroid)
    shoot("3-look", ui.vertebraTable)
    user.click(ui.deleteButton)
    user.click_row(ui.vertebraTable, third)
    shoot("SpineLabel", ui.correctionSection)
    user.click(ui.undoButton)
    open_section(ui.exportSection)
    shoot("5-export", ui.exportSection)
    open_section(ui.exportSection, False)


def segment() -> None:
    """From the scan to corrected masks and their measures."""
    panel = user.select_module("SpineSegment").panel
    ui = panel.ui
    user.choose(ui.inputSelector, scan)
    user.choose(ui.spineSelector, user.modules["SpineLabel"].widget.panel.correction.node)
    user.choose(ui.segmentationSelector, None)
    centroids = user.modules["SpineLabel"].widget.panel.correction.spine.centroids
    look_at(centroids[len(centroids) // 2])
    user.click(ui.segmentButton)
    user.wait_until(half_drawn, PATIENCE)
    shoot("6-segment", ui.segmentButton)
    user.wait_until(lambda: not panel.segmenting.running, PATIENCE)
    panel.correction.node.CreateClosedSurfaceRepresentation()
    panel.correction.points.SetDisplayVisibility(False)
    middle = len(panel.correction.spine) // 2
    user.click_row(ui.segmentTable, middle)
    centre = panel.correction.spine.vertebrae[middle].centroid
    look_at(centre)
    panel.measuring.finish()
    shoot("SpineSegment", ui.segmentTable)
    paint(panel, centre)
    open_section(ui.exportSection)
    shoot("9-measure", ui.exportSection)


def half_drawn() -> bool:
    """Has the run drawn some vertebrae?"""
    nodes = slicer.util.getNodesByClass("vtkMRMLSegmentationNode")
    counts = [node.GetSegmentation().GetNumberOfSegments() for node in nodes if node is not masks]
    return max(counts, default=0) >= 4


def paint(panel: object, centre: tuple[float, float, float]) -> None:
    """Draw over the space to the neighbour below, which is spared."""
    editor = panel.ui.segmentEditor
    open_section(panel.ui.editorSection)
    editor.radius.value = 9
    user.click(editor.buttons["Paint"])
    user.click_in_view("Yellow", (centre[0], centre[1] + 2, centre[2] - 18))
    shoot("8-paint", panel.ui.editorSection)
    editor.setActiveEffect(None)
    user.click(panel.ui.undoButton)
    open_section(panel.ui.editorSection, False)


window.load_sample()
scan, points, masks = (
    slicer.util.getNode(f"SpinePhantom{part}") for part in ("", " spine", " vertebrae")
)
label()
segment()
qt.app.quit()
