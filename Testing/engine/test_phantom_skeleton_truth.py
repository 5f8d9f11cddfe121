"""What a phantom says about itself agrees with what can be measured on its rendering."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from vertebra.phantom.bones import render_bones, render_vertebra
from vertebra.phantom.form import Fracture
from vertebra.phantom.shapes.anatomy import Anatomy
from vertebra.phantom.shapes.procedural import Procedural
from vertebra.phantom.shapes.source import ShapeSource
from vertebra.phantom.subject import Subject
from vertebra.phantom.truth import (
    Landmarks,
    body_centroids,
    body_heights,
    bone_points,
    completeness,
    coronal_cobb,
    instance_mask,
    landmarks,
    sagittal_angle,
    visible_share,
)
from vertebra.volume import Grid


@pytest.fixture(scope="module")
def subject() -> Subject:
    return Subject.draw(9, healthy=True, age=35)


def at(subject: Subject, level: str, point: np.ndarray, shapes: ShapeSource | None = None) -> float:
    """The distance to a vertebra at one point."""
    grid = Grid.of((1, 1, 1), (1, 1, 1), point)
    return float(render_vertebra(subject, level, grid, shapes=shapes)[0, 0, 0])


def body_of(subject: Subject, level: str) -> np.ndarray:
    """The vertebral body by ruler: what lies in front of the canal and beside no process."""
    frame = subject.pose.frames[subject.index(level)]
    size = subject.forms[level].size
    local = (bone_points(subject, level) - frame[:3, 3]) @ frame[:3, :3]
    within = (local[:, 1] > -size.depth / 2) & (np.abs(local[:, 0]) < size.width / 2)
    return np.asarray(local[within & (np.abs(local[:, 2]) < 0.7 * size.height)])


@pytest.mark.parametrize("level", ["C4", "T1", "T6", "T12", "L1", "L4"])
def test_the_centroid_is_the_middle_of_the_body(subject: Subject, level: str) -> None:
    body = body_of(subject, level)
    middle = (np.percentile(body, 2, axis=0) + np.percentile(body, 98, axis=0)) / 2
    assert np.abs(middle).max() < 2.0
    centroid = body_centroids(subject)[level]
    assert at(subject, level, centroid) < -3


def test_the_centroid_of_c1_lies_between_its_arch_and_the_dens(subject: Subject) -> None:
    centroid = body_centroids(subject)["C1"]
    frame = subject.pose.frames[0]
    assert at(subject, "C1", centroid) > -0.5
    assert at(subject, "C1", centroid + frame[:3, 1] * 5) < 0  # the arch is in front
    dens = subject.pose.frames[1]
    tip = dens[:3, 3] + dens[:3, 2] * 15 * subject.scale
    assert at(subject, "C2", tip) < -1
    assert np.linalg.norm(tip - centroid) < 14


def test_the_mask_holds_each_vertebra_around_its_centroid(subject: Subject) -> None:
    grid = Grid.of((50, 60, 110), (3, 3, 3), (-75, -120, -190))
    mask = instance_mask(render_bones(subject, grid)).numpy()
    assert mask.dtype == np.uint8
    assert mask.max() < 30
    for name, point in body_centroids(subject).items():
        if name in ("C1", "S1") or not grid.contains(point):
            continue
        index = tuple(np.round(grid.to_index(point)).astype(int))
        assert mask[index] == next(v.verse for v in subject.levels if v.name == name)


def test_completeness_follows_the_rule_of_three_per_cent(subject: Subject) -> None:
    centre = subject.pose.centres[subject.index("T8")]
    whole = bone_points(subject, "T8")
    for lost in (0.0, 0.008, 0.07, 0.5):
        top = np.quantile(whole[:, 2], 1 - lost) if lost else whole[:, 2].max() + 3
        count = 160
        grid = Grid.of((90, 110, count), (2, 2, 1), (*(centre[:2] - [90, 130]), top - count + 0.5))
        share = visible_share(subject, grid)["T8"]
        assert abs(share - (1 - lost)) < 0.02
        assert completeness(subject, grid)["T8"] == (lost < 0.03)


def test_completeness_agrees_with_counting_voxels(subject: Subject) -> None:
    centre = subject.pose.centres[subject.index("L2")]
    crop = Grid.of((30, 45, 30), (3, 3, 3), centre - [35, 95, 40])
    shares = visible_share(subject, crop)
    for name in ("L1", "L2", "L3"):
        middle = subject.pose.centres[subject.index(name)]
        wide = Grid.of((60, 70, 50), (2.5,) * 3, middle - [75, 115, 70])
        inside = np.argwhere(render_vertebra(subject, name, wide).numpy() < 0)
        counted = crop.contains(wide.to_world(inside)).mean()
        assert abs(counted - shares.get(name, 0.0)) < 0.03
    assert "C3" not in shares


def all_points(marks: Landmarks) -> list[np.ndarray]:
    return [*marks.upper_plate.values(), *marks.lower_plate.values(), marks.spinous_tip]


@pytest.mark.parametrize("seed", [2, 9])
def test_landmarks_lie_on_the_surface_of_their_vertebra(seed: int) -> None:
    subject = Subject.draw(seed, healthy=True, age=35)
    for level in ("C3", "C6", "T2", "T7", "T11", "L2", "L5"):
        marks = landmarks(subject, level, Procedural())
        away = [abs(at(subject, level, point)) for point in all_points(marks)]
        assert max(away) < 3.0, (level, np.round(away, 1))
        assert np.mean(away) < 0.8, (level, np.round(away, 1))
        for start, end in marks.pedicles.values():
            path = start + np.linspace(0.2, 1, 9)[:, None] * (end - start)
            assert np.mean([at(subject, level, point) < 0.3 for point in path]) > 0.8, level


@pytest.mark.shared_data
def test_landmarks_hold_for_surfaces_too(subject: Subject, shared_data: Path) -> None:
    anatomy = Anatomy(shared_data / "anatomy")
    for level in ("T9", "L2"):
        points = all_points(landmarks(subject, level, anatomy))
        away = [abs(at(subject, level, point, anatomy)) for point in points]
        assert np.mean(away) < 1.0, (level, np.round(away, 1))


def test_plates_are_in_order_and_as_wide_as_the_vertebra(subject: Subject) -> None:
    for level in ("T5", "L3"):
        marks = landmarks(subject, level, Procedural())
        frame = subject.pose.frames[subject.index(level)]
        up = frame[:3, 2]
        for name in ("front", "back", "right", "left"):
            rise = (marks.upper_plate[name] - marks.lower_plate[name]) @ up
            assert 0.7 < rise / subject.forms[level].size.height < 1.3
        assert (marks.upper_plate["right"] - marks.upper_plate["left"]) @ frame[:3, 0] > 15
        assert (marks.upper_plate["front"] - marks.spinous_tip) @ frame[:3, 1] > 40


def test_cobb_is_what_a_reader_would_draw_along_the_plates() -> None:
    subject = Subject.draw(21, cobb=45, healthy=True, age=30)
    curve = coronal_cobb(subject)

    def slope(level: str, upper: bool) -> float:
        marks = landmarks(subject, level, Procedural())
        plate = marks.upper_plate if upper else marks.lower_plate
        across = plate["right"] - plate["left"]
        return float(np.degrees(np.arctan2(across[2], across[0])))

    drawn = slope(curve.upper, True) - slope(curve.lower, False)
    assert abs(drawn - curve.angle) < 4
    assert 30 < abs(curve.angle) < 60


def test_sagittal_angles_are_what_a_reader_would_draw(subject: Subject) -> None:
    angles = []
    for level, upper in (("T4", True), ("T12", False)):
        marks = landmarks(subject, level, Procedural())
        plate = marks.upper_plate if upper else marks.lower_plate
        along = plate["front"] - plate["back"]
        angles.append(np.degrees(np.arctan2(along[2], along[1])))
    assert abs(angles[1] - angles[0] - sagittal_angle(subject, "T4", "T12")) < 6


@pytest.mark.parametrize(
    "fracture",
    [
        Fracture("wedge", 2, 0.65, 0.75, 0.95),
        Fracture("biconcave", 2, 0.95, 0.65, 0.95),
        Fracture("crush", 3, 0.55, 0.55, 0.6),
    ],
)
def test_heights_of_a_fracture_are_found_again_with_a_ruler(
    subject: Subject, fracture: Fracture
) -> None:
    form = replace(subject.forms["L1"], fracture=fracture)
    broken = replace(subject, forms={**subject.forms, "L1": form})
    frame = subject.pose.frames[subject.index("L1")]
    ruler = Grid.of((1, 1, 176), (1, 1, 0.25)).affine
    axes = np.eye(4)
    axes[:3, :3] = frame[:3, :3]

    def height(patient: Subject, y: float) -> float:
        affine = axes @ ruler
        affine[:3, 3] = frame[:3, :3] @ [0.0, y, -22.0] + frame[:3, 3]
        field = render_vertebra(patient, "L1", Grid((1, 1, 176), affine))
        return 0.25 * float((field < 0).sum())

    depth = form.size.depth
    told, intact = body_heights(broken, "L1"), body_heights(subject, "L1")
    for y in (0.36 * depth, 0.0, -0.36 * depth):
        share = y / (depth / 2)  # -1 back, 1 front
        ends = (fracture.front + fracture.back) / 2 + share * (fracture.front - fracture.back) / 2
        expected = ends + (fracture.middle - ends) * (1 - share**2)
        assert abs(height(broken, y) / height(subject, y) - expected) < 0.04
    assert abs(told.front / intact.front - fracture.front) < 0.01
    assert abs(told.middle / intact.middle - fracture.middle) < 0.01
    assert abs(told.back / intact.back - fracture.back) < 0.01


def test_an_intact_body_has_lost_little(subject: Subject) -> None:
    for level in ("T8", "L2"):
        assert body_heights(subject, level).loss < 0.2
