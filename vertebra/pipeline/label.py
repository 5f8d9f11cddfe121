"""Finding and naming the vertebrae of a scan."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..runtime import Progress
from ..volume import Volume, require_body_ct
from .networks import on_device, warm
from .results import Result

if TYPE_CHECKING:
    import torch

    from ..spine import Spine


def label(
    volume: Volume,
    *,
    model: str | None = None,
    device: str = "auto",
    progress: Progress | None = None,
) -> Result:
    """The labelled spine of a CT, by the best model on this machine unless one is named."""
    from ..methods.multiview import inference

    found = inference.choose(model)
    require_body_ct(volume)
    progress, notes = progress or Progress(), list[str]()

    def work(on: torch.device) -> Spine:
        progress.report(0.0, "Loading the model")
        localizer = warm(inference.Localizer.load, found, on)
        return inference.label(volume, localizer, progress.part(0.02, 1.0))

    spine = on_device(work, device, notes)
    return Result(spine, None, tuple(notes))
