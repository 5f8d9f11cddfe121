"""A small spine, its file and its mask, and the command line as it is for both."""

from __future__ import annotations

from vertebra.cli.run import run
from vertebra.spine import Spine
from vertebra.volume import Grid

GRID = Grid.of((40, 36, 60), spacing=(1.5, 1.5, 2), origin=(-30, -27, -60))
SPINE = Spine.of({"T11": (0, 0, 50), "T12": (0, 1, 21), "L1": (0, 2, -10), "L2": (0, 2, -43)})


def vertebra(*arguments: object) -> int:
    return run([str(argument) for argument in arguments])
