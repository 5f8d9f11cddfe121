"""How well the iterative method segments unseen phantoms and real scans.

Vertebrae are compared with the predicted one of the largest overlap, as in the paper. Each scan is
traversed once from each start, and drawn by each boundary rule. Two processes may share the work:
python Testing/benchmarks/iterative_accuracy.py --model iterative-coarse --count 50 --results a.json
python Testing/benchmarks/iterative_accuracy.py --model iterative-coarse --first 50 --count 50 \\
    --results b.json
python Testing/benchmarks/iterative_accuracy.py --merge a.json b.json
Stopped, a process goes on with what its file of results lacks.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from functools import reduce
from pathlib import Path
from typing import Any

from iterative_scans import (
    STARTS,
    Found,
    Scan,
    boundaries,
    crop,
    drawn,
    figures,
    section,
    segmenter_of,
    timed,
    totalsegmentator,
    tptbox,
    traversed,
    whole,
    with_other_marrow,
)
from iterative_tables import print_tables, print_vertebrae

from vertebra.errors import BadFile, VertebraError
from vertebra.methods.common.picture import draw_spine
from vertebra.methods.iterative.inference import Segmenter
from vertebra.methods.iterative.refinement import Boundary
from vertebra.runtime import Progress, write_text

SEED = 5_000_000
"""Of the first phantom; never trained on."""
Content = dict[str, Any]
"""What a file of results holds: the command, the weights' hash by model, and by name of the scan
its seconds to make and the figures of each run by name."""


def main() -> None:
    options = _options()
    if options.merge:
        print_tables(merged(options.merge)["scans"])
        return
    segmenters = {str(source): segmenter_of(source, options.device) for source in options.model}
    coarse = segmenter_of(options.coarse, options.device) if options.coarse else None
    models = {source: segmenter.weights for source, segmenter in segmenters.items()}
    content: Content = {"command": sys.argv[1:], "models": models, "scans": {}}
    if options.results and options.results.exists():
        content = together(read(options.results), content)
    results = content["scans"]
    make = {"crop": crop, "section": section, "whole": whole}[options.part]
    for seed in range(SEED + options.first, SEED + options.first + options.count):
        if f"phantom-{seed:07d}" in results:
            continue
        scan, seconds = timed(make, seed, options.spacing)
        if not len(scan.spine):
            print(f"{scan.name} shows no vertebra and is left out", flush=True)
            continue
        if options.marrow:
            scan = with_other_marrow(scan, seed)
        runs = dict(_runs(scan, segmenters, coarse, options))
        results[scan.name] = {"seconds to make": seconds, "runs": runs}
        spent = sum(run["seconds"] + run["seconds to score"] for run in runs.values())
        print(f"{scan.name}: made in {seconds:.1f} s, measured in {spent:.1f} s", flush=True)
        if options.results:
            write_text(options.results, json.dumps(content))
    if results:
        print_tables(results)
    for scan in _real(options):
        print_vertebrae(scan.name, dict(_runs(scan, segmenters, coarse, options)))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", nargs="+", default=[], help="models or trainings' folders")
    parser.add_argument("--coarse", help="a model or a training's folder to search with")
    parser.add_argument("--start", nargs="+", choices=STARTS, default=["points", "search"])
    parser.add_argument(
        "--boundary", nargs="+", type=Boundary, help="default: all that a model can draw by"
    )
    parser.add_argument("--jitter", type=float, default=2.0, help="error of given points, mm (SD)")
    parser.add_argument("--first", type=int, default=0, help="which phantom to begin with")
    parser.add_argument("--count", type=int, default=0, help="how many phantoms")
    parser.add_argument("--part", choices=("crop", "section", "whole"), default="crop")
    parser.add_argument("--spacing", type=float, default=1.0, help="of the phantoms, mm")
    parser.add_argument(
        "--marrow", action="store_true", help="phantoms' marrow is changed in places"
    )
    parser.add_argument("--results", type=Path, help="a file to keep the phantoms' figures in")
    parser.add_argument("--merge", nargs="+", type=Path, help="print what such files hold together")
    parser.add_argument("--totalsegmentator", type=Path, help="a folder with CT, masks and points")
    parser.add_argument("--tptbox", type=Path, help="the folder of the real crop around L3")
    parser.add_argument("--pictures", type=Path, help="a folder for a picture of each result")
    parser.add_argument("--device", default="cpu")
    return parser.parse_args()


def _real(options: argparse.Namespace) -> Iterator[Scan]:
    if options.totalsegmentator:
        yield totalsegmentator(options.totalsegmentator)
    if options.tptbox:
        yield tptbox(options.tptbox)


def _runs(
    scan: Scan, segmenters: dict[str, Segmenter], coarse: Segmenter | None, options: Any
) -> Iterator[tuple[str, dict[str, Any]]]:
    """The figures of every model, start and boundary, by name."""
    for source, segmenter in segmenters.items():
        for start in options.start:
            found, seconds = timed(_found, scan, segmenter, start, options.jitter, coarse)
            for boundary in options.boundary or boundaries(segmenter):
                (labels, spine), more = timed(drawn, scan, segmenter, found, boundary)
                scored, scoring = timed(figures, scan, labels, spine)
                direction = segmenter.configuration.direction
                name = f"{source}, {direction}, from {start}, {boundary.value}"
                yield name, {**scored, "seconds": seconds + more, "seconds to score": scoring}
                if options.pictures:
                    file = options.pictures / f"{scan.name}-{start}-{boundary.value}.png"
                    options.pictures.mkdir(parents=True, exist_ok=True)
                    draw_spine(scan.volume, spine, file, labels)


def _found(
    scan: Scan, segmenter: Segmenter, start: str, jitter: float, coarse: Segmenter | None
) -> Found:
    try:
        return traversed(scan, segmenter, start, jitter, coarse)
    except VertebraError as error:
        print(f"{scan.name}, from {start}: nothing counts as found: {error}")
        small, _ = segmenter.begin(scan.volume, Progress(), None)
        return Found(small, [], None)


def read(file: Path) -> Content:
    """The results in a file."""
    try:
        content: Content = json.loads(file.read_text())
    except (OSError, ValueError) as error:
        raise BadFile(f"'{file}' holds no results; give another file.") from error
    if not isinstance(content, dict) or not {"models", "scans"} <= content.keys():
        raise BadFile(f"'{file}' holds no results; give another file.")
    return content


def merged(files: list[Path]) -> Content:
    """The results of several files."""
    return reduce(together, map(read, files))


def together(one: Content, other: Content) -> Content:
    """Two files' results of the same models; a scan that both have counts once."""
    if one["models"] != other["models"]:
        raise VertebraError("These are results of different models; keep them in separate files.")
    return {**other, "scans": one["scans"] | other["scans"]}


if __name__ == "__main__":
    main()
