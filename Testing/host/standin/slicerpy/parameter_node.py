"""Stands in for slicer.parameterNodeWrapper: typed attributes kept in a parameter node."""

from __future__ import annotations

import typing
from dataclasses import dataclass
from typing import Annotated, Any

import vtk

from .parameter_widgets import binding

__all__ = ["Choice", "parameterNodeWrapper"]


@dataclass(frozen=True)
class Choice:
    """An annotation: the values that a parameter may have."""

    choices: list[Any]


def parameterNodeWrapper(cls: type) -> type:
    """Turn the annotated class attributes into parameters of a vtkMRMLScriptedModuleNode."""
    hints = typing.get_type_hints(cls, include_extras=True)
    cls.allParameters = {
        name: Parameter(name, hint, getattr(cls, name, None)) for name, hint in hints.items()
    }
    for name, parameter in cls.allParameters.items():
        setattr(cls, name, property(parameter.read, parameter.write))
    for name, method in vars(_Wrapper).items():
        if callable(method):
            setattr(cls, name, method)
    return cls


class Parameter:
    """One parameter: how it is written into the node and read from it."""

    def __init__(self, name: str, hint: Any, default: Any) -> None:
        annotated = typing.get_origin(hint) is Annotated
        self.name = name
        self.type = typing.get_args(hint)[0] if annotated else hint
        extras = typing.get_args(hint)[1:] if annotated else ()
        self.choices = next((each.choices for each in extras if isinstance(each, Choice)), None)
        self.is_node = isinstance(self.type, type) and issubclass(self.type, vtk.vtkObject)
        if not self.is_node and self.type not in (str, bool, int, float):
            raise TypeError(f"The parameter '{name}' has the type {hint}, which is not supported")

        self.default = self.type() if default is None and not self.is_node else default

    def read(self, wrapper: Any) -> Any:
        """The value in the node; a node that was emptied gets the default again."""
        node = wrapper.parameterNode
        if self.is_node:
            return node.GetNodeReference(self.name)
        if not node.HasParameter(self.name):
            self.write(wrapper, self.default)
        text = node.GetParameter(self.name)
        return text == "True" if self.type is bool else self.type(text)

    def write(self, wrapper: Any, value: Any) -> None:
        """Put a value into the node; a wrong one raises."""
        node = wrapper.parameterNode
        if self.is_node:
            if value is not None and not isinstance(value, self.type):
                raise TypeError(f"'{self.name}' takes a {self.type.__name__}, not {value!r}")
            node.SetNodeReferenceID(self.name, value.GetID() if value else None)
            return
        if not isinstance(value, self.type):
            raise TypeError(f"'{self.name}' takes a {self.type.__name__}, not {value!r}")
        if self.choices is not None and value not in self.choices:
            raise ValueError(f"'{self.name}' may be one of {self.choices}, not {value!r}")
        node.SetParameter(self.name, str(value))


class _Wrapper:
    """The methods that every wrapped class gets."""

    def __init__(self, parameterNode: Any) -> None:
        if parameterNode is None or not parameterNode.IsA("vtkMRMLScriptedModuleNode"):
            raise TypeError("A parameter node wrapper needs a vtkMRMLScriptedModuleNode")
        object.__setattr__(self, "parameterNode", parameterNode)
        for parameter in self.allParameters.values():
            parameter.read(self)

    def __setattr__(self, name: str, value: Any) -> None:
        if name not in self.allParameters:
            raise AttributeError(f"There is no parameter '{name}'")
        object.__setattr__(self, name, value)

    def AddObserver(self, event: Any, callback: Any, priority: float = 0.0) -> int:
        """Observe the MRML node."""
        return self.parameterNode.AddObserver(event, callback, priority)

    def RemoveObserver(self, tag: int) -> None:
        """Stop that."""
        self.parameterNode.RemoveObserver(tag)

    def Modified(self) -> None:
        """Tell whoever observes the MRML node."""
        self.parameterNode.Modified()

    def connectGui(self, gui: Any) -> None:
        """Bind every widget with the dynamic property SlicerParameterName.

        Like Slicer's own, it gives no tag back, so that the bindings last as long as the widgets.
        """
        bindings = []
        for widget in vars(gui).values():
            name = widget.property("SlicerParameterName")
            if name:
                if name not in self.allParameters:
                    raise ValueError(f"A widget is bound to the unknown parameter '{name}'")
                bindings.append(binding(widget, self, self.allParameters[name]))

        def update(*_: Any) -> None:
            for each in bindings:
                each.update_widget()

        update()
        for each in bindings:
            each.connect()
        self.parameterNode.AddObserver(vtk.vtkCommand.ModifiedEvent, update)
