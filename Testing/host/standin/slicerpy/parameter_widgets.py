"""How a widget shows and sets one parameter: one class a kind of widget."""

from __future__ import annotations

from typing import Any

import qt


def binding(widget: Any, wrapper: Any, parameter: Any) -> Binding:
    """The binding for a widget; a widget that cannot show this type raises."""
    for kind in (NodeBinding, CheckBinding, ChoiceBinding):
        if kind.fits(widget, parameter):
            return kind(widget, wrapper, parameter)
    raise RuntimeError(
        f"A {type(widget).__name__} cannot show the parameter '{parameter.name}' "
        f"of type {parameter.type.__name__}"
    )


class Binding:
    """Keeps a widget and a parameter the same."""

    signal = ""

    def __init__(self, widget: Any, wrapper: Any, parameter: Any) -> None:
        self.widget, self.wrapper, self.parameter = widget, wrapper, parameter

    def connect(self) -> None:
        """Write into the node whenever the widget changes."""
        self.widget.connect(self.signal, self.update_node)

    def update_node(self) -> None:
        """Widget to node."""
        self.parameter.write(self.wrapper, self.read())

    def update_widget(self) -> None:
        """Node to widget."""
        value = self.parameter.read(self.wrapper)
        if self.read() != value:
            self.show(value)

    def read(self) -> Any:
        """The widget's value."""
        raise NotImplementedError

    def show(self, value: Any) -> None:
        """Set the widget's value."""
        raise NotImplementedError


class NodeBinding(Binding):
    """A node selector."""

    signal = "currentNodeChanged(vtkMRMLNode*)"

    @staticmethod
    def fits(widget: Any, parameter: Any) -> bool:
        """Node selectors show nodes."""
        return parameter.is_node and hasattr(widget, "setCurrentNode")

    def read(self) -> Any:
        return self.widget.currentNode()

    def show(self, value: Any) -> None:
        self.widget.setCurrentNode(value)


class CheckBinding(Binding):
    """A check box."""

    signal = "toggled(bool)"

    @staticmethod
    def fits(widget: Any, parameter: Any) -> bool:
        """Check boxes show yes or no."""
        return parameter.type is bool and type(widget) is qt.QCheckBox

    def read(self) -> Any:
        return self.widget.checked

    def show(self, value: Any) -> None:
        self.widget.checked = value


class ChoiceBinding(Binding):
    """A combo box, filled from the parameter's Choice annotation."""

    signal = "currentIndexChanged(int)"

    @staticmethod
    def fits(widget: Any, parameter: Any) -> bool:
        """Combo boxes show parameters with a Choice."""
        return parameter.choices is not None and type(widget) is qt.QComboBox

    def __init__(self, widget: Any, wrapper: Any, parameter: Any) -> None:
        super().__init__(widget, wrapper, parameter)
        widget.clear()
        widget.addItems([str(choice) for choice in parameter.choices])

    def read(self) -> Any:
        return self.parameter.choices[self.widget.currentIndex]

    def show(self, value: Any) -> None:
        self.widget.currentIndex = self.parameter.choices.index(value)
