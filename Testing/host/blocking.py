"""How long a run blocks the window, for both modules: `python Testing/host/blocking.py`.

A person labels and segments a large empty scan in the stand-in window; a pretended engine finds a
spine of 17 vertebrae at once, which is the hardest for the window. Times are milliseconds.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

os.environ["QT_QPA_PLATFORM"] = "offscreen"
ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("Testing/host", "Testing/modules", "SpineLabel", "")
sys.path[:0] = [str(ROOT / folder) for folder in FOLDERS]

from standin.start import start

slicer = start()

from bench import Bench
from SpineLabelLib.scene import createSpineNode, showSpine
from standin.heartbeat import Heartbeat
from standin.user import User
from standin.window import Window

from vertebra.anatomy import LEVELS
from vertebra.spine import Spine

SHAPE = (512, 512, 400)
SPACING, STEP = 0.8, 18

window = Window()
window.resize(1300, 850)
window.show()
user = User(window)
names = list(LEVELS)[7:24]
spine = Spine.of({name: (0, 20, 8 * STEP - STEP * n) for n, name in enumerate(names)})


def measure(what: str, bench: Bench, button: Any) -> None:
    """Print how long the window is blocked from a click to the end of its run."""
    bench.window.settle()
    with Heartbeat() as heartbeat:
        user.click(button)
        bench.finish(600)
    longest, wall = heartbeat.longest, heartbeat.longest_wall
    above = sum(gap.blocked > 0.05 for gap in heartbeat.gaps)
    numbers = (1000 * longest.blocked, 1000 * longest.computed, 1000 * wall, above)
    print("{:14}{:9.0f}{:18.0f}{:14.0f}{:18d}".format(what, *numbers))


print("run             blocked  of that computed  longest wall  gaps above 50 ms")
for module in ("SpineLabel", "SpineSegment"):
    bench = Bench(user, slicer, module)
    with bench.pretending():
        window.show_volume(scan := bench.choose_scan("large", SHAPE, SPACING))
        if module == "SpineSegment":
            points = createSpineNode(scan)
            showSpine(spine, points)
            user.choose(bench.ui.spineSelector, points)
        measure(module, bench, bench.button)
        if module == "SpineSegment":
            user.click_row(bench.table, 8)
            measure("Segment again", bench, bench.ui.resegmentButton)
window.close()
