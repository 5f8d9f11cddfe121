"""Files are written whole or not at all: to a temporary name beside the target, then renamed."""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..errors import VertebraError


@contextmanager
def replacing(target: Path | str) -> Iterator[Path]:
    """A temporary path to write to; it becomes `target` when the block ends well.

    The temporary name keeps the target's ending, since many writers choose the format by it.
    """
    target = Path(target)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(prefix=".vertebra-", dir=target.parent))
    except OSError as error:
        raise explained(error, target) from error
    try:
        temporary = folder / target.name
        yield temporary
        with temporary.open("rb+") as written:  # Windows syncs what may be written only
            os.fsync(written.fileno())
        temporary.replace(target)
    except OSError as error:
        raise explained(error, target) from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def write_text(target: Path | str, text: str) -> Path:
    """Write a text file atomically, as UTF-8 with line feeds."""
    with replacing(target) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="\n")
    return Path(target)


def write_bytes(target: Path | str, content: bytes) -> Path:
    """Write a binary file atomically."""
    with replacing(target) as temporary:
        temporary.write_bytes(content)
    return Path(target)


def require_writable(folder: Path | str) -> None:
    """Raise before long work what would keep files from being written to a folder after it.

    Where it is not there yet it is tried out in a temporary place, not made.
    """
    folder = Path(folder)
    try:
        there = next(each for each in (folder, *folder.parents) if each.exists())
        with tempfile.TemporaryDirectory(prefix=".vertebra-", dir=there) as trial:
            Path(trial, folder.relative_to(there)).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise explained(error, folder) from error


def require_replaceable(target: Path) -> None:
    """Raise if a new folder cannot take the place of what is there."""
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise VertebraError(f"'{target}' exists already and is not empty; choose another folder.")
    if target.is_mount():
        raise VertebraError(f"'{target}' is a whole drive; choose a new folder on it.")


@contextmanager
def replacing_folder(target: Path | str) -> Iterator[Path]:
    """A temporary folder to fill; it becomes `target`, which must not exist, when all went well."""
    target = Path(target)
    require_replaceable(target)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(prefix=".vertebra-", dir=target.parent))
    except OSError as error:
        raise explained(error, target) from error
    try:
        content = folder / "content"
        content.mkdir()
        yield content
        if target.exists():
            target.rmdir()
        content.replace(target)
    except OSError as error:
        raise explained(error, target) from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def explained(error: OSError, target: Path) -> VertebraError:
    """The sentence for what kept a file or folder from being written."""
    if error.errno == errno.ENOSPC:
        return VertebraError(f"The disk is full: '{target}' was not written; free some space.")
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return VertebraError(f"'{target}' may not be written here; choose another folder.")
    return VertebraError(f"'{target}' could not be written: {error.strerror or error}.")
