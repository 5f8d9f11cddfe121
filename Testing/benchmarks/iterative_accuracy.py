"""How well the iterative method segments unseen phantoms and real scans, with the ablations.

Vertebrae are compared with the predicted one of the largest overlap, as in the paper. Run, e.g.:
python Testing/benchmarks/iterative_accuracy.py --checkpoint DIR --phantoms 100 \\
    --start points search --boundary sharp published
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from vertebra.anatomy import Region
from vertebra.errors import VertebraError
from vertebra.evaluation import Annotation, Case, ScanScore, VertebraScore, score
from vertebra.evaluation.completeness import pooled
from vertebra.exchange import labelmap, table
from vertebra.methods.common.picture import draw_spine
from vertebra.methods.iterative.coarse import segment_coarse_to_fine
from vertebra.methods.iterative.configuration import LEAST_FRAGMENT, from_dict
from vertebra.methods.iterative.inference import Segmenter
from vertebra.methods.iterative.learning import trained_network
from vertebra.methods.iterative.lessons import MASKED, PHANTOM_COMPLETE
from vertebra.methods.iterative.refinement import Boundary
from vertebra.spine import Spine
from vertebra.training.checkpoints import read_state
from vertebra.training.examples import phantom_case
from vertebra.volume import LabelMap, Volume, read_label_map, read_volume

STARTS = ("points", "search", "coarse")
BODY = (49, 50)
"""What TPTBox' subregion masks call the border and the inside of a vertebral body."""
L3 = 22


@dataclass(frozen=True, eq=False)
class Scan:
    """A scan and what is true, or what another program says, of its vertebrae."""

    name: str
    volume: Volume
    labels: LabelMap
    spine: Spine


@dataclass(frozen=True, eq=False)
class Run:
    """One way to segment, and how it did on each scan."""

    name: str
    segment: Callable[[Volume, Spine], tuple[LabelMap, Spine]]
    scores: list[ScanScore] = field(default_factory=list)
    whole: set[tuple[str, str]] = field(default_factory=set)
    """Scan and level of the vertebrae that are completely visible."""
    seconds: list[float] = field(default_factory=list)


def main() -> None:
    options = _options()
    runs = list(_runs(options))
    if options.phantoms:
        seeds = range(options.seed, options.seed + options.phantoms)
        _measure(runs, (phantom(seed, options.spacing) for seed in seeds), options)
        for run in runs:
            report(run)
    for scan in real_scans(options):
        for run in runs:
            fresh = replace(run, scores=[], whole=set(), seconds=[])
            _measure([fresh], iter([scan]), options)
            each_vertebra(fresh)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", nargs="+", default=[], help="installed models")
    parser.add_argument("--checkpoint", nargs="+", type=Path, default=[], help="trainings' folders")
    parser.add_argument("--coarse", help="a model or a training's folder to search with")
    parser.add_argument("--start", nargs="+", choices=STARTS, default=["points"])
    parser.add_argument("--boundary", nargs="+", choices=[each.value for each in Boundary])
    parser.add_argument("--jitter", type=float, default=2.0, help="error of given points, mm (SD)")
    parser.add_argument("--phantoms", type=int, default=0)
    parser.add_argument("--seed", type=int, default=5_000_000, help="never trained on")
    parser.add_argument("--spacing", type=float, default=1.0, help="of the phantoms, mm")
    parser.add_argument("--totalsegmentator", type=Path, help="a folder with CT, masks and points")
    parser.add_argument("--tptbox", type=Path, help="the folder of the real crop around L3")
    parser.add_argument("--pictures", type=Path, help="a folder for a picture of each result")
    parser.add_argument("--device", default="cpu")
    return parser.parse_args()


def _runs(options: argparse.Namespace) -> Iterator[Run]:
    coarse = segmenter_of(options.coarse, options.device) if options.coarse else None
    for source in (*options.model, *options.checkpoint):
        chosen = segmenter_of(source, options.device)
        for boundary in options.boundary or [chosen.boundary.value]:
            fine = replace(chosen, boundary=Boundary(boundary))
            for start in options.start:
                name = f"{source}, {fine.configuration.direction}, from {start}, {boundary}"
                yield Run(name, way(fine, coarse, start, options.jitter))


def segmenter_of(source: str | Path, device: str) -> Segmenter:
    """The segmenter of an installed model or of a training's folder."""
    if not Path(source).is_dir():
        return Segmenter.load(str(source), device)
    configuration = from_dict(read_state(Path(source))["notes"]["configuration"])
    return Segmenter.of(trained_network(Path(source), configuration), configuration, device)


def way(
    fine: Segmenter, coarse: Segmenter | None, start: str, jitter: float
) -> Callable[[Volume, Spine], tuple[LabelMap, Spine]]:
    """How a scan is segmented: from its true points moved a little, or without any."""
    if start == "search":
        return lambda volume, _: fine.segment(volume)
    if start == "coarse":
        if coarse is None:
            raise VertebraError("Name the model to search with: --coarse.")
        return lambda volume, _: segment_coarse_to_fine(coarse, fine, volume)
    return lambda volume, spine: fine.segment(volume, moved(spine, jitter))


def moved(spine: Spine, jitter: float) -> Spine:
    """The spine without what a user would not know, its points as a labelling method makes them."""
    rng = np.random.default_rng(len(spine))
    points = spine.centroids + rng.normal(0, jitter, (len(spine), 3))
    vertebrae = (
        replace(each, centroid=tuple(point.tolist()), completeness=None, flags=frozenset())
        for each, point in zip(spine, points)
    )
    return Spine(tuple(vertebrae))


