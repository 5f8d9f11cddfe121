"""What pip installs is whole: it finds its models and files far from any checkout."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from vertebra.runtime import models as store

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder into which pip installed a wheel built from this tree and one more model."""
    source, site = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("site")
    for folder in ("vertebra", "Resources"):
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / folder, source / folder, ignore=ignored)
    for file in ("pyproject.toml", "README.md", "LICENSE.txt"):
        shutil.copy(ROOT / file, source)
    weights = {"weight": torch.arange(4.0)}
    store.save(store.Card("tiny", "multiview"), weights, source / "Resources" / "Models")
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index"]
    subprocess.run([*pip, "--no-build-isolation", "--target", site, source], check=True)
    return site


def told_by(site: Path, question: str) -> str:
    """What a Python that knows the installed package only prints."""
    environment = {**os.environ, "PYTHONPATH": str(site), "VERTEBRA_MODELS": str(site / "none")}
    done = subprocess.run(
        [sys.executable, "-c", question],
        cwd=site,
        env=environment,
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout.strip()


def test_an_installed_package_finds_and_loads_the_models_that_ship(site: Path) -> None:
    question = (
        "from vertebra.runtime.models import load, model; found = model('tiny');"
        "print(found.bundled, load(found)['weight'].tolist(), found.weights)"
    )
    bundled, weights = told_by(site, question).split(" ", 1)
    assert bundled == "True"
    assert weights.startswith("[0.0, 1.0, 2.0, 3.0]")
    assert str(site / "vertebra") in weights


def test_every_resource_that_the_extension_ships_is_installed_too(site: Path) -> None:
    folder = told_by(site, "from vertebra.runtime.resources import resources; print(resources())")
    shipped = (ROOT / "CMake" / "EngineFiles.cmake").read_text(encoding="utf-8").split()
    names = [name for name in shipped if name.startswith("Resources/")]
    assert len(names) > 4
    assert [name for name in names if not (Path(folder).parent / name).is_file()] == []
    assert Path(folder).is_relative_to(site)


def test_the_installed_command_runs(site: Path) -> None:
    assert "tiny" in told_by(
        site,
        "from vertebra.cli import main; import sys;"
        "sys.argv[1:] = ['models', 'list', '--json']; main()",
    )
