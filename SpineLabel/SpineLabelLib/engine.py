"""Finds the engine, the package `vertebra`."""

from __future__ import annotations

import sys
from importlib.util import find_spec
from pathlib import Path


def addEngineToPath() -> None:
    """Make `import vertebra` work.

    Installed, the engine lies beside the modules and is found already; in the source tree, where a
    developer adds the module folders to Slicer's settings, it lies two folders up.
    """
    if find_spec("vertebra") is None:
        sys.path.append(str(Path(__file__).resolve().parents[2]))


def engineFolder() -> Path:
    """The folder that holds the engine and, beside it, its resources."""
    spec = find_spec("vertebra")
    if spec is None or spec.origin is None:
        raise ImportError("The package 'vertebra' is missing; reinstall the extension.")
    return Path(spec.origin).resolve().parents[1]