def phantom(seed: int, spacing: float) -> Scan:
    """An unseen phantom; vertebrae of which less than n_min is in view do not count."""
    case = phantom_case(seed, spacing)
    sizes = np.bincount(case.labels.voxels.ravel(), minlength=100) * spacing**3
    counted = [number for number in MASKED if sizes[number] >= LEAST_FRAGMENT]
    vertebrae = tuple(
        replace(each, completeness=float((each.completeness or 0) >= PHANTOM_COMPLETE))
        for each in case.spine
        if each.level.verse in counted
    )
    labels = case.labels.renumbered({number: number for number in counted})
    return Scan(f"phantom-{seed}", case.volume, labels, replace(case.spine, vertebrae=vertebrae))


def real_scans(options: argparse.Namespace) -> Iterator[Scan]:
    """Real scans whose masks are another program's output: agreement, not truth."""
    if options.totalsegmentator:
        folder = options.totalsegmentator
        labels = labelmap.read(folder / "vertebrae_totalsegmentator.nii.gz", "totalsegmentator")
        points = table.read(folder / "centroids_lps_mm.csv")
        known = tuple(v for v in points if v.level.region is not Region.SACRAL)
        kept = {number: number for number in labels.names if number in MASKED}
        volume = read_volume(folder / "ct.nii.gz")
        yield Scan(folder.name, volume, labels.renumbered(kept), Spine(known))
    if options.tptbox:
        [ct] = options.tptbox.glob("*_ct.nii.gz")
        [mask] = options.tptbox.glob("*_seg-vert_*_msk.nii.gz")
        [parts] = options.tptbox.glob("*_seg-subreg_*_msk.nii.gz")
        labels, subregions = labelmap.read(mask, "verse"), read_label_map(parts)
        body = np.isin(subregions.voxels, BODY) & (labels.voxels == L3)
        centre = labels.grid.to_world(np.argwhere(body).mean(axis=0)).tolist()
        spine = Spine.of({"L3": centre})
        volume = read_volume(ct)
        yield Scan(ct.name, volume, labels.renumbered({L3: L3}), spine)


def _measure(runs: list[Run], scans: Iterator[Scan], options: argparse.Namespace) -> None:
    for scan in scans:
        for number, run in enumerate(runs):
            begin = time.perf_counter()
            try:
                labels, spine = run.segment(scan.volume, scan.spine)
            except VertebraError as error:
                print(f"{scan.name}, {run.name}: nothing counts as found: {error}")
                nothing = np.zeros(scan.volume.grid.shape, np.uint8)
                labels, spine = LabelMap(nothing, scan.volume.grid), Spine()
            run.seconds.append(time.perf_counter() - begin)
            truth, found = Annotation(scan.spine, scan.labels), Annotation(spine, labels)
            run.scores.append(score(Case(scan.name, truth, found)))
            run.whole.update((scan.name, v.level.name) for v in scan.spine if v.completeness == 1)
            if options.pictures:
                options.pictures.mkdir(parents=True, exist_ok=True)
                draw_spine(
                    scan.volume, spine, options.pictures / f"{scan.name}-{number}.png", labels
                )


def report(run: Run) -> None:
    """Print the figures of a run, by region."""
    print(f"\n{run.name}: {len(run.scores)} scans, {np.mean(run.seconds):.1f} s a scan")
    print(f"{'':16}{'count':>7}{'Dice':>8}{'worst':>8}{'ASD mm':>8}{'HD95 mm':>9}{'Dice<.8':>9}")
    rows = [
        (scan, each)
        for scan in run.scores
        for each in scan.vertebrae
        if each.instance_dice is not None
    ]
    whole = [each for scan, each in rows if (scan.name, each.level.name) in run.whole]
    partial = [each for scan, each in rows if (scan.name, each.level.name) not in run.whole]
    for region in (Region.CERVICAL, Region.THORACIC, Region.LUMBAR):
        _row(region.value, [each for each in whole if each.level.region is region])
    _row("complete", whole)
    _row("partial", partial)
    _row("all", [each for _, each in rows])
    masks = [scan.masks for scan in run.scores if scan.masks]
    missed, merged = sum(len(m.missed) for m in masks), sum(len(m.merged) for m in masks)
    double, extra = sum(len(m.double) for m in masks), sum(m.quality.invented for m in masks)
    print(f"missed {missed}, merged {merged}, double {double}, without a partner {extra}")
    judged = pooled(scan.completeness for scan in run.scores if scan.completeness)
    if judged.accuracy is not None:
        print(
            f"completeness: accuracy {judged.accuracy:.1%}, false positives "
            f"{judged.false_positives_a_scan:.2f} and negatives "
            f"{judged.false_negatives_a_scan:.2f} a scan"
        )


def _row(name: str, scores: list[VertebraScore]) -> None:
    if not scores:
        return
    dice = [each.instance_dice or 0.0 for each in scores]
    found = [each for each in scores if each.surface_distance is not None]
    asd = np.mean([each.surface_distance for each in found]) if found else np.nan
    hd95 = np.mean([each.hd95 for each in found]) if found else np.nan
    low = np.mean(np.less(dice, 0.8))
    figures = f"{np.mean(dice):8.3f}{min(dice):8.3f}{asd:8.2f}{hd95:9.2f}{low:9.1%}"
    print(f"{name:16}{len(scores):7}{figures}")


def each_vertebra(run: Run) -> None:
    """Print the figures of every vertebra of one scan."""
    [scan], [seconds] = run.scores, run.seconds
    print(f"\n{scan.name}, {run.name}: {seconds:.1f} s (agreement with another program's masks)")
    for each in scan.vertebrae:
        if each.instance_dice is not None:
            called = each.mask_called or "-"
            print(f"{each.level.name:5} Dice {each.instance_dice:.3f}, called {called}")


if __name__ == "__main__":
    main()
