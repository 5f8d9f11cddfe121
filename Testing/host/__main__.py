"""Opens the stand-in window with our sample or a scan: `python Testing/host [scan.nii.gz]`."""

from __future__ import annotations

import os
import sys
from pathlib import Path

SCREENS = {"darwin": "cocoa", "win32": "windows"}
screen = SCREENS.get(sys.platform) or ("xcb" if os.environ.get("DISPLAY") else "wayland")
if screen == "wayland" and not os.environ.get("WAYLAND_DISPLAY"):
    sys.exit("There is no screen here; Testing/host/screenshots.py takes pictures without one.")
os.environ.setdefault("QT_QPA_PLATFORM", screen)
sys.path[:0] = [str(Path(__file__).resolve().parent), str(Path(__file__).resolve().parents[2])]

from standin.start import start

slicer = start()

import qt
from standin.window import Window

window = Window()
window.resize(1400, 900)
window.show()
if sys.argv[1:]:
    window.show_volume(slicer.util.loadVolume(sys.argv[1]))
else:
    window.load_sample()
sys.exit(qt.app.exec())
