"""Files of tensors: written whole, and readable by whom other new files are."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from safetensors import SafetensorError
from safetensors.torch import save_file
from torch import Tensor

from ..errors import VertebraError
from .files import replacing


def write_tensors(
    target: Path, tensors: Mapping[str, Tensor], metadata: Mapping[str, str] | None = None
) -> None:
    """Write tensors atomically as safetensors."""
    with replacing(target) as temporary:
        temporary.touch()
        usual = temporary.stat().st_mode  # safetensors lets nobody but the writer read
        try:
            save_file(dict(tensors), temporary, metadata=dict(metadata) if metadata else None)
        except SafetensorError as error:
            raise VertebraError(
                f"'{target}' could not be written ({error}); free some space on the disk, or "
                "choose another folder."
            ) from error
        temporary.chmod(usual)
