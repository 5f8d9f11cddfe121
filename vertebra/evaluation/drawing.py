"""The report's pictures: sections with points and masks, figures by level, reliability."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..anatomy import Level, level
from ..errors import VertebraError
from .confidence import Reliability
from .scores import ScanScore, VertebraScore
from .views import Section, Side

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

INK, QUIET, HAIRLINE, PAPER = "#1f2328", "#6e7681", "#d8dee4", "#eef0f2"
WRONG = "#d1242f"

_STYLE = {
    "font.size": 9,
    "text.color": INK,
    "axes.edgecolor": HAIRLINE,
    "axes.labelcolor": QUIET,
    "axes.linewidth": 0.8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "xtick.color": QUIET,
    "ytick.color": QUIET,
    "xtick.major.size": 0,
    "ytick.major.size": 0,
    "svg.fonttype": "none",
}
_WIDTH, _TALLEST = 10.37, 6.4
_GUTTER, _TITLE = 0.36, 0.26
"""Inches: a picture at most, and what names and titles take beside and above a section."""


_MANY_DOTS = 2000
"""More dots than these become pixels, or a page of thousands of scans would be slow."""


def scan_picture(scan: ScanScore) -> str:
    """Both sections of a scan, reference beside prediction, as SVG."""
    view = scan.view
    if view is None:
        return ""
    wrong = {each.level for each in scan.detections if each.at is not each.level}
    panels = [
        ("Reference", view.sagittal, view.sagittal.reference, set[Level]()),
        ("Prediction", view.sagittal, view.sagittal.prediction, wrong),
        ("Reference", view.coronal, view.coronal.reference, set[Level]()),
        ("Prediction", view.coronal, view.coronal.prediction, wrong),
    ]
    widths = [section.extent[1] - section.extent[0] for _, section, _, _ in panels]
    height = view.sagittal.extent[3] - view.sagittal.extent[2]
    # inches a millimetre, the same along both axes and in all four
    scale = min((_WIDTH - 4 * _GUTTER) / sum(widths), _TALLEST / height)
    size = (sum(widths) * scale + 4 * _GUTTER, height * scale + _TITLE)
    with _figure(size) as figure:
        left = _GUTTER
        for (title, section, side, misnamed), width in zip(panels, widths):
            box = (left / size[0], 0, width * scale / size[0], height * scale / size[1])
            axes = figure.add_axes(box)
            _draw_section(axes, section, side, misnamed)
            kind = "sagittal" if section is view.sagittal else "coronal"
            axes.set_title(f"{title}, {kind}", fontsize=8.5, color=QUIET, loc="left", pad=5)
            left += width * scale + _GUTTER
        return _svg(figure, scan.name)


def values_by_level(
    scores: Sequence[VertebraScore], values: Sequence[float | None], unit: str, name: str
) -> str:
    """Each vertebra's value as a dot over its level, a bar at the median; wrong names in red."""
    levels = sorted({score.level for score in scores})
    place = {each: index for index, each in enumerate(levels)}
    # a narrow jitter that is the same each time keeps equal values apart
    jitter = np.random.default_rng(0).uniform(-0.2, 0.2, len(scores))
    with _figure((_WIDTH, 2.5)) as figure:
        axes = figure.add_axes((0.065, 0.13, 0.935, 0.83))
        for wrong in (False, True):
            dots = [
                (place[score.level] + shift, value, _colour(score.level))
                for score, value, shift in zip(scores, values, jitter)
                if value is not None and score.wrong is wrong
            ]
            axes.scatter(
                [across for across, _, _ in dots],
                [value for _, value, _ in dots],
                s=20,
                color="white" if wrong else [colour for _, _, colour in dots],
                edgecolor=WRONG if wrong else "white",
                linewidth=1.1 if wrong else 0.5,
                zorder=2,
                rasterized=len(dots) > _MANY_DOTS,
            )
        for each, index in place.items():
            own = [v for s, v in zip(scores, values) if s.level is each and v is not None]
            if own:
                middle = float(np.median(own))
                axes.plot(
                    [index - 0.32, index + 0.32], [middle, middle], color=INK, lw=1.3, zorder=3
                )
        axes.set_xticks(range(len(levels)), [each.name for each in levels])
        axes.set_xlim(-0.6, max(len(levels), 6) - 0.4)
        axes.set_ylabel(unit)
        axes.locator_params(axis="y", nbins=5)
        axes.grid(axis="y", color=HAIRLINE, lw=0.6)
        axes.set_axisbelow(True)
        if unit == "mm":
            axes.set_ylim(bottom=0)
        return _svg(figure, name)


