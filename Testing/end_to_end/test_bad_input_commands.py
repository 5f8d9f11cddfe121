"""Every bad input through the command line: an exit code, one sentence, nothing written."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from bad_dicom import DICOM
from bad_files import FILES
from bad_images import IMAGES
from bad_inputs import Case
from bad_masks_and_spines import MASKS, SPINES

from vertebra.cli.run import run

CASES = [*FILES, *IMAGES, *DICOM, *MASKS, *SPINES]


def command(case: Case, path: Path, output: Path) -> list[str]:
    """The command that a user would give this input to."""
    if case.kind == "ct":
        return ["info", str(path)]
    if case.kind == "mask":
        return ["convert", str(path), str(output / "new.seg.nrrd"), "--from-scheme", "verse"]
    return ["convert", str(path), str(output / "new.mrk.json"), "--from", "spine"]


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.kind}: {case.name}")
def test_bad_input_ends_a_command_with_one_sentence_and_nothing_written(case, tmp_path, capsys):
    if case.as_user and os.geteuid() == 0:
        pytest.skip("the administrator may read everything")
    folder, output = tmp_path / "in", tmp_path / "out"
    folder.mkdir()
    output.mkdir()
    code = run(command(case, case.make(folder), output))
    printed = capsys.readouterr()
    assert list(output.iterdir()) == []
    assert "Traceback" not in printed.err
    if case.kind == "ct" and code == 0:
        assert "No CT of a body" in printed.out or "not Hounsfield units" in printed.out
    else:
        assert code == 1, printed
        said = [line for line in printed.err.splitlines() if line.startswith("Error: ")]
        assert len(said) == 1
        assert said[0].endswith(".")
