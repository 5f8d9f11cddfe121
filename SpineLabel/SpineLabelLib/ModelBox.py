"""The choice between the installed models of a method."""

from __future__ import annotations

from collections.abc import Callable

from slicer.i18n import tr as _


class ModelBox:
    """Offers the models on this computer by name; the first entry leaves the choice to us."""

    def __init__(
        self, box, hint, method: str, chosen: Callable[[str], None], say: Callable[[str], None]
    ) -> None:
        self._box, self._hint, self._method = box, hint, method
        self._chosen, self._say = chosen, say
        self._names: list[str] = []
        self._name = ""
        self.refresh()
        box.connect("currentIndexChanged(int)", self._onIndex)

    def refresh(self) -> None:
        """Look again at what is installed; the choice stays."""
        from vertebra.runtime.models import models, unreadable, user_folder

        found = [each.card.name for each in models() if each.card.method == self._method]
        sentence = _("No model is installed; put one's two files into {folder}.").format(
            folder=user_folder()
        )
        sentence = " ".join(unreadable().values()) or sentence
        if found != self._names or not self._box.count:
            self._names = found
            self._box.blockSignals(True)
            self._box.clear()
            self._box.addItems([_("the best installed"), *found])
            self._box.blockSignals(False)
        self._box.enabled = bool(found)
        self._hint.text = "" if found else sentence
        self.show(self._name)

    def show(self, name: str) -> None:
        """Choose a model; where it is not installed but others are, the choice is left to us."""
        self._name = name
        if name and self._names and name not in self._names:
            self._chosen("")
            gone = _("The model '{name}' is not installed here; the best installed is used.")
            self._say(gone.format(name=name))
            name = self._name = ""
        index = self._names.index(name) + 1 if name in self._names else 0
        if self._box.currentIndex != index:
            self._box.currentIndex = index

    def _onIndex(self, index: int) -> None:
        self._chosen(self._names[index - 1] if index > 0 else "")
