"""Subjects vary as patients do, and what is wished for comes true."""

from __future__ import annotations

import numpy as np
import pytest

from vertebra.anatomy import Anomaly
from vertebra.errors import VertebraError
from vertebra.phantom.form import Fracture
from vertebra.phantom.limbs import head_frame
from vertebra.phantom.measures import SIZES
from vertebra.phantom.pathology import GRADES, Findings, draw_fracture
from vertebra.phantom.shapes.procedural import Procedural
from vertebra.phantom.subject import Subject
from vertebra.phantom.truth import coronal_cobb, sagittal_angle

# VerSe'20 centroid lists: level above, spacing mm, its SD, sagittal tilt degrees, its SD
VERSE = {
    "C2": (18.5, 1.6, 5, 13), "C3": (15.9, 2.0, 11, 13), "C4": (16.1, 1.8, 15, 15),
    "C5": (16.1, 1.5, 20, 17), "C6": (17.7, 1.6, 30, 16), "C7": (18.8, 1.2, 31, 12),
    "T1": (20.9, 1.7, 28, 10), "T2": (22.2, 1.5, 27, 9), "T3": (22.3, 1.5, 22, 7),
    "T4": (22.8, 1.4, 16, 7), "T5": (23.5, 1.5, 11, 6), "T6": (24.0, 1.5, 6, 7),
    "T7": (24.3, 1.5, -1, 5), "T8": (24.9, 1.5, -4, 5), "T9": (25.7, 1.6, -7, 8),
    "T10": (27.6, 1.8, -10, 7), "T11": (29.8, 1.8, -11, 6), "L1": (33.4, 2.4, -13, 6),
    "L2": (34.1, 2.4, -10, 5), "L3": (33.8, 2.6, -5, 6), "L4": (31.7, 2.7, 6, 8),
}  # fmt: skip


@pytest.fixture(scope="module")
def crowd() -> list[Subject]:
    return [Subject.draw(seed, anomalies=frozenset()) for seed in range(100)]


def test_spacing_and_tilt_of_a_crowd_are_those_of_verse(crowd: list[Subject]) -> None:
    names = [level.name for level in crowd[0].levels]
    steps = np.diff([subject.pose.centres for subject in crowd], axis=1)
    spacing = np.linalg.norm(steps, axis=2)
    tilt = np.degrees(np.arctan2(-steps[..., 1], -steps[..., 2]))
    for name, (mm, mm_sd, degrees, degrees_sd) in VERSE.items():
        index = names.index(name)
        assert abs(spacing[:, index].mean() - mm) < 0.6 * mm_sd, name
        assert 0.5 * mm_sd < spacing[:, index].std() < 2.5 * mm_sd, name
        assert abs(tilt[:, index].mean() - degrees) < 0.6 * degrees_sd, name
        assert 0.4 * degrees_sd < tilt[:, index].std() < 2.0 * degrees_sd, name


def test_sizes_of_a_crowd_centre_on_the_table(crowd: list[Subject]) -> None:
    for name in ("C4", "T6", "L3"):
        sizes = [subject.forms[name].size for subject in crowd]
        for field in ("width", "depth", "height", "canal_width", "transverse_span"):
            values = [getattr(size, field) for size in sizes]
            assert abs(np.mean(values) / getattr(SIZES[name], field) - 1) < 0.04, (name, field)


def test_kyphosis_and_lordosis_of_a_crowd_are_recumbent_ones(crowd: list[Subject]) -> None:
    kyphosis = [sagittal_angle(subject, "T4", "T12") for subject in crowd]
    lordosis = [-sagittal_angle(subject, "L1", "S1") for subject in crowd]
    assert 18 < np.mean(kyphosis) < 42
    assert 5 < np.std(kyphosis) < 16
    assert 28 < np.mean(lordosis) < 52


def test_sexes_differ_in_size_and_ages_in_spurs(crowd: list[Subject]) -> None:
    by_sex = {sex: [s.scale for s in crowd if s.sex == sex] for sex in "FM"}
    assert np.mean(by_sex["M"]) - np.mean(by_sex["F"]) > 0.04
    spurs = {
        age: np.mean(
            [f.spurs_upper for s in range(12) for f in Subject.draw(s, age=age).forms.values()]
        )
        for age in (25.0, 80.0)
    }
    assert spurs[25.0] == 0
    assert spurs[80.0] > 0.4


