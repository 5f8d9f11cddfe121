"""A whole case from one seed: patient, scan, and the truth about it.

>>> case = make_case(5, spacing=4.0, shape=(20, 20, 20))
>>> case.volume.voxels.shape, case.volume.voxels.dtype.name
((20, 20, 20), 'int16')
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ..spine import Spine
from ..volume import LabelMap, Volume
from .abdomen import paint_abdomen
from .answer import answer
from .bones import Bones, render_bones
from .canvas import Canvas
from .chest import diaphragm, paint_chest
from .habitus import Habitus
from .material import paint_bones
from .neck import aerate_mastoids, paint_neck
from .pathology import METAL_CEMENT
from .protocol import View, draw_view, usual_region
from .random import child_seed
from .scanner import RIM, Scanner
from .shapes.source import ShapeSource
from .streaks import metal_streaks
from .subject import Subject
from .surroundings import paint_couch
from .tissue import Tissues
from .vessels import paint_vessels
from .wall import Body, paint_wall, place_body

_SLAB = 4_000_000  # voxels at a time: bounds the memory whatever the size of the scan
_THINNEST = 24  # slices at a time, lest the margins around slabs cost more than the slabs
LAST_VERTEBRA = 29
"""Labels above this VerSe number are other bones."""


@dataclass(frozen=True, eq=False)
class Case:
    """A scan with everything that is true about it; labels and instances are VerSe numbers."""

    volume: Volume
    labels: LabelMap
    spine: Spine
    subject: Subject
    scanner: Scanner
    patient: NDArray[np.float64]
    """4x4: from subject space, in which `truth` measures, to the scan's RAS millimetres."""


def make_case(
    seed: int,
    *,
    region: str | None = None,
    spacing: float | Sequence[float] | None = None,
    shape: Sequence[int] | None = None,
    codes: str | None = None,
    device: torch.device | str = "cpu",
    shapes: ShapeSource | None = None,
    subject: Subject | None = None,
) -> Case:
    """The case of a seed; what is not wished for is drawn as hospitals do it.

    `region` is one of `protocol.REGIONS` or a level; with `shape` a crop of that size lies there.
    `codes` orders the axes, such as "RAS".
    """
    device = torch.device(device)
    shown = usual_region(seed) if region is None and shape is None else region
    arms = "down" if shown in ("neck", "cervical") else None
    subject = subject or Subject.draw(child_seed(seed, "subject"), arms=arms)
    habitus = Habitus.draw(subject)
    view = draw_view(seed, habitus, region, spacing, shape, codes)
    scanner = Scanner.draw(seed, view.grid.spacing.tolist(), view.thickness)
    hu, labels = render(seed, habitus, view, scanner, device, shapes)
    order, flips = view.grid.steps_to(view.codes)
    grid = view.grid.permuted(order, flips)
    turned = [_turned(tensor, order, flips) for tensor in (hu, labels)]
    levels = {level.verse: level.name for level in subject.levels}
    source = f"phantom {seed}"
    return Case(
        Volume(turned[0], grid, source),
        LabelMap(turned[1], grid, levels, source),
        answer(subject, view, turned[1], shapes),
        subject,
        scanner,
        view.patient,
    )


def _turned(field: Tensor, order: tuple[int, ...], flips: tuple[bool, ...]) -> NDArray[np.int16]:
    turned = field.permute(order).flip([axis for axis, flip in enumerate(flips) if flip])
    return np.ascontiguousarray(turned.cpu().numpy())


