"""Checkpoints without pickle: tensors as safetensors, numbers as JSON, each written whole.

A checkpoint is one folder, replaced by the next: `network.safetensors`, `optimiser.safetensors`
and, written last, `state.json`, which names the step and the hash of both.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.optim import Optimizer

from ..errors import BadModel
from ..runtime.files import write_text
from ..runtime.tensors import write_tensors

STATE = "state.json"
FREE = "training"
"""The part of a configuration's notes that may change from one resumption to the next."""


def save(
    folder: Path, step: int, network: nn.Module, optimiser: Optimizer, notes: Mapping[str, Any]
) -> None:
    """Write a checkpoint after `step` iterations; `notes` are kept in the state file.

    The tensors' files carry the step in their name, and the state file, renamed into place last,
    decides which of them count: a crash in between leaves the former checkpoint whole.
    """
    tensors, numbers = _flat(optimiser.state_dict())
    files = {
        f"network-{step}.safetensors": dict(network.state_dict()),
        f"optimiser-{step}.safetensors": tensors,
    }
    hashes = {name: _write(folder / name, content) for name, content in files.items()}
    state = {"step": step, "files": hashes, "optimiser": numbers, "notes": dict(notes)}
    write_text(folder / STATE, json.dumps(state, indent=1) + "\n")
    for old in folder.glob("*.safetensors"):
        if old.name not in hashes:
            old.unlink()


def restore(folder: Path, network: nn.Module, optimiser: Optimizer) -> int:
    """Fill network and optimiser from a folder's checkpoint; gives the iterations done."""
    state = read_state(folder)
    step = int(state["step"])
    network.load_state_dict(_read(folder, f"network-{step}.safetensors", state))
    tensors = _read(folder, f"optimiser-{step}.safetensors", state)
    optimiser.load_state_dict(_nested(tensors, state["optimiser"]))
    return step


def require_same(folder: Path, notes: Mapping[str, Any]) -> None:
    """Refuse a checkpoint whose notes say that it is of something else than these.

    How long and how fast is trained may change.
    """
    stored, wanted = (
        dict(_leaves("", each))
        for each in (read_state(folder)["notes"], json.loads(json.dumps(dict(notes))))
    )
    for name in sorted(stored.keys() & wanted.keys()):
        if stored[name] != wanted[name]:
            raise BadModel(
                f"The training in '{folder}' has {name} {stored[name]}, not {wanted[name]}; "
                "resume it with that, or choose another folder."
            )


def _leaves(name: str, value: Any) -> Iterator[tuple[str, Any]]:
    if not isinstance(value, dict):
        yield name, value
        return
    for key, part in value.items():
        if key != FREE:
            yield from _leaves(f"{name}.{key}".lstrip("."), part)


def read_state(folder: Path) -> dict[str, Any]:
    """The state file of a checkpoint."""
    try:
        state: dict[str, Any] = json.loads((folder / STATE).read_text(encoding="utf-8"))
        if not {"step", "files", "optimiser", "notes"} <= state.keys():
            raise ValueError("parts are missing")
    except FileNotFoundError as error:
        raise BadModel(f"There is no checkpoint in '{folder}' to resume from.") from error
    except (ValueError, AttributeError) as error:
        raise BadModel(f"The checkpoint in '{folder}' is damaged: {error}.") from error
    return state


def network_weights(folder: Path) -> dict[str, Tensor]:
    """The network's weights of a folder's checkpoint."""
    state = read_state(folder)
    return _read(folder, f"network-{state['step']}.safetensors", state)


def _write(file: Path, tensors: Mapping[str, Tensor]) -> str:
    # clones, because tied or viewed tensors may share memory, which safetensors refuses
    content = {key: value.detach().cpu().clone().contiguous() for key, value in tensors.items()}
    write_tensors(file, content)
    return hashlib.sha256(file.read_bytes()).hexdigest()


def _read(folder: Path, name: str, state: dict[str, Any]) -> dict[str, Tensor]:
    file = folder / name
    try:
        if hashlib.sha256(file.read_bytes()).hexdigest() != state["files"][name]:
            raise BadModel(f"The checkpoint in '{folder}' is damaged: '{name}' was changed.")
        return load_file(file)
    except (OSError, KeyError, SafetensorError) as error:
        raise BadModel(f"The checkpoint in '{folder}' is damaged: '{name}' is missing.") from error


def _flat(state: dict[str, Any]) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """An optimiser's state as named tensors and JSON."""
    tensors: dict[str, Tensor] = {}
    numbers: dict[str, Any] = {"groups": state["param_groups"], "values": {}}
    for parameter, values in state["state"].items():
        for key, value in values.items():
            if isinstance(value, Tensor):
                tensors[f"{parameter}.{key}"] = value
            else:
                numbers["values"][f"{parameter}.{key}"] = value
    return tensors, numbers


def _nested(tensors: Mapping[str, Tensor], numbers: Mapping[str, Any]) -> dict[str, Any]:
    state: dict[int, dict[str, Any]] = {}
    for name, value in {**tensors, **numbers["values"]}.items():
        parameter, key = name.split(".", 1)
        state.setdefault(int(parameter), {})[key] = (
            torch.as_tensor(value) if isinstance(value, Tensor) else value
        )
    return {"state": state, "param_groups": numbers["groups"]}
