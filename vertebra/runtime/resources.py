"""Where the files lie that ship with Vertebra: models, terminology, sample data."""

from __future__ import annotations

from pathlib import Path


def resources() -> Path:
    """Inside the package where pip installed it, beside it in a checkout and in Slicer."""
    package = Path(__file__).resolve().parents[1]
    inside = package / "Resources"
    return inside if inside.is_dir() else package.parent / "Resources"
