"""What is learned from: scans with their true spines, synthetic or from a VerSe-style folder."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import VertebraError
from ..spine import Spine
from ..volume import Volume, require_body_ct
from .preparing import FromFiles

if TYPE_CHECKING:
    from ..phantom.scan import Case
    from ..phantom.shapes.source import ShapeSource

PHANTOMS = "phantoms"
FIRST_SEED = 1_000_000


@dataclass(frozen=True, eq=False)
class Example:
    """A scan and the true centres and levels of its vertebrae."""

    name: str
    volume: Volume
    spine: Spine


Recipe = tuple[str, Callable[[], Example]]
"""An example's name, and how to get it."""


def recipes(
    data: str, count: int, spacing: float, shapes: ShapeSource | None = None
) -> Iterator[Recipe]:
    """The examples of "phantoms", of "phantoms:SEED", or of a folder laid out as VerSe's.

    `count` is how many phantoms to make, at which voxel size (mm), and of which shapes.
    """
    seeds = phantom_seeds(data, count)
    if seeds is None:
        yield from _verse_recipes(Path(data))
        return
    for seed in seeds:
        yield phantom_name(seed), partial(phantom, seed, spacing, shapes)


def phantom_seeds(data: str, count: int) -> range | None:
    """The seeds of "phantoms" or "phantoms:SEED"; nothing for a folder."""
    kind, _, text = data.partition(":")
    if kind != PHANTOMS:
        return None
    if text and not text.isdigit():
        raise VertebraError(f"'{data}' does not name phantoms; write phantoms or phantoms:SEED.")
    first = int(text or FIRST_SEED)
    return range(first, first + count)


def phantom_name(seed: int) -> str:
    """The name of a synthetic scan."""
    return f"phantom-{seed:07d}"


def phantom(seed: int, spacing: float, shapes: ShapeSource | None = None) -> Example:
    """The synthetic scan of a seed."""
    case = phantom_case(seed, spacing, shapes)
    return Example(phantom_name(seed), case.volume, case.spine)


def phantom_case(seed: int, spacing: float, shapes: ShapeSource | None = None) -> Case:
    """The synthetic scan of a seed with all that is known of it.

    Every other one shows the whole spine.
    """
    from ..phantom.scan import make_case

    region = "spine" if seed % 2 else None
    return make_case(seed, spacing=spacing, region=region, shapes=shapes)


def _verse_recipes(folder: Path) -> Iterator[Recipe]:
    """The cases of a VerSe-style folder that have both a CT and centroids."""
    from ..exchange import verse_folder

    def example(case: verse_folder.Case) -> Example:
        volume = case.volume()
        require_body_ct(volume)
        return Example(case.name, volume, case.spine())

    complete = [
        (case, (case.ct, case.centroids))
        for case in verse_folder.read_cases(folder)
        if case.ct and case.centroids
    ]
    if not complete:
        raise VertebraError(
            f"'{folder}' has no case with both a CT and centroids (*_ctd.json) to learn from."
        )
    for case, files in complete:
        yield case.name, FromFiles(files, partial(example, case))
