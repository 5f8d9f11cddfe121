"""Every bad input that was tried: how it is made, and the sentence that a user gets to see.

Used by the tests of the readers, by those of the command line, and by docs/bad-input.md.
`python Testing/engine/bad_inputs.py` writes that page anew.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from vertebra.errors import VertebraError

Make = Callable[[Path], Path]
"""Makes the bad input inside a folder and returns the path that a user would give."""

PAGE = Path(__file__).resolve().parents[2] / "docs" / "bad-input.md"


@dataclass(frozen=True)
class Case:
    """One bad input; `says` is a part of the sentence that refuses it."""

    name: str
    kind: str
    """What it is given as: "ct", "mask" or "spine"; "output" spoils where the result should go."""
    make: Make
    says: str
    as_user: bool = False
    """Does it need rights that the administrator cannot lose?"""


@dataclass(frozen=True)
class Corrected:
    """An odd CT that is read nevertheless; `says` is a part of the note about it, if it has one."""

    name: str
    make: Make
    says: str = ""


def process(case: Case, folder: Path, output: Path) -> None:
    """Do with the input what a command does: read it, check it, write the result."""
    from vertebra.spine import from_json
    from vertebra.volume import (
        read_label_map,
        read_volume,
        require_body_ct,
        write_label_map,
        write_volume,
    )

    path = case.make(folder)
    target = path if case.kind == "output" else output / "result.nii.gz"
    if case.kind == "spine":
        from_json(path.read_text(encoding="utf-8", errors="replace"))
    elif case.kind == "mask":
        write_label_map(read_label_map(path), target)
    else:
        volume = read_volume(folder / "good.nii" if case.kind == "output" else path)
        require_body_ct(volume)
        write_volume(volume, target)


def sentence(case: Case, folder: Path, output: Path) -> str:
    """What the user sees."""
    try:
        process(case, folder, output)
    except VertebraError as error:
        return str(error).replace(f"{folder}/", "")
    raise AssertionError(f"'{case.name}' was not refused")


def page() -> str:
    """docs/bad-input.md."""
    from bad_dicom import DICOM
    from bad_files import FILES
    from bad_images import IMAGES
    from bad_masks_and_spines import MASKS, OUTPUTS, SPINES
    from odd_inputs import ODD

    cases = [*FILES, *IMAGES, *DICOM, *MASKS, *SPINES, *OUTPUTS]
    lines = [
        "# Bad input",
        "",
        f"What happens with {len(cases)} inputs that cannot be used, and with {len(ODD)} odd ones",
        "that can. Each is made and tried by a test (`Testing/engine/test_bad_inputs.py`): the",
        "user sees one sentence, never a traceback; what lay in the output folder is unchanged",
        "afterwards, and nothing is added to it. The same holds when the disk is full and when a",
        "person cancels half way.",
        "",
        "This page is written by `python Testing/engine/bad_inputs.py`.",
    ]
    for title, part in (
        ("Files", FILES),
        ("Images that are no CT of a body", IMAGES),
        ("DICOM", DICOM),
        ("Masks", MASKS),
        ("Spine files", SPINES),
        ("Where the result should go", OUTPUTS),
    ):
        lines += ["", f"## {title}", "", "| what was tried | what the user sees |", "|---|---|"]
        lines += [f"| {case.name} | {_shown(case)} |" for case in part]
    lines += ["", "## Odd, but read", "", "| what was tried | what is noted |", "|---|---|"]
    lines += [f"| {odd.name} | {_note(odd)} |" for odd in ODD]
    return "\n".join(lines) + "\n"


def _shown(case: Case) -> str:
    if case.as_user:
        return case.says
    with tempfile.TemporaryDirectory() as scratch:
        folder, output = Path(scratch, "in"), Path(scratch, "out")
        folder.mkdir()
        output.mkdir()
        return sentence(case, folder, output)


def _note(odd: Corrected) -> str:
    from vertebra.volume import read_volume

    with tempfile.TemporaryDirectory() as scratch:
        return " ".join(read_volume(odd.make(Path(scratch))).notes) or "(nothing to note)"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8", newline="\n")
    sys.stdout.write(f"wrote {PAGE.name}\n")
