"""What is learned from: scans with their true spines, synthetic or from a VerSe-style folder."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..errors import VertebraError
from ..spine import Spine
from ..volume import Volume, read_volume

PHANTOMS = "phantoms"
CT_ENDINGS = ("_ct.nii.gz", "_ct.nii")


@dataclass(frozen=True, eq=False)
class Example:
    """A scan and the true centres and levels of its vertebrae."""

    name: str
    volume: Volume
    spine: Spine


Recipe = tuple[str, Callable[[], Example]]
"""An example's name, and how to get it."""


def recipes(data: str, count: int, spacing: float) -> Iterator[Recipe]:
    """The examples of "phantoms", of "phantoms:SEED", or of a folder laid out as VerSe's.

    `count` is how many phantoms to make, and at which voxel size (mm).
    """
    if data.split(":")[0] == PHANTOMS:
        seed = _seed(data)
        for number in range(seed, seed + count):
            yield f"phantom-{number:07d}", lambda number=number: phantom(number, spacing)  # type: ignore[misc]
    else:
        for ct, centroids in verse_pairs(Path(data)):
            name = ct.name.split(".")[0]
            yield name, lambda ct=ct, centroids=centroids: verse_example(ct, centroids)  # type: ignore[misc]


def phantom(seed: int, spacing: float) -> Example:
    """The synthetic scan of a seed; every other one shows the whole spine."""
    from ..phantom.scan import make_case

    case = make_case(seed, spacing=spacing, region="spine" if seed % 2 else None)
    return Example(f"phantom-{seed:07d}", case.volume, case.spine)


def verse_example(ct: Path, centroids: Path) -> Example:
    """A CT with the centroid file that belongs to it."""
    from ..exchange import verse

    volume = read_volume(ct)
    return Example(ct.name.split(".")[0], volume, verse.read(centroids, volume.grid))


def verse_pairs(folder: Path) -> Sequence[tuple[Path, Path]]:
    """The CTs of a VerSe-style folder, each with its centroid file (`*_ctd.json`).

    CTs lie in `rawdata/SUBJECT`, centroids in `derivatives/SUBJECT`; the names of both begin alike.
    """
    if not folder.is_dir():
        raise VertebraError(
            f"'{folder}' is not a folder with training data; give one laid out as VerSe's, "
            "or 'phantoms'."
        )
    found = []
    for ct in sorted(folder.rglob("*")):
        if ct.name.endswith(CT_ENDINGS) and "rawdata" in ct.parts:
            stem = ct.name.rsplit("_ct.", 1)[0]
            parts = ["derivatives" if part == "rawdata" else part for part in ct.parent.parts]
            beside = sorted(Path(*parts).glob(f"{stem}_*ctd.json"))
            found += [(ct, centroids) for centroids in beside[:1]]
    if not found:
        raise VertebraError(
            f"'{folder}' has no CT in rawdata/ with a *_ctd.json in derivatives/; "
            "lay it out as VerSe's."
        )
    return found


def _seed(data: str) -> int:
    text = data.partition(":")[2] or "1000000"
    if not text.isdigit():
        raise VertebraError(f"'{data}' does not name phantoms; write phantoms or phantoms:SEED.")
    return int(text)
