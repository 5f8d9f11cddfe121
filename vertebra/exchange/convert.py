"""Reads and writes a file of any format, and turns one format into another."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from ..errors import BadFile, VertebraError
from ..spine import Spine, Vertebra
from ..volume import Grid, LabelMap
from . import markups, table, verse
from .dicom_reference import readable, require
from .formats import Around, Format, Holds, formats, named_format
from .masks import on_grid
from .parsing import read_json

Content = Spine | LabelMap


def read(
    path: Path | str,
    format: str | None = None,
    *,
    grid: Grid | None = None,
    image: Path | str | None = None,
    scheme: str | None = None,
) -> Content:
    """The points or masks of a file.

    `grid` (or `image`, the file that has it) is needed for formats that count voxels of an image;
    `scheme` says what the numbers of a label map mean where the file does not.
    """
    return _read(Path(path), format, Around(_maybe(image), grid, scheme_read=scheme))


def write(
    path: Path | str,
    content: Content,
    format: str | None = None,
    *,
    grid: Grid | None = None,
    image: Path | str | None = None,
    scheme: str | None = None,
    spine: Spine | None = None,
) -> Path:
    """Write points or masks; for masks `spine` may say their levels and what made them."""
    around = Around(_maybe(image), grid, scheme_written=scheme, spine=spine)
    _write(Path(path), content, format, around)
    return Path(path)


def convert(
    source: Path | str,
    target: Path | str,
    *,
    image: Path | str | None = None,
    from_format: str | None = None,
    to_format: str | None = None,
    from_scheme: str | None = None,
    scheme: str | None = None,
) -> tuple[str, ...]:
    """Turn one file into another; returns what a person should know of it, one sentence each.

    Masks are put on the image's own voxels where an image file is given.
    """
    around = Around(_maybe(image), scheme_read=from_scheme, scheme_written=scheme)
    content = _read(Path(source), from_format, around)
    if isinstance(content, LabelMap) and around.image and not around.image.is_dir():
        content = on_grid(content, around.grid)
    chosen = _write(Path(target), content, to_format, around)
    if isinstance(content, LabelMap):
        return (f"Read {content.source}.",)
    source_format = named_format(from_format) if from_format else recognized(Path(source))
    unread = _not_taken_along(source_format.unread(Path(source)))
    return (*_lost(content, chosen.read(Path(target), around), chosen), *unread)


def edit(
    source: Path | str,
    target: Path | str,
    change: Callable[[Spine], Spine],
    *,
    image: Path | str | None = None,
) -> tuple[Spine, tuple[str, ...]]:
    """Change the points of a file; returns them, and what the file written does not keep of them.

    The volumes of a table and the display of markups are kept. What else is in the file but the
    spine is not: then it is not replaced.
    """
    source, target = Path(source), Path(target)
    spine = change(_points(source, Around(_maybe(image))))
    original = recognized(source)
    unread = original.unread(source)
    if unread and target.resolve() == source.resolve():
        raise BadFile(
            f"'{source}' also holds {', '.join(unread)}, which would be lost; write to another "
            "file with -o."
        )
    volumes = table.read_volumes(source) if original.name == "csv" else None
    display = markups.read_display(source) if original.name == "markups" else None
    around = Around(_maybe(image), volumes=volumes, display=display)
    chosen = _write(target, spine, None, around)
    lost = _lost(spine, chosen.read(target, around), chosen)
    return spine, (*lost, *_not_taken_along(unread))


def read_points(
    path: Path | str, *, grid: Grid | None = None, image: Path | str | None = None
) -> Spine:
    """The points of a file; masks are refused."""
    return _points(Path(path), Around(_maybe(image), grid))


def format_to_write(path: Path | str) -> Format:
    """The format that points are written in, by the ending."""
    return _format_for(Path(path), Holds.POINTS)


def _points(path: Path, around: Around) -> Spine:
    content = _read(path, None, around)
    if not isinstance(content, Spine):
        raise BadFile(f"'{path}' holds masks, not points; give a file of points.")
    return content


def _read(path: Path, format: str | None, around: Around) -> Content:
    if path.is_dir():
        raise BadFile(f"'{path}' is a folder; choose one file in it.")
    if not path.exists():
        raise BadFile(f"'{path}' does not exist; check the name.")
    chosen = named_format(format) if format else recognized(path)
    content: Content = chosen.read(path, around)
    return content


def _write(path: Path, content: Content, format: str | None, around: Around) -> Format:
    holds = Holds.POINTS if isinstance(content, Spine) else Holds.MASKS
    chosen = named_format(format) if format else _format_for(path, holds)
    if chosen.holds is not holds:
        raise VertebraError(_refusal(chosen))
    if chosen.write is None:
        raise VertebraError(f"{chosen.title} is only read; write Slicer markups (.mrk.json).")
    chosen.write(path, content, around)
    return chosen


def recognized(path: Path) -> Format:
    """The format of an existing file, by its ending and, where that is shared, its content."""
    name = path.name.lower()
    if name.endswith((".spine.json", ".mrk.json")) or not name.endswith((".json", ".dcm")):
        return _by_ending(path)
    return named_format(_kind_of_dicom(path) if name.endswith(".dcm") else _kind_of_json(path))


def _by_ending(path: Path) -> Format:
    """The format with the longest ending that fits."""
    name = path.name.lower()
    fitting = [(end, each) for each in formats() for end in each.endings if name.endswith(end)]
    if not fitting:
        endings = ", ".join(dict.fromkeys(end for each in formats() for end in each.endings))
        raise VertebraError(
            f"'{path.name}' is of no known format; use one of the endings {endings}, or name the "
            "format."
        )
    return max(fitting, key=lambda found: len(found[0]))[1]


def _format_for(path: Path, holds: Holds) -> Format:
    """The format to write, by the ending; .dcm is a report for points and a SEG for masks."""
    chosen = _by_ending(path)
    if chosen.endings == (".dcm",):
        return named_format("dicom-points" if holds is Holds.POINTS else "dicom-seg")
    return chosen


def _kind_of_json(path: Path) -> str:
    document = read_json(path)
    if isinstance(document, dict):
        return "markups" if "markups" in document else "spine"
    first = document[0] if isinstance(document, list) and document else None
    if not isinstance(first, dict):
        raise BadFile(f"'{path}' is no list of points that Vertebra knows; choose another file.")
    if str(first.get("format", "")).startswith("POI"):
        return "tptbox"
    return verse.variant_of(path).value


def _kind_of_dicom(path: Path) -> str:
    pydicom = require("pydicom")
    with readable(path, "DICOM file"):
        modality = pydicom.dcmread(path, stop_before_pixels=True).get("Modality")
    if modality not in ("SEG", "SR"):
        raise BadFile(f"'{path}' is a DICOM {modality}, not a SEG or SR; choose a result.")
    return "dicom-seg" if modality == "SEG" else "dicom-points"


def _refusal(chosen: Format) -> str:
    if chosen.holds is Holds.POINTS:
        return (
            f"{chosen.title} holds body centres, which masks do not tell: their centre of mass "
            "lies about 12 mm behind; convert the points of the result instead."
        )
    return f"{chosen.title} holds masks, but there are only points; choose a format of points."


def _lost(spine: Spine, written: Spine, chosen: Format) -> tuple[str, ...]:
    """What a format did not keep: levels, or what is known of the vertebrae."""
    notes = []
    missing = [str(level) for level in spine.levels if level not in written.levels]
    if missing:
        notes.append(f"{chosen.title} does not hold {', '.join(missing)}: left out.")
    kept = {_known(vertebra) for vertebra in written}
    if any(_known(each) not in kept for each in spine if each.level in written.levels):
        notes.append(f"{chosen.title} does not keep all that is known of each vertebra.")
    return tuple(notes)


def _not_taken_along(unread: list[str]) -> tuple[str, ...]:
    return (f"Not taken along: {', '.join(unread)}.",) if unread else ()


def _known(vertebra: Vertebra) -> Vertebra:
    """A vertebra apart from its place and number."""
    return replace(vertebra, centroid=(0.0, 0.0, 0.0), instance=0)


def _maybe(path: Path | str | None) -> Path | None:
    return None if path is None else Path(path)
