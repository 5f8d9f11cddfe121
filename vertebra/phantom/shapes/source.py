"""Where shapes come from: anything that knows every bone as a template."""

from __future__ import annotations

from typing import Protocol

from ..measures import Size
from .template import Template


class ShapeSource(Protocol):
    """Procedural shapes, surfaces, or a mixture; `variant` picks among the shapes of a bone."""

    def vertebra(self, name: str, variant: int) -> tuple[Template, Size]:
        """A vertebra, C1 to L6, in its body's frame, with the sizes it has."""
        ...

    def bone(self, name: str, variant: int) -> Template:
        """ "sacrum" and "hip" (right) in the upright pelvis' frame, "skull" in that of C1."""
        ...
