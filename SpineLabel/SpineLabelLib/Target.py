"""Where an export goes; nothing that is there already is replaced unasked."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import slicer
from slicer.i18n import tr as _

from vertebra.errors import VertebraError


def targetOf(path: str, ending: str) -> Path:
    """The chosen path with its ending; the dialog has asked about the path as it was typed.

    >>> targetOf("case.json", ".mrk.json")
    PosixPath('case.mrk.json')
    """
    if path.endswith(ending):
        return Path(path)
    target = Path(f"{path.removesuffix(Path(ending).suffix)}{ending}")
    askToReplace([target])
    return target


def askToReplace(files: Iterable[Path]) -> None:
    """Ask before files are replaced, if there are any; a no ends the export."""
    there = [file for file in files if file.exists()]
    if not there:
        return
    if len(there) == 1:
        question = _("'{file}' exists already. Replace it?").format(file=there[0])
    else:
        question = _("{count} files in '{folder}' exist already. Replace them?").format(
            count=len(there), folder=there[0].parent
        )
    if not slicer.util.confirmOkCancelDisplay(question):
        raise VertebraError(_("Nothing was saved, and nothing was replaced."))
