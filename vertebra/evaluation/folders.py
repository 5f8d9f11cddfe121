"""Pairs the files of references and predictions by the names of their scans.

`sub-verse004_seg-vert_msk.nii.gz`, `sub-verse004.spine.json` and `sub-verse004/vertebrae.nii.gz`
all belong to the scan `sub-verse004`: what a name says about the kind of file does not count.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import overload

import numpy as np

from ..errors import BadFile, VertebraError
from ..exchange import Format, Holds, formats, read, recognized
from ..exchange.labelmap import ENDINGS as IMAGE_ENDINGS
from ..spine import Spine
from ..volume import Grid, LabelMap, read_volume
from .cases import Annotation, Case

_KIND = (
    r"(?:seg-[a-z]+|ct|cts|image|img|msk|mask|masks|seg|segmentation|label|labels|vert|vertebra"
    r"|vertebrae|ctd|centroids|points|poi|spine|iso|iso-ctd|pred|prediction|ref|reference)"
)
_KINDS_AT_END = re.compile(rf"(?:(?:^|[_.\-]){_KIND})+$", re.IGNORECASE)
_IS_CT = re.compile(r"(?:^|[_.\-])(?:ct|image|img)$", re.IGNORECASE)

_FULLEST = {"points": ".spine.json", "mask": ".seg.nrrd"}
"""Which of the formats that `label` and `segment` write a result in is compared, by its ending."""


@dataclass(frozen=True)
class Files:
    """The files of one scan on one side, and which of several were taken."""

    points: Path | None = None
    mask: Path | None = None
    ct: Path | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class PairedCases(Sequence[Case]):
    """Cases that are read when they are asked for; `unused` names predictions without reference."""

    references: Mapping[str, Files]
    predictions: Mapping[str, Files]
    images: Mapping[str, Files] = field(default_factory=dict)
    reference_scheme: str | None = None
    prediction_scheme: str | None = None

    @property
    def names(self) -> list[str]:
        """The scans that have a reference."""
        return sorted(name for name, files in self.references.items() if files.points or files.mask)

    @property
    def unused(self) -> list[str]:
        """Predictions that no reference belongs to."""
        predicted = {name for name, files in self.predictions.items() if files.points or files.mask}
        return sorted(predicted - set(self.names))

    def __len__(self) -> int:
        return len(self.names)

    @overload
    def __getitem__(self, index: int) -> Case: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Case]: ...
    def __getitem__(self, index: int | slice) -> Case | Sequence[Case]:
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        return self._case(self.names[index])

    def _case(self, name: str) -> Case:
        truth, found = self.references[name], self.predictions.get(name, Files())
        image = self.images.get(name, Files())
        ct_path = image.ct or truth.ct or found.ct or image.mask
        try:
            ct = None if ct_path is None else read_volume(ct_path)
            grid = None if ct is None else ct.grid
            reference = _annotation(truth, grid, self.reference_scheme)
        except VertebraError as error:
            return Case(name, Annotation(), Annotation(), fault=str(error))
        grid = reference.mask.grid if grid is None and reference.mask else grid
        notes = tuple(dict.fromkeys((*truth.notes, *found.notes)))
        try:
            prediction, fault = _annotation(found, grid, self.prediction_scheme), ""
        except VertebraError as error:
            prediction, fault = Annotation(), str(error)
        return self._with_missing(Case(name, reference, prediction, ct, notes, fault))

    def _with_missing(self, case: Case) -> Case:
        """A scan that was left out counts as missed where other scans have points or masks."""
        reference, prediction = case.reference, case.prediction
        if prediction.spine is None and any(each.points for each in self.predictions.values()):
            prediction = replace(prediction, spine=Spine())
        if (
            prediction.mask is None
            and reference.mask is not None
            and any(each.mask for each in self.predictions.values())
        ):
            prediction = replace(prediction, mask=_empty(reference.mask.grid))
        if prediction is case.prediction:
            return case
        note = "The prediction lacks a file of points or masks: counted as missed."
        if case.fault:
            note = f"The prediction cannot be read, counted as missed: {case.fault}"
        return replace(case, prediction=prediction, notes=(*case.notes, note))


def paired_cases(
    references: Path | str,
    predictions: Path | str,
    *,
    images: Path | str | None = None,
    reference_scheme: str | None = None,
    prediction_scheme: str | None = None,
) -> PairedCases:
    """The cases of two folders, or of two files of one scan; `images` holds the CTs to draw on.

    A scheme says what the numbers of plain label maps mean where the files do not tell.
    """
    truth, found = Path(references), Path(predictions)
    for path in (truth, found):
        if not path.exists():
            raise BadFile(f"'{path}' does not exist; check the name.")
    if truth.is_file() != found.is_file():
        raise VertebraError("Give two folders or two files: a reference and a prediction.")
    if truth.is_file():
        name = scan_name(truth)
        ours, theirs = {name: _single(truth)}, {name: _single(found)}
    else:
        ours, theirs = files_in(truth), files_in(found)
    pictures = {} if images is None else _images(Path(images), ours)
    cases = PairedCases(ours, theirs, pictures, reference_scheme, prediction_scheme)
    if not cases:
        raise BadFile(f"'{truth}' holds no points or masks that Vertebra reads.")
    if not set(cases.names) & set(theirs):
        raise VertebraError(
            f"No prediction in '{found}' has the name of a scan in '{truth}', such as "
            f"'{cases.names[0]}'; name the files after their scans."
        )
    if images is not None and not set(pictures) & set(ours):
        raise VertebraError(
            f"No CT in '{images}' has the name of a scan in '{truth}', such as "
            f"'{cases.names[0]}'; name the files after their scans."
        )
    return cases


def files_in(folder: Path) -> dict[str, Files]:
    """The points, masks and CTs below a folder, by scan."""
    found: dict[str, dict[str, list[Path]]] = {}
    for path in sorted(each for each in folder.rglob("*") if each.is_file()):
        kind = _kind_of(path)
        if kind is None or any(part.startswith(".") for part in path.relative_to(folder).parts):
            continue
        found.setdefault(scan_name(path), {}).setdefault(kind, []).append(path)
    return {name: _chosen(name, kinds) for name, kinds in found.items()}


def _chosen(name: str, kinds: Mapping[str, Sequence[Path]]) -> Files:
    """One file of each kind; of a result in several formats the one that tells most."""
    chosen: dict[str, Path] = {}
    notes: list[str] = []
    for kind, paths in kinds.items():
        fullest = [path for path in paths if path.name.lower().endswith(_FULLEST.get(kind, " "))]
        one_result = len(fullest) == 1 and len({path.parent for path in paths}) == 1
        if len(paths) > 1 and not one_result:
            raise BadFile(
                f"'{paths[0].name}' and '{paths[1].name}' are both the {kind} of {name}; keep one "
                "of them."
            )
        if len(paths) > 1:
            notes.append(f"Of the files with {kind}, '{fullest[0].name}' was taken.")
        chosen[kind] = fullest[0] if one_result else paths[0]
    return Files(**chosen, notes=tuple(notes))


def scan_name(path: Path) -> str:
    """The scan that a file belongs to.

    >>> scan_name(Path("sub-gl003_dir-ax_seg-vert_msk.nii.gz")), scan_name(Path("a7/ct.nii.gz"))
    ('sub-gl003_dir-ax', 'a7')
    """
    return _KINDS_AT_END.sub("", _stem(path)) or path.resolve().parent.name


def _stem(path: Path) -> str:
    """The name without its ending; endings such as `_ctd.json` keep the word."""
    name = path.name
    endings = {ending for each in formats() for ending in each.endings}
    for ending in sorted(endings, key=len, reverse=True):
        if name.lower().endswith(ending):
            return name[: len(name) - len(ending)] + ending.split(".")[0]
    return name.split(".")[0]


def _kind_of(path: Path) -> str | None:
    """Is a file in a folder points, a mask or a CT? `None` for anything else."""
    name = path.name.lower()
    if name.endswith(".dcm"):
        return None  # slices of a series; a SEG or SR is compared as a single file
    fitting = [(end, each) for each in formats() for end in each.endings if name.endswith(end)]
    if not fitting:
        return None
    _, chosen = max(fitting, key=lambda found: len(found[0]))
    if chosen.holds is Holds.POINTS:
        return "points"
    return "ct" if name.endswith(IMAGE_ENDINGS) and _IS_CT.search(_stem(path)) else "mask"


def _single(path: Path) -> Files:
    chosen: Format = recognized(path)
    return Files(points=path) if chosen.holds is Holds.POINTS else Files(mask=path)


def _images(path: Path, references: Iterable[str]) -> dict[str, Files]:
    """The CTs: one file for one scan, or a folder of files named after their scans."""
    if path.is_dir():
        return files_in(path)
    return {name: Files(ct=path) for name in references}


def _annotation(files: Files, grid: Grid | None, scheme: str | None) -> Annotation:
    mask = None if files.mask is None else read(files.mask, scheme=scheme)
    if isinstance(mask, Spine):
        raise BadFile(f"'{files.mask}' holds points where masks were expected.")
    around = grid if grid is not None or mask is None else mask.grid
    spine = None if files.points is None else read(files.points, grid=around)
    if isinstance(spine, LabelMap):
        raise BadFile(f"'{files.points}' holds masks where points were expected.")
    return Annotation(spine, mask)


def _empty(grid: Grid) -> LabelMap:
    return LabelMap(np.broadcast_to(np.uint8(0), grid.shape), grid)
