"""The course of a training: one JSON line an entry, a picture, and TensorBoard's files."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from ..errors import VertebraError
from ..runtime.files import explained, replacing

LOG = "log.jsonl"


class Curves:
    """Keeps what was measured at each step, in a folder."""

    def __init__(self, folder: Path, first_step: int = 0) -> None:
        """Go on with the folder's log; entries after `first_step` are measured again."""
        try:
            from torch.utils.tensorboard import SummaryWriter
        except ImportError as error:
            raise VertebraError(
                'Training needs TensorBoard: pip install "vertebra[train]".'
            ) from error
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        earlier = [entry for entry in read(folder) if entry["step"] <= first_step]
        with replacing(folder / LOG) as temporary:
            temporary.write_text("".join(json.dumps(entry) + "\n" for entry in earlier))
        self._board = SummaryWriter(str(folder / "tensorboard"), purge_step=first_step + 1)

    def add(self, step: int, values: Mapping[str, float]) -> None:
        """Note the values of a step."""
        try:
            with (self.folder / LOG).open("a", encoding="utf-8") as log:
                log.write(json.dumps({"step": step, **values}) + "\n")
            for name, value in values.items():
                self._board.add_scalar(name, value, step)
        except OSError as error:
            raise explained(error, self.folder) from error

    def close(self) -> None:
        """Draw the picture and close TensorBoard's file."""
        try:
            self._board.close()
        except OSError as error:
            raise explained(error, self.folder) from error
        draw(self.folder)


def read(folder: Path) -> list[dict[str, Any]]:
    """All entries of a folder's log."""
    file = folder / LOG
    if not file.is_file():
        return []
    entries = []
    for line in file.read_text(encoding="utf-8", errors="replace").splitlines():
        with suppress(ValueError):  # a crash can cut the last line
            entries.append(json.loads(line))
    return entries


def draw(folder: Path) -> Path:
    """Draw the course of every value into `curves.png`."""
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError as error:
        raise VertebraError('Curves need matplotlib: pip install "vertebra[train]".') from error
    courses: dict[str, list[tuple[int, float]]] = defaultdict(list)
    for entry in read(folder):
        for name, value in entry.items():
            if name != "step":
                courses[name].append((entry["step"], value))
    figure = Figure(figsize=(3.6 * max(len(courses), 1), 2.8), layout="constrained")
    for number, (name, course) in enumerate(courses.items(), start=1):
        axes = figure.add_subplot(1, len(courses), number)
        axes.plot(*zip(*course), linewidth=1)
        axes.set_title(name, fontsize=9)
        axes.set_xlabel("iteration", fontsize=8)
        axes.grid(alpha=0.3)
    target = folder / "curves.png"
    with replacing(target) as temporary:
        FigureCanvasAgg(figure).print_png(str(temporary))  # type: ignore[no-untyped-call]
    return target
