"""Images that can be read, but are no CT of a body."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from bad_files import ct, patched
from bad_inputs import Case, Make
from dicom_files import body
from scipy.ndimage import gaussian_filter

RANDOM = np.random.default_rng(11)


def image(change: Callable[[np.ndarray], np.ndarray], **grid) -> Make:
    """The small CT with its voxels (i, j, k) changed."""
    return lambda folder: ct(folder, voxels=change(body(32, 24).T.astype(np.float32)), **grid)


def put(value: float, count: int | None = None) -> Callable[[np.ndarray], np.ndarray]:
    """Voxels replaced by one value: the first `count`, or all."""

    def change(voxels: np.ndarray) -> np.ndarray:
        voxels = voxels.copy(order="F")
        voxels.reshape(-1, order="F")[:count] = value
        return voxels

    return change


def mr(voxels: np.ndarray) -> np.ndarray:
    """Bright fat and marrow, grey muscle, dark cortex and air, a coil's uneven gain."""
    bright = np.select([voxels > 200, voxels > -200], [700.0, 350.0], 20.0)
    gain = 1 + 0.4 * np.linspace(-1, 1, voxels.shape[0])[:, None, None]
    return np.abs(gaussian_filter(bright * gain, 1) + RANDOM.normal(0, 15, voxels.shape))


def pet(voxels: np.ndarray) -> np.ndarray:
    """Activity in Bq/ml: low everywhere, high in one spot."""
    activity = gaussian_filter((voxels > -200) * 3000.0, 3)
    activity[12:15, 12:15, 10:13] += 40000
    return RANDOM.poisson(activity).astype(np.float32)


IMAGES = [
    Case("an MR", "ct", image(mr), "may be an MR, a PET"),
    Case("a PET", "ct", image(pet), "may be an MR, a PET"),
    Case(
        "raw numbers 0 to 4095", "ct", image(lambda v: v.clip(-1024) + 1024), "raw scanner values"
    ),
    Case(
        "raw numbers, offset 1000", "ct", image(lambda v: (v + 1000).clip(0)), "raw scanner values"
    ),
    Case(
        "a CT scaled to 0..1", "ct", image(lambda v: (v.clip(-1000, 1000) + 1000) / 2000), "an MR"
    ),
    Case("a CT scaled to mean 0", "ct", image(lambda v: (v - v.mean()) / v.std()), "an MR"),
    Case(
        "a picture of a CT, 0 to 255",
        "ct",
        image(lambda v: np.rint((v.clip(-160, 240) + 160) * 255 / 400)),
        "rescaled picture",
    ),
    Case("an inverted CT", "ct", image(lambda v: -v), "as if it were inverted"),
    Case("a mask given as a CT", "ct", image(lambda v: (v > 200) * 20.0), "an MR, a PET"),
    Case("all voxels 0", "ct", image(put(0)), "the same number (0)"),
    Case("only NaN", "ct", image(put(np.nan)), "none of its voxels holds a number"),
    Case("some NaN", "ct", image(put(np.nan, 50)), "50 of its voxels hold no number"),
    Case("some infinite", "ct", image(put(np.inf, 7)), "7 of its voxels hold no number"),
    Case("only air and a table", "ct", image(lambda v: v.clip(-1024, -700)), "no soft tissue"),
    Case("a bottle of water", "ct", image(lambda v: v.clip(-1024, 60)), "no bone"),
    Case("one slice", "ct", image(lambda v: v[:, :, 9:10]), "it is flat"),
    Case("two slices", "ct", image(lambda v: v[:, :, 9:11]), "it is flat"),
    Case("voxels of 100 mm", "ct", image(lambda v: v, spacing=(1, 1, 100)), "check the units"),
    Case("metres taken for mm", "ct", image(lambda v: v, spacing=[0.0015] * 3), "check the units"),
    Case(
        "micrometres taken for mm", "ct", image(lambda v: v, spacing=[900] * 3), "check the units"
    ),
    Case("a cube of 16 mm", "ct", image(lambda v: v, spacing=[0.5] * 3), "less than a vertebra"),
    Case(
        "a body of 3.7 m",
        "ct",
        image(lambda v: np.tile(v, (1, 1, 13)), spacing=(1.5, 1.5, 12)),
        "more than a body",
    ),
    Case("lengths said to be micrometres", "ct", patched((123, "B", 3)), "check the units"),
]
