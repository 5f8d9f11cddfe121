"""What the worker can do, by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from ..errors import BadModel, VertebraError
from ..runtime.progress import Progress
from ..spine import Spine
from ..volume.body_ct import require_body_ct
from .job import Job
from .result import Piece, Result

if TYPE_CHECKING:
    import torch

    from ..methods.multiview.inference import Localizer
    from ..runtime.models import Model

Show = Callable[[Spine | Piece], None]
"""Shows what has been found so far: the spine, or one vertebra that has been drawn."""

Task = Callable[[Job, Progress, Show], Result]
"""Does a job; long work reports to the progress and so learns of a cancel."""

METHOD = "multiview"
"""The method that labels spines."""

_warm: dict[tuple[str, str], Localizer] = {}
"""Networks stay loaded between jobs, by the hash of their weights and device."""


def label(job: Job, progress: Progress, _show: Show) -> Result:
    """Find and name the vertebrae of a scan with the model on this machine."""
    card = _model(job.options.get("model")).card
    require_body_ct(job.volume)
    from ..methods.multiview import inference
    from ..runtime.devices import device, with_fallback

    def work(on: torch.device) -> Spine:
        progress.report(0.0, "Loading the model")
        key = (card.sha256, str(on))
        localizer = _warm.get(key) or inference.Localizer.load(card.name, on)
        _warm[key] = localizer
        return inference.label(job.volume, localizer, progress.part(0.02, 1.0))

    return Result(with_fallback(work, device(job.device), lambda text: progress.report(0.0, text)))


TASKS: Mapping[str, Task] = {"label": label}


def _model(name: str | None) -> Model:
    """The model to label with; one that the user installed goes before others."""
    try:
        from ..runtime.models import model, models, user_folder
    except ModuleNotFoundError as error:
        raise VertebraError(
            f"The Python package '{error.name}' is missing; in Slicer install the extension "
            f"'PyTorch', elsewhere run: pip install {error.name}."
        ) from error
    if name is not None:
        return model(name)
    usable = [each for each in models() if each.card.method == METHOD]
    if not usable:
        raise BadModel(
            "No model for labelling spines is installed; put a model's two files, "
            f".safetensors and .json, into the folder {user_folder()} and try again."
        )
    return min(usable, key=lambda each: each.bundled)
