"""The scans that the iterative method is measured on, and how each is segmented and scored.

A scan is traversed once from each start; each boundary rule then draws what was found.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from vertebra.anatomy import VERTEBRAE, Region
from vertebra.errors import VertebraError
from vertebra.evaluation import Annotation, Case, score
from vertebra.exchange import labelmap, table
from vertebra.methods.iterative.augmentation import mottled
from vertebra.methods.iterative.coarse import at_places_and_between, places_from_afar
from vertebra.methods.iterative.configuration import LEAST_FRAGMENT, from_dict
from vertebra.methods.iterative.ends import ends_of
from vertebra.methods.iterative.guided import segment_places
from vertebra.methods.iterative.inference import Segmenter, places_of
from vertebra.methods.iterative.instances import Instance
from vertebra.methods.iterative.learning import trained_network
from vertebra.methods.iterative.lessons import MASKED, PHANTOM_COMPLETE
from vertebra.methods.iterative.refinement import Boundary
from vertebra.methods.iterative.result import Canvas, drawn_for_points, drawn_without_points
from vertebra.phantom.scan import make_case
from vertebra.runtime import Progress
from vertebra.spine import Spine
from vertebra.training.checkpoints import read_state
from vertebra.training.examples import phantom_case, phantom_name
from vertebra.volume import LabelMap, Volume, read_label_map, read_volume

STARTS = ("points", "search", "coarse")
USUAL = [v for v in VERTEBRAE if v.region is not Region.SACRAL and v.name not in ("T13", "L6")]
ACROSS, ALONG = 140, 160
"""A crop of a phantom, mm: four vertebrae or more with their processes, quickly made."""
SECTIONS = ("cervical", "thoracic", "lumbar")
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
class Found:
    """What a traversal found in the upright scan, with the points that each belongs to."""

    small: Volume
    instances: Sequence[tuple[int | None, Instance]]
    spine: Spine | None
    """The points that were given, if any."""


def crop(seed: int, spacing: float) -> Scan:
    """Part of an unseen phantom around one level after the other, as the seeds go on."""
    middle = USUAL[seed % len(USUAL)].name
    shape = [round(size / spacing) for size in (ACROSS, ACROSS, ALONG)]
    return counted(seed, make_case(seed, spacing=spacing, region=middle, shape=shape), spacing)


def section(seed: int, spacing: float) -> Scan:
    """Neck, chest or loins of an unseen phantom in the field of view that spine CTs have."""
    region = SECTIONS[seed % len(SECTIONS)]
    return counted(seed, make_case(seed, spacing=spacing, region=region), spacing)


def whole(seed: int, spacing: float) -> Scan:
    """An unseen phantom as a scanner would show it."""
    return counted(seed, phantom_case(seed, spacing), spacing)


def counted(seed: int, case: Any, spacing: float) -> Scan:
    """The scan of a phantom; vertebrae of which less than n_min is in view do not count."""
    sizes = np.bincount(case.labels.voxels.ravel(), minlength=100) * spacing**3
    known = [number for number in MASKED if sizes[number] >= LEAST_FRAGMENT]
    vertebrae = tuple(
        replace(each, completeness=float((each.completeness or 0) >= PHANTOM_COMPLETE))
        for each in case.spine
        if each.level.verse in known
    )
    labels = case.labels.renumbered({number: number for number in known})
    spine = replace(case.spine, vertebrae=vertebrae)
    return Scan(phantom_name(seed), case.volume, labels, spine)


def with_other_marrow(scan: Scan, seed: int) -> Scan:
    """The scan with marrow that is fatty, destroyed or hard in places, as training changes it."""
    bones = scan.volume.voxels.astype(np.float32), scan.labels.voxels.astype(np.uint8)
    spacing = float(scan.volume.grid.spacing[0])
    voxels = np.rint(mottled(bones, spacing, np.random.default_rng(seed))).astype(np.int16)
    return replace(scan, volume=replace(scan.volume, voxels=voxels))


def moved(spine: Spine, jitter: float) -> Spine:
    """The spine without what a user would not know, its points as a labelling method makes them."""
    rng = np.random.default_rng(len(spine))
    points = spine.centroids + rng.normal(0, jitter, (len(spine), 3))
    vertebrae = (
        replace(each, centroid=tuple(point.tolist()), completeness=None, flags=frozenset())
        for each, point in zip(spine, points)
    )
    return Spine(tuple(vertebrae))


def totalsegmentator(folder: Path) -> Scan:
    """A real scan with another program's masks: agreement, not truth."""
    labels = labelmap.read(folder / "vertebrae_totalsegmentator.nii.gz", "totalsegmentator")
    points = table.read(folder / "centroids_lps_mm.csv")
    known = tuple(v for v in points if v.level.region is not Region.SACRAL)
    kept = {number: number for number in labels.names if number in MASKED}
    volume = read_volume(folder / "ct.nii.gz")
    return Scan(folder.name, volume, labels.renumbered(kept), Spine(known))


