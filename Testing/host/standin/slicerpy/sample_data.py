"""Stands in for the module Sample Data: knows who offers what, and loads it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar


@dataclass(frozen=True)
class Source:
    """A sample that some module offers."""

    sampleName: str
    thumbnailFileName: str
    customDownloader: Callable[[Any], None]


class SampleDataLogic:
    """The samples by category and name."""

    sources: ClassVar[dict[str, dict[str, Source]]] = {}

    @classmethod
    def registerCustomSampleDataSource(
        cls,
        *,
        category: str,
        sampleName: str,
        thumbnailFileName: str,
        customDownloader: Callable[[Any], None],
    ) -> None:
        """Offer a sample that its module loads by itself."""
        if not Path(thumbnailFileName).is_file():
            raise FileNotFoundError(thumbnailFileName)
        source = Source(sampleName, thumbnailFileName, customDownloader)
        cls.sources.setdefault(category, {})[sampleName] = source

    @classmethod
    def load(cls, category: str, sampleName: str) -> None:
        """What a click on the sample's button does."""
        source = cls.sources[category][sampleName]
        source.customDownloader(source)
