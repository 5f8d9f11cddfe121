"""`vertebra segment`: from a CT to a mask of every vertebra, each with its completeness."""

from __future__ import annotations

import json
from dataclasses import replace
from enum import Enum
from pathlib import Path

import numpy as np
import typer

from ..anatomy import level
from ..errors import VertebraError
from ..pipeline import News, Piece, Result, Search
from ..runtime import write_text
from ..spine import Flag, Spine, to_json
from ..volume import LabelMap, Volume
from .console import errors, out, print_flags, print_json, print_spine, print_warning, progress_bar
from .results import (
    MASKS,
    POINTS,
    made_from,
    picture,
    require_room,
    require_uncorrected,
    stem,
    writing,
)


class Direction(str, Enum):
    """Which end of the spine comes first."""

    DOWN = "down"
    UP = "up"


def segment(
    ct: Path = typer.Argument(help="A CT: a DICOM folder, or a NIfTI, NRRD or MetaImage file."),
    output: Path | None = typer.Option(
        None,
        "-o",
        "--output",
        file_okay=False,
        help="A folder for masks, points, a table and a picture.",
    ),
    points: Path | None = typer.Option(
        None, help="Points to start from, in any format that 'vertebra convert' reads."
    ),
    search: Search | None = typer.Option(
        None,
        help="Without points: 'points' makes them with a labelling model, 'coarse' looks for "
        "vertebrae in large voxels, 'fine' in small ones; by default the first that is possible.",
    ),
    only: str | None = typer.Option(
        None,
        help="Segment this level alone, from --points or the result in the output folder; the "
        "other masks of that result stay as they are.",
    ),
    series: str | None = typer.Option(None, help="The UID of one DICOM series in the folder."),
    direction: Direction | None = typer.Option(
        None, help="Down from the head or up from the sacrum, each with a model of its own."
    ),
    model: str | None = typer.Option(
        None, help="A model of 'models list'; by default the finest that goes in the direction."
    ),
    device: str = typer.Option("auto", help="auto, cpu, cuda, cuda:1 or mps."),
    as_json: bool = typer.Option(False, "--json", help="Print JSON, not a table."),
) -> None:
    """Segment every vertebra, say whether it is completely in view, and what to check.

    Without --points the spine is labelled first. The VerSe files leave out vertebrae that are
    only partially in view, as VerSe does; the .seg.nrrd file has them.
    """
    from .. import pipeline
    from ..exchange import read_points
    from ..volume import read_volume

    name = stem(ct, series)
    if output is not None:
        require_room(output, name, ct, (*POINTS, *MASKS))
        if points is None and only is None:
            require_uncorrected(output, name, takes_points=True)
    with progress_bar("Segmenting", quiet=as_json) as progress:
        volume = read_volume(ct, series=series, progress=progress.part(0, 0.2))
        given = None if points is None else read_points(points, grid=volume.grid)
        part = progress.part(0.2, 1)

        def show(news: News) -> None:
            if isinstance(news, Piece) and not as_json:
                size = news.mask.sum() * volume.grid.voxel_volume / 1000
                errors.print(f"{news.name or f'Vertebra {news.instance}'}: {size:.1f} ml")

        way = None if direction is None else direction.value
        notes: list[str] = []
        if only is None:
            result = pipeline.segment(
                volume,
                given,
                search=search,
                direction=way,
                model=model,
                device=device,
                progress=part,
                show=show,
            )
        else:
            spine, labels, notes = earlier(volume, given, output, name, only)
            result = pipeline.resegment(
                volume,
                labels,
                spine,
                level(only),
                direction=way,
                model=model,
                device=device,
                progress=part,
                show=show,
            )
    result = replace(result, spine=made_from(result.spine, ct))
    notes += result.notes
    if output is not None:
        with writing(output):
            notes += write_results(volume, result, output, name)
    tell(result, notes, ct.name, as_json)


def tell(result: Result, notes: list[str], title: str, as_json: bool) -> None:
    """Print the table or JSON."""
    volumes = volumes_of(result)
    if as_json:
        document = json.loads(to_json(result.spine))
        for vertebra in document["vertebrae"]:
            volume = volumes.get(vertebra["instance"])
            vertebra["volume_ml"] = None if volume is None else round(volume, 2)
        print_json({**document, "notes": notes})
        return
    if volumes:
        print_spine(result.spine, title, volumes)
    else:
        out.print("No vertebra was found; is the spine in view?")
    print_flags(result.spine)
    for note in notes:
        print_warning(note)


