"""The training loop of every method: any number of devices, mixed precision, exact resumption."""

from __future__ import annotations

import math
import random
import signal
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from ..errors import Cancelled, VertebraError
from ..runtime import Progress
from ..runtime.devices import device as find
from ..runtime.devices import multiplies_bfloat16, out_of_memory
from . import checkpoints
from .batches import Batches, stream
from .curves import Curves
from .schedule import Schedule

SAVE_EVERY = 250
"""Iterations between checkpoints; a crash costs no more than these."""
LOG_EVERY = 25
HOPELESS = 50
"""So many iterations in a row whose gradients are not finite end a training."""


@contextmanager
def _memory_told() -> Iterator[None]:
    """Says in a sentence that a training needs more memory than there is."""
    try:
        yield
    except (RuntimeError, MemoryError) as error:
        if isinstance(error, RuntimeError) and not out_of_memory(error):
            raise
        raise VertebraError(
            "There is too little memory for this training; choose another --device, or a smaller "
            "--configuration where there is one."
        ) from error


@_memory_told()
def train(
    network: nn.Module,
    batches: Batches,
    schedule: Schedule,
    out: Path,
    *,
    resume: bool = False,
    seed: int = 0,
    device: str = "auto",
    devices: int = 1,
    precision: str = "auto",
    workers: int = 0,
    notes: Mapping[str, Any] | None = None,
    progress: Progress | None = None,
) -> None:
    """Train a network and leave checkpoint and curves in the folder `out`.

    Called with a batch, the network gives the parts of its loss by name, and their sum as "loss".
    Every step seeds all random numbers from `seed` and its own number, and batches depend on
    their number alone: in float32 a training that was interrupted and resumed ends with the same
    weights. In bfloat16 processors add in varying order, and no two trainings are quite the same.
    An iteration whose gradient is not finite changes nothing; "left out" in the curves counts them.
    Of the processes of several devices only the first returns; the others end with the training.
    Ctrl-C ends a training after the iteration that it comes in, a second one at once.
    """
    progress = progress or Progress()
    fabric = _fabric(device, devices, precision)
    fabric.launch()
    if (out / checkpoints.STATE).exists() and not resume:
        raise VertebraError(
            f"'{out}' holds a training already; resume it or choose another folder."
        )
    if resume:
        checkpoints.require_same(out, notes or {})
    optimiser = schedule.optimiser_for(network.parameters())
    model, tuner = fabric.setup(network, optimiser)
    saved = step = checkpoints.restore(out, network, optimiser) if resume else 0
    curves = Curves(out, step) if fabric.is_global_zero else None
    feed = stream(
        batches,
        step,
        schedule.iterations,
        share=fabric.world_size,
        place=fabric.global_rank,
        workers=workers,
    )
    recent: list[dict[str, float]] = []
    lost = 0
    model.train()
    # several devices wait for each other, so that one cannot finish its iteration alone
    ending_well = _finishing(progress) if fabric.world_size == 1 else nullcontext()
    try:
        with ending_well:
            for number, batch in enumerate(feed, start=step):
                _seed_all(seed, number, fabric.global_rank)
                for group in tuner.param_groups:
                    group["lr"] = schedule.rate_at(number)
                # running means move in the forward pass, before its gradient is known
                buffers = [buffer.clone() for buffer in network.buffers()]
                parts: dict[str, Tensor] = model(fabric.to_device(dict(batch)))
                tuner.zero_grad()
                fabric.backward(parts["loss"])
                largest = schedule.largest_gradient or math.inf
                size = fabric.clip_gradients(
                    model, tuner, max_norm=largest, error_if_nonfinite=False
                )
                # a batch of nothing but air can overflow in half precision; it teaches nothing
                usable = size is None or bool(torch.isfinite(size))
                if usable:
                    tuner.step()
                else:
                    for buffer, before in zip(network.buffers(), buffers):
                        buffer.copy_(before)
                lost = 0 if usable else lost + 1
                if lost == HOPELESS:
                    raise VertebraError(
                        f"The gradients of the last {HOPELESS} iterations were not finite, so that "
                        "nothing is learned any more. Look for damaged scans, or lower the rate."
                    )
                step = number + 1
                values = {name: float(value.detach()) for name, value in parts.items()}
                recent.append({**values, "left out": float(not usable)})
                if curves and step % LOG_EVERY == 0:
                    curves.add(step, {**_means(recent), "rate": schedule.rate_at(number)})
                    recent.clear()
                if step % SAVE_EVERY == 0 and step < schedule.iterations:
                    _save(fabric, out, step, network, optimiser, notes)
                    saved = step
                progress.report(step / schedule.iterations, f"Iteration {step}")
    finally:
        # also after a cancel: what was learned is kept; a checkpoint is never written over itself
        if step > saved:
            _save(fabric, out, step, network, optimiser, notes)
        if curves:
            curves.close()
    fabric.barrier()
    if not fabric.is_global_zero:
        raise SystemExit(0)  # this process was started for the training alone


@contextmanager
def _finishing(progress: Progress) -> Iterator[None]:
    """Within it a first Ctrl-C waits for the next report of progress; a second one does not.

    In the middle of an iteration some numbers are those of the next step, others still of the last.
    """
    if threading.current_thread() is not threading.main_thread():
        yield  # signals come to the main thread alone
        return
    usual = signal.getsignal(signal.SIGINT)
    stopped = False

    def stop(*_: object) -> None:
        nonlocal stopped
        stopped = True
        signal.signal(signal.SIGINT, usual)
        progress.cancel()

    signal.signal(signal.SIGINT, stop)
    try:
        yield
    except (Cancelled, RuntimeError):  # the latter where Ctrl-C ended what prepares batches ahead
        if stopped:
            raise KeyboardInterrupt from None
        raise
    finally:
        signal.signal(signal.SIGINT, usual)


def _fabric(device: str, devices: int, precision: str) -> Any:
    try:
        from lightning.fabric import Fabric
    except ImportError as error:
        raise VertebraError('Training needs Lightning: pip install "vertebra[train]".') from error

    chosen = find(device)
    if precision == "auto":
        precision = "bf16-mixed" if multiplies_bfloat16(chosen) else "32-true"
    which: int | list[int] = devices
    if chosen.type == "cuda" and devices == 1:
        which = [chosen.index or 0]
    return Fabric(
        accelerator=chosen.type,
        devices=which,
        precision=precision,  # type: ignore[arg-type]
    )


def _save(
    fabric: Any,
    out: Path,
    step: int,
    network: nn.Module,
    optimiser: torch.optim.Optimizer,
    notes: Mapping[str, Any] | None,
) -> None:
    if fabric.is_global_zero:
        checkpoints.save(out, step, network, optimiser, notes or {})


def _seed_all(seed: int, step: int, place: int) -> None:
    drawn = np.random.SeedSequence([seed, step, place]).generate_state(1)[0]
    torch.manual_seed(int(drawn))
    random.seed(int(drawn))
    np.random.seed(int(drawn))  # noqa: NPY002 - libraries draw from it


def _means(entries: list[dict[str, float]]) -> dict[str, float]:
    return {name: float(np.mean([entry[name] for entry in entries])) for name in entries[0]}
