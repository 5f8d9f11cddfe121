"""The installed models are offered by name under Advanced, in either module."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from bench import Bench, BenchFor

from vertebra.runtime import models
from vertebra.runtime.models import Card, save

METHODS = {"SpineLabel": ("views", "multiview"), "SpineSegment": ("bones", "iterative")}


@pytest.fixture(params=list(METHODS))
def bench(request: pytest.FixtureRequest, bench_for: BenchFor) -> Bench:
    return bench_for(request.param)


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a model of each method."""
    monkeypatch.setenv("VERTEBRA_MODELS", str(tmp_path / "models"))
    for name, method in METHODS.values():
        save(Card(name, method), {"w": torch.zeros(1)}, tmp_path / "models")
    return tmp_path / "models"


def offered(bench: Bench) -> list[str]:
    box = bench.ui.modelBox
    return [box.itemText(n) for n in range(box.count)]


def test_a_model_is_offered_where_its_method_is_at_work_and_a_saved_scene_keeps_the_choice(
    bench: Bench, installed: Path, reopened: Callable[[str], None]
) -> None:
    bench.choose_scan()
    bench.panel.models.refresh()
    mine = METHODS[bench.module][0]
    others = {name for name, _ in METHODS.values()} - {mine}
    assert offered(bench)[0] == "the best installed"
    assert mine in offered(bench)
    assert not others & set(offered(bench))
    assert bench.ui.modelBox.enabled
    assert bench.ui.modelHint.text == ""
    bench.ui.modelBox.currentIndex = offered(bench).index(mine)
    reopened("mrb")
    bench.window.settle()
    assert bench.ui.modelBox.currentText == mine


def test_a_saved_scene_that_names_a_model_which_is_not_here_runs_with_the_best_and_says_so(
    bench: Bench, installed: Path, tmp_path: Path
) -> None:
    slicer, mine = bench.slicer, METHODS[bench.module][0]
    bench.choose_scan()
    bench.run()
    bench.panel.models.refresh()
    bench.ui.modelBox.currentIndex = offered(bench).index(mine)
    assert slicer.util.saveScene(str(tmp_path / "scene.mrb"))
    for file in installed.glob(f"{mine}.*"):
        file.unlink()
    bench.panel.models.refresh()
    sentence = f"The model '{mine}' is not installed here; the best installed is used."
    assert (bench.status(), bench.ui.modelBox.currentIndex) == (sentence, 0)
    slicer.mrmlScene.Clear(False)
    bench.panel.say("")
    slicer.util.loadScene(str(tmp_path / "scene.mrb"))
    bench.window.settle()
    assert (bench.status(), bench.ui.modelBox.currentIndex) == (sentence, 0)
    assert len(bench.rows()) == 7
    bench.run()
    assert bench.status().startswith("Done")
    assert "model" not in bench.status(), "the engine chooses"


def test_without_a_model_the_choice_is_off_and_says_what_to_do(
    bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(models, "bundled_folder", lambda: tmp_path / "none")
    folder = tmp_path / "mine"
    monkeypatch.setenv("VERTEBRA_MODELS", str(folder))
    bench.panel.models.refresh()
    assert not bench.ui.modelBox.enabled
    sentence = f"No model is installed; put one's two files into {folder}."
    assert bench.ui.modelHint.text == sentence
    folder.mkdir()
    (folder / "bad.json").write_text("{")
    (folder / "bad.safetensors").write_bytes(b"")
    bench.panel.models.refresh()
    assert f"'{folder / 'bad.json'}' is not the card of a model" in bench.ui.modelHint.text


def test_the_choices_under_advanced_reach_the_engine(bench_for: BenchFor, installed: Path) -> None:
    bench = bench_for("SpineSegment")
    bench.panel.models.refresh()
    bench.ui.modelBox.currentIndex = offered(bench).index("bones")
    bench.ui.directionBox.currentIndex = 2
    bench.ui.searchBox.currentIndex = 3
    bench.choose_scan()
    bench.run()
    assert "Asked for: direction up, model bones, search fine." in bench.status()
