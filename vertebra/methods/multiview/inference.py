"""From a CT to a labelled spine: views, networks, fusion, vote, and the chain decoder."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from scipy.special import expit
from torch import Tensor, nn

from ...chain import Candidate, Decoding, Settings, decode_with_ends
from ...runtime import Progress
from ...runtime.devices import quick
from ...runtime.models import Model
from ...runtime.provenance import provenance
from ...spine import Spine
from ...volume import Grid, Volume
from ..common.convolution import folded
from ..common.installed import chosen, configured, fitting
from ..common.preparation import upright
from ..common.weights import loaded
from .closer import spine_alone
from .configuration import CLASSES, Configuration, Optics, from_dict
from .doubt import apart, belief
from .drr import render
from .fusion import fuse
from .geometry import Array, View
from .intensity import MAPPINGS, network_input
from .networks import HALF, MultiViewNetwork, Reading
from .objective import probability_maps
from .peaks import find_peaks
from .targets import own_places, sampled, square_places
from .vote import voted
from .windows import Sighting, Window, blended, windows

METHOD = "multiview"
PURPOSE = "labelling spines"
LOWEST_HEAT = 0.15
"""Heat under this is no peak."""
APART = 8.0
"""Peaks of one view closer than this are one, mm."""
LEAST_SHARE = 0.3
"""A vertebra is seen in at least this share of the views."""
EVEN_SUPPORT, STEEPNESS = 0.24, 16.0
"""At this support a place is as likely a vertebra as not, and how fast that changes: a logistic
regression on 368 places in unseen phantoms, 24 of the 40 scans spoilt."""
SCATTER = 2000.0
"""False places lie 3.5 mm (SD) to each side of the line of the spine: so many mm³ a vertebra."""
PARTIAL = 8.0
"""A centre this near to the scan's upper or lower end belongs to a cut vertebra, mm."""


@dataclass(frozen=True, eq=False)
class Look:
    """The vertebrae in one window: places from head to tail, support, and P of each view."""

    positions: Array
    support: Array
    maps: Array

    def sightings(self) -> list[Sighting]:
        """The vertebrae with the views' votes on their levels."""
        if not len(self.positions):
            return []
        return [
            Sighting(position, row, float(np.clip(support, 0, 1)))
            for position, row, support in zip(self.positions, voted(self.maps), self.support)
        ]


