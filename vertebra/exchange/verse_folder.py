"""A whole VerSe data set as cases: the folders rawdata/ and derivatives/ of 2019 and 2020.

File names are lists of entities (`sub-gl003_dir-ax_seg-vert_msk.nii.gz`); what they have in common
without `seg` names the case. CTs may be absent.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ..errors import BadFile, VertebraError
from ..spine import Spine
from ..volume import Grid, LabelMap, Volume, nifti, read_volume
from . import labelmap, verse, verse_conflicts

_KINDS = {"ct.nii.gz": "ct", "msk.nii.gz": "mask", "ctd.json": "centroids"}


@dataclass(frozen=True)
class Case:
    """One scan of the data set and the files there are for it."""

    name: str
    dataset: Path
    ct: Path | None = None
    mask: Path | None = None
    centroids: Path | None = None

    @property
    def subject(self) -> str:
        """The patient, who may have several scans: keep them in one part of a split."""
        return self.name.split("_")[0]

    @property
    def grid(self) -> Grid:
        """The grid of the CT or, where that is absent, of the mask; read from the header."""
        return nifti.read_header(self._need(self.ct or self.mask, "neither a CT nor a mask")).grid

    def volume(self) -> Volume:
        """The CT."""
        return read_volume(self._need(self.ct, "no CT"))

    def masks(self) -> LabelMap:
        """The vertebrae's masks."""
        return labelmap.read(self._need(self.mask, "no mask"), scheme="verse")

    def spine(self) -> Spine:
        """The body centres."""
        path = self._need(self.centroids, "no centroids")
        return verse.read(path, self.grid, verse.Variant.VOXELS)

    def conflicts(self) -> tuple[str, ...]:
        """Where the files of this case contradict each other, in sentences."""
        if self.mask is None or self.centroids is None:
            return ()
        masks = self.masks()
        found = verse_conflicts.conflicts(self.centroids, masks)
        if self.ct is not None and not self.grid.same_as(masks.grid, tolerance=0.01):
            found += (f"{self.name}: the CT and the mask lie on different grids.",)
        return found

    def _need(self, path: Path | None, missing: str) -> Path:
        if path is None:
            raise VertebraError(f"The case {self.name} has {missing}; download that file too.")
        return path


def read_cases(folder: Path | str) -> list[Case]:
    """All cases below a folder, by name; nothing is read yet but the names."""
    folder = Path(folder)
    if not folder.is_dir():
        raise BadFile(f"'{folder}' is not a folder; give the folder that VerSe was unpacked into.")
    files: dict[tuple[Path, str], dict[str, Path]] = {}
    for path in sorted(folder.rglob("sub-*")):
        *entities, kind = path.name.split("_")
        if kind not in _KINDS or path.is_dir():
            continue
        name = "_".join(entity for entity in entities if not entity.startswith("seg-"))
        case = files.setdefault((_dataset(path), name), {})
        if _KINDS[kind] in case:
            raise BadFile(f"'{path}' is the second {kind} of its case {name}; remove one of them.")
        case[_KINDS[kind]] = path
    if not files:
        raise BadFile(f"'{folder}' has no case of VerSe below it; look for rawdata/derivatives.")
    return [Case(name, dataset, **found) for (dataset, name), found in sorted(files.items())]


def _dataset(path: Path) -> Path:
    """The folder that holds rawdata/ and derivatives/, such as dataset-01training."""
    for parent in path.parents:
        if parent.name in ("rawdata", "derivatives"):
            return parent.parent
    return path.parent
