"""How patches move through a scan, from vertebra to vertebra; any network can do the looking.

It ends for every input: each place of the search is visited once at most, each vertebra takes
a limited number of looks, and each new vertebra takes voxels that no other has.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import product
from math import dist

import numpy as np
from numpy.typing import NDArray

from ...errors import VertebraError
from ...runtime import Progress
from ...spine import Point
from ...volume import Volume
from ...volume.resampling import AIR
from .events import Event, Found, Listener, Step
from .instances import Fragment, Instance, cleaned
from .rules import Direction, Rules
from .windows import Index, Window

Spot = NDArray[np.float64]
"""A point in voxels."""
SegmentPatch = Callable[
    [NDArray[np.float32], NDArray[np.bool_], Spot | None], tuple[NDArray[np.float32], float]
]
"""From a patch (HU), its memory and the wanted vertebra's point, if known, in the patch's voxels,
to voxel probabilities and that of complete visibility."""

MOST_VERTEBRAE = 80
"""A search may take every rib for a vertebra, too; those are dropped in the end."""
BRIEF = 10
"""A brief run takes what lies no more than so many times delta_max off the middle of a patch."""
GLANCES = 3
"""So many looks at most are taken at a box before the whole patch is looked at."""
TOLD_AGAIN = 4
"""So many times at most a network is told where the body is that it has found."""
ASKEW = 4
"""A box shows a vertebra well so many times delta_max off its middle."""
BONE = 100
"""Where no voxel reaches this (HU), there is no bone to look for."""


class Traversal:
    """One pass through an upright scan, with the memory of the vertebrae found so far."""

    def __init__(
        self,
        volume: Volume,
        segment_patch: SegmentPatch,
        rules: Rules,
        on_event: Listener | None = None,
        progress: Progress | None = None,
    ) -> None:
        self.volume = volume
        self.rules = rules
        self.memory = np.zeros(volume.grid.shape, np.bool_)
        self.instances: list[Instance] = []
        self._segment_patch = segment_patch
        self._tell: Callable[[Event], None] = on_event or (lambda _: None)
        self._progress = progress or Progress()
        self._fraction = 0.0
        self._lost: Fragment | None = None
        """What the last visit that found nothing had seen before."""

    def run(self, *, brief: bool = False) -> Iterator[Instance]:
        """Search for the first vertebra, follow the spine to its end, and search on from there.

        Each vertebra is in the memory when it is given. A brief run, to which only places matter,
        does not move on to a vertebra that a patch already shows whole.

        Something that is seen from afar only, and not from near by, may hide all that comes after
        it. So what no vertebra turned out to hold goes into the memory, too, and the search is
        taken up again from where it was seen.
        """
        places = search_places(self.volume.grid.shape, self.rules)
        lost: list[tuple[Index, Fragment]] = []
        yield from self._search(places, brief, lost)
        again = [(place, seen) for place, seen in lost if self._is_new(seen)]
        for _, seen in again:
            self.remember(seen.window, seen.mask)
        yield from self._search([place for place, _ in again], brief, [])

    def _search(
        self, ahead: list[Index], brief: bool, lost: list[tuple[Index, Fragment]]
    ) -> Iterator[Instance]:
        """Search from places on, in their order; what was lost sight of goes to the others."""
        while ahead:
            here = ahead.pop(0)
            for found in self.follow(here, slack=BRIEF if brief else 0):
                yield found
                here = found.centre
                ahead = [place for place in ahead if not self._behind(place, here)]
            if self._lost is not None:
                lost.append((here, self._lost))

    def follow(self, start: Index, *, slack: int = 0) -> Iterator[Instance]:
        """The vertebra that comes first at a start, and those after it as far as they go."""
        self._lost = None
        while self._may_hold_bone(start):
            found = self.track(start, slack=slack)
            if found is None:
                return
            self._lost = None
            self.keep(found)
            yield found
            start = found.centre

    def track(
        self, start: Sequence[int], *, slack: int = 0, point: Spot | None = None
    ) -> Instance | None:
        """Move from `start` to the vertebra that comes first there, until the patch stays in place.

        With a `slack`, a look is the last one, be it the first, if it shows all of the vertebra, so
        many times delta_max or less off the patch's middle. The network may be told a point in the
        vertebra's body. Nothing is returned where no fragment is large enough.
        """
        found = self._converged(start, slack, point)
        return found and self._told_again(found, point, self.rules.whole)

    def _converged(self, start: Sequence[int], slack: int, point: Spot | None) -> Instance | None:
        number = len(self.instances) + 1
        before: Index | None = None
        i, j, k = start
        here: Index = i, j, k
        ahead: dict[Index, Index] = {}
        looks = 0
        fragment = self._lost = None
        for _ in range(self.rules.iterations):
            settled = before is not None and self._near(here, before)
            # another look at the same patch would show the same: many go round in a circle
            if settled or here not in ahead:
                looks += 1
                self._lost, fragment = fragment, self.look(here, number, looks, point)
                if fragment is None:
                    return None
                ahead[here] = fragment.centre
                free = 0 if any(fragment.cut) else slack
                if settled or self._near(fragment.centre, here, times=free):
                    return Instance.of(number, fragment, converged=True, steps=looks)
            before, here = here, ahead[here]
        # x_{t+1} = [(x_t + x_{t-1}) / 2]
        middle = [(a + b) // 2 for a, b in zip(here, before or here)]
        self._lost, fragment = fragment, self.look(middle, number, looks + 1, point)
        if fragment is None:
            return None
        return Instance.of(number, fragment, converged=False, steps=looks + 1)

    def glance(self, start: Sequence[int], shape: Index, point: Spot | None) -> Instance | None:
        """The vertebra in a box of known size, which is moved to the middle of what it shows.

        If a few looks do not show all of it about the middle of the box, the whole patch decides.
        """
        number = len(self.instances) + 1
        i, j, k = start
        here: Index = i, j, k
        for looks in range(1, GLANCES + 1):
            fragment = self.look(here, number, looks, point, shape)
            if fragment is None:
                break
            if not self._cut_off(fragment, shape) and self._near(
                fragment.centre, here, times=ASKEW
            ):
                found = Instance.of(number, fragment, converged=True, steps=looks)
                return self._told_again(found, point, shape)
            if fragment.centre == here:
                break
            here = fragment.centre
        return self.track(here, slack=1, point=point)

    def _told_again(self, found: Instance, point: Spot | None, shape: Index) -> Instance:
        """What the network sees once it is told where the body is that it has found.

        It may have taken one vertebra's body for another's arch; told of the body, it seldom does.
        """
        if self.rules.strayed is None:
            return found
        for _ in range(TOLD_AGAIN):
            body = found.body_centre(float(self.volume.grid.spacing[0]))
            if point is not None and np.linalg.norm(body - point) <= self.rules.strayed:
                break
            point = body
            looks = found.steps + 1
            fragment = self.look(found.centre, found.number, looks, point, shape)
            if fragment is None or self._cut_off(fragment, shape):
                break
            found = Instance.of(found.number, fragment, converged=found.converged, steps=looks)
        return found

    def look(
        self,
        centre: Sequence[int],
        number: int,
        iteration: int,
        point: Spot | None = None,
        shape: Index | None = None,
    ) -> Fragment | None:
        """The fragment of the next vertebra in the patch around a centre, if large enough.

        Of the patch, no more is looked at than a `shape`, if one is given.
        """
        window = Window.around(centre, shape or self.rules.whole)
        patch = window.cut(self.volume.voxels, AIR).astype(np.float32)
        memory = window.cut(self.memory, False)
        probabilities, completeness = self._segment_patch(
            patch, memory, None if point is None else point - window.start
        )
        mask = self._fresh(probabilities, memory, window)
        voxels = int(mask.sum())
        enough = voxels >= self.rules.least
        self._tell(self._step(centre, window, number, iteration, voxels if enough else 0))
        self._report(centre)
        if not enough:
            return None
        sure = float(np.clip(np.nan_to_num(completeness), 0, 1))
        return Fragment(window, mask, probabilities, sure)

    def keep(self, instance: Instance) -> None:
        """Add a vertebra, complete or not, to the memory and to the list of instances."""
        if len(self.instances) == MOST_VERTEBRAE:
            raise VertebraError(
                f"More than {MOST_VERTEBRAE} vertebrae were found; this model does not fit this "
                "scan: choose another model, or give points to start from."
            )
        self.instances.append(instance)
        self.remember(instance.window, instance.mask)
        self._tell(Found(self._world(instance.centre), instance))

    def remember(self, window: Window, mask: NDArray[np.bool_]) -> None:
        """Add voxels to the memory."""
        there, here = window.overlap(self.memory.shape)
        self.memory[there] |= mask[here]

    def _fresh(
        self, probabilities: NDArray[np.float32], memory: NDArray[np.bool_], window: Window
    ) -> NDArray[np.bool_]:
        """The segmented voxels inside the scan; none if most of them belong to a vertebra done."""
        predicted = np.zeros(probabilities.shape, np.bool_)
        _, inside = window.overlap(self.memory.shape)
        predicted[inside] = probabilities[inside] > 0.5
        fresh: NDArray[np.bool_] = predicted & ~memory
        if 2 * fresh.sum() < predicted.sum():
            return np.zeros_like(fresh)
        return cleaned(fresh)

    def _is_new(self, fragment: Fragment) -> bool:
        """Is most of a fragment of no vertebra yet?"""
        taken = fragment.window.cut(self.memory, False) & fragment.mask
        return bool(2 * taken.sum() < fragment.mask.sum())

    def _cut_off(self, fragment: Fragment, shape: Index) -> bool:
        """Does a fragment reach a side at which a box is shorter than a whole patch?"""
        return any(cut and size < self.rules.patch for cut, size in zip(fragment.cut, shape))

    def _near(self, one: Sequence[int], other: Sequence[int], times: int = 1) -> bool:
        """Are two places no further apart than delta_max, or so many times that, on any axis?"""
        return all(abs(a - b) <= times * self.rules.tolerance for a, b in zip(one, other))

    def _behind(self, place: Index, here: Index) -> bool:
        """Does a place of the search lie where the traversal has been already?"""
        margin = self.rules.step / 2
        if self.rules.direction is Direction.DOWN:
            return place[2] > here[2] + margin
        return place[2] < here[2] - margin

    def _may_hold_bone(self, place: Index) -> bool:
        there, _ = Window.around(place, self.rules.whole).overlap(self.memory.shape)
        return bool(self.volume.voxels[there].max(initial=AIR) >= BONE)

    def _step(
        self, centre: Sequence[int], window: Window, number: int, iteration: int, voxels: int
    ) -> Step:
        spacing = float(self.volume.grid.spacing[0])
        width, depth, height = (spacing * size for size in window.shape)
        return Step(self._world(centre), (width, depth, height), number, iteration, voxels)

    def _world(self, index: Sequence[int]) -> Point:
        x, y, z = (float(value) for value in self.volume.grid.to_world(index))
        return x, y, z

    def _report(self, centre: Sequence[int]) -> None:
        share = (centre[2] + 0.5) / self.volume.grid.shape[2]
        done = share if self.rules.direction is Direction.UP else 1 - share
        self._fraction = max(self._fraction, min(1.0, done))
        found = len(self.instances)
        self._progress.report(self._fraction, f"Segmenting: {found} vertebrae so far")


def search_places(shape: Sequence[int], rules: Rules) -> list[Index]:
    """The centres of the sliding search: half a patch apart, the first end of the spine first.

    At each height it begins in the middle, where spines mostly are, and not at the ribs.
    """
    along = [_centres(size, rules) for size in shape]
    heights = along[2] if rules.direction is Direction.UP else along[2][::-1]
    middle = [size / 2 for size in shape[:2]]
    level = sorted(product(along[0], along[1]), key=lambda place: dist(place, middle))
    return [(i, j, k) for k in heights for i, j in level]


def _centres(size: int, rules: Rules) -> list[int]:
    """Centres along one axis whose patches cover it; one in the middle where one is enough."""
    if size <= rules.patch:
        return [size // 2]
    first, last = rules.patch // 2, size - rules.patch + rules.patch // 2
    count = int(np.ceil((last - first) / rules.step)) + 1
    return [int(c) for c in np.rint(np.linspace(first, last, count))]
