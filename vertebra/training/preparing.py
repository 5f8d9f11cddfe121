"""Files to learn from, one a scan: made once, kept, and made again only if they are missing."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

from torch import Tensor

from ..errors import Cancelled, VertebraError
from ..runtime import Progress
from ..runtime.files import require_writable
from ..runtime.tensors import write_tensors

ENDING = ".safetensors"
Lesson = TypeVar("Lesson")


def prepare(
    recipes: Sequence[tuple[str, Callable[[], Lesson]]],
    tensors_of: Callable[[Lesson], Mapping[str, Tensor]],
    folder: Path,
    progress: Progress | None = None,
    say: Callable[[str], None] = print,
    metadata: Mapping[str, str] | None = None,
) -> None:
    """Make the file of every lesson that the folder lacks; one that fails is told and left out."""
    progress = progress or Progress()
    require_writable(folder)
    folder.mkdir(parents=True, exist_ok=True)
    for number, (name, make) in enumerate(recipes):
        progress.report(number / len(recipes), f"Preparing {name}")
        target = folder / f"{name}{ENDING}"
        if target.exists():
            continue
        try:
            tensors = tensors_of(make())
        except Cancelled:
            raise
        except VertebraError as error:
            say(f"{name} is left out: {error}")
            continue
        write_tensors(target, tensors, metadata)
