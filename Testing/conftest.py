"""What all tests share."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import settings

# The project's check judges a change, so it tries the same examples each time; developers' runs
# look for new ones. Times are left to the benchmarks.
settings.register_profile("explore", deadline=None)
settings.register_profile("check", deadline=None, derandomize=True)
settings.load_profile("check" if os.environ.get("CI") else "explore")

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder with real CTs and masks; tests that need it skip where it is absent."""
    folder = Path(os.environ.get("VERTEBRA_SHARED_DATA", ROOT.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip("needs the shared data; name its folder in VERTEBRA_SHARED_DATA")
    return folder
