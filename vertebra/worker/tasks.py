"""What the worker can do, by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Protocol

from ..errors import BadModel, VertebraError
from ..runtime.progress import Progress
from ..spine import Spine
from ..volume import Volume
from .job import Job

if TYPE_CHECKING:
    from ..runtime.models import Model

Show = Callable[[Spine], None]
"""Shows what has been found so far."""

Task = Callable[[Job, Progress, Show], Spine]
"""Does a job; long work reports to the progress and so learns of a cancel."""

LABELLING = ("multiview", "integral", "di2in")
"""The methods that label spines, the preferred one first; each is a package of that name."""


class Labeller(Protocol):
    """A method with its network loaded."""

    def label(self, volume: Volume, progress: Progress) -> Spine:
        """Find and name the vertebrae of a scan."""
        ...


_warm: dict[tuple[str, str], Labeller] = {}
"""Networks stay loaded between jobs."""


def label(job: Job, progress: Progress, _show: Show) -> Spine:
    """Find and name the vertebrae of a scan with the best model on this machine."""
    progress.report(0.0, "Loading the model")
    labeller = _labeller(job.device)
    return labeller.label(job.volume, progress.part(0.05, 1.0))


TASKS: Mapping[str, Task] = {"label": label}


def _labeller(device: str) -> Labeller:
    model = _best_model()
    key = (model.card.name, device)
    if key not in _warm:
        method = import_module(f"vertebra.methods.{model.card.method}")
        _warm[key] = method.load_labeller(model, device)
    return _warm[key]


def _best_model() -> Model:
    try:
        from ..runtime.models import models, user_folder
    except ModuleNotFoundError as error:
        raise VertebraError(
            f"The Python package '{error.name}' is missing; in Slicer install the extension "
            f"'PyTorch', elsewhere run: pip install {error.name}."
        ) from error
    usable = [each for each in models() if each.card.method in LABELLING]
    if not usable:
        raise BadModel(
            "No model for labelling spines is installed; put a model's two files, "
            f".safetensors and .json, into the folder {user_folder()} and try again."
        )
    return min(usable, key=lambda each: LABELLING.index(each.card.method))
