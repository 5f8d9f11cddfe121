"""The folder that `label` and `segment` write the results of scans to, many in one if need be."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np

from ..errors import BadFile, Cancelled, VertebraError
from ..runtime.files import require_writable
from ..spine import Flag, Spine
from ..volume import LabelMap, Volume

POINTS = (".spine.json", ".mrk.json", ".csv", "_seg-vert_ctd.json", ".png")
"""What the files of a result's points end in; the first says what made all of them."""

MASKS = (".seg.nrrd", "_seg-vert_msk.nii.gz", "_seg-vert_msk.labels.json")
"""What the files of its masks end in."""

ENDINGS = (".nii.gz", ".nii", ".nrrd", ".nhdr", ".mha", ".mhd", ".dcm")


def stem(ct: Path, series: str | None = None) -> str:
    """What the files of a scan's results are called; one series of several is told by its UID."""
    name = _place(ct).name
    ending = next((each for each in ENDINGS if name.lower().endswith(each)), "")
    name = name[: len(name) - len(ending)] or "scan"
    return name if series is None else f"{name}_{re.sub('[^0-9A-Za-z.-]', '_', series)}"


def made_from(spine: Spine, ct: Path) -> Spine:
    """The spine with the scan noted that it was made from, wherever its points came from."""
    return replace(spine, provenance=replace(spine.provenance, source=told(ct)))


def told(ct: Path) -> str:
    """A scan's name, and a mark of the folder it lies in, whose own name may be a patient's."""
    place = _place(ct)
    mark = hashlib.sha256(os.fsencode(os.path.realpath(place))).hexdigest()[:12]
    return f"{place.name} [{mark}]"


def require_room(folder: Path, name: str, ct: Path, endings: Sequence[str] = POINTS) -> None:
    """Raise before the work if a folder cannot be written, or has files there of another origin."""
    from ..exchange import spine_file

    require_writable(folder)
    earlier = folder / f"{name}.spine.json"
    if not earlier.exists():
        foreign = [folder / f"{name}{ending}" for ending in endings]
        if there := [file for file in foreign if file.exists()]:
            raise VertebraError(
                f"'{there[0]}' is there already, without the '{earlier.name}' of a result; "
                "choose another folder with -o."
            )
        return
    way_out = "choose another folder with -o, or remove that result."
    try:
        source = spine_file.read(earlier).provenance.source
    except BadFile as error:
        raise VertebraError(f"'{earlier}' is no result that can be read; {way_out}") from error
    if not _same_scan(source, ct):
        raise VertebraError(f"'{earlier}' is the result of another scan, {source}; {way_out}")


def require_uncorrected(folder: Path, name: str, *, takes_points: bool) -> None:
    """Raise before a scan is labelled anew if a person corrected what was found before.

    That shows in flags and locks or, since both files are written alike, where they differ.
    """
    from ..exchange import markups, spine_file

    file, other = folder / f"{name}.spine.json", folder / f"{name}.mrk.json"
    if not file.exists():
        return
    spine = spine_file.read(file)
    kept = [str(v.level) for v in spine if v.locked or Flag.CORRECTED in v.flags]
    if kept:
        way_out = f"give --points '{file}' to go on from them, or " if takes_points else ""
        raise VertebraError(
            f"'{file}' holds a person's corrections ({', '.join(kept)}), which would be lost; "
            f"{way_out}choose another folder with -o."
        )
    if other.exists() and not _same_points(spine, markups.read(other)):
        way_out = "give --points with the right one, or " if takes_points else ""
        raise VertebraError(
            f"'{file}' and '{other.name}' hold different points, so a person corrected one of "
            f"them, which would be lost; {way_out}choose another folder with -o."
        )


def require_no_masks(folder: Path, name: str) -> None:
    """Raise before a scan is labelled if there are masks, whose numbers mean other points."""
    for file in (folder / f"{name}{ending}" for ending in MASKS):
        if file.exists():
            raise VertebraError(
                f"'{file}' holds masks that belong to the points there, not to new ones; choose "
                "another folder with -o."
            )


@contextmanager
def writing(folder: Path) -> Iterator[None]:
    """Within it the files of a result are replaced one by one, and who stops that is told so."""
    try:
        yield
    except KeyboardInterrupt:
        raise Cancelled(
            f"Stopped while writing; the files in '{folder}' may be of two runs."
        ) from None


def picture(
    volume: Volume, spine: Spine, target: Path, labels: LabelMap | None = None
) -> list[str]:
    """Draw the picture of a result, after all else; what keeps it from being drawn is a note."""
    from ..methods.common.picture import draw_spine

    try:
        draw_spine(volume, spine, target, labels)
    except VertebraError as error:
        target.unlink(missing_ok=True)  # that of an earlier result would show other vertebrae
        return [f"The picture is left out: {error}"]
    return []


def _same_points(one: Spine, other: Spine) -> bool:
    """Do two files tell the same vertebrae at the same places, in whatever order?"""
    a, b = (sorted((v.level, *v.centroid) for v in spine) for spine in (one, other))
    levels, others = ([level for level, *_ in points] for points in (a, b))
    return levels == others and np.allclose(
        [point for _, *point in a], [point for _, *point in b], atol=0.01
    )


def _place(ct: Path) -> Path:
    """Where a scan lies, with a name also for '.' and '..'; links keep the name they have."""
    return ct.resolve() if ct.name in ("", "..") else ct.absolute()


def _same_scan(source: str, ct: Path) -> bool:
    """May a result be of this scan? Slicer notes a scan's name, other programs may note nothing."""
    return source in ("", stem(ct), told(ct))
