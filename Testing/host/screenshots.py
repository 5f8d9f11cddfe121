"""Takes the pictures of both modules: `python Testing/host/screenshots.py`.

They show the stand-in window with the sample that ships; whoever uses one says so under it.
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

from standin.user import User
from standin.window import Window

window = Window()
window.resize(1360, 840)
window.show()
user = User(window)
window.load_sample()
scan, points, masks = (
    slicer.util.getNode(f"SpinePhantom{part}") for part in ("", " spine", " vertebrae")
)


def shoot(name: str, lowest: int) -> None:
    """Turn all views to one vertebra and save the window's picture."""
    centre = panel.correction.spine.vertebrae[lowest].centroid
    slicer.modules.markups.logic().JumpSlicesToLocation(*centre, False)
    user.settle()
    window.views["1"].fit()
    user.settle()
    window.grab().save(str(ROOT / "Resources" / "Screenshots" / f"{name}.png"))


panel = user.select_module("SpineLabel").panel
user.choose(panel.ui.inputSelector, scan)
user.choose(panel.ui.spineSelector, points)
user.click_row(panel.ui.vertebraTable, 3)
user.click(panel.ui.deleteButton)
user.click_row(panel.ui.vertebraTable, 3)
shoot("SpineLabel", 3)

points.SetDisplayVisibility(False)
masks.SetDisplayVisibility(True)
masks.CreateClosedSurfaceRepresentation()
panel = user.select_module("SpineSegment").panel
user.choose(panel.ui.inputSelector, scan)
user.choose(panel.ui.segmentationSelector, masks)
user.click_row(panel.ui.segmentTable, 3)
shoot("SpineSegment", 3)
