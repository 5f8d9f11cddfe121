"""What a multi-view model says of a scan, kept as a file, and figures over many such records."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np

from vertebra.anatomy import Level, Region, level
from vertebra.errors import VertebraError
from vertebra.evaluation import Annotation, Case, Evaluation, evaluate
from vertebra.methods.multiview import vote
from vertebra.methods.multiview.inference import Localizer, Look
from vertebra.methods.multiview.windows import Window
from vertebra.runtime import write_text
from vertebra.spine import Spine, from_json, to_json
from vertebra.training.examples import Example

NEAR = 20.0
WAYS = ("majority", "vote", "vote + correction")
"""How vertebrae are named in the paper; our own way is the chain decoder."""


@dataclass(frozen=True)
class Record:
    """One scan, labelled: true and found spine, and how many names each simpler way gets right."""

    name: str
    model: str
    reference: Spine
    found: Spine
    kinds: tuple[str, ...]
    """What makes the scan easy or hard."""
    ways: Mapping[str, int]
    seconds: Mapping[str, float]
    """Processor time of making and of labelling the scan."""

    def write(self, target: Path) -> None:
        """Keep the record as a file."""
        content = asdict(replace(self, reference=Spine(), found=Spine()))
        content |= {part: to_json(getattr(self, part)) for part in ("reference", "found")}
        write_text(target, json.dumps(content, indent=1) + "\n")

    @classmethod
    def read(cls, source: Path) -> Record:
        """The record of a file."""
        content = json.loads(source.read_text(encoding="utf-8"))
        spines = {part: from_json(content[part]) for part in ("reference", "found")}
        return cls(**{**content, **spines, "kinds": tuple(content["kinds"])})


def measured(
    make: Callable[[], tuple[Example, tuple[str, ...]]], localizers: Sequence[Localizer]
) -> list[Record]:
    """Make an example and label it with each localizer."""
    start = time.process_time()
    example, kinds = make()
    made = time.process_time() - start
    records = []
    for localizer in localizers:
        start = time.process_time()
        looks = localizer.looks(example.volume)
        found = localizer.decoded(looks, example.volume.grid).spine
        seconds = {"making": made, "labelling": time.process_time() - start}
        reference = presacral(example.spine)
        ways = named_by_each_way(looks, reference)
        model = localizer.weights
        records.append(
            Record(example.name, model, reference, presacral(found), kinds, ways, seconds)
        )
    return records


def named_by_each_way(looks: Sequence[tuple[Window, Look]], reference: Spine) -> dict[str, int]:
    """How many vertebrae each simpler way names rightly, in the window that shows them best."""
    right = Counter(dict.fromkeys(WAYS, 0))
    names = [(look.positions, each_way(look)) for _, look in looks]
    for vertebra in reference:
        height = np.array(vertebra.centroid[2])
        best = int(np.argmax([window.weight(height) for window, _ in looks]))
        positions, ways = names[best]
        if not len(positions):
            continue
        away = np.linalg.norm(positions - vertebra.centroid, axis=1)
        nearest = int(away.argmin())
        for way, levels in ways.items():
            right[way] += bool(away[nearest] < NEAR and levels[nearest] is vertebra.level)
    return dict(right)


def each_way(look: Look) -> dict[str, list[Level]]:
    """The names that each simpler way gives to the vertebrae of a window."""
    if not len(look.positions):
        return {}
    V = vote.voted(look.maps)
    alone = vote.named_alone(V)
    real = [row for row, name in enumerate(alone) if name.region is not Region.SACRAL]
    try:
        mended = dict(zip(real, vote.corrected(V[real])) if real else ())
    except VertebraError:  # there are more rows than levels
        mended = {}
    corrected = [mended.get(row, level("S1")) for row in range(len(V))]
    return dict(zip(WAYS, (vote.majority(look.maps), alone, corrected)))


def evaluation(records: Sequence[Record]) -> Evaluation:
    """All figures over records."""
    return evaluate(
        [Case(each.name, Annotation(each.reference), Annotation(each.found)) for each in records]
    )


def found_share(records: Sequence[Record]) -> float:
    """The share of vertebrae that have something within 20 mm, whatever its name."""
    total = sum(len(each.reference) for each in records)
    return sum(_found(each) for each in records) / total if total else float("nan")


def way_share(records: Sequence[Record], way: str) -> float:
    """The share of vertebrae that a simpler way names rightly."""
    total = sum(len(each.reference) for each in records)
    return sum(each.ways[way] for each in records) / total if total else float("nan")


def presacral(spine: Spine) -> Spine:
    """The vertebrae above the sacrum, which alone count."""
    kept = tuple(each for each in spine if each.level.region is not Region.SACRAL)
    return replace(spine, vertebrae=kept)


def _found(record: Record) -> int:
    if not len(record.found):
        return 0
    away = np.subtract(
        np.array(record.reference.centroids).reshape(-1, 1, 3), np.array(record.found.centroids)
    )
    return int((np.linalg.norm(away, axis=-1).min(axis=1) < NEAR).sum())
