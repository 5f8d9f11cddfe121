"""Which of the installed models to segment with, and which one to search with."""

from __future__ import annotations

from ...errors import BadModel
from ...runtime.models import Model
from ..common.installed import chosen, configured, fitting
from .configuration import Configuration, from_dict
from .rules import Direction

METHOD = "iterative"
PURPOSE = "segmenting vertebrae"


def choose(direction: str | None = None, name: str | None = None) -> Model:
    """The model of a name, or the one with the smallest voxels; it must go in the direction.

    Where both directions are possible and none is asked for, it goes down.
    """
    usable = fitting(METHOD, from_dict)
    going = [each for each in usable if direction in (None, _direction(each))]
    if name is not None or not usable:
        found = chosen(METHOD, PURPOSE, name)
        if direction not in (None, _direction(found)):
            others = " or ".join(f"'{each.card.name}'" for each in going)
            raise BadModel(
                f"'{found.card.name}' does not go {direction}; leave out the direction or choose "
                f"{others or 'another model'}."
            )
        return found
    if not going:
        raise BadModel(
            f"No model for segmenting vertebrae that goes {direction} is installed; leave out "
            "the direction."
        )
    return min(going, key=lambda each: (_direction(each) != Direction.DOWN.value, _spacing(each)))


def coarser(fine: Model) -> Model | None:
    """The model to search with: the one with the largest voxels that goes the same way."""
    return max(with_larger_voxels(fine), key=_spacing, default=None)


def with_larger_voxels(fine: Model) -> list[Model]:
    """The models that need less memory and go the same way, the finest first."""
    larger = [
        each
        for each in fitting(METHOD, from_dict)
        if _direction(each) == _direction(fine) and _spacing(each) > _spacing(fine)
    ]
    return sorted(larger, key=_spacing)


def configuration_of(model: Model) -> Configuration:
    """The configuration in a model's card."""
    return configured(model, from_dict)


def _direction(model: Model) -> str:
    return configuration_of(model).direction


def _spacing(model: Model) -> float:
    return configuration_of(model).spacing
