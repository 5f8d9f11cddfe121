"""How well a multi-view model labels unseen phantoms, real scans, or both, with the ablations.

The ablations need one reading of the views: naming by majority, by the weighted vote, with the
published correction, and by our decoder. Run, for example:
python Testing/benchmarks/multiview_accuracy.py --checkpoint DIR --phantoms 200 --views 5 10 20
"""

from __future__ import annotations

import argparse
import csv
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from vertebra.anatomy import Level, level
from vertebra.errors import VertebraError
from vertebra.evaluation import Annotation, Case, evaluate
from vertebra.methods.common.preparation import upright
from vertebra.methods.multiview import vote
from vertebra.methods.multiview.configuration import CONFIGURATIONS
from vertebra.methods.multiview.inference import Localizer, label, photographs
from vertebra.methods.multiview.intensity import MAPPINGS
from vertebra.methods.multiview.learning import trained_network
from vertebra.methods.multiview.windows import windows
from vertebra.spine import Spine
from vertebra.training.examples import Example, phantom
from vertebra.volume import read_volume

NEAR = 20.0
NOT_COUNTED = ("S1", "S2", "Co")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", help="an installed model")
    parser.add_argument("--checkpoint", type=Path, help="the folder of a training")
    parser.add_argument("--configuration", default="compact", choices=list(CONFIGURATIONS))
    parser.add_argument("--phantoms", type=int, default=0)
    parser.add_argument("--seed", type=int, default=5_000_000, help="never trained on")
    parser.add_argument("--real", type=Path, help="folder of CASE/ct.nii.gz, centroids_lps_mm.csv")
    parser.add_argument("--views", type=int, nargs="+", default=[10])
    parser.add_argument("--device", default="cpu")
    options = parser.parse_args()
    localizer = _localizer(options)
    for count in options.views:
        optics = replace(localizer.configuration.optics, views=count)
        looking = replace(localizer, configuration=replace(localizer.configuration, optics=optics))
        if options.phantoms:
            seeds = range(options.seed, options.seed + options.phantoms)
            spacing = localizer.configuration.optics.pixel
            report(f"phantoms, K={count}", (phantom(s, spacing) for s in seeds), looking)
        if options.real:
            report(f"real, K={count}", real_examples(options.real), looking, each=True)


def _localizer(options: argparse.Namespace) -> Localizer:
    if options.model:
        return Localizer.load(options.model, options.device)
    configuration = CONFIGURATIONS[options.configuration]
    return Localizer.of(
        trained_network(options.checkpoint, configuration), configuration, options.device
    )


def real_examples(folder: Path) -> Iterator[Example]:
    """Real scans with hand-placed centres."""
    for case in sorted(path for path in folder.iterdir() if path.is_dir()):
        points = {}
        with (case / "centroids_lps_mm.csv").open() as file:
            for name, x, y, z in list(csv.reader(file))[1:]:
                points[name] = (-float(x), -float(y), float(z))
        yield Example(case.name, read_volume(case / "ct.nii.gz"), Spine.of(points))


def report(
    title: str, examples: Iterator[Example], localizer: Localizer, each: bool = False
) -> None:
    """Print the figures over all examples, and the ablations."""
    cases, ablation, total, found = [], Counter[str](), 0, 0
    for example in examples:
        reference = _counted(example.spine)
        if not len(reference):
            continue
        spine = _counted(label(example.volume, localizer))
        cases.append(Case(example.name, Annotation(reference), Annotation(spine)))
        found += _found(reference, spine.centroids)
        total += len(reference)
        ablation += named_otherwise(example, reference, localizer)
    figures = evaluate(cases)
    if each:
        for scan in figures.scans:
            right = sum(bool(vertebra.identified) for vertebra in scan.vertebrae)
            errors = [v.error for v in scan.vertebrae if v.error is not None]
            median = np.median(errors) if errors else np.nan
            print(f"  {scan.name:28} {right}/{len(scan.vertebrae)} right, median {median:.1f} mm")
    summary, error = figures.total, figures.total.error_identified
    print(f"{title}: {len(cases)} scans, {total} vertebrae")
    print(f"  found within {NEAR:.0f} mm      {found / total:.1%}")
    print(f"  identification rate     {summary.identification_rate:.1%}")
    print(f"  all labels right        {figures.all_right_rate:.1%}")
    if error:
        print(f"  error of right names    mean {error.mean:.2f}, median {error.median:.2f} mm")
    for region, part in figures.regions.items():
        print(f"  {region.value:12} {part.identification_rate:.1%} of {part.named}")
    for anomaly, score in figures.anomalies.items():
        counts = f"{score.seen}/{score.present} seen, {score.false_alarms}/{score.absent} false"
        print(f"  {anomaly.value:8} {counts}")
    if ablation["vertebrae"]:
        for way in ("majority", "vote", "vote + correction"):
            print(f"  named by {way:18} {ablation[way] / ablation['vertebrae']:.1%}")


def named_otherwise(example: Example, reference: Spine, localizer: Localizer) -> Counter[str]:
    """How many vertebrae each simpler way of naming gets right, on scans of one window."""
    volume = upright(example.volume, localizer.configuration.optics.pixel)
    hounsfield = torch.from_numpy(np.ascontiguousarray(volume.voxels, dtype=np.float32))
    optics = localizer.configuration.optics
    plan = list(windows(MAPPINGS["bone"](hounsfield), volume.grid, optics))
    if len(plan) > 1:
        return Counter()
    look = localizer.look(plan[0], photographs(hounsfield, volume.grid, plan[0].views, optics))
    right = Counter({"vertebrae": len(reference)})
    if not len(look.positions):
        return right
    V = vote.voted(look.maps)
    ways: dict[str, list[Level]] = {
        "majority": vote.majority(look.maps),
        "vote": vote.named_alone(V),
    }
    real = [row for row, name in enumerate(ways["vote"]) if name.name not in NOT_COUNTED]
    try:
        mended = dict(zip(real, vote.corrected(V[real])) if real else ())
    except VertebraError:
        mended = {}
    ways["vote + correction"] = [mended.get(row, level("S1")) for row in range(len(V))]
    for way, names in ways.items():
        for vertebra in reference:
            away = np.linalg.norm(look.positions - vertebra.centroid, axis=1)
            nearest = int(away.argmin())
            right[way] += bool(away[nearest] < NEAR and names[nearest] is vertebra.level)
    return right


def _found(reference: Spine, places: tuple[tuple[float, float, float], ...]) -> int:
    if not places:
        return 0
    away = np.subtract(np.array(reference.centroids)[:, None], np.array(places)[None])
    return int((np.linalg.norm(away, axis=-1).min(axis=1) < NEAR).sum())


def _counted(spine: Spine) -> Spine:
    kept = tuple(each for each in spine if each.level.name not in NOT_COUNTED)
    return replace(spine, vertebrae=kept)


if __name__ == "__main__":
    main()
