"""Draws the project's three icons: `python Resources/Icons/draw.py` (needs Pillow)."""

from __future__ import annotations

import math
from pathlib import Path

from PIL import Image, ImageDraw, ImageFilter

SIZE, FINE = 128, 8
ROOT = Path(__file__).resolve().parent.parent.parent
BONE, OUTLINE, DISC = (244, 234, 208), (70, 62, 54), (150, 170, 190)
COLOURS = [(231, 111, 81), (244, 198, 93), (42, 157, 143), (92, 148, 214)]

Point = tuple[float, float]


def bodies() -> list[tuple[Point, float, float]]:
    """Centre, tilt (degrees) and size of four vertebrae along a gentle lordosis."""
    return [
        ((40, 18), 15, 0.86),
        ((33, 46), 5, 0.92),
        ((32, 75), -5, 0.98),
        ((38, 105), -15, 1.04),
    ]


def placed(points: list[Point], centre: Point, tilt: float, size: float) -> list[Point]:
    """Points of a unit drawing, scaled, turned and moved."""
    cosine, sine = math.cos(math.radians(tilt)), math.sin(math.radians(tilt))
    return [
        (
            FINE * (centre[0] + size * (x * cosine - y * sine)),
            FINE * (centre[1] + size * (x * sine + y * cosine)),
        )
        for x, y in points
    ]


def body() -> list[Point]:
    """A vertebral body seen from the left: end plates, and a slight waist."""
    right = [(19, -11), (17.4, -5), (17, 0), (17.4, 5), (19, 11)]
    return [(-19, -11), *right, *[(-x, y) for x, y in reversed(right)]]


def arch() -> list[Point]:
    """Pedicle and spinous process, pointing backwards and down."""
    return [(14, -8), (34, -8), (40, -3), (68, 8), (67, 15), (58, 16), (36, 8), (14, 2)]


def shape(image: Image.Image, outline: list[Point], fill: tuple[int, int, int]) -> None:
    """A filled polygon with rounded corners and a dark rim."""
    for grow, colour in ((2.6, OUTLINE), (0.9, fill)):
        mask = Image.new("L", image.size)
        ImageDraw.Draw(mask).polygon(outline, fill=255)
        width = round(2 * grow * FINE) | 1
        ImageDraw.Draw(mask).line([*outline, *outline[:2]], fill=255, width=width, joint="curve")
        smooth = mask.filter(ImageFilter.GaussianBlur(FINE * 0.8))
        image.paste((*colour, 255), mask=smooth.point(lambda v: 255 if v > 127 else 0))


def spine(fills: list[tuple[int, int, int]]) -> Image.Image:
    """Four vertebrae with the discs between them."""
    image = Image.new("RGBA", (SIZE * FINE, SIZE * FINE))
    draw = ImageDraw.Draw(image)
    for (upper, *_), (lower, *_) in zip(bodies(), bodies()[1:]):
        x, y = (upper[0] + lower[0]) / 2, (upper[1] + lower[1]) / 2
        box = [FINE * (x - 14), FINE * (y - 4), FINE * (x + 14), FINE * (y + 4)]
        draw.rounded_rectangle(box, radius=4 * FINE, fill=(*DISC, 255))
    for (centre, tilt, size), fill in zip(bodies(), fills):
        shape(image, placed(arch(), centre, tilt, size), fill)
        shape(image, placed(body(), centre, tilt, size), fill)
    return image


def with_points(image: Image.Image) -> Image.Image:
    """A point in the centre of every body, joined by a line: levels have been found."""
    draw = ImageDraw.Draw(image)
    centres = [(x * FINE, y * FINE) for (x, y), *_ in bodies()]
    draw.line(centres, fill=(*OUTLINE, 255), width=2 * FINE)
    for (x, y), colour in zip(centres, COLOURS):
        for radius, fill in ((9, OUTLINE), (6.5, colour)):
            radius *= FINE
            draw.ellipse([x - radius, y - radius, x + radius, y + radius], fill=(*fill, 255))
    return image


def save(image: Image.Image, path: Path) -> None:
    """Write the icon at its final size."""
    image.resize((SIZE, SIZE), Image.Resampling.LANCZOS).save(path, optimize=True)


if __name__ == "__main__":
    save(with_points(spine(COLOURS)), ROOT / "Resources/Icons/Vertebra.png")
    save(with_points(spine([BONE] * 4)), ROOT / "SpineLabel/Resources/Icons/SpineLabel.png")
    save(spine(COLOURS), ROOT / "SpineSegment/Resources/Icons/SpineSegment.png")
