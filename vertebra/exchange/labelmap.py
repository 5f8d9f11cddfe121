"""Plain label maps (NIfTI, NRRD, MetaImage), whose numbers mean a level by some scheme.

Which scheme is told by a person, by a file of names beside the map (`<name>.labels.json`) or by
VerSe's way to name masks. Otherwise it is recognized only if exactly one scheme fits numbers and
anatomy; it is never guessed.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path

import numpy as np
from scipy import ndimage

from ..anatomy import SCHEMES, Level
from ..anatomy import level as level_of
from ..errors import BadFile, VertebraError
from ..runtime import write_text
from ..spine import Spine
from ..volume import LabelMap, read_label_map, write_label_map
from .masks import instances_in, levels_of, named, structure_level
from .parsing import read_json
from .points import unique_levels

ENDINGS = (".nii.gz", ".nii", ".nrrd", ".mha", ".mhd", ".nhdr")
VERSE_MASK = "_seg-vert_msk.nii.gz"
"""The end of the names that VerSe, TPTBox and SPINEPS give to their masks."""

_PREFIXES = {"totalsegmentator": "vertebrae_", "totalsegmentator_pp": "vertebrae_"}


def write(
    path: Path | str, masks: LabelMap, spine: Spine | None = None, scheme: str = "verse"
) -> Path:
    """Write a label map with the numbers of a scheme, and the file of names beside it."""
    levels = levels_of(masks, spine)
    unique_levels(levels.values(), "a label map")
    numbers = numbers_of(scheme)
    for level in levels.values():
        if level.name not in numbers:
            raise VertebraError(
                f"{level} has no number in the scheme '{scheme}'; choose the scheme verse."
            )
    prefix = _PREFIXES.get(scheme, "")
    names = {prefix + level.name: numbers[level.name] for level in sorted(levels.values())}
    names = _names_of_neighbours(Path(path), scheme) | names
    renumbered = masks.renumbered({one: numbers[level.name] for one, level in levels.items()})
    made_by = f"{spine.provenance.software} {spine.provenance.method}".strip() if spine else ""
    write_label_map(renumbered, path, made_by=made_by)
    write_text(names_path(path), json.dumps({"scheme": scheme, "labels": names}, indent=1) + "\n")
    return Path(path)


def read(path: Path | str, scheme: str | None = None) -> LabelMap:
    """The vertebrae of a label map; `source` says how its numbers were understood."""
    path = Path(path)
    masks = read_label_map(path)
    if scheme is not None:
        numbers, how = _by_number(numbers_of(scheme)), f"numbers of {scheme}"
    elif names_path(path).exists():
        numbers = _read_names(names_path(path))
        how = f"names from {names_path(path).name}"
    elif path.name.endswith(VERSE_MASK):
        numbers, how = _by_number(numbers_of("verse")), "numbers of verse, as its name says"
    else:
        scheme = recognized_scheme(masks, path)
        numbers, how = _by_number(numbers_of(scheme)), f"recognized as numbers of {scheme}"
    present = instances_in(masks)
    levels = {number: numbers[number] for number in present if number in numbers}
    if present and not levels:
        raise BadFile(f"'{path}' holds no vertebra by the {how}; choose another scheme.")
    unique_levels(levels.values(), f"'{path}'")
    left_out = [str(number) for number in present if number not in numbers]
    if left_out:
        how += f"; left out as no vertebrae: {', '.join(left_out)}"
    renumbered = masks.renumbered({number: level.verse for number, level in levels.items()})
    names = named({level.verse: level for level in levels.values()})
    return LabelMap(renumbered.voxels, masks.grid, names, f"{path} ({how})")


def recognized_scheme(masks: LabelMap, path: Path | str = "the label map") -> str:
    """The only scheme that fits: all numbers are levels, and they run from head to tail."""
    present = instances_in(masks)
    if not present:
        return "verse"
    if present == list(range(1, len(present) + 1)):
        raise BadFile(
            f"'{path}' uses the numbers 1 to {len(present)}, which may be a plain count; "
            f"say which scheme they are of: {', '.join(SCHEMES)}."
        )
    heights = _heights(masks)
    fitting: dict[tuple[str, ...], str] = {}
    for scheme in SCHEMES:
        by_number = _by_number(numbers_of(scheme))
        if all(number in by_number for number in present):
            levels = {number: by_number[number] for number in present}
            down = sorted(present, key=lambda number: levels[number])
            if all(heights[upper] > heights[lower] for upper, lower in pairwise(down)):
                fitting.setdefault(tuple(level.name for level in levels.values()), scheme)
    if len(fitting) != 1:
        fault = "fit several schemes" if fitting else "fit no scheme"
        raise BadFile(
            f"The numbers in '{path}' {fault}; say which one they are of: {', '.join(SCHEMES)}."
        )
    return next(iter(fitting.values()))


def numbers_of(scheme: str) -> Mapping[str, int]:
    """The label numbers of a scheme by level name."""
    if scheme not in SCHEMES:
        raise VertebraError(f"There is no scheme '{scheme}'; choose one of {', '.join(SCHEMES)}.")
    return SCHEMES[scheme]


def names_path(path: Path | str) -> Path:
    """The file of names that belongs to a label map."""
    path = Path(path)
    ending = next((end for end in ENDINGS if path.name.lower().endswith(end)), path.suffix)
    return path.with_name(path.name[: len(path.name) - len(ending)] + ".labels.json")


def _names_of_neighbours(path: Path, scheme: str) -> dict[str, int]:
    """The names of maps that share the file of names, whose numbers must not change their meaning.

    They are `a.nii.gz` and `a.nrrd`; a segmentation, `a.seg.nrrd`, has its names in itself.
    """
    file = names_path(path)
    stem = file.name.removesuffix(".labels.json")
    names = [stem + ending for ending in ENDINGS if not (stem + ending).endswith(".seg.nrrd")]
    others = [name for name in names if name != path.name and path.with_name(name).is_file()]
    document = read_json(file) if others and file.exists() else None
    if isinstance(document, dict) and document.get("scheme") == scheme:
        labels: dict[str, int] = document.get("labels", {})
        return labels
    verse = scheme == "verse" and not file.exists()
    for name in others:
        if not (verse and name.endswith(VERSE_MASK)):
            raise VertebraError(
                f"'{name}' lies beside '{path.name}' and would be read by the same '{file.name}', "
                "but its numbers may mean other levels; give the new file another name."
            )
    return {}


def _by_number(numbers: Mapping[str, int]) -> dict[int, Level]:
    return {number: level_of(name) for name, number in numbers.items()}


def _read_names(path: Path) -> dict[int, Level]:
    """The levels in a file of names: {"labels": {"L1": 20}}; other structures are passed over."""
    document = read_json(path)
    labels = document.get("labels") if isinstance(document, dict) else None
    if not isinstance(labels, dict) or not all(isinstance(n, int) for n in labels.values()):
        raise BadFile(f"'{path}' has no entry \"labels\" of names and numbers; correct it.")
    if len(set(labels.values())) < len(labels):
        raise BadFile(f"'{path}' gives one number two names; correct it.")
    levels = {number: structure_level(name) for name, number in labels.items()}
    return {number: level for number, level in levels.items() if level is not None}


def _heights(masks: LabelMap) -> dict[int, float]:
    """How high in the patient the middle of each number's box lies, mm."""
    heights = {}
    for number, box in enumerate(ndimage.find_objects(masks.voxels), start=1):
        if box is not None:
            middle = np.array([(span.start + span.stop - 1) / 2 for span in box])
            heights[number] = float(masks.grid.to_world(middle)[2])
    return heights