def test_the_same_seed_gives_the_same_subject_and_another_seed_another() -> None:
    first, again, other = Subject.draw(7), Subject.draw(7), Subject.draw(8)
    assert np.array_equal(first.pose.frames, again.pose.frames)
    assert first.forms == again.forms
    assert first.findings == again.findings
    assert first.scale != other.scale


@pytest.mark.parametrize("cobb", [20.0, 40.0, 60.0])
def test_a_wished_for_scoliosis_has_its_cobb_angle_and_turns_its_apex(cobb: float) -> None:
    for seed in range(6):
        subject = Subject.draw(seed, cobb=cobb, healthy=True)
        curve = coronal_cobb(subject)
        assert subject.scoliosis is not None
        assert abs(abs(curve.angle) - cobb) < 12
        if cobb >= 40:  # milder ones may be outdone by what every spine leans
            assert np.sign(curve.angle) == np.sign(subject.scoliosis.cobb)
        names = [level.name for level in subject.levels]
        apex = (names.index(subject.scoliosis.upper) + names.index(subject.scoliosis.lower)) // 2
        front = subject.pose.frames[apex, :3, 1]
        turn = np.degrees(np.arctan2(front[0], front[1]))  # towards the convex side
        assert turn * np.sign(subject.scoliosis.cobb) > 0.2 * cobb - 8


