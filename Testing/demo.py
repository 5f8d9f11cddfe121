"""What `make demo` runs: a synthetic CT taken through the engine, then CTs labelled and segmented.

Every step is a command of `vertebra`, printed before it runs, so that a newcomer can repeat it.
Labelling and segmenting need models; where one is missing, the demo says so and goes on.
"""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from pathlib import Path

import numpy as np

from vertebra.chain import Candidate, decode
from vertebra.cli.run import run
from vertebra.exchange import read
from vertebra.runtime.models import models
from vertebra.runtime.resources import resources
from vertebra.spine import Spine, to_json

SEED = 7
ROOT = Path(__file__).resolve().parents[1]


def vertebra(*arguments: object) -> None:
    """Print one command, run it, and stop the demo if it fails."""
    words = [str(argument) for argument in arguments]
    print(f"\n$ vertebra {shlex.join(words)}", flush=True)
    code = run(words)
    if code:
        sys.exit(code)


def blurred_reading(truth: Spine, seed: int) -> Spine:
    """What a mediocre localizer would report, decoded: displaced points, unsure of their levels."""
    rng = np.random.default_rng(seed)
    candidates = [
        Candidate.at_number(
            np.add(vertebra.centroid, rng.normal(0, 2.5, 3)),
            vertebra.level.rank + 1 + rng.normal(0, 0.8),
            spread=1.2,
        )
        for vertebra in truth
    ]
    beside = np.add(truth.centroids[len(truth) // 2], (55, 10, 8))
    return decode([*candidates, Candidate.unnamed(beside)]).spine


def engine(folder: Path) -> None:
    """A synthetic CT with its truth: read, converted, named, judged. Needs no model."""
    cases = folder / "cases"
    vertebra("phantom", cases, "--count", 1, "--seed", SEED, "--region", "trunk", "--spacing", 2)
    name = "sub-phantom0001"
    ct = cases / "rawdata" / name / f"{name}_ct.nii.gz"
    truth = cases / "derivatives" / name
    points, masks = truth / f"{name}_seg-subreg_ctd.json", truth / f"{name}_seg-vert_msk.nii.gz"
    vertebra("info", ct)
    vertebra("spine", "show", points, "--image", ct)

    results = folder / "converted"
    vertebra("convert", points, results / f"{name}.mrk.json", "--image", ct)
    vertebra("convert", masks, results / f"{name}.seg.nrrd", "--from-scheme", "verse")

    reading = folder / "reading" / f"{name}.spine.json"
    reading.parent.mkdir()
    spine = read(points, image=ct)
    assert isinstance(spine, Spine)
    reading.write_text(to_json(blurred_reading(spine, SEED)), encoding="utf-8")
    print("\nA mediocre localizer's points, one of them false, named by the chain decoder:")
    vertebra("spine", "show", reading)
    report = folder / "report"
    vertebra("evaluate", cases, folder / "reading", "--images", cases, "-o", report)

    print(f"\nLook at {truth / (name + '_seg-vert_snp.png')}")
    print(f"    and {report / 'evaluation.html'};")
    print(f"open the files in {results} in 3D Slicer.")


def scans() -> dict[str, Path]:
    """The bundled synthetic CT and, where they are at hand, real ones."""
    found = {"SpinePhantom": resources() / "SampleData" / "SpinePhantom.nii.gz"}
    shared = Path(os.environ.get("VERTEBRA_SHARED_DATA", ROOT.parent / "shared" / "data"))
    found |= {ct.parent.name: ct for ct in sorted(shared.glob("real/*/ct.nii.gz"))}
    return found


def patients(folder: Path) -> None:
    """Label and segment every CT, as far as there are models for it."""
    methods = {model.card.method for model in models()}
    for command, method in (("label", "multiview"), ("segment", "iterative")):
        if method not in methods:
            print(f"\nThere is no model yet for 'vertebra {command}', so that part is left out.")
            continue
        for name, ct in scans().items():
            vertebra(command, ct, "-o", folder / command / name)
        print(f"\nPictures and tables are in {folder / command}.")


def main(folder: Path) -> None:
    """Run the demo into a folder, which is made anew."""
    shutil.rmtree(folder, ignore_errors=True)
    engine(folder)
    patients(folder)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
