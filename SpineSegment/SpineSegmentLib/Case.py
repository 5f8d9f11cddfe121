"""What a person corrects: a spine and its masks, which every edit changes together."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from SpineLabelLib.scene import PARTIAL, Mask

from vertebra.errors import BadEdit
from vertebra.spine import Flag, Spine, Vertebra, refuse_locked
from vertebra.volume import Grid, LabelMap

Segments = Mapping[int, tuple[Vertebra, Mask | None]]
"""What the segments in the scene tell of each vertebra, and its voxels; none where it is empty."""


@dataclass(frozen=True, eq=False)
class Case:
    """A spine, and the masks of its vertebrae by instance; immutable, so undo is the one before.

    A vertebra without a point is flagged so, and its centre is that of its mask's thickest part.
    `moved` holds the vertebrae whose point was moved after their mask was made.
    """

    grid: Grid
    spine: Spine = field(default_factory=Spine)
    masks: Mapping[int, Mask] = field(default_factory=dict)
    moved: frozenset[int] = frozenset()

    def relabelled(self, change: Callable[[Spine], Spine]) -> Case:
        """The levels that an edit of the spine gives."""
        return replace(self, spine=change(self.spine))

    def deleted(self, instance: int) -> Case:
        """Without a vertebra's mask and point."""
        return replace(self, spine=self.spine.removed(instance))._unmasked(instance)

    def mergedWithNext(self, instance: int) -> Case:
        """One vertebra of this one and the one below; the upper one's level and point stay."""
        place = self.spine.place(instance)
        if place + 1 == len(self.spine):
            raise BadEdit("There is no vertebra below to merge with.")
        upper, lower = self.spine.vertebrae[place : place + 2]
        refuse_locked(upper, lower)
        whole = self._mask(instance).joined(self._mask(lower.instance))
        return self.deleted(lower.instance).withMask(instance, whole)

    def split(self, instance: int) -> Case:
        """A vertebra for each separate piece of a mask; the largest keeps level and point."""
        vertebra = self.spine.find(instance)
        refuse_locked(vertebra)
        pieces = self._mask(instance).pieces()
        highest = max([each.instance for each in self.spine] + list(self.masks))
        case = self.withMask(instance, pieces[0])
        for number, piece in enumerate(pieces[1:], start=highest + 1):
            added = replace(vertebra, instance=number, centroid=piece.body_centre(self.grid))
            case = case._with(added, piece)
        if not pieces[0].contains(self.grid, vertebra.centroid):
            centre = pieces[0].body_centre(self.grid)
            case = replace(case, spine=case.spine.moved(instance, centre))
        return case

    def segmentedAnew(self, judged: Vertebra, mask: Mask) -> Case:
        """With a new mask that spares its neighbours, and what it tells of the vertebra."""
        if judged.instance not in {each.instance for each in self.spine}:
            raise BadEdit(f"{judged.level} was deleted meanwhile; nothing was changed.")
        kept = self.spine.find(judged.instance)
        refuse_locked(kept)
        others = (each for number, each in self.masks.items() if number != judged.instance)
        spared = _sparing(mask, others)
        if spared is None:
            raise BadEdit(f"{judged.level} would lie within its neighbours; nothing was changed.")
        flags = (kept.flags & {Flag.CORRECTED, Flag.NO_POINT}) | (judged.flags - {Flag.NO_POINT})
        changed = replace(kept, completeness=judged.completeness, flags=flags)
        case = replace(self, spine=self.spine.with_vertebra(changed))
        moved = self.moved - {judged.instance}
        return replace(case.withMask(judged.instance, spared), moved=moved)

    def withMask(self, instance: int, mask: Mask) -> Case:
        """With other voxels of a vertebra; where it has no point its centre follows them."""
        vertebra, spine = self.spine.find(instance), self.spine
        if Flag.NO_POINT in vertebra.flags:
            spine = spine.with_vertebra(replace(vertebra, centroid=mask.body_centre(self.grid)))
        return replace(self, spine=spine, masks={**self.masks, instance: mask})

    def at(self, grid: Grid) -> Case:
        """The same voxels of a scan that lies elsewhere now."""
        vertebrae = []
        for vertebra in self.spine:
            x, y, z = grid.to_world(self.grid.to_index(vertebra.centroid)).tolist()
            vertebrae.append(replace(vertebra, centroid=(x, y, z)))
        return replace(self, grid=grid, spine=replace(self.spine, vertebrae=tuple(vertebrae)))

    def refusing(self, found: Segments) -> tuple[Vertebra, ...]:
        """The locked vertebrae whose segments are not what they were."""
        return tuple(each for each in self.spine if each.locked and self._isOther(each, found))

    def withSegments(self, found: Segments) -> Case:
        """With the voxels that the segments have now; an emptied segment has no mask.

        What is locked stays as it is, and takes back what another segment took from it.
        """
        refusing = {each.instance for each in self.refusing(found)}
        kept = [self.masks[instance] for instance in refusing]
        free = {
            instance: (seen, None if mask is None else _sparing(mask, kept))
            for instance, (seen, mask) in found.items()
            if instance not in refusing
        }
        case = self
        for instance in self.masks:
            if instance in refusing:
                continue
            if instance not in free:
                rest = tuple(each for each in case.spine if each.instance != instance)
                case = replace(case, spine=replace(case.spine, vertebrae=rest))
            if instance not in free or free[instance][1] is None:
                case = case._unmasked(instance)
        for instance, (seen, mask) in free.items():
            if mask is None:
                continue
            if instance not in {each.instance for each in case.spine}:
                case = case._with(seen, mask)
            elif not mask.same_as(case.masks.get(instance)):
                case = case.withMask(instance, mask)
        return case

    def withPoints(self, spine: Spine) -> Case:
        """With these points, numbered as the masks are; masks that none belongs to have none."""
        points = [replace(each, flags=each.flags - {Flag.NO_POINT}) for each in spine]
        pointed = {vertebra.instance for vertebra in points}
        rest = [
            replace(each, flags=each.flags | {Flag.NO_POINT})
            for each in self.spine
            if each.instance in self.masks and each.instance not in pointed
        ]
        before = {
            each.instance: each.centroid for each in self.spine if Flag.NO_POINT not in each.flags
        }
        moved = {
            each.instance
            for each in points
            if each.instance in self.masks
            and each.instance in before
            and each.centroid != before[each.instance]
        }
        vertebrae = fromHeadToTail([*(self._judged(each) for each in points), *rest])
        return replace(
            self,
            spine=replace(spine, vertebrae=vertebrae),
            moved=frozenset((self.moved | moved) & set(self.masks)),
        )

    def labelMap(self) -> LabelMap:
        """All masks in one array; numbers are instances."""
        highest = max(self.masks, default=0)
        voxels = np.zeros(self.grid.shape, np.uint8 if highest < 256 else np.uint16, order="F")
        for number, mask in self.masks.items():
            voxels[mask.box][mask.voxels] = number
        names = {
            each.instance: each.level.name for each in self.spine if each.instance in self.masks
        }
        return LabelMap(voxels, self.grid, names)

    def isPartial(self, vertebra: Vertebra) -> bool:
        """Does it probably not lie completely in the scan?"""
        if vertebra.completeness is not None:
            return vertebra.completeness < PARTIAL
        mask = self.masks.get(vertebra.instance)
        return mask is not None and mask.is_cut(self.grid)

    @property
    def points(self) -> Spine:
        """The part of the spine that has points."""
        pointed = tuple(each for each in self.spine if Flag.NO_POINT not in each.flags)
        return replace(self.spine, vertebrae=pointed)

    def _judged(self, point: Vertebra) -> Vertebra:
        """What a point tells of its vertebra, and what the mask told of its completeness."""
        known = {each.instance: each for each in self.spine}.get(point.instance)
        if known is None or known.completeness is None:
            return point
        return replace(point, completeness=known.completeness)

    def _isOther(self, vertebra: Vertebra, found: Segments) -> bool:
        """Is a vertebra's segment gone, renamed or repainted?"""
        if vertebra.instance not in self.masks:
            return False
        if vertebra.instance not in found:
            return True
        seen, mask = found[vertebra.instance]
        same = self.masks[vertebra.instance].same_as
        return seen.level is not vertebra.level or mask is None or not same(mask)

    def _mask(self, instance: int) -> Mask:
        if instance not in self.masks:
            raise BadEdit(f"{self.spine.find(instance).level} has no mask; segment it first.")
        return self.masks[instance]

    def _with(self, vertebra: Vertebra, mask: Mask) -> Case:
        vertebrae = fromHeadToTail([*self.spine, vertebra])
        spine = replace(self.spine, vertebrae=vertebrae, runner_up=None)
        return replace(self, spine=spine, masks={**self.masks, vertebra.instance: mask})

    def _unmasked(self, instance: int) -> Case:
        masks = {number: mask for number, mask in self.masks.items() if number != instance}
        return replace(self, masks=masks, moved=self.moved - {instance})


def _sparing(mask: Mask, others: Iterable[Mask]) -> Mask | None:
    """A mask without the voxels that others have; None where nothing is left."""
    for other in others:
        rest = mask.without(other)
        if rest is mask:
            continue
        cropped = rest.cropped()
        if cropped is None:
            return None
        mask = cropped
    return mask


def fromHeadToTail(vertebrae: Iterable[Vertebra]) -> tuple[Vertebra, ...]:
    """The vertebrae in the order of their centres."""
    return tuple(sorted(vertebrae, key=lambda each: -each.centroid[2]))
