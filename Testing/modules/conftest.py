"""The stand-in Slicer for every test of the modules: a fresh scene each, one window for all."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from ctypes.util import find_library
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[2]
MISSING = [name for name in ("PySide6", "slicer_core") if find_spec(name) is None]
if sys.platform == "linux" and find_library("EGL") is None:
    MISSING.append("libegl1")
collect_ignore_glob = ["test_[!c]*.py"] if MISSING else []

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
FOLDERS = ("Testing/host", "Testing/modules", "SpineLabel", "SpineSegment")
sys.path[:0] = [str(ROOT / folder) for folder in FOLDERS]

if not MISSING:
    import_module("standin.start").start()


def pytest_report_header() -> str:
    """Say it when most of these tests cannot run."""
    return f"modules: not tested, {', '.join(MISSING)} missing" if MISSING else "modules: tested"


@pytest.fixture
def slicer() -> Iterator[Any]:
    """Slicer with an empty scene."""
    import slicer as running

    running.mrmlScene.Clear(False)
    yield running
    running.mrmlScene.Clear(False)


@pytest.fixture
def add_scan(slicer: Any) -> Callable[..., Any]:
    """Adds a small volume node: random voxels on an oblique, anisotropic, flipped grid."""

    def add(name: str = "CT", shape: tuple[int, int, int] = (12, 14, 16)) -> Any:
        i, j, k = shape
        voxels = np.random.default_rng(5).integers(-1000, 1500, (k, j, i), dtype=np.int16)
        c, s = np.cos(0.3), np.sin(0.3)
        toRas = np.array(
            [[-4 * c, 0, 3 * s, 20], [0, -5, 0, 30], [4 * s, 0, 3 * c * 4, -40], [0, 0, 0, 1.0]]
        )
        toRas[:3, 2] = np.array([s, 0, c]) * 12
        return slicer.util.addVolumeFromArray(voxels, toRas, name)

    return add


@pytest.fixture
def move(slicer: Any) -> Callable[..., None]:
    """Puts nodes under a transform that turns them a little and shifts them, as a registration."""

    def move(*nodes: Any) -> None:
        transform = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLinearTransformNode")
        c, s = np.cos(0.2), np.sin(0.2)
        matrix = np.array([[c, -s, 0, 8], [s, c, 0, -5], [0, 0, 1, 100], [0, 0, 0, 1.0]])
        transform.SetMatrixTransformToParent(slicer.util.vtkMatrixFromArray(matrix))
        for node in nodes:
            node.SetAndObserveTransformNodeID(transform.GetID())

    return move


@pytest.fixture
def bend(slicer: Any) -> Callable[[Any], None]:
    """Puts a node under a transform that is not linear."""

    def bend(node: Any) -> None:
        bending = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLBSplineTransformNode")
        node.SetAndObserveTransformNodeID(bending.GetID())

    return bend


@pytest.fixture
def asked(slicer: Any, monkeypatch: pytest.MonkeyPatch) -> Callable[[bool], list[str]]:
    """Answers every question of Slicer with yes or no from now on; returns what was asked."""

    def answer(agreed: bool) -> list[str]:
        questions: list[str] = []

        def ask(text: str) -> bool:
            questions.append(text)
            return agreed

        monkeypatch.setattr(slicer.util, "confirmOkCancelDisplay", ask)
        return questions

    return answer


@pytest.fixture
def lumbar() -> Any:
    """A spine from T11 to L5 with everything that a spine can carry."""
    from dataclasses import replace

    from vertebra.spine import Flag, Provenance, RunnerUp, Spine

    names = ("T11", "T12", "L1", "L2", "L3", "L4", "L5")
    heights = (60.0, 31.0, 0.0, -33.0, -68.0, -102.0, -135.0)
    spine = Spine.of({name: (2.0, 5.0 + n, z) for n, (name, z) in enumerate(zip(names, heights))})
    first, second, *rest = spine.vertebrae
    first = replace(first, confidence=0.71, completeness=0.31, flags=frozenset({Flag.PARTIAL}))
    second = replace(second, confidence=0.97, completeness=1.0, locked=True)
    return replace(
        spine,
        vertebrae=(first, second, *rest),
        anchored_count=True,
        runner_up=RunnerUp(spine.shifted(0).levels, 0.2),
        provenance=Provenance("Vertebra 0.1.0", "multiview", "sha256:00", "2026-11-21"),
    )


@pytest.fixture
def reopened(slicer: Any, tmp_path: Path) -> Callable[[str], None]:
    """Saves the scene as .mrml (with its nodes' files) or .mrb, closes it, and loads it again."""
    endings = {
        "vtkMRMLScalarVolumeNode": "nrrd",
        "vtkMRMLMarkupsFiducialNode": "mrk.json",
        "vtkMRMLSegmentationNode": "seg.nrrd",
    }

    def reopen(ending: str) -> None:
        if ending == "mrml":
            for name, node_ending in endings.items():
                for number, node in enumerate(slicer.util.getNodesByClass(name)):
                    assert slicer.util.saveNode(node, str(tmp_path / f"{number}.{node_ending}"))
        file = str(tmp_path / f"scene.{ending}")
        assert slicer.util.saveScene(file)
        slicer.mrmlScene.Clear(False)
        slicer.util.loadScene(file)

    return reopen


@pytest.fixture(scope="session")
def _open_window() -> Iterator[Any]:
    from standin.window import Window

    window = Window()
    window.resize(1300, 850)
    window.show()
    yield window
    window.close()


@pytest.fixture
def window(_open_window: Any, slicer: Any) -> Iterator[Any]:
    """The stand-in window with a user in front of it, and an empty scene."""
    from standin.user import User

    user = User(_open_window)
    user.select_module("SpineLabel")
    user.settle()
    yield user
    user.settle()


@pytest.fixture
def bench_for(window: Any, slicer: Any) -> Iterator[Callable[[str], Any]]:
    """Opens a module by name, before an engine that only pretends."""
    from bench import Bench

    with ExitStack() as open_benches:

        def open_bench(module: str) -> Bench:
            bench = Bench(window, slicer, module)
            open_benches.enter_context(bench.pretending())
            return bench

        yield open_bench
