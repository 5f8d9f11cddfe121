"""What a script in Slicer's console can do; the tutorial's own script does what it says."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from bench import NAMES, PRETEND, Bench, BenchFor, point_names, segment_names
from SpineLabelLib.scene import createSpineNode, showSpine

from vertebra.errors import VertebraError
from vertebra.spine import Spine
from vertebra.worker import Client

TUTORIAL = Path(__file__).resolve().parents[2] / "docs" / "tutorial.md"


@pytest.fixture
def bench(bench_for: BenchFor) -> Bench:
    return bench_for("SpineSegment")


def test_every_step_of_the_tutorial_has_its_picture() -> None:
    steps = re.split(r"^## (?=\d)", TUTORIAL.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
    assert len(steps) == 9
    for step in steps:
        pictures = re.findall(r"!\[[^]]+\]\(([^)]+)\)", step)
        assert pictures, step.splitlines()[0]
        assert all((TUTORIAL.parent / picture).is_file() for picture in pictures)


def test_a_script_segments_a_scan_and_waits(bench: Bench) -> None:
    logic, scan = bench.widget.logic, bench.choose_scan()
    assert segment_names(logic.segment(scan)) == NAMES
    points = createSpineNode(scan)
    showSpine(Spine.of({"L2": (0, 0, 30), "L3": (0, 0, 0)}), points)
    masks = logic.segment(scan, points, direction="up")
    assert segment_names(masks) == ["L2", "L3"]
    measured = logic.measure(masks, scan, points)
    assert measured["Middle height (mm)"] == pytest.approx([17.5, 17.5])
    assert measured["Mean of the body (HU)"] == pytest.approx([200, 200])
    with pytest.raises(VertebraError, match="This is an MR image"):
        logic.segment(bench.choose_scan("refuse"))


def test_the_script_of_the_tutorial_does_what_it_says(
    bench: Bench,
    slicer: Any,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("SpineLabelLib.WorkerRun.Client", lambda _command: Client(PRETEND))
    bench.choose_scan("CT")
    script = TUTORIAL.read_text(encoding="utf-8").split("```python")[1].split("```")[0]
    done: dict[str, Any] = {"slicer": slicer}
    exec(script, done)
    assert segment_names(done["masks"]) == NAMES
    assert point_names(done["points"]) == NAMES
    volumes = [float(each) for each in capsys.readouterr().out.strip("[]\n").split(",")]
    assert len(volumes) == 7
    assert min(volumes) > 10
