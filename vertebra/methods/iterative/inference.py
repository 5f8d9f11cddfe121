"""From a CT to masks of all vertebrae and their completeness."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from ...errors import VertebraError
from ...runtime import Progress
from ...runtime.devices import quick
from ...runtime.models import load
from ...runtime.provenance import provenance
from ...spine import Provenance, Spine, Which
from ...volume import Grid, LabelMap, Volume, around, resampled
from ..common.convolution import folded
from ..common.installed import chosen
from ..common.preparation import upright
from ..common.weights import fitted
from .choosing import METHOD, PURPOSE, configuration_of
from .configuration import Configuration
from .ends import ends_of
from .events import Listener
from .guided import Place, segment_places
from .network import MemoryNetwork, network_input
from .outline import OutlineNetwork, Outliner, draws_itself, split
from .pointers import pointer
from .refinement import Boundary, at_home
from .result import Canvas, Draw, drawn_for_points, drawn_without_points, judged, segmented
from .rules import Direction
from .traversal import Traversal
from .windows import Index

NEIGHBOURHOOD = 1.5
"""One vertebra is segmented in a part of the scan that reaches this many patches from its point."""


@dataclass(frozen=True, eq=False)
class Segmenter:
    """A trained network that segments vertebrae in CTs."""

    network: nn.Module
    configuration: Configuration
    device: torch.device
    weights: str = ""
    """The hash of the weights, for the record."""
    boundary: Boundary = Boundary.SHARP
    outliner: Outliner | None = None
    """Draws the boundary where it is to be a learned one."""

    @classmethod
    def of(
        cls,
        network: MemoryNetwork,
        configuration: Configuration,
        device: torch.device | str = "cpu",
        weights: str = "",
        outline: OutlineNetwork | None = None,
    ) -> Segmenter:
        """A segmenter with a trained network, made quick, and one for outlines if there is one."""
        device = torch.device(device)
        quick = folded(network).to(device, memory_format=torch.channels_last_3d)  # type: ignore[call-overload]
        if outline is None:
            boundary = Boundary.SMOOTH if draws_itself(configuration.spacing) else Boundary.SHARP
            return cls(quick, configuration, device, weights, boundary)
        outliner = Outliner.of(outline, device)
        return cls(quick, configuration, device, weights, Boundary.LEARNED, outliner)

    @classmethod
    def load(cls, name: str, device: torch.device | str = "cpu") -> Segmenter:
        """The segmenter of an installed model."""
        found = chosen(METHOD, PURPOSE, name)
        configuration = configuration_of(found)
        first, second = split(load(found))
        network = fitted(MemoryNetwork(configuration), first, found)
        outline = None
        if configuration.outline:
            outline = fitted(OutlineNetwork(configuration.outline), second, found)
        return cls.of(network, configuration, device, found.card.sha256, outline)

    def segment_patch(
        self,
        patch: NDArray[np.float32],
        memory: NDArray[np.bool_],
        point: NDArray[np.float64] | None = None,
    ) -> tuple[NDArray[np.float32], float]:
        """The next vertebra's voxel probabilities, and that it is completely visible."""
        blob = None
        if self.configuration.pointed:
            spacing = self.configuration.spacing
            blank = np.zeros_like(patch)
            seen = blank if point is None else pointer(patch.shape, point, spacing)
            blob = torch.from_numpy(seen)[None]
        inputs = network_input(torch.from_numpy(patch)[None], torch.from_numpy(memory)[None], blob)
        inputs = inputs.to(self.device, memory_format=torch.channels_last_3d)
        with torch.inference_mode(), quick(self.device):
            reading = self.network(inputs)
        probabilities = reading.voxels[0].float().sigmoid().cpu().numpy()
        return probabilities, float(reading.complete[0].float().sigmoid())

    def segment(
        self,
        volume: Volume,
        spine: Spine | None = None,
        progress: Progress | None = None,
        on_event: Listener | None = None,
    ) -> tuple[LabelMap, Spine]:
        """The masks of all vertebrae by instance number, and the spine with their completeness.

        Given a spine, masks carry its instances and levels; points without a mask and masks
        without a point are flagged. Without one, vertebrae are found and named by spacing alone.
        """
        small, traversal = self.begin(volume, progress or Progress(), on_event)
        highest = max((each.instance for each in spine or ()), default=0)
        canvas = Canvas.empty(volume, small, self.drawing(volume, small), on_event, highest)
        if spine is None:
            labels, told = drawn_without_points(canvas, traversal.run())
        else:
            wanted = [each for each in spine if segmented(each)]
            ends = ends_of(wanted, spine, small, volume.grid)
            places = places_of(spine, small, volume.grid)
            found = segment_places(traversal, places, ends=ends)
            labels, told = drawn_for_points(canvas, spine, found)
        return labels, replace(told, provenance=self.provenance(volume))

    def resegment(
        self,
        volume: Volume,
        labels: LabelMap,
        spine: Spine,
        which: Which,
        progress: Progress | None = None,
        on_event: Listener | None = None,
    ) -> tuple[LabelMap, Spine]:
        """Segment one vertebra from its point; every other mask stays as it is.

        What was segmented before it, perhaps corrected by a person, is the network's memory.
        """
        vertebra = spine.find(which)
        if vertebra.locked:
            raise VertebraError(f"{vertebra.level} is locked; unlock it first.")
        part = self._around(volume, vertebra.centroid)
        small, traversal = self.begin(part, progress or Progress(), on_event)
        before = self._before(spine, spine.place(vertebra))
        done = resampled(labels.renumbered(dict.fromkeys(before, 1)), small.grid)
        traversal.memory |= done.voxels > 0
        places = places_of(spine, small, part.grid)
        wanted = vertebra.instance
        found = dict(segment_places(traversal, places, wanted=[wanted]))
        voxels = labels.voxels.astype(_dtype(labels, wanted))
        voxels[voxels == wanted] = 0
        canvas = Canvas(voxels, volume, small, self.drawing(volume, small), on_event)
        if wanted in found:
            canvas.draw(found[wanted], wanted, vertebra.level.name)
        if wanted not in canvas.drawn:
            raise VertebraError(
                f"No vertebra was found at the point of {vertebra.level}; move the point into "
                "the vertebral body and try again."
            )
        names = {**labels.names, wanted: vertebra.level.name}
        return (
            replace(labels, voxels=voxels, names=names),
            spine.with_vertebra(judged(vertebra, found[wanted])),
        )

    def begin(
        self, volume: Volume, progress: Progress, on_event: Listener | None
    ) -> tuple[Volume, Traversal]:
        """The scan in the network's voxels, and a traversal of it that has not begun."""
        small = self.upright(volume, progress.part(0.0, 0.05))
        return small, self.traversal(small, progress.part(0.05, 1.0), on_event)

    def upright(self, volume: Volume, progress: Progress) -> Volume:
        """The scan in the network's voxels."""
        progress.report(0.0, "Bringing the scan upright")
        return upright(volume, self.configuration.spacing, progress)

    def traversal(
        self, upright: Volume, progress: Progress, on_event: Listener | None
    ) -> Traversal:
        """A traversal of an upright scan that has not begun."""
        return Traversal(
            upright, self.segment_patch, self.configuration.rules(), on_event, progress
        )

    def drawing(self, scan: Volume, upright: Volume) -> Draw:
        """How instances found in the upright scan are drawn on the scan's own grid."""
        outliner, boundary = self.outliner, self.boundary
        if boundary is not Boundary.LEARNED:
            return lambda instance, _: at_home(instance, upright, scan, boundary)
        if outliner is None:
            raise VertebraError("This model has no network for outlines; choose another boundary.")
        return lambda instance, taken: outliner.at_home(instance, upright, scan, taken)

    def provenance(self, volume: Volume) -> Provenance:
        """What made a result."""
        return provenance(f"{METHOD} {self.configuration.name}", self.weights, volume.source)

    def _around(self, volume: Volume, point: Sequence[float]) -> Volume:
        if not volume.grid.contains(point):
            raise VertebraError("The point lies outside the scan; move it into the vertebral body.")
        reach = NEIGHBOURHOOD * self.configuration.patch * self.configuration.spacing
        return around(volume, point, reach)

    def _before(self, spine: Spine, place: int) -> list[int]:
        """The instances that come before a place in the direction of traversal."""
        down = self.configuration.direction == Direction.DOWN.value
        earlier = spine.vertebrae[:place] if down else spine.vertebrae[place + 1 :]
        return [each.instance for each in earlier]


def places_of(spine: Spine, upright: Volume, scan: Grid) -> list[Place]:
    """Where to look for each vertebra of a spine whose point lies in the scan."""
    return [
        place_at(vertebra.instance, upright.grid.to_index(vertebra.centroid))
        for vertebra in spine
        if scan.contains(vertebra.centroid) and segmented(vertebra)
    ]


def place_at(key: int, point: NDArray[np.float64]) -> Place:
    """The place of a point given in voxels."""
    i, j, k = (int(value) for value in np.rint(point))
    start: Index = (i, j, k)
    return Place(key, start, point)


def _dtype(labels: LabelMap, number: int) -> type[np.unsignedinteger]:
    return np.uint8 if max(number, int(labels.voxels.max(initial=0))) < 256 else np.uint16
