"""How well a multi-view model labels unseen phantoms, by region and difficulty, and real scans.

Each phantom's result is a file in OUT, so that a run can go on where it was stopped, and several
processes can share the work; each prints the figures over all there is. Two halves, then both:
python Testing/benchmarks/multiview_accuracy.py --model NAME -o OUT --first 0 --count 100
python Testing/benchmarks/multiview_accuracy.py --model NAME -o OUT --first 100 --count 100
python Testing/benchmarks/multiview_accuracy.py --model NAME -o OUT --count 0
"""

from __future__ import annotations

import argparse
import csv
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import torch
from multiview_kinds import kinds_of, shown_class
from multiview_records import WAYS, Record, evaluation, found_share, measured, way_share

from vertebra.errors import VertebraError
from vertebra.methods.multiview.configuration import CONFIGURATIONS
from vertebra.methods.multiview.inference import Localizer
from vertebra.methods.multiview.learning import trained_network
from vertebra.spine import Spine
from vertebra.training.examples import Example, phantom_case, phantom_name
from vertebra.volume import read_volume

SEED = 5_000_000
"""The first phantom's seed; no model is trained on it or those after it."""
SPACING = 2.0
"""Voxels of the phantoms, mm."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", help="an installed model")
    parser.add_argument("--checkpoint", type=Path, help="the folder of a training instead")
    parser.add_argument("--configuration", default="compact", choices=list(CONFIGURATIONS))
    parser.add_argument("-o", "--out", type=Path, help="a folder for the phantoms' results")
    parser.add_argument("--first", type=int, default=0, help="the number of the first phantom")
    parser.add_argument("--count", type=int, default=0, help="how many phantoms")
    parser.add_argument("--views", type=int, nargs="+", default=[10], help="such as 5 10 20")
    parser.add_argument("--real", type=Path, help="folder of CASE/ct.nii.gz, centroids_lps_mm.csv")
    parser.add_argument("--device", default="cpu")
    options = parser.parse_args()
    torch.set_num_threads(1)
    localizer = _localizer(options)
    looking = [with_views(localizer, count) for count in options.views]
    if options.out:
        for seed in range(SEED + options.first, SEED + options.first + options.count):
            measure(seed, looking, options.out)
        for count, each in zip(options.views, looking):
            records = [Record.read(file) for file in sorted(options.out.glob(ending(each, "*")))]
            report(f"Phantoms, {count} views", records, localizer)
    if options.real:
        for count, each in zip(options.views, looking):
            makers = real_scans(options.real)
            records = [record for make in makers for record in measured(make, [each])]
            report(f"Real scans, {count} views", records, localizer)
            print_scans(records)


def _localizer(options: argparse.Namespace) -> Localizer:
    if options.model:
        return Localizer.load(options.model, options.device)
    configuration = CONFIGURATIONS[options.configuration]
    network = trained_network(options.checkpoint, configuration)
    return Localizer.of(network, configuration, options.device, str(options.checkpoint))


def with_views(localizer: Localizer, count: int) -> Localizer:
    """The localizer with another number of views and the same network."""
    configuration = localizer.configuration
    optics = replace(configuration.optics, views=count)
    return replace(localizer, configuration=replace(configuration, optics=optics))


def measure(seed: int, localizers: Sequence[Localizer], out: Path) -> None:
    """Label a phantom with those localizers whose result the folder lacks."""
    name = phantom_name(seed)
    lacking = [each for each in localizers if not (out / ending(each, name)).exists()]
    if lacking:
        for localizer, record in zip(lacking, measured(partial(phantom, seed), lacking)):
            record.write(out / ending(localizer, name))


def ending(localizer: Localizer, name: str) -> str:
    """The file of a phantom's result."""
    return f"{name}-{localizer.configuration.optics.views}-views.json"


def phantom(seed: int, spacing: float = SPACING) -> tuple[Example, tuple[str, ...]]:
    """The phantom of a seed, and what makes it hard."""
    case = phantom_case(seed, spacing)
    return Example(phantom_name(seed), case.volume, case.spine), kinds_of(case)


def real_scans(folder: Path) -> Iterator[Callable[[], tuple[Example, tuple[str, ...]]]]:
    """Real scans with hand-placed centres."""
    for case in sorted(path for path in folder.iterdir() if path.is_dir()):
        yield partial(_real_scan, case)


def _real_scan(folder: Path) -> tuple[Example, tuple[str, ...]]:
    points = {}
    with (folder / "centroids_lps_mm.csv").open() as file:
        for name, x, y, z in list(csv.reader(file))[1:]:
            points[name] = (-float(x), -float(y), float(z))
    return Example(folder.name, read_volume(folder / "ct.nii.gz"), Spine.of(points)), ()


def report(title: str, records: Sequence[Record], localizer: Localizer) -> None:
    """Print all figures over records as tables."""
    if any(record.model != localizer.weights for record in records):
        raise VertebraError("The folder holds another model's results; choose another one.")
    records = [record for record in records if len(record.reference)]
    if not records:
        return
    figures = evaluation(records)
    print(f"\n{title}: {len(records)} scans")
    print("\n| | scans | vertebrae | found within 20 mm | identified | all right | error, mm |")
    print("|---|---|---|---|---|---|---|")
    print(row("all", records))
    for title, members in groups(records):
        print(row(title, members))
    for region, part in figures.regions.items():
        rate, error = part.identification_rate, part.error_identified
        mean = "–" if error is None else f"{error.mean:.2f}"
        print(f"| {region.value} vertebrae | | {part.named} | | {rate:.1%} | | {mean} |")
    for way in WAYS:
        print(f"| named by {way} | | | | {way_share(records, way):.1%} | | |")
    print("\nAnomalies named as such")
    for anomaly, score in figures.anomalies.items():
        print(
            f"  {anomaly.value:8} {score.seen} of {score.present} seen, "
            f"{score.false_alarms} false alarms in {score.absent}"
        )
    for part in ("making", "labelling"):
        times = [record.seconds[part] for record in records]
        print(f"{part}: {np.mean(times):.1f} s of processor time a scan")


def groups(records: Sequence[Record]) -> Iterable[tuple[str, list[Record]]]:
    """The records by what makes them hard, and by how much of the spine they show."""
    for title in sorted({kind for record in records for kind in record.kinds}):
        yield title, [record for record in records if title in record.kinds]
    for title in sorted({shown_class(record.reference) for record in records}):
        yield title, [record for record in records if shown_class(record.reference) == title]


def row(title: str, records: Sequence[Record]) -> str:
    """One row of the table."""
    figures = evaluation(records)
    total, error = figures.total, figures.total.error_identified
    shares = (found_share(records), total.identification_rate, figures.all_right_rate)
    cells = [title, str(len(records)), str(total.vertebrae)]
    cells += ["–" if share is None else f"{share:.1%}" for share in shares]
    cells.append("–" if error is None else f"mean {error.mean:.2f}, median {error.median:.2f}")
    return "| " + " | ".join(cells) + " |"


def print_scans(records: Sequence[Record]) -> None:
    """Print the figures of each scan."""
    print()
    for scan in evaluation(records).scans:
        right = sum(bool(vertebra.identified) for vertebra in scan.vertebrae)
        errors = [each.error for each in scan.vertebrae if each.error is not None]
        median = f"{np.median(errors):.1f}" if errors else "–"
        print(f"{scan.name:28} {right} of {len(scan.vertebrae)} right, median {median} mm")


if __name__ == "__main__":
    main()
