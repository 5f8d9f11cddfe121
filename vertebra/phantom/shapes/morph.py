"""From a subject's vertebra back to its template: per-level sizes, wedging, asymmetry, fracture.

Every function maps millimetres of the subject's vertebra (x right, y anterior, z superior from the
body centre) to millimetres of the template, with only + - * / and comparisons per voxel.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from torch import Tensor

from ..form import Form
from ..measures import Size
from .template import Template


@dataclass(frozen=True)
class Sampled:
    """What is known at each point: distance (mm), share of posterior elements, body's outline."""

    distance: Tensor
    posterior: Tensor
    """0 in the body, 1 in the neural arch and its processes."""
    endplate: Tensor
    """mm from the nearer endplate, as if it were flat; negative between the endplates."""


def smoothstep(t: Tensor) -> Tensor:
    """0 below 0, 1 above 1, smooth between."""
    t = t.clamp(0.0, 1.0)
    return t * t * (3.0 - 2.0 * t)


def sample_vertebra(
    template: Template, made: Size, form: Form, x: Tensor, y: Tensor, z: Tensor
) -> Sampled:
    """The vertebra of a form at points, from a template made with the sizes `made`."""
    own = form.size
    back = own.depth / 2
    posterior = smoothstep((-back - y) * (2.0 / own.canal_depth))
    beside = smoothstep((x.abs() - own.width / 2) * (1 / 5.0))
    aside = posterior + beside - posterior * beside
    x, y, z = straightened(x, y, z, form)
    qx, sx = _across(x, aside, own, made, form.asymmetry)
    qy, sy = _along(y, own, made)
    stretch = body_stretch(x, y, own, form) * (made.height / own.height)
    arch = made.pedicle_height / own.pedicle_height
    sz = stretch + (arch - stretch) * posterior
    qz = z * sz
    distance, gx, gy, gz = template.sample(qx, qy, qz)
    steep = gx * gx + gy * gy + gz * gz + 1e-4
    gx, gy, gz = gx * sx, gy * sy, gz * sz
    distance = distance * (steep / (gx * gx + gy * gy + gz * gz + 1e-4)).sqrt()
    endplate = (z.abs() * stretch - made.height / 2) * (own.height / made.height)
    if form.spurs_upper > 0 or form.spurs_lower > 0:
        distance = distance - _spurs(x, y, z, endplate, posterior, form)
    return Sampled(distance, posterior, endplate)


def straightened(x: Tensor, y: Tensor, z: Tensor, form: Form) -> tuple[Tensor, Tensor, Tensor]:
    """Takes out what bends a vertebra as a whole: leaning spine, twist, free deformation."""
    own = form.size
    behind = (-own.depth / 2 - 0.8 * own.canal_depth - y).clamp(min=0.0)
    x = x + behind * (-form.spinous_shift / max(own.spinous_length - own.canal_depth, 5.0))
    z = z + behind * math.tan(math.radians(form.spinous_turn))
    y = y + x * form.twist
    a, b, c, d, e, f = (value / 900.0 for value in form.bend)
    near = y.clamp(min=-own.depth / 2 - own.canal_depth)  # else the spinous tip leaves the midline
    return x + near * (z * a + near * b), y + z * (x * c + z * d), z + x * (x * e + y * f)


def _across(x: Tensor, aside: Tensor, own: Size, made: Size, skew: float) -> tuple[Tensor, Tensor]:
    """Right-left: the body scales with its width, the arch with canal and transverse span."""
    x = x - x.abs() * skew
    of_body = made.width / own.width
    of_canal = made.canal_width / own.canal_width
    reach, made_reach = (s.transverse_span / 2 - s.canal_width / 2 for s in (own, made))
    of_process = made_reach / reach
    inner = x.clamp(-own.canal_width / 2, own.canal_width / 2)
    arch = inner * of_canal + (x - inner) * of_process
    q = x * of_body + (arch - x * of_body) * aside
    return q, of_body + (of_process - of_body) * aside


def _along(y: Tensor, own: Size, made: Size) -> tuple[Tensor, Tensor]:
    """Front to back: body depth, canal depth and spinous length each in its own stretch."""
    back, end = own.depth / 2, own.depth / 2 + own.canal_depth
    slopes = (
        made.depth / own.depth,
        made.canal_depth / own.canal_depth,
        (made.spinous_length - made.canal_depth) / (own.spinous_length - own.canal_depth),
    )
    q = y * slopes[0]
    q = q + (y + back).clamp(max=0.0) * (slopes[1] - slopes[0])
    q = q + (y + end).clamp(max=0.0) * (slopes[2] - slopes[1])
    share = ((-back - y) * (1 / own.canal_depth)).clamp(0.0, 1.0)
    return q, slopes[0] + (slopes[2] - slopes[0]) * share


def body_stretch(x: Tensor, y: Tensor, own: Size, form: Form) -> Tensor:
    """How much the body must be stretched in z at each (x, y) to become an intact, plain one."""
    front = (y * (2 / own.depth)).clamp(-1.1, 1.1)
    right = (x * (2 / own.width)).clamp(-1.1, 1.1)
    sagittal = math.tan(math.radians(form.wedge)) * own.depth / own.height / 2
    coronal = math.tan(math.radians(form.lateral_wedge)) * own.width / own.height / 2
    height = 1.0 + front * sagittal + right * coronal
    if form.fracture is not None:
        f = form.fracture
        rim = (front * front + right * right).clamp(max=1.0)
        ends = (f.front + f.back) / 2 + front * ((f.front - f.back) / 2)
        height = height * (ends + (f.middle - ends) * (1.0 - rim)).clamp(min=0.15)
    return 1.0 / height


def _spurs(
    x: Tensor, y: Tensor, z: Tensor, endplate: Tensor, posterior: Tensor, form: Form
) -> Tensor:
    """How far osteophytes push the surface out around both rims, mm."""
    own = form.size
    u, v = x * (2 / own.width), y * (2 / own.depth)
    radius = (u * u + v * v + 1e-4).sqrt()
    facing = (v * math.cos(form.spurs_turn) + u * math.sin(form.spurs_turn)) / radius
    lobes = 0.55 + 0.45 * facing
    rim = 1.0 - ((endplate + 1.0) * (1 / 4.5)) * ((endplate + 1.0) * (1 / 4.5))
    outer = ((radius - 0.75) * 4.0).clamp(0.0, 1.0)
    length = (form.spurs_upper + form.spurs_lower) / 2 + z.sign() * (
        (form.spurs_upper - form.spurs_lower) / 2
    )
    return rim.clamp(min=0.0) * outer * lobes * length * (1.0 - posterior)
