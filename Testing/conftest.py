"""What all tests share."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder with real CTs and masks; tests that need it skip where it is absent."""
    folder = Path(os.environ.get("VERTEBRA_SHARED_DATA", ROOT.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip("needs the shared data; name its folder in VERTEBRA_SHARED_DATA")
    return folder
