"""Whole cases: the truth fits the picture, wishes are granted, and bytes repeat."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from vertebra.anatomy import LEVELS
from vertebra.errors import VertebraError
from vertebra.phantom import scan
from vertebra.phantom.pathology import METAL_TITANIUM, Findings, Fusion
from vertebra.phantom.random import child_seed
from vertebra.phantom.shapes.procedural import Procedural
from vertebra.phantom.subject import Subject
from vertebra.phantom.truth import landmarks
from vertebra.spine import Flag

ROOT = Path(__file__).resolve().parents[2]
SMALL = {"region": "L1", "spacing": 4.0, "shape": (28, 28, 24)}


def _digest(case: scan.Case) -> str:
    content = case.volume.voxels.tobytes() + case.labels.voxels.tobytes()
    return hashlib.sha256(content).hexdigest()


@pytest.fixture(scope="module")
def lumbar() -> scan.Case:
    return scan.make_case(12, region="L3", spacing=3.0, shape=(48, 48, 64))


def test_the_same_seed_gives_the_same_case_and_another_seed_another() -> None:
    one, again, other = (scan.make_case(seed, **SMALL) for seed in (3, 3, 4))
    assert _digest(one) == _digest(again) != _digest(other)
    assert one.spine.levels == again.spine.levels


@pytest.mark.parametrize(("capability", "threads"), [("default", 2)])
def test_every_processor_makes_the_same_bytes(capability: str, threads: int) -> None:
    code = (
        "import sys, torch, hashlib; torch.set_num_threads(int(sys.argv[1]));"
        "from vertebra.phantom.scan import make_case;"
        "c = make_case(3, region='L3', spacing=4.0, shape=(28, 28, 12));"
        "print(hashlib.sha256(c.volume.voxels.tobytes() + c.labels.voxels.tobytes()).hexdigest())"
    )
    run = subprocess.run(
        [sys.executable, "-c", code, str(threads)],
        env={**os.environ, "ATEN_CPU_CAPABILITY": capability, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    here = scan.make_case(3, region="L3", spacing=4.0, shape=(28, 28, 12))
    assert run.stdout.strip() == _digest(here)


def test_a_scan_made_in_thin_slabs_looks_like_one_made_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    wishes = {"region": "L4", "spacing": (2.0, 2.0, 5.0), "shape": (40, 40, 30)}
    screws = Findings(fusion=Fusion("L3", "L5", True, METAL_TITANIUM, False))
    wishes["subject"] = Subject.draw(8, healthy=True, findings=screws)
    whole = scan.make_case(8, **wishes)
    monkeypatch.setattr(scan, "_SLAB", 1)
    monkeypatch.setattr(scan, "_THINNEST", 7)
    parts = scan.make_case(8, **wishes)
    difference = np.abs(whole.volume.voxels - parts.volume.voxels)
    assert (difference > 2).mean() < 5e-3  # coordinates round differently by a few nanometres
    assert (whole.labels.voxels != parts.labels.voxels).mean() < 1e-4
    assert whole.volume.voxels.max() > 2500  # metal, whose streaks must not show the slabs either


def test_every_centroid_lies_in_the_middle_of_its_own_body(lumbar: scan.Case) -> None:
    grid, masks = lumbar.volume.grid, lumbar.labels.voxels
    whole = [vertebra for vertebra in lumbar.spine if vertebra.completeness == 1.0]
    assert len(whole) >= 2
    for vertebra in whole:
        place = tuple(np.round(grid.to_index(vertebra.centroid)).astype(int))
        assert masks[place] == vertebra.level.verse
        mass = grid.to_world(np.argwhere(masks == vertebra.level.verse).mean(0))
        # the centre of the whole mask lies 5 to 20 mm behind the body's centre
        assert 4 < vertebra.centroid[1] - mass[1] < 22


def test_what_is_true_of_the_subject_can_be_placed_in_the_scan(lumbar: scan.Case) -> None:
    tip = landmarks(lumbar.subject, "L3", Procedural()).spinous_tip
    place = lumbar.patient[:3, :3] @ tip + lumbar.patient[:3, 3]
    bone = lumbar.volume.grid.to_world(np.argwhere(lumbar.labels.voxels == LEVELS["L3"].verse))
    assert np.linalg.norm(bone - place, axis=1).min() < 5


def test_hounsfield_units_are_those_of_a_body(lumbar: scan.Case) -> None:
    hu, masks = lumbar.volume.voxels, lumbar.labels.voxels
    assert hu.dtype == np.int16
    assert hu.min() >= -1024
    assert hu.max() <= 3071
    bone = hu[(masks > 0) & (masks < 29)]
    assert 100 < np.median(bone) < 450
    soft = np.mean((hu > 0) & (hu < 130))
    assert soft > 0.2
    assert np.mean(hu < -900) < 0.5


def test_a_vertebra_at_the_edge_is_partial_and_one_inside_is_complete(lumbar: scan.Case) -> None:
    flags = {vertebra.level.name: vertebra for vertebra in lumbar.spine}
    assert flags["L3"].completeness == 1.0
    assert Flag.PARTIAL not in flags["L3"].flags
    low = scan.make_case(12, region="L3", spacing=3.0, shape=(48, 48, 10))
    cut = low.spine.find(LEVELS["L3"])
    assert cut.completeness is not None
    assert 0.05 < cut.completeness < 0.97
    assert Flag.PARTIAL in cut.flags


def test_wishes_for_size_spacing_and_axes_are_granted() -> None:
    case = scan.make_case(5, spacing=(2.0, 3.0, 4.0), shape=(20, 24, 16), codes="PIR")
    grid = case.volume.grid
    assert grid.codes == "PIR"
    assert np.allclose(grid.spacing, [3.0, 4.0, 2.0])
    assert grid.shape == (24, 16, 20) == case.labels.voxels.shape
    assert case.labels.grid is grid


def test_axis_order_changes_how_voxels_are_stored_but_not_what_they_show() -> None:
    one = scan.make_case(5, codes="RAS", **SMALL)
    other = scan.make_case(5, codes="LPI", **SMALL)
    assert np.array_equal(one.volume.voxels, other.volume.voxels[::-1, ::-1, ::-1])
    assert one.spine.vertebrae == other.spine.vertebrae


def test_a_scan_as_acquired_has_hospital_spacing_and_shows_its_region() -> None:
    case = scan.make_case(2, region="lumbar", spacing=4.0)
    names = {level.name for level in case.spine.levels}
    assert {"L2", "L3", "L4"} <= names
    plain = [scan.draw_view(s, scan.Habitus.draw(Subject.draw(s))) for s in range(30)]
    spacings = np.array([view.grid.spacing for view in plain])
    assert (spacings[:, :2] >= 0.29).all()
    assert (spacings[:, :2] <= 1.21).all()
    assert spacings[:, 2].min() <= 1.0
    assert spacings[:, 2].max() == 5.0
    assert {view.codes for view in plain} >= {"LPS"}
    assert len({view.codes for view in plain}) > 2
    assert any(np.abs(view.grid.directions - np.eye(3)).max() > 0.05 for view in plain)  # oblique


def test_who_is_scanned_for_the_neck_has_the_arms_down_wished_for_or_not() -> None:
    seed = next(s for s in range(40) if scan.usual_region(s) in ("neck", "cervical"))
    assert scan.make_case(seed, spacing=9.0).subject.arms == "down"
    assert scan.make_case(0, region="neck", spacing=9.0).subject.arms == "down"


def test_outside_the_circle_of_view_lies_the_padding_value() -> None:
    for seed in range(40):
        subject = Subject.draw(child_seed(seed, "subject"))
        view = scan.draw_view(seed, scan.Habitus.draw(subject), "lumbar", 6.0)
        scanner = scan.Scanner.draw(seed, (6.0, 6.0, 6.0), view.thickness)
        if view.radius is not None and scanner.padding == -3024:
            break
    case = scan.make_case(seed, region="lumbar", spacing=6.0, codes="RAS")
    assert (case.volume.voxels[0, 0] == -3024).all()
    assert (case.volume.voxels[case.volume.voxels.shape[0] // 2] > -1025).any()


def test_beam_hardening_darkens_what_lies_between_the_hips_and_nothing_else() -> None:
    habitus = scan.Habitus.draw(Subject.draw(3, healthy=True))
    view = scan.draw_view(3, habitus, "S1", 8.0, (56, 40, 3))
    scanner = scan.Scanner.draw(3, (8.0, 8.0, 8.0), view.thickness)
    plain, hard = (
        scan.render(3, habitus, view, replace(scanner, hardening=h), torch.device("cpu"))[0]
        for h in (0.0, 14.0)
    )
    lost = (plain - hard).numpy()
    assert lost.min() >= 0
    assert lost.max() > 3
    assert np.median(lost[0]) < lost.max() / 2  # less at the edge of the image than in the middle


def test_metal_shows_as_bright_voxels_and_flags() -> None:
    for seed in range(60):
        subject = Subject.draw(seed)
        if subject.findings.fusion is not None:
            break
    fusion = subject.findings.fusion
    assert fusion is not None
    case = scan.make_case(1, region=fusion.upper, spacing=3.0, shape=(40, 40, 30), subject=subject)
    assert case.volume.voxels.max() > 2500
    assert Flag.METAL in case.spine.find(LEVELS[fusion.upper]).flags


def test_a_region_nobody_knows_is_refused_with_the_known_ones() -> None:
    with pytest.raises(VertebraError, match="cervical"):
        scan.make_case(1, region="tail")
