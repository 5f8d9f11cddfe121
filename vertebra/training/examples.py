"""What is learned from: scans with their true spines, synthetic or from a VerSe-style folder."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from ..errors import VertebraError
from ..spine import Spine
from ..volume import Volume

PHANTOMS = "phantoms"


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
    if data.split(":")[0] != PHANTOMS:
        yield from _verse_recipes(Path(data))
        return
    seed = _seed(data)
    for number in range(seed, seed + count):
        yield _phantom_recipe(number, spacing)


def phantom_name(seed: int) -> str:
    """The name of a synthetic scan."""
    return f"phantom-{seed:07d}"


def phantom(seed: int, spacing: float) -> Example:
    """The synthetic scan of a seed; every other one shows the whole spine."""
    from ..phantom.scan import make_case

    case = make_case(seed, spacing=spacing, region="spine" if seed % 2 else None)
    return Example(phantom_name(seed), case.volume, case.spine)


def _verse_recipes(folder: Path) -> Iterator[Recipe]:
    """The cases of a VerSe-style folder that have both a CT and centroids."""
    from ..exchange.verse_folder import Case, read_cases

    def recipe(case: Case) -> Recipe:
        return case.name, lambda: Example(case.name, case.volume(), case.spine())

    complete = [case for case in read_cases(folder) if case.ct and case.centroids]
    if not complete:
        raise VertebraError(
            f"'{folder}' has no case with both a CT and centroids (*_ctd.json) to learn from."
        )
    yield from map(recipe, complete)


def _phantom_recipe(seed: int, spacing: float) -> Recipe:
    return phantom_name(seed), lambda: phantom(seed, spacing)


def _seed(data: str) -> int:
    text = data.partition(":")[2] or "1000000"
    if not text.isdigit():
        raise VertebraError(f"'{data}' does not name phantoms; write phantoms or phantoms:SEED.")
    return int(text)
