"""One picture of a result: the spine from the side and from the front, with names and masks."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ...errors import VertebraError
from ...runtime import replacing
from ...spine import Flag, Spine
from ...volume import Grid, LabelMap, Volume, resampled
from .preparation import upright

SPACING = 1.5
"""The picture's pixels, mm."""
THICKNESS = 12.0
"""The sections average over this much, mm."""
WIDTH = 260.0
"""So much is shown around the spine, mm."""
WINDOW = (-200.0, 700.0)
DOUBTS = {Flag.AMBIGUOUS, Flag.ANOMALY, Flag.SPACING}
"""What puts a question mark behind a name."""
WHOLE, CUT = 0.5, 0.2
"""How opaque masks are drawn, and those of vertebrae that are only partially visible."""


def draw_spine(volume: Volume, spine: Spine, target: Path, labels: LabelMap | None = None) -> None:
    """Draw a sagittal and a coronal section that follow the spine, as a PNG file.

    Masks (by instance number) are drawn over it where they are given.
    """
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
        from matplotlib.patheffects import withStroke
    except ImportError as error:
        raise VertebraError('Pictures need matplotlib: pip install "vertebra[report]".') from error
    small = upright(volume, SPACING)
    masks = None if labels is None else resampled(labels, small.grid)
    low, high = (small.grid.to_world(ends) for ends in ([0, 0, 0], np.array(small.grid.shape) - 1))
    middle = np.mean(spine.centroids, axis=0) if len(spine) else (low + high) / 2
    tall = float(np.clip(9 * (high - low)[2] / (2 * WIDTH), 3, 16))
    figure = Figure(figsize=(9, tall), layout="constrained")
    for place, (axis, title) in enumerate([(1, "from the left"), (0, "from the front")], start=1):
        axes = figure.add_subplot(1, 2, place)
        axes.imshow(
            section(small, spine, across=1 - axis).T,
            cmap="gray",
            vmin=WINDOW[0],
            vmax=WINDOW[1],
            origin="lower",
            extent=(low[axis], high[axis], low[2], high[2]),
        )
        if masks is not None:
            axes.imshow(
                coloured(masks, spine, across=1 - axis).transpose(1, 0, 2),
                origin="lower",
                extent=(low[axis], high[axis], low[2], high[2]),
                interpolation="nearest",
            )
        # anterior and the patient's right are on the left, as in the clinic
        axes.set_xlim(middle[axis] + WIDTH / 2, middle[axis] - WIDTH / 2)
        axes.set_facecolor("black")
        for vertebra in spine:
            colour = tuple(value / 255 for value in vertebra.level.colour)
            x, z = vertebra.centroid[axis], vertebra.centroid[2]
            axes.plot(x, z, "o", color=colour, markersize=4, markeredgecolor="black")
            axes.annotate(
                vertebra.level.name + ("?" if vertebra.flags & DOUBTS else ""),
                (x, z),
                (45, 0),
                textcoords="offset points",
                color=colour,
                fontsize=9,
                va="center",
                path_effects=[withStroke(linewidth=2, foreground="black")],
            )
        axes.set_title(f"Seen {title}, mm", fontsize=9)
        axes.tick_params(labelsize=7)
    with replacing(target) as temporary:
        FigureCanvasAgg(figure).print_png(str(temporary))  # type: ignore[no-untyped-call]


def section(volume: Volume, spine: Spine, across: int) -> NDArray[np.float64]:
    """The mean over a few millimetres across axis 0 (sagittal) or 1 (coronal), along the spine."""
    grid = volume.grid
    half = max(1, round(THICKNESS / 2 / grid.spacing[across]))
    last = grid.shape[across] - 1
    picture = np.empty((grid.shape[1 - across], grid.shape[2]))
    for k, place in enumerate(course(grid, spine, across)):
        near = np.clip(np.arange(place - half, place + half + 1), 0, last)
        picture[:, k] = np.take(volume.voxels[..., k], near, axis=across).mean(axis=across)
    return picture


def coloured(masks: LabelMap, spine: Spine, across: int) -> NDArray[np.uint8]:
    """The masks where `section` has its middle, in their levels' colours, as RGBA."""
    palette = np.zeros((int(masks.voxels.max(initial=0)) + 1, 4), np.uint8)
    for vertebra in spine:
        if vertebra.instance < len(palette):
            opacity = CUT if Flag.PARTIAL in vertebra.flags else WHOLE
            palette[vertebra.instance] = (*vertebra.level.colour, round(255 * opacity))
    middle = course(masks.grid, spine, across)
    slices = [np.take(masks.voxels[..., k], at, axis=across) for k, at in enumerate(middle)]
    return np.asarray(palette[np.stack(slices, axis=1)])


def course(grid: Grid, spine: Spine, across: int) -> NDArray[np.int_]:
    """Where the spine is across axis 0 or 1 at each height, in voxels inside the grid."""
    points = grid.to_index(np.array(spine.centroids).reshape(-1, 3))
    middle = np.full(grid.shape[2], (grid.shape[across] - 1) / 2)
    if len(points):
        points = points[np.argsort(points[:, 2])]
        middle = np.interp(np.arange(grid.shape[2]), points[:, 2], points[:, across])
    return np.asarray(np.clip(np.rint(middle).astype(int), 0, grid.shape[across] - 1))