def render(
    seed: int,
    habitus: Habitus,
    view: View,
    scanner: Scanner,
    device: torch.device,
    shapes: ShapeSource | None = None,
) -> tuple[Tensor, Tensor]:
    """HU and labels (int16) on the view's grid, slab by slab, on the device."""
    tissues = Tissues.draw(seed, habitus.subject.age)
    across, along, up = view.grid.shape
    hu = torch.empty(view.grid.shape, dtype=torch.int16, device=device)
    labels = torch.empty_like(hu)
    count = max(_THINNEST, _SLAB // (across * along)) // view.parts
    for low in range(0, up, count):
        high = min(low + count, up)
        where = (slice(None), slice(None), slice(low, high))
        hu[where], labels[where] = _slab(
            seed, habitus, tissues, view, scanner, device, shapes, low, high
        )
    return hu, labels


def _slab(
    seed: int,
    habitus: Habitus,
    tissues: Tissues,
    view: View,
    scanner: Scanner,
    device: torch.device,
    shapes: ShapeSource | None,
    low: int,
    high: int,
) -> tuple[Tensor, Tensor]:
    """Slices `low` to `high`; each is drawn in `view.parts` thinner ones."""
    parts = view.parts
    fine = view.in_subject(parts)
    first = low * parts - RIM
    shape = (fine.shape[0], fine.shape[1], (high - low) * parts + 2 * RIM)
    grid = fine.part((0, 0, first), shape)
    canvas = Canvas(grid, child_seed(seed, "texture"), device, (0, 0, first))
    bones = render_bones(habitus.subject, grid, device, shapes)
    body = place_body(canvas, habitus, tissues)
    paint_patient(body, bones)
    hu = scanner.resolved(canvas.hu, grid.spacing.tolist())
    middle = slice(RIM + parts // 2, RIM + (high - low) * parts, parts)
    hu, label = hu[..., middle], bones.label[..., middle]
    strain = _strain(body)[..., middle]
    size = (hu.shape[0], hu.shape[1], hu.shape[2])
    spacing = view.grid.spacing.tolist()
    weakening = (bones.metal[..., middle] > 0) & (bones.metal[..., middle] < METAL_CEMENT)
    streaks = metal_streaks(weakening, spacing[0], child_seed(seed, "metal"), device, low)
    if streaks is not None:
        hu = hu + streaks * scanner.metal_artefact
    noise = scanner.noise_field(size, spacing, seed, device, (0, 0, low), strain)
    air = ((hu + 900.0) * (1 / 600.0)).clamp(0.0, 1.0)
    hu = hu + noise * (air * 0.6 + 0.4) * scanner.noise
    hu = hu - (strain - 1.0).clamp(min=0.0) * scanner.hardening
    label = torch.where(label <= LAST_VERTEBRA, label, 0)
    return view.cropped(scanner.stored(hu), scanner.padding), label.to(torch.int16)


def paint_patient(body: Body, bones: Bones) -> None:
    """All tissues of the patient and what lies around, from the outside inwards."""
    above = diaphragm(body)
    paint_couch(body)
    paint_wall(body)
    paint_abdomen(body, above)
    paint_chest(body, above)
    paint_vessels(body)
    paint_neck(body)
    paint_bones(body, bones)
    aerate_mastoids(body)


def _strain(body: Body) -> Tensor:
    """How much more rays along x are weakened than usual: most by shoulders and pelvis."""
    z = body.canvas.heights
    level = body.habitus.level(z)
    wide = 2 * body.habitus.outline(z)[0][:, 0]
    lungs = np.interp(level, [8, 10, 16, 18], [1.0, 0.62, 0.66, 1.0])
    subject = body.habitus.subject
    arms = {"up": 20.0, "down": 170.0}[subject.arms]
    raised = level + (subject.shrug / 20.0 if subject.arms == "down" else 0.0)
    beside = arms * np.interp(raised, [5.6, 7.0, 10, 12, 28], [0, 1, 1, 0.35, 0.35])
    path = wide * lungs + beside + 60 * np.interp(level, [23, 25, 28], [0, 1, 1])
    strength = np.exp(0.0065 * (path - 300))
    middle = (1.0 - body.depth * body.depth * 0.6).clamp(min=0.2)
    return body.canvas.by_height(strength) * middle
