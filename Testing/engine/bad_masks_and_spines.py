"""Masks, spine files and output places that cannot be used."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from bad_files import ct, edited, written
from bad_inputs import Case, Make
from dicom_files import write_series

from vertebra.anatomy import LEVELS
from vertebra.spine import Spine, Vertebra, to_json


def mask(value: float) -> Make:
    """A mask with one voxel of this value."""

    def make(folder: Path) -> Path:
        voxels = np.zeros((8, 8, 8), np.float32)
        voxels[3, 3, 3] = value
        return ct(folder, "mask.nii.gz", voxels)

    return make


def dicom_folder(folder: Path) -> Path:
    write_series(folder / "scan")
    return folder / "scan"


def spine(change: Callable[[dict[str, Any]], None]) -> Make:
    """A spine file of two vertebrae, spoiled."""

    def make(folder: Path) -> Path:
        vertebrae = [
            Vertebra(instance=n, level=LEVELS[f"L{n}"], centroid=(0.0, 0.0, -30.0 * n))
            for n in (1, 2)
        ]
        document = json.loads(to_json(Spine(tuple(vertebrae))))
        change(document)
        path = folder / "spine.json"
        path.write_text(json.dumps(document))
        return path

    return make


def first(**values: Any) -> Make:
    """A spine file whose first vertebra says something impossible."""
    return spine(lambda document: document["vertebrae"][0].update(values))


def good_beside(target: Callable[[Path], Path]) -> Make:
    """A good CT, and the path where its copy cannot be written."""

    def make(folder: Path) -> Path:
        ct(folder, "good.nii")
        return target(folder)

    return make


def file_for_folder(folder: Path) -> Path:
    (folder / "results").write_text("a file, not a folder")
    return folder / "results" / "out.nii.gz"


def locked_folder(folder: Path) -> Path:
    (folder / "locked").mkdir(mode=0o500)
    return folder / "locked" / "out.nii.gz"


def folder_for_file(folder: Path) -> Path:
    (folder / "out.nii.gz" / "inside").mkdir(parents=True)
    return folder / "out.nii.gz"


MASKS = [
    Case("a mask with fractions", "mask", mask(2.5), "holds fractions"),
    Case("a mask with NaN", "mask", mask(np.nan), "holds fractions"),
    Case("a mask with infinite numbers", "mask", mask(np.inf), "holds fractions"),
    Case("a mask with a negative label", "mask", mask(-3), "negative label -3"),
    Case("a mask with the label 70000", "mask", mask(70000), "the label 70000"),
    Case("a CT given as a mask", "mask", ct, "may be an image instead"),
    Case("a DICOM folder given as a mask", "mask", dicom_folder, "not a plain mask"),
    Case("a mask that does not exist", "mask", lambda f: f / "mask.nii.gz", "does not exist"),
    Case("a mask cut off", "mask", edited("mask.nii.gz", lambda c: c[:-99]), "cut off"),
]

SPINES = [
    Case("no JSON", "spine", written("spine.json", "L1 at 3, 4, 5"), "damaged"),
    Case("JSON cut off", "spine", written("spine.json", '{"format": "vertebra sp'), "damaged"),
    Case("other JSON", "spine", written("spine.json", "[1, 2]"), "does not hold a spine"),
    Case("bytes that are no text", "spine", written("spine.json", b"\xff\xfe\x00"), "damaged"),
    Case("JSON 100 000 brackets deep", "spine", written("spine.json", "[" * 100_000), "damaged"),
    Case("version 99", "spine", spine(lambda d: d.update(version=99)), "has version 99"),
    Case("no vertebrae entry", "spine", spine(lambda d: d.pop("vertebrae")), "damaged"),
    Case("the unknown level T14", "spine", first(level="T14"), "T14"),
    Case("a centroid with NaN", "spine", first(centroid=[0, np.nan, 0]), "damaged"),
    Case("a centroid of two numbers", "spine", first(centroid=[0, 1]), "damaged"),
    Case("a confidence of 2", "spine", first(confidence=2), "not a probability"),
    Case("two vertebrae of one instance", "spine", first(instance=2), "share an instance"),
    Case("an instance of 1e400", "spine", first(instance=np.inf), "damaged"),
    Case("an instance of 0", "spine", first(instance=0), "between 1 and 65535"),
    Case("an instance of 99999999", "spine", first(instance=99999999), "between 1 and 65535"),
    Case("an unknown flag", "spine", first(flags=["purple"]), "damaged"),
]

OUTPUTS = [
    Case("a file where a folder should be", "output", good_beside(file_for_folder), "results"),
    Case("a folder where the file should be", "output", good_beside(folder_for_file), "written"),
    Case(
        "an ending that is not known",
        "output",
        good_beside(lambda f: f / "out.png"),
        "should end in one of",
    ),
    Case(
        "a folder that may not be written to",
        "output",
        good_beside(locked_folder),
        "'locked/out.nii.gz' may not be written here; choose another folder.",
        as_user=True,
    ),
]
