"""The model store: weights as safetensors, each with a card that says what they are.

A model is two files, `NAME.safetensors` and `NAME.json`. The card carries the hash of the weights,
so damaged or exchanged files are refused. Models are looked for in the folder that ships with
Vertebra and in the user's folder; nothing is ever downloaded. Only weights need torch, so that a
window can list the models without it.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import BadModel
from .files import replacing, write_text
from .resources import resources

if TYPE_CHECKING:
    import torch

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


@dataclass(frozen=True)
class Card:
    """What a model is: its method and configuration, what it learned from, how good it is."""

    name: str
    method: str
    configuration: Mapping[str, Any] = field(default_factory=dict)
    description: str = ""
    data: str = ""
    licence: str = ""
    metrics: Mapping[str, Any] = field(default_factory=dict)
    created: str = ""
    sha256: str = ""


@dataclass(frozen=True)
class Model:
    """A model on this machine."""

    card: Card
    weights: Path
    bundled: bool

    @property
    def size(self) -> int:
        """The size of the weights, bytes."""
        return self.weights.stat().st_size


def bundled_folder() -> Path:
    """Where the models lie that ship with Vertebra."""
    return resources() / "Models"


def user_folder() -> Path:
    """Where installed models lie; the environment variable VERTEBRA_MODELS names another place."""
    named = os.environ.get("VERTEBRA_MODELS")
    return Path(named) if named else Path.home() / ".vertebra" / "models"


def models() -> list[Model]:
    """All models on this machine; one that the user installed goes before a bundled namesake.

    Files that are no model are passed over; `unreadable` tells them.
    """
    found: dict[str, Model] = {}
    for card_file, bundled in _card_files():
        with suppress(BadModel):
            found[card_file.stem] = Model(_read_card(card_file), _weights(card_file), bundled)
    return sorted(found.values(), key=lambda model: model.card.name)


def unreadable() -> dict[Path, str]:
    """The files where a model's card belongs that hold none, each with a sentence that says why."""
    return {card_file: why for card_file, _ in _card_files() if (why := _fault(card_file))}


def model(name: str) -> Model:
    """The model of a name."""
    known = {each.card.name: each for each in models()}
    if name in known:
        return known[name]
    for card_file, why in unreadable().items():
        if card_file.stem == name:
            raise BadModel(why)
    names = ", ".join(known) or "none"
    raise BadModel(
        f"There is no model '{name}' on this machine (there is: {names}); install it with "
        "'vertebra models install FILE'."
    )


def load(wanted: Model, device: torch.device | str = "cpu") -> dict[str, torch.Tensor]:
    """The weights of a model, once their hash agrees with the card."""
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        if _sha256(wanted.weights) != wanted.card.sha256:
            raise BadModel(
                f"The weights of '{wanted.card.name}' are damaged or not the ones of the card; "
                "install the model again."
            )
        return load_file(wanted.weights, device=str(device))
    except OSError as error:
        reason = error.strerror or str(error)
        raise BadModel(f"'{wanted.weights}' cannot be read ({reason}); copy it again.") from error
    except SafetensorError as error:
        raise BadModel(f"The weights of '{wanted.card.name}' cannot be read: {error}.") from error


def save(card: Card, weights: Mapping[str, torch.Tensor], folder: Path) -> Model:
    """Write weights and card into a folder; the card gets the weights' hash."""
    from .tensors import write_tensors

    _check_name(card.name)
    target = folder / f"{card.name}.safetensors"
    contiguous = {key: tensor.detach().cpu().contiguous() for key, tensor in weights.items()}
    write_tensors(target, contiguous)
    complete = Card(**{**asdict(card), "sha256": _sha256(target)})
    write_text(target.with_suffix(".json"), json.dumps(asdict(complete), indent=1) + "\n")
    return Model(complete, target, bundled=False)


def install(file: Path | str) -> Model:
    """Copy a model, given one of its two files, to the user's folder."""
    file = Path(file)
    if file.is_dir():
        raise BadModel(f"'{file}' is a folder; give one of the two files of a model in it.")
    card_file, weights = file.with_suffix(".json"), file.with_suffix(".safetensors")
    for part in (card_file, weights):
        if not part.is_file():
            raise BadModel(f"'{part}' is missing; a model is a .safetensors and a .json file.")
    source = Model(_read_card(card_file), weights, bundled=False)
    load(source)
    target = user_folder() / f"{source.card.name}.safetensors"
    with replacing(target) as temporary:
        shutil.copyfile(weights, temporary)
    with replacing(target.with_suffix(".json")) as temporary:
        shutil.copyfile(card_file, temporary)
    return Model(source.card, target, bundled=False)


def remove(name: str) -> None:
    """Delete an installed model, or what lies in its place; those that ship with Vertebra stay."""
    stray = {file.stem: file for file in unreadable() if file.parent == user_folder()}
    card_file = stray.get(name) or model(name).weights.with_suffix(".json")
    if card_file.parent == bundled_folder():
        raise BadModel(f"'{name}' ships with Vertebra and cannot be removed.")
    card_file.unlink()
    _weights(card_file).unlink()


def _card_files() -> Iterator[tuple[Path, bool]]:
    """Each card that has weights beside it, and whether it ships with Vertebra; these first."""
    for folder, bundled in ((bundled_folder(), True), (user_folder(), False)):
        for card_file in sorted(folder.glob("*.json")) if folder.is_dir() else ():
            if card_file.is_file() and _weights(card_file).is_file():
                yield card_file, bundled


def _weights(card_file: Path) -> Path:
    return card_file.with_suffix(".safetensors")


def _read_card(file: Path) -> Card:
    try:
        card = Card(**json.loads(file.read_text(encoding="utf-8")))
        _check_name(card.name)
        if not isinstance(card.configuration, dict):
            raise TypeError("its configuration is no list of names and values")
    except (ValueError, TypeError, RecursionError) as error:
        raise BadModel(
            f"'{file}' is not the card of a model ({error}); remove it, or copy it again."
        ) from error
    except OSError as error:
        reason = error.strerror or str(error)
        raise BadModel(f"'{file}' cannot be read ({reason}); copy it again.") from error
    except BadModel as error:
        raise BadModel(f"'{file}': {error}") from error
    if card.name != file.stem:
        raise BadModel(
            f"The card '{file}' belongs to a model called '{card.name}'; give both of its files "
            "that name again, or remove them."
        )
    return card


def _fault(card_file: Path) -> str:
    """Why a file is not the card of a model; empty where it is one."""
    try:
        _read_card(card_file)
    except BadModel as error:
        return str(error)
    return ""


def _check_name(name: str) -> None:
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise BadModel("A model's name has letters, digits, '.', '_' and '-' only.")


def _sha256(file: Path) -> str:
    digest = hashlib.sha256()
    with file.open("rb") as stream:
        while block := stream.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()
