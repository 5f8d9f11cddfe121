"""Opens the stand-in window with our sample or a scan: `python Testing/host [scan.nii.gz]`."""

from __future__ import annotations

import os
import sys
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "xcb" if os.environ.get("DISPLAY") else "offscreen")
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