def reliability_diagram(measured: Reliability) -> str:
    """How often predictions of each confidence are right; the area of a dot is their number."""
    with _figure((3.1, 3.0)) as figure:
        axes = figure.add_axes((0.17, 0.15, 0.8, 0.82))
        axes.plot([0, 1], [0, 1], color=HAIRLINE, lw=1)
        most = max(each.count for each in measured.bins)
        axes.scatter(
            [each.confidence for each in measured.bins],
            [each.right for each in measured.bins],
            s=[20 + 160 * each.count / most for each in measured.bins],
            color="#3b6ea8",
            edgecolor="white",
            linewidth=0.8,
            zorder=3,
            clip_on=False,
        )
        axes.set(xlim=(0, 1.04), ylim=(0, 1.06), xlabel="confidence", ylabel="share right")
        axes.set_xticks([0, 0.5, 1])
        axes.set_yticks([0, 0.5, 1])
        return _svg(figure, "reliability")


def _draw_section(axes: Axes, section: Section, side: Side, misnamed: set[Level]) -> None:
    axes.imshow(_painted(section, side), extent=section.extent, interpolation="none")
    axes.set(xticks=[], yticks=[], xlim=section.extent[:2], ylim=section.extent[2:])
    for spine in axes.spines.values():
        spine.set_visible(False)
    for across, height, each in side.points:
        wrong = each in misnamed
        edge = WRONG if wrong else "white"
        axes.plot(across, height, "o", ms=4.6, mfc=_colour(each), mec=edge, mew=1.1)
        axes.annotate(
            each.name,
            (section.extent[0], height),
            xytext=(-4, 0),
            textcoords="offset points",
            ha="right",
            va="center",
            fontsize=8,
            fontweight="bold" if wrong else "normal",
            color=WRONG if wrong else INK,
        )


def _painted(section: Section, side: Side) -> NDArray[np.uint8]:
    """The CT in grey with the masks in their levels' colours, outlines stronger."""
    mask = side.mask
    if section.ct is not None:
        grey = section.ct
    else:
        shape = mask.shape if mask is not None else (2, 2)
        grey = np.full(shape, int(PAPER[1:3], 16), dtype=np.uint8)
    painted = np.repeat(grey[..., None].astype(np.float32), 3, axis=-1)
    if mask is not None:
        edge = _outline(mask)
        for number in np.unique(mask[mask > 0]).tolist():
            colour, own = np.array(level(number).colour), mask == number
            painted[own] = 0.5 * painted[own] + 0.5 * colour
            painted[own & edge] = colour if section.ct is not None else 0.8 * colour
    return painted.astype(np.uint8)


def _outline(mask: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """The pixels with a neighbour of another number."""
    edge = np.zeros(mask.shape, dtype=bool)
    for axis in (0, 1):
        for step in (-1, 1):
            edge |= np.roll(mask, step, axis) != mask
    return edge & (mask > 0)


def _colour(of: Level) -> tuple[float, float, float]:
    red, green, blue = of.colour
    return red / 255, green / 255, blue / 255


def require_matplotlib() -> None:
    """Raise a sentence about the extra to install where matplotlib is missing."""
    try:
        import matplotlib  # noqa: F401
    except ImportError as error:
        raise VertebraError(
            "The report's pictures need matplotlib; install it with pip install 'vertebra[report]'."
        ) from error


@contextmanager
def _figure(size: tuple[float, float]) -> Iterator[Figure]:
    """A figure in the report's style, drawn without a screen and without global state."""
    require_matplotlib()
    import matplotlib as mpl
    from matplotlib.figure import Figure

    style: Any = _STYLE
    with mpl.rc_context(style):
        yield Figure(figsize=size)


def _svg(figure: Figure, name: str) -> str:
    """The figure as an SVG element to be put into a page."""
    import matplotlib as mpl

    mpl.rcParams["svg.hashsalt"] = name  # ids of several figures in one page must differ
    text = io.StringIO()
    figure.savefig(text, format="svg", dpi=200, metadata={"Date": None}, transparent=True)
    return text.getvalue()[text.getvalue().index("<svg") :]
