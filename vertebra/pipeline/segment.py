"""Segmenting the vertebrae of a scan, from points if there are any."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import Enum
from typing import TYPE_CHECKING

from ..errors import BadModel, VertebraError
from ..runtime import Progress
from ..runtime.models import Model
from ..spine import Spine, Which
from ..volume import LabelMap, Volume, require_body_ct
from .label import label
from .networks import on_device, warm
from .results import Look, Piece, Result, Show

if TYPE_CHECKING:
    import torch

    from ..methods.iterative.events import Event, Listener
    from ..methods.iterative.inference import Segmenter

UNNAMED = (
    "No model for labelling spines is installed, so the levels are told by the distances of the "
    "vertebrae alone: check them."
)
NOTHING_LABELLED = "No vertebra was labelled, so the whole scan was searched."
TOO_LITTLE_MEMORY = (
    "There is too little memory for '{}'; going on with '{}', which is less exact. Close other "
    "programs or crop the scan for the finer one."
)
LABELLING = 0.35
"""The share of the work that labelling takes where it comes first."""


class Search(str, Enum):
    """Where segmentation starts: at points, at places found in large voxels, or anywhere."""

    POINTS = "points"
    COARSE = "coarse"
    FINE = "fine"


def segment(
    volume: Volume,
    spine: Spine | None = None,
    *,
    search: Search | None = None,
    direction: str | None = None,
    model: str | None = None,
    device: str = "auto",
    progress: Progress | None = None,
    show: Show | None = None,
) -> Result:
    """Masks of all vertebrae by instance number, and the spine with their completeness.

    Without points the scan is labelled first, where a model for that is installed; else vertebrae
    are searched for, in large voxels where a model for these is installed.
    """
    from ..methods.iterative.choosing import choose, coarser, with_larger_voxels

    found = choose(direction, model)
    require_body_ct(volume)
    if spine is not None and search not in (None, Search.POINTS):
        raise VertebraError("The search starts at the points; leave out either of the two.")
    if spine is not None:
        _require_points_in(volume, spine)
    progress, notes = progress or Progress(), list[str]()
    if spine is None and search in (None, Search.POINTS):
        part = progress.part(0.0, LABELLING)
        spine = _labelled(volume, search, device, part, notes)
        progress = progress.part(LABELLING, 1.0)
        if spine is not None and show is not None:
            show(spine)
    searched = spine is None and search is not Search.FINE
    if search is Search.COARSE and coarser(found) is None:
        raise BadModel(
            "No model for a coarse search is installed beside it; search another way, or install "
            "a model with larger voxels that goes in the same direction."
        )

    def run(chosen: Model, said: list[str]) -> tuple[LabelMap, Spine]:
        quick = coarser(chosen) if searched else None
        listener = _listener(show, said)

        def work(on: torch.device) -> tuple[LabelMap, Spine]:
            from ..methods.iterative.coarse import segment_coarse_to_fine

            fine = _segmenter(chosen, on, progress)
            if quick is not None:
                coarse = _segmenter(quick, on, progress)
                return segment_coarse_to_fine(coarse, fine, volume, progress, listener)
            return fine.segment(volume, spine, progress, listener)

        return on_device(work, device, said)

    models = [found, *with_larger_voxels(found)] if model is None else [found]
    labels, judged = _with_memory_enough(run, models, notes)
    return Result(judged, labels, tuple(notes))


def _with_memory_enough(
    run: Callable[[Model, list[str]], tuple[LabelMap, Spine]],
    models: Sequence[Model],
    notes: list[str],
) -> tuple[LabelMap, Spine]:
    """What the first of the models gives for which there is enough memory, and what it says."""
    first, *others = models
    said: list[str] = []
    try:
        done = run(first, said)
    except MemoryError:
        if not others:
            raise
        notes.append(TOO_LITTLE_MEMORY.format(first.card.name, others[0].card.name))
    else:
        notes += said
        return done
    return _with_memory_enough(run, others, notes)


def resegment(
    volume: Volume,
    labels: LabelMap,
    spine: Spine,
    which: Which,
    *,
    direction: str | None = None,
    model: str | None = None,
    device: str = "auto",
    progress: Progress | None = None,
    show: Show | None = None,
) -> Result:
    """Segment one vertebra anew from its point; every other mask stays as it is."""
    from ..methods.iterative.choosing import choose

    found = choose(direction, model)
    if not labels.grid.same_as(volume.grid):
        raise VertebraError(
            "The masks and the scan do not share their voxels; segment the whole scan first."
        )
    progress, notes = progress or Progress(), list[str]()

    def work(on: torch.device) -> tuple[LabelMap, Spine]:
        segmenter = _segmenter(found, on, progress)
        return segmenter.resegment(volume, labels, spine, which, progress, _listener(show, notes))

    masks, judged = on_device(work, device, notes)
    return Result(judged, masks, tuple(notes))


def _require_points_in(volume: Volume, spine: Spine) -> None:
    if not len(spine):
        raise VertebraError("There are no points to start from; add some, or start without points.")
    if not volume.grid.contains(spine.centroids).any():
        raise VertebraError("None of the points lies in this scan; choose the points of this scan.")


def _labelled(
    volume: Volume, search: Search | None, device: str, progress: Progress, notes: list[str]
) -> Spine | None:
    """Points to start from; none where no model makes them, unless they were asked for."""
    from ..methods.common.installed import installed
    from ..methods.multiview import inference

    if search is None and not installed(inference.METHOD):
        notes.append(UNNAMED)
        return None
    result = label(volume, device=device, progress=progress)
    notes += result.notes
    if not len(result.spine):
        notes.append(NOTHING_LABELLED)
        return None
    return result.spine


def _segmenter(model: Model, device: torch.device, progress: Progress) -> Segmenter:
    from ..methods.iterative.inference import Segmenter

    progress.report(0.0, "Loading the model")
    return warm(Segmenter.load, model, device)


def _listener(show: Show | None, notes: list[str]) -> Listener:
    """Shows looks and masks as they come, and notes the masks that are left out again."""
    from ..methods.iterative.events import Drawn, Dropped, Step

    def tell(event: Event) -> None:
        if isinstance(event, Drawn) and show is not None:
            show(Piece(event.number, event.name, event.start, event.mask))
        if isinstance(event, Step) and show is not None:
            show(Look(event.centre, event.size))
        if isinstance(event, Dropped):
            what = "What looked like one" if event.number is None else f"Mask {event.number}"
            notes.append(f"{what} was left out: {event.why}.")

    return tell
