"""Where networks run: the quickest device at hand, with the processor as the way out."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TypeVar

import torch

from ..errors import VertebraError

Result = TypeVar("Result")


def device(name: str = "auto") -> torch.device:
    """The device of a name: "auto", "cpu", "cuda", "cuda:1" or "mps"; refused when it is absent."""
    available = devices()
    wanted = available[0] if name == "auto" else name.lower()
    if wanted == "cuda":
        wanted = "cuda:0"
    if wanted not in available:
        raise VertebraError(
            f"There is no device '{name}' on this machine; choose one of: {', '.join(available)}."
        )
    return torch.device(wanted)


def devices() -> tuple[str, ...]:
    """The devices of this machine, the quickest first."""
    gpus = tuple(f"cuda:{number}" for number in range(torch.cuda.device_count()))
    apple = ("mps",) if torch.backends.mps.is_available() else ()
    return (*gpus, *apple, "cpu")


def processor_count() -> int:
    """How many processors this process may use; containers often allow fewer than there are."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def with_fallback(
    work: Callable[[torch.device], Result],
    preferred: torch.device,
    say: Callable[[str], None],
) -> Result:
    """Run `work` on the preferred device, or on the processor when its memory is too small."""
    try:
        return work(preferred)
    except torch.OutOfMemoryError:
        if preferred.type == "cpu":
            raise
    if preferred.type == "cuda":
        torch.cuda.empty_cache()
    say(f"Device {preferred} ran out of memory; going on with the processor, which takes longer.")
    return work(torch.device("cpu"))
