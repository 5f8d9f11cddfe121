"""Where networks run: the quickest device at hand, with the processor as the way out."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import TypeVar

import torch

from ..errors import VertebraError

Result = TypeVar("Result")

OUT_OF_MEMORY = ("can't allocate memory", "not enough memory", "out of memory", "ALLOC_FAILED")
"""How Linux' and Windows' processors, Apple's and NVIDIA's GPUs and their libraries say it."""


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


def multiplies_bfloat16(device: torch.device) -> bool:
    """Is half precision (bfloat16) the quick way to compute on this device?"""
    if device.type == "cpu":
        mkldnn = bool(torch.backends.mkldnn.is_available())  # type: ignore[no-untyped-call]
        return mkldnn and bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())
    return device.type == "cuda"


def quick(device: torch.device) -> AbstractContextManager[object]:
    """Within it, networks compute in half precision where the device is made for that."""
    if multiplies_bfloat16(device):
        return torch.autocast(device.type, torch.bfloat16)
    return nullcontext()


def exact(device: torch.device) -> AbstractContextManager[object]:
    """Within it, networks compute in full precision again."""
    if device.type in ("cpu", "cuda"):
        return torch.autocast(device.type, enabled=False)
    return nullcontext()


def with_fallback(
    work: Callable[[torch.device], Result],
    preferred: torch.device,
    say: Callable[[str], None],
) -> Result:
    """Run `work` on the preferred device, or on the processor when its memory is too small.

    A processor without enough memory for it is a `MemoryError`.
    """
    try:
        return work(preferred)
    except RuntimeError as error:
        if not out_of_memory(error):
            raise
        if preferred.type == "cpu":
            raise MemoryError from error
    _forget_freed_memory(preferred)
    say(f"Device {preferred} ran out of memory; going on with the processor, which takes longer.")
    return with_fallback(work, torch.device("cpu"), say)


def _forget_freed_memory(on: torch.device) -> None:
    """Give back to the device what torch keeps there for later."""
    if on.type == "cuda":
        torch.cuda.empty_cache()
    elif on.type == "mps":
        torch.mps.empty_cache()


def out_of_memory(error: RuntimeError) -> bool:
    """Is it for want of memory? But for CUDA, torch and its libraries say so in words only."""
    return isinstance(error, torch.cuda.OutOfMemoryError) or any(
        words in str(error) for words in OUT_OF_MEMORY
    )