def test_a_curve_to_the_right_bows_to_the_right() -> None:
    for seed in range(4):
        subject = Subject.draw(seed, cobb=50, healthy=True)
        assert subject.scoliosis is not None
        names = [level.name for level in subject.levels]
        ends = [names.index(n) for n in (subject.scoliosis.upper, subject.scoliosis.lower)]
        x = subject.pose.centres[:, 0]
        bow = x[sum(ends) // 2] - (x[ends[0]] + x[ends[1]]) / 2
        assert np.sign(bow) == np.sign(subject.scoliosis.cobb)


def test_anomalies_change_the_levels_and_the_ribs() -> None:
    missing = Subject.draw(1, anomalies=frozenset({Anomaly.NO_T12, Anomaly.NO_L5}), healthy=True)
    names = [level.name for level in missing.levels]
    assert names[17:24] == ["T11", "L1", "L2", "L3", "L4", "S1"]
    assert {rib.level for rib in missing.ribs} == {f"T{n}" for n in range(1, 12)}
    extra = Subject.draw(1, anomalies=frozenset({Anomaly.T13, Anomaly.L6}))
    names = [level.name for level in extra.levels]
    assert "T13" in names
    assert "L6" in names
    assert {"T12", "T13"} <= {rib.level for rib in extra.ribs}


def test_stump_lumbar_and_cervical_ribs_and_transitions_occur() -> None:
    subjects = [Subject.draw(seed) for seed in range(150)]
    ribs = [rib for subject in subjects for rib in subject.ribs]
    assert any(rib.level == "C7" for rib in ribs)
    assert any(rib.level == "L1" for rib in ribs)
    assert any(rib.level[0] == "T" and rib.length < 0.4 for rib in ribs)
    assert sum(subject.transition is not None for subject in subjects) > 5
    assert len({frozenset(subject.anomalies) for subject in subjects}) >= 4


def test_healthy_means_nothing_found() -> None:
    for seed in range(30):
        subject = Subject.draw(seed, healthy=True)
        assert not subject.anomalies
        assert subject.scoliosis is None
        assert subject.transition is None
        assert not subject.findings.fractures
        assert subject.findings.fusion is None


@pytest.mark.parametrize("grade", [1, 2, 3])
def test_fractures_lose_height_within_their_grade(grade: int) -> None:
    rng = np.random.default_rng(grade)
    for _ in range(40):
        fracture = draw_fracture(rng, grade)
        lost = 1 - min(fracture.front, fracture.middle, fracture.back)
        low, high = GRADES[grade]
        assert low <= lost <= high
        assert fracture.kind in ("wedge", "biconcave", "crush")


def test_a_fracture_sinks_and_bends_the_spine() -> None:
    fracture = Fracture("wedge", 3, 0.5, 0.6, 0.95)
    plain = Subject.draw(3, healthy=True)
    bent = Subject.draw(3, findings=Findings(fractures=(("T12", fracture),)), healthy=True)
    assert bent.forms["T12"].fracture == fracture
    ends = [plain.index("T10"), plain.index("L2")]
    length = [np.linalg.norm(np.subtract(*s.pose.centres[ends])) for s in (plain, bent)]
    assert 4 < length[0] - length[1] < 16
    angles = [sagittal_angle(s, "T10", "L2") for s in (plain, bent)]
    assert angles[1] - angles[0] > 8  # more kyphotic


def test_worn_discs_bring_their_vertebrae_closer() -> None:
    plain = Subject.draw(3, healthy=True)
    worn = Subject.draw(3, findings=Findings(worn_discs=(("L4", 0.8),)), healthy=True)
    pair = [plain.index("L4"), plain.index("L5")]
    gaps = [np.linalg.norm(np.subtract(*s.pose.centres[pair])) for s in (plain, worn)]
    assert 1 < gaps[0] - gaps[1] < 8


def test_a_wish_that_means_nothing_is_refused() -> None:
    with pytest.raises(VertebraError, match="F or M"):
        Subject.draw(1, sex="X")


def test_the_trunk_is_described_at_every_height() -> None:
    subject = Subject.draw(2, healthy=True)
    z = np.linspace(-250, 450, 60)
    cage, line = subject.cage(z), subject.centreline(z)
    assert cage.shape == (60, 3)
    assert line.shape == (60, 2)
    assert (cage[:, 0] > 30).all()
    assert (cage[:, 1] < cage[:, 2]).all()
    levels = subject.level_at(subject.pose.centres[:, 2])
    assert np.allclose(levels, np.arange(len(subject.levels)), atol=1e-3)


def test_necks_vary_against_the_trunk_and_the_atlas_against_the_neck_as_in_verse() -> None:
    poses = [Subject.draw(seed).pose for seed in range(150)]
    steps = np.array([np.linalg.norm(np.diff(pose.centres[:14], axis=0), axis=1) for pose in poses])
    relative = steps / np.median(steps, axis=0)
    neck, trunk = relative[:, 1:6].mean(axis=1), relative[:, 7:12].mean(axis=1)
    atlas = np.percentile(steps[:, 0] / neck, [5, 95])
    assert 0.05 < np.std(neck / trunk) < 0.08  # VerSe: 0.064
    assert 14.5 < atlas[0] < 17
    assert 21 < atlas[1] < 26


def test_the_dens_ends_behind_the_arch_of_the_atlas_in_short_and_long_necks() -> None:
    template, made = Procedural().vertebra("C2")
    high = template.surface_extent(2)[1]
    lengths = []
    for seed in range(40):
        subject = Subject.draw(seed, healthy=True)
        atlas, axis = subject.pose.frames[:2]
        stretch = subject.forms["C2"].size.height / made.height
        tip = axis[:3, 3] + axis[:3, :3] @ [0, -2, high * stretch] - atlas[:3, 3]
        assert 2 < axis[:3, 2] @ tip / subject.scale < 14
        lengths.append((high * stretch + made.height * stretch * 0.55) / subject.scale)
    assert 36 < np.mean(lengths) < 40  # textbooks: 37 to 40 mm from the lower lip to the tip


def test_the_ring_of_the_atlas_is_tilted_back_and_the_head_is_nearly_level() -> None:
    turns = []
    for seed in range(40):
        subject = Subject.draw(seed, healthy=True)
        frames = [*subject.pose.frames[:2], head_frame(subject)]
        atlas, axis, head = (np.degrees(np.arctan2(-f[1, 2], f[2, 2])) for f in frames)
        turns.append(atlas - axis)
        assert abs(head) < 24
    assert 24 < np.mean(turns) < 32  # radiographs: 27 to 32, spread 7
    assert 4 < np.std(turns) < 9