def tptbox(folder: Path) -> Scan:
    """A real crop around L3 with its true mask."""
    [ct] = folder.glob("*_ct.nii.gz")
    [mask] = folder.glob("*_seg-vert_*_msk.nii.gz")
    [parts] = folder.glob("*_seg-subreg_*_msk.nii.gz")
    labels, subregions = labelmap.read(mask, "verse"), read_label_map(parts)
    body = np.isin(subregions.voxels, BODY) & (labels.voxels == L3)
    spine = Spine.of({"L3": labels.grid.to_world(np.argwhere(body).mean(axis=0)).tolist()})
    return Scan(ct.name, read_volume(ct), labels.renumbered({L3: L3}), spine)


def segmenter_of(source: str | Path, device: str) -> Segmenter:
    """The segmenter of an installed model or of a training's folder."""
    if not Path(source).is_dir():
        return Segmenter.load(str(source), device)
    configuration = from_dict(read_state(Path(source))["notes"]["configuration"])
    return Segmenter.of(trained_network(Path(source), configuration), configuration, device)


def traversed(
    scan: Scan, segmenter: Segmenter, start: str, jitter: float, coarse: Segmenter | None = None
) -> Found:
    """What is found from true points moved a little, or without any."""
    small, traversal = segmenter.begin(scan.volume, Progress(), None)
    if start == "points":
        spine = moved(scan.spine, jitter)
        ends = ends_of(list(spine), spine, small, scan.volume.grid)
        places = places_of(spine, small, scan.volume.grid)
        found = segment_places(traversal, places, ends=ends)
        return Found(small, list(found), spine)
    if start == "search":
        alone: Iterator[Instance] = traversal.run()
    elif coarse is None:
        raise VertebraError("Name the model to search with: --coarse.")
    else:
        places = places_from_afar(coarse, segmenter, small, Progress())
        alone = at_places_and_between(traversal, places)
    return Found(small, [(None, instance) for instance in alone], None)


def drawn(
    scan: Scan, segmenter: Segmenter, found: Found, boundary: Boundary
) -> tuple[LabelMap, Spine]:
    """The masks of what was found, by one of the boundary rules."""
    drawing = replace(segmenter, boundary=boundary).drawing(scan.volume, found.small)
    highest = max((each.instance for each in found.spine or ()), default=0)
    canvas = Canvas.empty(scan.volume, found.small, drawing, None, highest)
    if found.spine is None:
        return drawn_without_points(canvas, [instance for _, instance in found.instances])
    return drawn_for_points(canvas, found.spine, found.instances)


def boundaries(segmenter: Segmenter) -> list[Boundary]:
    """The rules that a model can draw by."""
    return [b for b in Boundary if b is not Boundary.LEARNED or segmenter.outliner is not None]


def figures(scan: Scan, labels: LabelMap, spine: Spine) -> dict[str, Any]:
    """The figures of a scan, as JSON holds them; completeness counts right, false and missed."""
    truth, prediction = Annotation(scan.spine, scan.labels), Annotation(spine, labels)
    found = score(Case(scan.name, truth, prediction))
    complete = {each.level for each in scan.spine if each.completeness == 1}
    masks, judged = found.masks, found.completeness
    assert masks is not None, "both sides have masks"
    return {
        "vertebrae": [
            {
                "level": each.level.name,
                "called": each.mask_called.name if each.mask_called else None,
                "region": each.level.region.value,
                "whole": each.level in complete,
                "dice": each.instance_dice,
                "asd": each.surface_distance,
                "hd95": each.hd95,
            }
            for each in found.vertebrae
            if each.instance_dice is not None
        ],
        "missed": len(masks.missed),
        "merged": len(masks.merged),
        "double": len(masks.double),
        "invented": masks.quality.invented,
        "judged": [judged.right, judged.false_positives, judged.false_negatives]
        if judged
        else [0, 0, 0],
        "cut": judged.partial if judged else 0,
    }


def timed(work: Any, *arguments: Any) -> tuple[Any, float]:
    """A result, and the processor's seconds for it."""
    begin = time.process_time()
    result = work(*arguments)
    return result, time.process_time() - begin
