"""What Slicer lacks is asked for on Apply, and declining is answered with a clear sentence."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from SpineLabelLib import Dependencies

from vertebra.errors import VertebraError

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def lacking(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Makes packages look missing."""

    def lack(*names: str) -> None:
        monkeypatch.setattr(Dependencies, "find_spec", lambda name: None if name in names else name)

    return lack


def test_nothing_is_asked_when_nothing_is_missing(lacking: Any) -> None:
    lacking()
    Dependencies.ensureDependencies()


def test_without_the_pytorch_extension_the_user_is_told_to_install_it(lacking: Any) -> None:
    lacking("torch")
    with pytest.raises(VertebraError, match="install the extension 'PyTorch'"):
        Dependencies.ensureDependencies()


@pytest.mark.parametrize("installed", [True, False])
def test_torch_comes_through_the_pytorch_extension(
    lacking: Any, monkeypatch: pytest.MonkeyPatch, installed: bool
) -> None:
    asked = []

    class PyTorchUtilsLogic:
        def installTorch(self, askConfirmation: bool) -> Any:
            asked.append(askConfirmation)
            return "torch" if installed else None

    extension = ModuleType("PyTorchUtils")
    extension.PyTorchUtilsLogic = PyTorchUtilsLogic
    monkeypatch.setitem(sys.modules, "PyTorchUtils", extension)
    lacking("torch")
    if installed:
        Dependencies.ensureDependencies()
    else:
        with pytest.raises(VertebraError, match="was not installed; nothing was done"):
            Dependencies.ensureDependencies()
    assert asked == [True]


def test_the_rest_comes_through_slicers_own_dialog_and_may_be_declined(
    lacking: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def pip_ensure(requirements: list[str], requester: str) -> None:
        asked.append((requirements, requester))
        raise RuntimeError("declined")

    packaging = ModuleType("slicer.packaging")
    packaging.pip_ensure = pip_ensure
    monkeypatch.setitem(sys.modules, "slicer.packaging", packaging)
    lacking("safetensors")
    with pytest.raises(VertebraError, match=r"'safetensors>=0\.4', which was not installed"):
        Dependencies.ensureDependencies()
    assert asked == [(["safetensors>=0.4"], "Vertebra")]


@pytest.mark.parametrize("agreed", [True, False])
def test_an_older_slicer_asks_with_a_question_of_our_own(
    lacking: Any, monkeypatch: pytest.MonkeyPatch, slicer: Any, agreed: bool
) -> None:
    installed = []
    monkeypatch.setattr(slicer.util, "confirmOkCancelDisplay", lambda text: agreed)
    monkeypatch.setattr(slicer.util, "pip_install", installed.append)
    lacking("safetensors")
    if agreed:
        Dependencies.ensureDependencies()
    else:
        with pytest.raises(VertebraError, match="was not installed"):
            Dependencies.ensureDependencies()
    assert installed == (["safetensors>=0.4"] if agreed else [])


@pytest.fixture
def wheels(slicer: Any, tmp_path: Path) -> Iterator[Path]:
    """A folder of wheels, named in the settings as the tutorial says."""
    slicer.app.userSettings().setValue("Vertebra/WheelFolder", str(tmp_path))
    yield tmp_path
    slicer.app.userSettings().remove("Vertebra/WheelFolder")


def test_a_folder_of_wheels_serves_computers_without_a_network(
    lacking: Any, monkeypatch: pytest.MonkeyPatch, slicer: Any, wheels: Path
) -> None:
    installed = []
    monkeypatch.setattr(slicer.util, "pip_install", installed.append)
    lacking("torch", "safetensors")
    Dependencies.ensureDependencies()
    offline = ["--no-index", "--find-links", str(wheels)]
    assert installed == [[*offline, "torch>=2.2"], [*offline, "safetensors>=0.4"]]


def test_a_wheel_that_is_not_in_the_folder_is_named_in_a_sentence(
    lacking: Any, monkeypatch: pytest.MonkeyPatch, slicer: Any, wheels: Path
) -> None:
    def pip_install(arguments: list[str]) -> None:
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--target", str(wheels)]
        subprocess.run([*pip, *arguments], check=True, capture_output=True, timeout=60)

    monkeypatch.setattr(slicer.util, "pip_install", pip_install)
    monkeypatch.setenv("PIP_FIND_LINKS", str(wheels))
    lacking("safetensors")
    with pytest.raises(VertebraError, match=rf"'safetensors>=0\.4' could not .* '{wheels}'"):
        Dependencies.ensureDependencies()


def test_both_modules_open_in_a_slicer_that_has_no_torch() -> None:
    program = f"""
import sys
sys.path[:0] = [{str(ROOT / "Testing/host")!r}, {str(ROOT)!r}]
for name in ("torch", "safetensors", "pydicom", "highdicom", "monai", "matplotlib"):
    sys.modules[name] = None
from standin.start import start
start()
from standin.window import Window
Window().show()
print("open")
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60
    )
    assert done.stdout.strip().endswith("open"), done.stderr[-2000:]
