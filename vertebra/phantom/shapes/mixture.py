"""Two shape sources mixed: some subjects have their bones from one, some from the other."""

from __future__ import annotations

import numpy as np

from ..measures import Size
from .source import ShapeSource
from .template import Template


class Mixture:
    """Takes a `share` of the subjects' shapes from `second`, the others' from `first`."""

    def __init__(self, first: ShapeSource, second: ShapeSource, share: float = 0.5) -> None:
        self.first, self.second, self.share = first, second, share

    def _source(self, variant: int) -> ShapeSource:
        draw = np.random.Generator(np.random.PCG64([variant, 3])).random()
        return self.second if draw < self.share else self.first

    def vertebra(self, name: str, variant: int) -> tuple[Template, Size]:
        """A vertebra of the source that this variant has."""
        return self._source(variant).vertebra(name, variant)

    def bone(self, name: str, variant: int) -> Template:
        """Another bone of the source that this variant has."""
        return self._source(variant).bone(name, variant)
