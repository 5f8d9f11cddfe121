"""How long a run blocks the window, for both modules: `python Testing/host/blocking.py`.

A person labels and segments a large empty scan in the stand-in window; a pretended engine finds a
spine of 17 vertebrae at once, which is the hardest for the window. Times are milliseconds.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

os.environ["QT_QPA_PLATFORM"] = "offscreen"
ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / folder) for folder in ("Testing/host", "Testing/modules", "")]

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
print("module        blocked  of that computed  longest wall  gaps above 50 ms")
for module in ("SpineLabel", "SpineSegment"):
    bench = Bench(user, slicer, module)
    with bench.pretending():
        scan = bench.choose_scan("large", SHAPE, SPACING)
        window.show_volume(scan)
        if module == "SpineSegment":
            points = createSpineNode(scan)
            showSpine(spine, points)
            user.choose(bench.ui.spineSelector, points)
        user.settle()
        with Heartbeat() as heartbeat:
            bench.start()
            bench.finish(600)
    longest = heartbeat.longest
    above = sum(gap.blocked > 0.05 for gap in heartbeat.gaps)
    print(
        f"{module:12} {1000 * longest.blocked:8.0f} {1000 * longest.computed:17.0f}"
        f" {1000 * heartbeat.longest_wall:13.0f} {above:17d}"
    )
window.close()
