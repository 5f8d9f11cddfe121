"""Rendered bones: right labels in the right places on any grid, with honest distances."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import fields, replace
from itertools import pairwise

import numpy as np
import pytest
import torch
from scipy import ndimage

from vertebra.anatomy import LEVELS, Anomaly
from vertebra.phantom.bones import MARGIN, Bones, render_bones, render_vertebra
from vertebra.phantom.cage import Rib, rib_tubes
from vertebra.phantom.form import Fracture
from vertebra.phantom.hardness import ARCH, DENS, LOW_ARCH, NECK, SHELL, Hardness
from vertebra.phantom.pathology import (
    METAL_CEMENT,
    METAL_PEEK,
    METAL_TITANIUM,
    Bridge,
    Findings,
    Fusion,
    Lesion,
)
from vertebra.phantom.pose import rotation
from vertebra.phantom.shapes.morph import Sampled
from vertebra.phantom.subject import Subject, Transition
from vertebra.volume import Grid

TRUNK = Grid.of((98, 84, 188), (4, 4, 4), (-195, -190, -330))


@pytest.fixture(scope="module")
def subject() -> Subject:
    return Subject.draw(3, healthy=True, age=45, arms="down")


@pytest.fixture(scope="module")
def trunk(subject: Subject) -> Bones:
    return render_bones(subject, TRUNK)


def near(subject: Subject, level: str, size: int = 60, step: float = 1.5) -> Grid:
    """A cube around a vertebra."""
    centre = subject.pose.centres[subject.index(level)]
    return Grid.of((size,) * 3, (step,) * 3, centre - size * step / 2 - [0, 15, 0])


def test_every_bone_of_the_trunk_is_there(subject: Subject, trunk: Bones) -> None:
    labels = set(np.unique(trunk.label.numpy()).tolist())
    assert {level.verse for level in subject.levels} <= labels
    assert {27, 200, 201, 202, 203, 210, 211, 212, 213, 220, 221, 222, 223, 224, 225} <= labels
    assert {100 + n for n in range(1, 13)} <= labels
    assert {150 + n for n in range(1, 13)} <= labels
    assert 0 in labels


def test_right_is_right_and_left_is_left(trunk: Bones) -> None:
    x = torch.from_numpy(TRUNK.to_world(np.indices(TRUNK.shape).reshape(3, -1).T)[:, 0])
    x = x.reshape(TRUNK.shape)
    for right, left in ((106, 156), (210, 211), (220, 221), (224, 225)):
        assert x[trunk.label == right].mean() > 40
        assert x[trunk.label == left].mean() < -40


def test_label_and_distance_agree(trunk: Bones) -> None:
    assert ((trunk.label > 0) == (trunk.distance < 0)).all()
    assert trunk.distance.abs().max() <= 20
    assert trunk.label.dtype == torch.int16
    assert trunk.metal.max() == 0


def test_distances_are_millimetres_near_every_surface(subject: Subject) -> None:
    for level in ("C5", "T7", "L4", "S1"):
        field = render_bones(subject, near(subject, level, 80, 1.0)).distance.numpy()
        slope = np.sqrt(sum(g * g for g in np.gradient(field)))
        low, middle, high = np.percentile(slope[np.abs(field) < 2], [20, 50, 80])
        assert low > 0.82, level
        assert 0.95 < middle < 1.05, level
        assert high < 1.15, level


def test_a_crop_sees_the_same_as_the_whole(subject: Subject, trunk: Bones) -> None:
    start, shape = (30, 15, 70), (30, 38, 24)
    crop = render_bones(subject, TRUNK.part(start, shape))
    where = tuple(slice(a, a + n) for a, n in zip(start, shape))
    close = crop.distance < MARGIN
    assert close.float().mean() > 0.05
    # a coordinate that rounds into the next lattice cell changes the slope, not the surface
    assert (crop.distance - trunk.distance[where])[close].abs().max() < 0.02
    assert (crop.label == trunk.label[where]).float().mean() > 0.9999
    assert (crop.disc - trunk.disc[where])[crop.disc < MARGIN].abs().max() < 1e-3


def test_an_oblique_grid_sees_the_same_bones(subject: Subject) -> None:
    straight = near(subject, "T9")
    centre = straight.to_world(np.array(straight.shape) / 2)
    turned = Grid.of((40,) * 3, (1.5,) * 3, (0, 0, 0), rotation(17, -12, 31))
    affine = turned.affine.copy()
    affine[:3, 3] = centre - affine[:3, :3] @ np.full(3, 20)
    turned = Grid(turned.shape, affine)
    field = render_bones(subject, turned).distance.numpy()
    points = turned.to_world(np.argwhere(np.abs(field) < 2)[::50])
    for point, value in zip(points[:25], field[np.abs(field) < 2][::50]):
        alone = render_bones(subject, Grid.of((1, 1, 1), (1, 1, 1), point)).distance
        assert abs(float(alone[0, 0, 0]) - value) < 2e-3


def test_flipped_axes_change_nothing(subject: Subject) -> None:
    grid = near(subject, "L2", 30, 3.0)
    flipped = grid.permuted((2, 0, 1), (True, False, True))
    plain, other = render_bones(subject, grid).label, render_bones(subject, flipped).label
    assert (plain.permute(2, 0, 1).flip(0, 2) == other).float().mean() > 0.9999


def test_each_rib_meets_its_own_vertebra(subject: Subject) -> None:
    for tube in rib_tubes(subject):
        if not 100 < tube.code < 200:
            continue
        level = f"T{tube.code % 50}"
        points = Grid.of((1, 1, 1), (1, 1, 1), tube.points[0])
        gap = float(render_vertebra(subject, level, points)[0, 0, 0]) - tube.radii[0].min()
        assert -7 < gap < 3.0, (level, gap)


def test_neighbours_do_not_run_into_each_other(subject: Subject) -> None:
    names = [level.name for level in subject.levels]
    for upper, lower in pairwise(names[:-1]):
        grid = near(subject, upper, 56, 2.0)
        a, b = (render_vertebra(subject, name, grid) < -0.5 for name in (upper, lower))
        assert (a & b).sum() < 0.02 * a.sum(), (upper, lower)


def test_the_canal_is_free_from_top_to_bottom(subject: Subject, trunk: Bones) -> None:
    inside = trunk.canal < -2.5
    assert inside.any()
    assert (trunk.label[inside] > 0).float().mean() < 0.03
    pieces, count = ndimage.label((trunk.canal < -1).numpy())
    sizes = ndimage.sum_labels(pieces > 0, pieces, range(1, count + 1))
    assert np.max(sizes) > 0.95 * np.sum(sizes)


def test_discs_lie_between_bodies_and_not_in_bone_or_canal(subject: Subject, trunk: Bones) -> None:
    disc = trunk.disc < 0
    assert (trunk.label[disc] == 0).all()
    assert (trunk.canal[disc] >= 0).all()
    for upper, lower in (("C5", "C6"), ("T8", "T9"), ("L3", "L4")):
        middle = subject.pose.centres[[subject.index(upper), subject.index(lower)]].mean(0)
        spot = render_bones(subject, Grid.of((1, 1, 1), (1, 1, 1), middle))
        assert float(spot.disc[0, 0, 0]) < -0.5, (upper, lower)


def test_missing_and_extra_vertebrae_are_rendered_with_their_ribs() -> None:
    few = Subject.draw(5, anomalies=frozenset({Anomaly.NO_T12, Anomaly.NO_L5}), healthy=True)
    labels = set(np.unique(render_bones(few, TRUNK).label.numpy()).tolist())
    assert not {19, 24, 112, 162} & labels
    many = Subject.draw(5, anomalies=frozenset({Anomaly.T13, Anomaly.L6}), healthy=True)
    labels = set(np.unique(render_bones(many, TRUNK).label.numpy()).tolist())
    assert {28, 25, 113, 163} <= labels


def test_cervical_and_lumbar_ribs_are_short_and_in_place(subject: Subject) -> None:
    extra = (Rib("C7", 1, 0.8, 0.7), Rib("L1", -1, 0.3, 0.7))
    changed = replace(subject, ribs=(*subject.ribs, *extra))
    bones = render_bones(changed, TRUNK)
    for code, level in ((114, "C7"), (165, "L1")):
        where = TRUNK.to_world(np.argwhere(bones.label.numpy() == code))
        assert len(where) > 3
        away = np.linalg.norm(where - subject.pose.centres[subject.index(level)], axis=1)
        assert away.max() < 110


def test_a_fracture_lowers_only_its_body(subject: Subject) -> None:
    crushed = replace(subject.forms["L2"], fracture=Fracture("wedge", 3, 0.5, 0.65, 0.95))
    changed = replace(subject, forms={**subject.forms, "L2": crushed})
    grid = near(subject, "L2", 70, 1.0)
    before, after = (render_vertebra(s, "L2", grid).numpy() < 0 for s in (subject, changed))
    local = grid.to_world(np.argwhere(before & ~after)) - subject.pose.centres[subject.index("L2")]
    assert after.sum() < 0.88 * before.sum()
    assert (local[:, 1] > -subject.forms["L2"].size.depth).mean() > 0.97


def test_the_dens_is_denser_than_the_axis_body_and_its_neck_sparser(subject: Subject) -> None:
    hardness = Hardness.draw(subject.seed)
    grid = near(subject, "C2", 60, 1.0)
    bones = render_bones(subject, grid)
    own = grid.to_world(np.argwhere(bones.label.numpy() == 2)) - subject.pose.centres[1]
    density, cortex = (field[bones.label == 2].numpy() for field in (bones.density, bones.cortex))
    height = subject.forms["C2"].size.height
    middle = (np.abs(own[:, 0]) < 3) & (own[:, 1] > -7)
    up = own[:, 2] - height / 2
    dens, neck, body = (
        middle & (up > low) & (up < high) for low, high in ((8, 14), (-1, 1), (-12, -6))
    )
    assert np.median(density[dens]) / np.median(density[body]) > 1.15
    assert np.median(density[neck]) / np.median(density[body]) < 0.9
    assert np.median(cortex[dens]) > np.median(cortex[body]) + 0.3 * hardness.dens_shell


def test_hardness_varies_between_subjects_around_what_is_known() -> None:
    drawn = [Hardness.draw(seed) for seed in range(200)]
    assert drawn[7] == Hardness.draw(7)
    known = {"dens": DENS, "neck": NECK, "arch": ARCH, "shell": SHELL, "low_arch": LOW_ARCH}
    for name, usual in known.items():
        values = [getattr(each, name) for each in drawn]
        assert np.mean(values) == pytest.approx(usual, rel=0.08)
        assert 0.1 < np.std(values) / usual < 0.4


def test_arches_below_the_neck_have_thin_shells_in_some_and_such_as_in_the_neck_in_others() -> None:
    drawn = [Hardness.draw(seed) for seed in range(200)]
    shells = np.array([each.low_arch_shell for each in drawn])
    assert np.mean(shells < 0.2) > 0.1
    assert np.mean(shells > 0.6) > 0.05
    assert np.mean([each.low_arch < 1.0 for each in drawn]) > 0.1


def test_an_arch_is_as_hard_as_its_region_says(subject: Subject) -> None:
    hardness = Hardness.draw(subject.seed)
    behind = Sampled(*(torch.ones(1) for _ in fields(Sampled)))
    for name, shell, density in (
        ("C4", hardness.arch_shell, hardness.arch),
        ("L3", hardness.low_arch_shell, hardness.low_arch),
    ):
        found = hardness.of(name, subject.forms[name], behind, torch.zeros(1))
        assert float(found[0]) == pytest.approx(hardness.shell + shell, rel=1e-5)
        assert float(found[1]) == pytest.approx(density, rel=1e-5)


def test_findings_show_as_metal_lesions_bridges_and_missing_laminae(subject: Subject) -> None:
    findings = Findings(
        lesions=(Lesion("L1", (0.2, 0.2, 0.0), 8.0, 5.0), Lesion("T11", (0, 0, 0), 7.0, 0.2)),
        bridges=(Bridge("T8", 0.5, 3.0),),
        fusion=Fusion("L3", "L5", True, METAL_TITANIUM, True),
        cement=("T12",),
        hip_implants=(1,),
        worn_discs=(("L1", 0.6),),
    )
    sick = replace(subject, findings=findings, transition=Transition("L5", 1.0, 0.7))
    plain, bones = render_bones(subject, TRUNK), render_bones(sick, TRUNK)
    assert {METAL_TITANIUM, METAL_CEMENT, METAL_PEEK} <= set(np.unique(bones.metal).tolist())
    centre = subject.pose.centres
    inside = bones.label == 20
    assert bones.density[inside].max() > 4
    assert bones.density[bones.label == 18].min() < 0.4
    bridged = (bones.label == 15).sum() - (plain.label == 15).sum()
    assert bridged > 3
    behind = near(subject, "L4", 40, 2.0)
    opened, closed = (render_vertebra(s, "L4", behind) < 0 for s in (sick, subject))
    assert opened.sum() < 0.93 * closed.sum()
    joined = (bones.label == 24).sum() - (plain.label == 24).sum()
    assert joined > 0
    metal = TRUNK.to_world(np.argwhere(bones.metal.numpy() == METAL_TITANIUM))
    assert (metal[:, 0] > 60).any()  # the right hip
    assert (np.linalg.norm(metal - centre[subject.index("L4")], axis=1) < 40).any()


def test_arms_go_up_or_down() -> None:
    heights = {}
    for arms in ("up", "down"):
        subject = Subject.draw(6, arms=arms, healthy=True)
        bones = render_bones(subject, TRUNK)
        where = TRUNK.to_world(np.argwhere(bones.label.numpy() == 224))
        heights[arms] = where[:, 2].mean() - subject.pose.centres[subject.index("T3")][2]
    assert heights["up"] > 20
    assert heights["down"] < -20


def test_worn_out_grids_are_no_matter(subject: Subject) -> None:
    far_away = render_bones(subject, Grid.of((4, 5, 6), (2, 2, 2), (900, 900, 900)))
    assert far_away.distance.min() == 20
    assert far_away.label.max() == 0


_PLAIN = """
import hashlib, torch
torch.set_num_threads(1)
from vertebra.phantom.bones import render_bones
from vertebra.phantom.subject import Subject
from vertebra.volume import Grid
bones = render_bones(Subject.draw(4), Grid.of((30, 30, 40), (3, 3, 3), (-45, -70, -100)))
fields = [bones.distance, bones.label, bones.cortex, bones.density, bones.disc, bones.canal]
digest = hashlib.sha256(b"".join(f.numpy().tobytes() for f in fields)).hexdigest()
"""


def test_the_same_seed_gives_the_same_bytes_on_any_processor() -> None:
    here: dict[str, str] = {}
    threads = torch.get_num_threads()
    exec(_PLAIN.replace("set_num_threads(1)", "set_num_threads(2)"), here)
    torch.set_num_threads(threads)
    environment = {
        **os.environ,
        "ATEN_CPU_CAPABILITY": "default",
        "NPY_DISABLE_CPU_FEATURES": "AVX512F AVX512CD AVX512_SKX",
    }
    command = [sys.executable, "-W", "ignore", "-c", _PLAIN + "print(digest)"]
    plain = subprocess.run(command, capture_output=True, text=True, env=environment, check=True)
    assert plain.stdout.split()[-1] == here["digest"]


def test_codes_of_vertebrae_are_verse_numbers(subject: Subject) -> None:
    for level in ("C3", "T5", "L2"):
        centre = subject.pose.centres[subject.index(level)]
        spot = render_bones(subject, Grid.of((1, 1, 1), (1, 1, 1), centre))
        assert int(spot.label[0, 0, 0]) == LEVELS[level].verse