@dataclass(frozen=True, eq=False)
class Localizer:
    """A trained network that finds vertebrae in CTs."""

    network: nn.Module
    configuration: Configuration
    device: torch.device
    weights: str = ""
    """The hash of the weights, for the record."""

    @classmethod
    def of(
        cls,
        network: MultiViewNetwork,
        configuration: Configuration,
        device: torch.device | str = "cpu",
        weights: str = "",
    ) -> Localizer:
        """A localizer with a trained network, made quick."""
        device = torch.device(device)
        quick = folded(network).to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        return cls(quick, configuration, device, weights)

    @classmethod
    def load(cls, name: str, device: torch.device | str = "cpu") -> Localizer:
        """The localizer of an installed model."""
        found = chosen(METHOD, PURPOSE, name)
        configuration = configured(found, from_dict)
        network = loaded(MultiViewNetwork(configuration), found)
        return cls.of(network, configuration, device, found.card.sha256)

    @property
    def settings(self) -> Settings:
        """How the chain decoder shall take the candidates."""
        return Settings(independence=self.configuration.independence, false_volume=SCATTER)

    def doubt(self, looks: Sequence[tuple[Window, Look]]) -> Settings:
        """How surely the chain decoder shall take names from these looks."""
        distance = apart([(window, look.positions) for window, look in looks])
        settings = self.settings
        return replace(settings, independence=settings.independence * belief(distance))

    def decoded(self, looks: Sequence[tuple[Window, Look]], grid: Grid) -> Decoding:
        """The spine that these looks show."""
        # only between vertebrae are false places known to lie on the line of the spine
        beyond = replace(self.settings, false_volume=Settings().false_volume)
        candidates = self.candidates(looks, grid)
        return decode_with_ends(candidates, self.settings, beyond, self.doubt(looks))

    def locate(self, volume: Volume, progress: Progress | None = None) -> list[Candidate]:
        """The places in a CT that may be vertebral bodies, with what they look like."""
        return self.candidates(self.looks(volume, progress), volume.grid)

    def looks(self, volume: Volume, progress: Progress | None = None) -> list[tuple[Window, Look]]:
        """What the views of a CT show, from afar and from closer, window by window."""
        progress = progress or Progress()
        seen: list[tuple[Window, Look]] = []
        places: list[Array] = []
        kinds = self.configuration.optics.looks()
        for number, optics in enumerate(kinds):
            part = progress.part(number / len(kinds), (number + 1) / len(kinds))
            bringing = part.part(0, 0.3)
            if number == 0:
                small = upright(volume, optics.pixel, bringing)
            else:
                small = spine_alone(volume, np.array(places), optics.pixel, progress=bringing)
            part.report(0.3, "Taking views")
            seen += self.look_through(small, optics, part.part(0.3, 1.0))
            places = [each for _, look in seen for each in look.positions]
            places = [each for each in places if volume.grid.contains(each)]
            if not places:
                break
        return seen

    def look_through(
        self, volume: Volume, optics: Optics, progress: Progress | None = None
    ) -> list[tuple[Window, Look]]:
        """What the views of an upright volume show in one kind of look."""
        progress = progress or Progress()
        grid = volume.grid
        voxels = np.ascontiguousarray(volume.voxels, dtype=np.float32)
        hounsfield = torch.from_numpy(voxels).to(self.device)
        seen = []
        plan = list(windows(MAPPINGS["bone"](hounsfield), grid, optics))
        for number, window in enumerate(plan):
            part = progress.part(number / len(plan), (number + 1) / len(plan))
            look = self.view(hounsfield, grid, window, part)
            moved = window.moved_to(look.positions)
            if moved is not None:
                window, look = moved, self.view(hounsfield, grid, moved, part.part(1, 1))
            seen.append((window, look))
        return seen

    def candidates(self, looks: Sequence[tuple[Window, Look]], grid: Grid) -> list[Candidate]:
        """The vertebrae of all windows as one list, without those outside the scan."""
        return [
            self._candidate(sighting, grid)
            for sighting in blended([(window, look.sightings()) for window, look in looks])
            if grid.contains(sighting.position)
        ]

    def view(self, hounsfield: Tensor, grid: Grid, window: Window, progress: Progress) -> Look:
        """What the views of one window of an upright volume show."""
        optics = self.configuration.optics
        images = photographs(hounsfield, grid, window.views, optics, progress.part(0, 0.6))
        progress.report(0.6, "Looking for vertebrae")
        look = self.look(window, images)
        progress.report(1.0, "Looking for vertebrae")
        return look

    def read(self, images: Tensor) -> Reading:
        """The networks' reading of views."""
        views = network_input(images, self.configuration.optics.channels)
        views = views.contiguous(memory_format=torch.channels_last)
        with torch.inference_mode(), quick(self.device):
            heat, levels = self.network(views)
        return Reading(heat.float(), levels.float())

    def look(self, window: Window, images: Tensor) -> Look:
        """What the views of one window show, view by view."""
        # in pixels, peaks are as wide from close up as from afar: so the network has learned them
        pixel = self.configuration.optics.pixel
        reading = self.read(images)
        heat = reading.heat.sigmoid().cpu().numpy()
        peaks = [
            find_peaks(each, lowest=LOWEST_HEAT, apart=APART / pixel, radius=APART / pixel)
            for each in heat
        ]
        least = int(np.ceil(LEAST_SHARE * len(window.views)))
        fused = sorted(fuse(window.views, peaks, least), key=lambda each: -each.position[2])
        positions = np.array([each.position for each in fused]).reshape(-1, 3)
        support = np.array([each.support for each in fused]) / len(window.views)
        return Look(positions, support, self.maps(window.views, reading, positions))

    def maps(self, views: Sequence[View], reading: Reading, positions: Array) -> Array:
        """P of each view: level probabilities in the squares around points (views, points, levels).

        A point that lies outside a view's frame gets even probabilities there.
        """
        if not len(positions):
            return np.zeros((len(views), 0, CLASSES))
        pixel = self.configuration.optics.pixel
        points = torch.from_numpy(np.array([view.project(positions) for view in views])).float()
        points = points.to(self.device)
        present = torch.from_numpy(np.array([view.sees(positions) for view in views]))
        present = present.to(self.device)
        places = square_places(points, self.configuration.square / pixel, HALF)
        logits = sampled(reading.levels, places, views[0].shape)
        P = probability_maps(logits, own_places(places, points, present))
        P = torch.where(present[..., None], P, torch.full_like(P, 1 / P.shape[-1]))
        return np.asarray(P.double().cpu().numpy())

    def _candidate(self, sighting: Sighting, grid: Grid) -> Candidate:
        ends = sighting.position + np.array([[0, 0, PARTIAL], [0, 0, -PARTIAL]])
        return Candidate(
            sighting.position,
            sighting.probabilities,
            existence=likely(sighting.existence),
            partial=not bool(grid.contains(ends).all()),
        )


def likely(support: float) -> float:
    """How likely a place that so much of the views supports is a vertebra."""
    return float(np.clip(expit(STEEPNESS * (support - EVEN_SUPPORT)), 0.005, 0.995))


def photographs(
    hounsfield: Tensor,
    grid: Grid,
    views: Sequence[View],
    optics: Optics,
    progress: Progress | None = None,
) -> Tensor:
    """All channels of all views of an upright volume (views, channels, rows, columns)."""
    progress = progress or Progress()
    channels = []
    for number, name in enumerate(optics.channels):
        mapped = MAPPINGS[name](hounsfield)
        channel = []
        for count, view in enumerate(views):
            progress.report((number + count / len(views)) / len(optics.channels), "Taking views")
            channel.append(render(mapped, grid, [view])[0])
        channels.append(torch.stack(channel))
    return torch.stack(channels, dim=1)


def choose(name: str | None = None) -> Model:
    """The model of a name, or else the first that fits: one that the user installed, if any."""
    usable = fitting(METHOD, from_dict) if name is None else []
    return usable[0] if usable else chosen(METHOD, PURPOSE, name)


def label(volume: Volume, localizer: Localizer, progress: Progress | None = None) -> Spine:
    """The labelled spine of a CT."""
    looks = localizer.looks(volume, progress)
    made_by = provenance(
        f"{METHOD} {localizer.configuration.name}", localizer.weights, volume.source
    )
    return replace(localizer.decoded(looks, volume.grid).spine, provenance=made_by)