def earlier(
    volume: Volume, given: Spine | None, folder: Path | None, name: str, only: str
) -> tuple[Spine, LabelMap, list[str]]:
    """The spine and masks that one vertebra is to be segmented in, and what had to be left out.

    Where there is an earlier result, a given point replaces that of the vertebra.
    """
    from ..exchange import segmentation, spine_file
    from ..exchange.masks import on_grid

    if folder is not None and (folder / f"{name}.seg.nrrd").is_file():
        spine = spine_file.read(folder / f"{name}.spine.json")
        masks = on_grid(segmentation.read(folder / f"{name}.seg.nrrd"), volume.grid)
        _require_one_run(folder / f"{name}.seg.nrrd", spine, masks, only)
        kept = {each.instance: each.instance for each in spine}
        gone = [title for number, title in masks.names.items() if number not in kept]
        notes = [f"The mask of {title} is left out: the spine has it no more." for title in gone]
        if given is not None:
            spine = spine.moved(level(only), given.find(level(only)).centroid)
        return spine, masks.renumbered(kept) if gone else masks, notes
    if given is None:
        raise VertebraError(
            "One vertebra alone needs a point; give --points, or the folder of an earlier result "
            "of this scan with -o."
        )
    return given, LabelMap(np.zeros(volume.grid.shape, np.uint8, order="F"), volume.grid), []


def _require_one_run(file: Path, spine: Spine, masks: LabelMap, only: str) -> None:
    """Raise if masks belong to other points, apart from points that a person has just moved."""
    from ..exchange.masks import in_others_masks

    for instance, other in in_others_masks(spine, masks).items():
        vertebra = spine.find(instance)
        if vertebra.level is not level(only) and Flag.CORRECTED not in vertebra.flags:
            raise VertebraError(
                f"'{file}' and the points beside it are of two runs: the centre of "
                f"{vertebra.level} lies in the mask of {masks.names.get(other, other)}; segment "
                "the whole scan again, without --only."
            )


def volumes_of(result: Result) -> dict[int, float]:
    """Millilitres by instance, of what has a mask."""
    if result.labels is None:
        return {}
    counts = np.zeros(65536, np.int64)
    for k in range(result.labels.grid.shape[2]):
        part = np.bincount(result.labels.voxels[..., k].ravel())
        counts[: len(part)] += part
    size = result.labels.grid.voxel_volume / 1000
    return {int(number): float(counts[number] * size) for number in np.flatnonzero(counts[1:]) + 1}


def write_results(volume: Volume, result: Result, folder: Path, name: str) -> list[str]:
    """Write masks, points, table, spine and picture; gives what had to be left out."""
    from ..exchange import markups, segmentation, table

    spine, labels, volumes = result.spine, result.labels, volumes_of(result)
    assert labels is not None, "segmenting gives masks"
    write_text(folder / f"{name}.spine.json", to_json(spine))
    segmentation.write(folder / f"{name}.seg.nrrd", labels, spine)
    markups.write(folder / f"{name}.mrk.json", spine)
    table.write(folder / f"{name}.csv", spine, volumes)
    whole = [v for v in spine if v.instance in volumes and Flag.PARTIAL not in v.flags]
    notes = write_verse(labels, replace(spine, vertebrae=tuple(whole)), folder / f"{name}_seg-vert")
    return notes + picture(volume, spine, folder / f"{name}.png", labels)


def write_verse(labels: LabelMap, whole: Spine, start: Path) -> list[str]:
    """Write masks and centroids of whole vertebrae as VerSe does, both or none of the two."""
    from ..exchange import labelmap, verse
    from ..methods.iterative.result import complete_only

    mask, centroids = (start.with_name(start.name + end) for end in ("_msk.nii.gz", "_ctd.json"))
    try:
        labelmap.write(mask, complete_only(labels, whole), whole)
        verse.write(centroids, whole, labels.grid)
    except VertebraError as error:
        for file in (mask, labelmap.names_path(mask), centroids):
            file.unlink(missing_ok=True)
        return [f"Files in VerSe's numbers are left out: {error}"]
    return []
