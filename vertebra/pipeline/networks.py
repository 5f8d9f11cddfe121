"""Networks on a device: loaded once, and moved to the processor where memory is short."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from ..runtime.models import Model

if TYPE_CHECKING:
    import torch

Loaded = TypeVar("Loaded")
Given = TypeVar("Given")

_warm: dict[tuple[str, str], Any] = {}
"""Networks stay loaded between jobs, by the hash of their weights and device."""


def warm(load: Callable[[str, torch.device], Loaded], model: Model, device: torch.device) -> Loaded:
    """What `load` makes of a model, made once."""
    key = (model.card.sha256, str(device))
    if key not in _warm:
        _warm[key] = load(model.card.name, device)
    found: Loaded = _warm[key]
    return found


def on_device(work: Callable[[torch.device], Given], name: str, notes: list[str]) -> Given:
    """Do the work on the device of a name, or on the processor if its memory is too small."""
    from ..runtime.devices import device, with_fallback

    return with_fallback(work, device(name), notes.append)
