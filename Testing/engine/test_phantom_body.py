"""What lies where in a body before a scanner blurs it: tissues at known places of a subject."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from vertebra.phantom.bones import render_bones
from vertebra.phantom.canvas import Canvas
from vertebra.phantom.habitus import Habitus
from vertebra.phantom.limbs import HYOID, MANDIBLE, SKULL, TEETH, head_frame
from vertebra.phantom.scan import paint_patient
from vertebra.phantom.subject import Subject
from vertebra.phantom.tissue import Tissues
from vertebra.phantom.wall import place_body
from vertebra.volume import Grid

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def habitus() -> Habitus:
    return Habitus.draw(Subject.draw(3, healthy=True, age=45, arms="down"))


@pytest.fixture(scope="module")
def tissues() -> Tissues:
    plain = Tissues.draw(3, 45)
    return replace(plain, blood=50.0, venous=50.0, oral_contrast=0.0, marbling=0.02)


def hu_at(habitus: Habitus, tissues: Tissues, point: np.ndarray, size: int = 5) -> np.ndarray:
    """HU in a cube of 2 mm voxels around a point in subject space."""
    grid = Grid.of((size,) * 3, (2.0,) * 3, point - (size - 1))
    canvas = Canvas(grid, 7, CPU)
    paint_patient(place_body(canvas, habitus, tissues), render_bones(habitus.subject, grid))
    return canvas.hu.numpy()


# name: level, mm to the right, mm in front; HU between which the median lies
PLACES = {
    "windpipe": ((8.5, 2, 26), -1000, -900),
    "right lung": ((11.5, 75, 0), -960, -600),
    "left lung": ((11.5, -75, 0), -960, -600),
    "liver": ((18.0, 85, 30), 20, 120),
    "aorta": ((19.0, -10, 30), 40, 60),
    "psoas": ((22.0, 38, 0), 20, 90),
    "back muscle": ((21.0, 35, -48), -40, 90),
    "outside": ((21.0, 0, 260), -1001, -900),
}


@pytest.mark.parametrize("name", list(PLACES))
def test_tissues_lie_where_they_belong(habitus: Habitus, tissues: Tissues, name: str) -> None:
    place, low, high = PLACES[name]
    hu = float(np.median(hu_at(habitus, tissues, habitus.at([place])[0])))
    assert low < hu < high


def test_contrast_brightens_the_aorta_and_leaves_muscle_alone(
    habitus: Habitus, tissues: Tissues
) -> None:
    bright = replace(tissues, blood=320.0)
    for place, gain in (((19.0, -10, 30), 270), ((22.0, 38, 0), 0)):
        point = habitus.at([place])[0]
        before, after = (np.median(hu_at(habitus, t, point)) for t in (tissues, bright))
        assert after - before == pytest.approx(gain, abs=15)


def test_the_cord_lies_in_fluid_and_ends_at_the_loins(habitus: Habitus, tissues: Tissues) -> None:
    subject = habitus.subject

    def middle_of_canal(level: str) -> float:
        index = subject.index(level)
        frame, size = subject.pose.frames[index], subject.forms[level].size
        back = (size.depth + size.canal_depth) / 2
        return float(hu_at(habitus, tissues, frame[:3, 3] - frame[:3, 1] * back)[2, 2, 2])

    assert middle_of_canal("T6") == pytest.approx(tissues.cord, abs=4)
    assert middle_of_canal("L4") == pytest.approx(tissues.fluid + 6, abs=9)


def test_under_the_skin_lies_fat_and_under_the_back_a_couch(
    habitus: Habitus, tissues: Tissues
) -> None:
    line = habitus.at([(21.0, 0, 0)])[0]
    grid = Grid.of((1, 260, 1), (2.0, 1.0, 2.0), line - [0, 230, 0])
    canvas = Canvas(grid, 7, CPU)
    body = place_body(canvas, habitus, tissues)
    paint_patient(body, render_bones(habitus.subject, grid))
    hu, skin = canvas.hu[0, :, 0].numpy(), body.skin[0, :, 0].numpy()
    behind = np.arange(len(skin)) < np.argmax(skin < 0)
    assert (hu[behind] > -600).sum() > 1  # the shell of the couch
    under = (skin < -3) & (skin > -6)
    assert np.median(hu[under]) == pytest.approx(tissues.fat, abs=40)


def test_the_head_has_its_bones_and_rests_on_the_atlas(habitus: Habitus) -> None:
    subject = habitus.subject
    frame = head_frame(subject)
    grid = Grid.of((50, 65, 45), (4.0, 4.0, 4.0), frame[:3, 3] - [100, 130, 70])
    labels = set(np.unique(render_bones(subject, grid).label.numpy()).tolist())
    assert {1, SKULL, MANDIBLE, TEETH, HYOID} <= labels
    around = Grid.of((60, 50, 40), (1.0, 1.0, 1.0), subject.pose.centres[0] - [30, 30, 15])
    label = render_bones(subject, around).label.numpy()
    atlas, skull = (around.to_world(np.argwhere(label == code)) for code in (1, SKULL))
    for side in (-1, 1):
        near = [p[(p[:, 0] - subject.pose.centres[0][0]) * side > 8] for p in (atlas, skull)]
        apart = np.linalg.norm(near[0][:, None] - near[1][None, ::3], axis=2).min()
        assert apart < 4.0
