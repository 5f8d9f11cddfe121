"""What the worker needs and Slicer may lack; asked for when the user starts a run, never before."""

from __future__ import annotations

import importlib
from importlib.util import find_spec
from subprocess import CalledProcessError

import slicer

from vertebra.errors import VertebraError

WHEELS = "Vertebra/WheelFolder"
"""The setting that names a folder of wheels, for computers without a network."""


def ensureDependencies() -> None:
    """Install PyTorch through its extension and safetensors through pip, if they are missing."""
    if find_spec("torch") is None:
        _installTorch()
    if find_spec("safetensors") is None:
        _install("safetensors>=0.4")


def ensureDicom() -> None:
    """Install what DICOM results need, where Slicer does not bring it along (before 5.12)."""
    if find_spec("highdicom") is None:
        _install("highdicom>=0.24")


def _installTorch() -> None:
    if _wheels():
        _install("torch>=2.2")
        return
    try:
        import PyTorchUtils
    except ModuleNotFoundError as error:
        raise VertebraError(
            "PyTorch is missing; install the extension 'PyTorch' with the Extensions Manager, "
            "restart Slicer and try again."
        ) from error
    if PyTorchUtils.PyTorchUtilsLogic().installTorch(askConfirmation=True) is None:
        raise VertebraError("This needs PyTorch, which was not installed; nothing was done.")


def _install(requirement: str) -> None:
    """From the folder of wheels if there is one, else in Slicer's own way, which asks first."""
    try:
        if _wheels():
            slicer.util.pip_install(["--no-index", "--find-links", _wheels(), requirement])
        else:
            _askAndInstall(requirement)
    except CalledProcessError as error:
        place = f"in the folder '{_wheels()}'" if _wheels() else "on the network"
        raise VertebraError(
            f"The Python package '{requirement}' could not be installed; check that it and what "
            f"it needs can be found {place}, and see Slicer's log."
        ) from error
    importlib.invalidate_caches()


def _askAndInstall(requirement: str) -> None:
    try:
        from slicer.packaging import pip_ensure
    except ImportError:  # Slicer 5.10
        question = f"Vertebra needs the Python package '{requirement}'. Install it now?"
        if not slicer.util.confirmOkCancelDisplay(question):
            raise _declined(requirement) from None
        slicer.util.pip_install(requirement)
        return
    try:
        pip_ensure([requirement], requester="Vertebra")
    except RuntimeError as error:
        raise _declined(requirement) from error


def _wheels() -> str:
    return str(slicer.app.userSettings().value(WHEELS) or "")


def _declined(requirement: str) -> VertebraError:
    return VertebraError(
        f"This needs the Python package '{requirement}', which was not installed; click again to "
        "install it."
    )
