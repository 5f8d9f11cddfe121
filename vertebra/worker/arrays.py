"""Arrays travel between the processes as files in the job's folder, and are never unpickled."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import VertebraError


def write_array(file: Path, array: NDArray[Any]) -> None:
    """Write an array for the other process."""
    try:
        np.save(file, array, allow_pickle=False)
    except OSError as error:
        raise VertebraError(
            f"The voxels could not be handed over ({error.strerror}); free some disk space."
        ) from error


def read_array(file: Path, *, mapped: bool = False) -> Any:
    """The array that the other process wrote; mapped ones are read as they are looked at."""
    return np.load(file, mmap_mode="r" if mapped else None, allow_pickle=False)
