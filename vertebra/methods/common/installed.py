"""The models of a method on this machine, and which of them to take."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeVar

from ...errors import BadModel
from ...runtime.models import Model, model, models, user_folder

Configuration = TypeVar("Configuration")


def installed(method: str) -> list[Model]:
    """The models of a method; those that the user installed go before those that ship."""
    return sorted((m for m in models() if m.card.method == method), key=lambda m: m.bundled)


def chosen(method: str, purpose: str, name: str | None = None) -> Model:
    """The model of a name or else the first of a method; `purpose` says what it does."""
    usable = installed(method)
    if name is None:
        if usable:
            return usable[0]
        raise BadModel(
            f"No model for {purpose} is installed; put a model's two files, .safetensors and "
            f".json, into the folder {user_folder()} and try again."
        )
    found = model(name)
    if found.card.method == method:
        return found
    names = ", ".join(each.card.name for each in usable)
    others = f"choose one of: {names}" if names else "install one that does"
    raise BadModel(
        f"'{name}' is a model of the method {found.card.method}, which is not for {purpose}; "
        f"{others}."
    )


def fitting(method: str, read: Callable[[dict[str, Any]], object]) -> list[Model]:
    """The models of a method but those whose cards cannot be read as it does, as of a newer one."""
    found = []
    for each in installed(method):
        with suppress(BadModel):
            configured(each, read)
            found.append(each)
    return found


def configured(found: Model, read: Callable[[dict[str, Any]], Configuration]) -> Configuration:
    """The configuration in a model's card, as its method reads it."""
    try:
        return read(dict(found.card.configuration))
    except BadModel as error:
        raise BadModel(
            f"{error} Remove the model '{found.card.name}', or choose another one."
        ) from error
