"""Stored numbers become Hounsfield units or labels, slab by slab, in the smallest type."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import BadFile

Slabs = Callable[[], Iterable[NDArray[Any]]]
"""Gives the image as arrays (i, j, part of k) in order; may be asked more than once."""

MOST_VOXELS = 2**31
"""More than any CT scanner writes; a header that promises more is damaged or malicious."""

SLAB_BYTES = 2**23


def slab_depth(shape: tuple[int, ...], itemsize: int) -> int:
    """How many slices make a slab of about `SLAB_BYTES`."""
    return max(1, SLAB_BYTES // max(1, shape[0] * shape[1] * itemsize))


def hounsfield(slabs: Slabs, shape: tuple[int, int, int]) -> NDArray[np.generic]:
    """The image as int16 if every value is whole and fits, else as float32."""
    whole = _filled(slabs, shape, np.int16)
    if whole is not None:
        return whole
    voxels = np.empty(shape, np.float32, order="F")
    _fill(voxels, slabs(), lambda slab: slab)
    return voxels


def labels(slabs: Slabs, shape: tuple[int, int, int], name: str) -> NDArray[np.integer[Any]]:
    """The label map in the smallest unsigned type; refuses fractions and negative numbers."""

    def checked(slab: NDArray[Any]) -> NDArray[Any]:
        if slab.dtype.kind == "f" and not (np.isfinite(slab) & (slab == np.rint(slab))).all():
            raise BadFile(
                f"'{name}' holds fractions where a mask needs whole numbers; "
                "choose the mask that was not interpolated."
            )
        if slab.min() < 0:
            raise BadFile(
                f"'{name}' holds the negative label {int(slab.min())}; "
                "a mask counts from 0, so this may be an image instead."
            )
        if slab.max() > 65535:
            raise BadFile(
                f"'{name}' holds the label {int(slab.max())}; labels above 65535 are no vertebrae."
            )
        return slab

    for dtype in (np.uint8, np.uint16):
        found = _filled(slabs, shape, dtype, checked)
        if found is not None:
            return found
    raise AssertionError("labels were checked to fit into 16 bits")


def _filled(
    slabs: Slabs,
    shape: tuple[int, int, int],
    dtype: type[np.integer[Any]],
    check: Callable[[NDArray[Any]], NDArray[Any]] = lambda slab: slab,
) -> NDArray[np.integer[Any]] | None:
    """All slabs in `dtype`, or nothing when a value has no place in it."""
    voxels = np.empty(shape, dtype, order="F")
    fits = _fill(voxels, slabs(), lambda slab: slab if _fits(check(slab), dtype) else None)
    return voxels if fits else None


def _fill(
    voxels: NDArray[Any],
    slabs: Iterable[NDArray[Any]],
    convert: Callable[[NDArray[Any]], NDArray[Any] | None],
) -> bool:
    start = 0
    for slab in slabs:
        values = convert(slab)
        if values is None:
            return False
        stop = start + slab.shape[2]
        voxels[..., start:stop] = values
        start = stop
    return True


def _fits(slab: NDArray[Any], dtype: type[np.integer[Any]]) -> bool:
    limits = np.iinfo(dtype)
    if slab.dtype.kind == "f" and not (slab == np.rint(slab)).all():
        return False
    if slab.dtype.kind in "iu" and np.can_cast(slab.dtype, dtype):
        return True
    return bool(slab.min() >= limits.min and slab.max() <= limits.max)
