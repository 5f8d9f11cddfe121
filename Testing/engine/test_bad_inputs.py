"""Bad input: one sentence for the user, and the output folder stays as it was."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from bad_dicom import DICOM
from bad_files import FILES, ct
from bad_images import IMAGES
from bad_inputs import PAGE, Case, Corrected, page, sentence
from bad_masks_and_spines import MASKS, OUTPUTS, SPINES
from odd_inputs import ODD

from vertebra.errors import Cancelled, VertebraError
from vertebra.runtime import Progress
from vertebra.volume import (
    Grid,
    LabelMap,
    Volume,
    onto,
    read_volume,
    require_body_ct,
    write_label_map,
    write_volume,
)

CASES = [*FILES, *IMAGES, *DICOM, *MASKS, *SPINES, *OUTPUTS]


@pytest.fixture
def output(tmp_path):
    """An output folder with an earlier result in it."""
    folder = tmp_path / "out"
    folder.mkdir()
    (folder / "result.nii.gz").write_bytes(b"an earlier result")
    return folder


def content(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.kind}: {case.name}")
def test_bad_input_is_refused_in_one_sentence_and_leaves_the_output_alone(
    case: Case, tmp_path, output
):
    if case.as_user and os.name == "posix" and os.geteuid() == 0:
        pytest.skip("the administrator may read and write everything")
    folder = tmp_path / "in"
    folder.mkdir()
    said = sentence(case, folder, output)
    assert case.says in said
    assert said.endswith(".")
    assert "\n" not in said
    assert "Traceback" not in said
    assert content(output) == {"result.nii.gz": b"an earlier result"}
    assert not list(tmp_path.rglob(".vertebra-*"))


@pytest.mark.parametrize("odd", ODD, ids=lambda odd: odd.name)
def test_odd_input_is_read_and_what_was_corrected_is_noted(odd: Corrected, tmp_path):
    volume = read_volume(odd.make(tmp_path))
    assert bool(volume.notes) == bool(odd.says)
    assert odd.says in " ".join(volume.notes)
    assert np.median(volume.voxels[10:20, 10:20, 5:15]) > -100


def test_there_are_many_cases_and_each_has_its_own_name():
    names = [(case.kind, case.name) for case in CASES]
    assert len(set(names)) == len(names) > 100


def test_the_page_of_bad_inputs_is_up_to_date():
    assert PAGE.read_text(encoding="utf-8") == page()


FULL_DISK = """
import resource, sys
from vertebra.errors import VertebraError
from vertebra.volume import read_volume, write_volume

volume = read_volume(sys.argv[1])
resource.setrlimit(resource.RLIMIT_FSIZE, (9000, 9000))
for path in sys.argv[2:]:
    try:
        write_volume(volume, path)
    except VertebraError as error:
        print(error)
"""


def test_a_full_disk_leaves_the_earlier_results_in_place(output):
    good = ct(output, "good.nii")
    volume = read_volume(good)
    names = ["ct.nii", "ct.nii.gz", "ct.nrrd", "ct.mha"]
    paths = [str(write_volume(volume, output / name)) for name in names]
    before = content(output)
    run = subprocess.run(
        [sys.executable, "-c", FULL_DISK, str(good), *paths],
        cwd=PAGE.parents[1],
        capture_output=True,
        text=True,
        check=True,
    )
    assert run.stdout.count("could not be written") == len(names)
    assert content(output) == before


@pytest.mark.parametrize("made", ["nifti", "dicom"])
def test_reading_stops_when_it_is_cancelled_half_way(made, tmp_path, monkeypatch):
    from bad_dicom import series

    monkeypatch.setattr("vertebra.volume.voxels.SLAB_BYTES", 4000)
    path = series()(tmp_path) if made == "dicom" else ct(tmp_path)
    seen = []

    def stop_half_way(fraction: float, message: str) -> None:
        seen.append(fraction)
        if fraction >= 0.5:
            progress.cancel()

    progress = Progress(stop_half_way)
    with pytest.raises(Cancelled):
        read_volume(path, progress=progress)
    assert 0.5 <= seen[-1] < 0.7


def test_a_mask_of_another_place_is_not_brought_onto_the_scan():
    mask = LabelMap(np.ones((5, 5, 5), np.uint8), Grid.of((5, 5, 5)))
    with pytest.raises(VertebraError, match="different places"):
        onto(mask, Grid.of((5, 5, 5), origin=(100, 0, 0)))


def test_a_label_map_with_negative_numbers_is_not_written(tmp_path):
    mask = LabelMap(np.full((3, 3, 3), -1), Grid.of((3, 3, 3)))
    with pytest.raises(VertebraError, match="0 to 65535"):
        write_label_map(mask, tmp_path / "mask.nii.gz")
    assert not list(tmp_path.iterdir())


def test_the_refusal_lists_all_reasons():
    air = Volume(np.full((40, 40, 40), -1000, np.int16), Grid.of((40, 40, 40)))
    air.voxels[0, 0, 0] = -900
    with pytest.raises(VertebraError, match=r"no soft tissue .*; it shows no bone"):
        require_body_ct(air)
