"""Files to learn from, one a scan: made once, kept, and made again if their sources change."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from torch import Tensor

from ..errors import Cancelled, VertebraError
from ..runtime import Progress
from ..runtime.files import require_writable
from ..runtime.tensors import write_tensors

ENDING = ".safetensors"
Lesson = TypeVar("Lesson")


def made(folder: Path, names: Collection[str] | None = None) -> list[Path]:
    """The files of a folder by name: of the lessons of these names, or of all."""
    files = sorted(folder.glob(f"*{ENDING}"))
    if names is None:
        return files
    wanted = {f"{name}{ENDING}" for name in names}
    return [file for file in files if file.name in wanted]


@dataclass(frozen=True)
class FromFiles(Generic[Lesson]):
    """How to get a lesson from files, which a person may correct."""

    files: tuple[Path, ...]
    make: Callable[[], Lesson]

    def __call__(self) -> Lesson:
        """The lesson."""
        return self.make()

    def newer_than(self, target: Path) -> bool:
        """Was one of the files changed after the target was made?"""
        made = target.stat().st_mtime
        return any(file.exists() and file.stat().st_mtime > made for file in self.files)


def prepare(
    recipes: Sequence[tuple[str, Callable[[], Lesson]]],
    tensors_of: Callable[[Lesson], Mapping[str, Tensor]],
    folder: Path,
    progress: Progress | None = None,
    say: Callable[[str], None] = print,
    metadata: Mapping[str, str] | None = None,
) -> None:
    """Make the file of every lesson that the folder lacks; one that fails is told and left out.

    A file that is older than what it was made from is made again.
    """
    progress = progress or Progress()
    require_writable(folder)
    folder.mkdir(parents=True, exist_ok=True)
    for number, (name, make) in enumerate(recipes):
        progress.report(number / len(recipes), f"Preparing {name}")
        target = folder / f"{name}{ENDING}"
        if target.exists() and not (isinstance(make, FromFiles) and make.newer_than(target)):
            continue
        try:
            tensors = tensors_of(make())
        except Cancelled:
            raise
        except VertebraError as error:
            say(f"{name} is left out: {error}")
            target.unlink(missing_ok=True)
            continue
        write_tensors(target, tensors, metadata)
