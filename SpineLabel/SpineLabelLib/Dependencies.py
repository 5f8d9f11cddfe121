"""What the worker needs and Slicer may lack; asked for when the user starts a run, never before."""

from __future__ import annotations

from importlib.util import find_spec

import slicer

from vertebra.errors import VertebraError

WHEELS = "Vertebra/WheelFolder"
"""The setting that names a folder of wheels, for computers without a network."""


def ensureDependencies() -> None:
    """Install PyTorch through its extension and safetensors through pip, if they are missing."""
    if find_spec("torch") is None:
        _installTorch()
    if find_spec("safetensors") is None:
        _installWithPip("safetensors>=0.4")


def ensureDicom() -> None:
    """Install what DICOM results need, where Slicer does not bring it along (before 5.12)."""
    if find_spec("highdicom") is None:
        _installWithPip("highdicom>=0.24")


def _installTorch() -> None:
    try:
        import PyTorchUtils
    except ModuleNotFoundError as error:
        raise VertebraError(
            "PyTorch is missing; install the extension 'PyTorch' with the Extensions Manager, "
            "restart Slicer and try again."
        ) from error
    if PyTorchUtils.PyTorchUtilsLogic().installTorch(askConfirmation=True) is None:
        raise VertebraError("This needs PyTorch, which was not installed; nothing was done.")


def _installWithPip(requirement: str) -> None:
    folder = slicer.app.userSettings().value(WHEELS)
    if folder:
        slicer.util.pip_install(["--no-index", "--find-links", str(folder), requirement])
        return
    try:
        from slicer.packaging import pip_ensure
    except ImportError:
        _askAndInstall(requirement)
        return
    try:
        pip_ensure([requirement], requester="Vertebra")
    except RuntimeError as error:
        raise _declined(requirement) from error


def _askAndInstall(requirement: str) -> None:
    """Slicer 5.10 has no slicer.packaging."""
    question = f"Vertebra needs the Python package '{requirement}'. Install it now?"
    if not slicer.util.confirmOkCancelDisplay(question):
        raise _declined(requirement)
    slicer.util.pip_install(requirement)


def _declined(requirement: str) -> VertebraError:
    return VertebraError(
        f"This needs the Python package '{requirement}', which was not installed; click again to "
        "install it."
    )
