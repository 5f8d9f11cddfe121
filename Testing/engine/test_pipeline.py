"""From a CT to masks with the models at hand: which of them are taken, and what is said."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
import torch
from installed_blobs import MODELS, Machine, body_of_blobs

from vertebra.errors import BadModel, NotABodyCT, VertebraError
from vertebra.methods.iterative.events import Dropped
from vertebra.pipeline import Look, Piece, Search, resegment, segment
from vertebra.pipeline.segment import NOTHING_LABELLED, UNNAMED
from vertebra.runtime import devices
from vertebra.spine import Flag, Spine
from vertebra.volume import Grid, LabelMap, Volume

SCAN, TRUTH, POINTS = body_of_blobs()


@pytest.fixture
def machine(tmp_path, monkeypatch):
    return Machine(tmp_path, monkeypatch)


def test_given_points_are_where_the_finest_model_starts(machine):
    machine.install("fine", "coarse")
    shown = []
    result = segment(SCAN, POINTS, device="cpu", show=shown.append)
    assert machine.loaded == ["fine"]
    assert result.spine.levels == POINTS.levels
    assert result.notes == ()
    pieces = [news for news in shown if isinstance(news, Piece)]
    assert [piece.name for piece in pieces] == [level.name for level in POINTS.levels]
    for piece in pieces:
        box = tuple(slice(a, a + n) for a, n in zip(piece.start, piece.mask.shape))
        assert np.array_equal(result.labels.voxels[box] == piece.instance, piece.mask)


def test_every_look_is_shown_before_what_comes_of_it(machine):
    machine.install("fine")
    shown = []
    segment(SCAN, POINTS, device="cpu", show=shown.append)
    kinds = [type(news) for news in shown]
    assert kinds[0] is Look
    assert kinds.count(Look) >= kinds.count(Piece) == len(POINTS)
    for look, piece in pairwise(shown):
        if isinstance(look, Look) and isinstance(piece, Piece):
            away = np.array(look.centre) - POINTS.find(piece.instance).centroid
            assert (np.abs(away) <= np.array(look.size) / 2).all()


def test_without_points_the_scan_is_labelled_first(machine):
    machine.install("coarse")
    machine.install_labeller(POINTS)
    shown = []
    result = segment(SCAN, device="cpu", show=shown.append)
    assert shown[0] == POINTS
    assert not any(isinstance(news, Spine) for news in shown[1:])
    assert result.spine.levels == POINTS.levels
    assert result.notes == ()
    assert np.array_equal(result.labels.voxels, TRUTH.voxels)


def test_without_a_labelling_model_vertebrae_are_searched_for_in_large_voxels(machine):
    machine.install("fine", "coarse", "upwards")
    result = segment(SCAN, device="cpu")
    assert machine.loaded == ["fine", "coarse"]
    assert result.notes == (UNNAMED,)
    assert len(result.spine) == 4
    assert all(Flag.AMBIGUOUS in vertebra.flags for vertebra in result.spine)


def test_where_nothing_can_be_labelled_the_scan_is_searched(machine):
    machine.install("coarse")
    machine.install_labeller(Spine())
    result = segment(SCAN, device="cpu")
    assert result.notes == (NOTHING_LABELLED,)
    assert len(result.spine) == 4


def test_a_mask_that_is_no_vertebra_is_left_out_with_a_note(machine):
    machine.install("coarse")
    voxels = np.full((80, *SCAN.grid.shape[1:]), -1000, np.int16)
    voxels[: SCAN.grid.shape[0]] = SCAN.voxels
    voxels[SCAN.grid.shape[0] - 3 : 77] = 20
    voxels[62:69, 14:22, 16:23] = 700
    grid = Grid.of(voxels.shape, (3, 3, 3), SCAN.grid.origin)
    result = segment(Volume(voxels, grid), device="cpu")
    assert len(result.spine) == 4
    assert not result.labels.voxels[60:].any()
    assert [note for note in result.notes if note.endswith("off the line of the spine.")]


def test_a_user_chooses_how_to_search(machine):
    machine.install("fine", "coarse")
    machine.install_labeller(POINTS)
    segment(SCAN, search=Search.FINE, device="cpu")
    assert machine.loaded == ["fine"]
    segment(SCAN, search=Search.COARSE, device="cpu")
    assert machine.loaded == ["fine", "coarse"]
    assert segment(SCAN, search=Search.POINTS, device="cpu").spine.levels == POINTS.levels
    with pytest.raises(VertebraError, match="leave out either of the two"):
        segment(SCAN, POINTS, search=Search.FINE, device="cpu")


def test_a_user_chooses_model_and_direction(machine):
    machine.install("fine", "coarse", "upwards")
    segment(SCAN, POINTS, direction="up", device="cpu")
    segment(SCAN, POINTS, model="coarse", device="cpu")
    segment(SCAN, POINTS, model="coarse", direction="down", device="cpu")
    assert machine.loaded == ["upwards", "coarse"]
    with pytest.raises(BadModel, match="'coarse' does not go up"):
        segment(SCAN, POINTS, model="coarse", direction="up")


@pytest.mark.parametrize(
    ("names", "wishes", "sentence"),
    [
        ([], {}, "No model for segmenting vertebrae is installed; put a model's two files"),
        (["fine"], {"direction": "up"}, "No model .* that goes up is installed"),
        (["fine"], {"model": "other"}, "There is no model 'other' on this machine"),
        (["fine"], {"model": "labeller"}, "'labeller' is a model of the method multiview, which "
         "is not for segmenting vertebrae; choose one of: fine"),
        (["fine"], {"search": Search.COARSE}, "No model for a coarse search is installed"),
    ],
)  # fmt: skip
def test_a_model_that_is_not_there_is_one_sentence(machine, names, wishes, sentence):
    machine.install(*names)
    machine.install_labeller(POINTS)
    with pytest.raises(BadModel, match=sentence):
        segment(SCAN, device="cpu", **wishes)


def test_points_asked_for_need_a_model_that_makes_them(machine):
    machine.install("fine")
    with pytest.raises(BadModel, match="No model for labelling spines is installed"):
        segment(SCAN, search=Search.POINTS, device="cpu")


def test_points_that_all_lie_outside_the_scan_are_those_of_another(machine):
    machine.install("coarse")
    far = [replace(each, centroid=(*each.centroid[:2], each.centroid[2] + 900)) for each in POINTS]
    with pytest.raises(VertebraError, match=r"None of the points lies in this scan; choose the"):
        segment(SCAN, replace(POINTS, vertebrae=tuple(far)), device="cpu")
    mixed = replace(POINTS, vertebrae=(*far[:1], *POINTS.vertebrae[1:]))
    assert segment(SCAN, mixed, device="cpu").labels.voxels.any()


def test_a_list_without_points_is_told_from_a_scan_without_vertebrae(machine):
    machine.install("coarse")
    with pytest.raises(VertebraError, match="There are no points to start from; add some"):
        segment(SCAN, Spine(), device="cpu")


def test_what_is_no_ct_is_refused(machine):
    machine.install("fine")
    with pytest.raises(NotABodyCT):
        segment(Volume(np.full(SCAN.grid.shape, 300, np.int16), SCAN.grid), device="cpu")


def test_one_vertebra_is_segmented_anew_and_shown(machine):
    machine.install("coarse")
    edited = np.where(TRUTH.voxels == 2, 0, TRUTH.voxels)
    shown = []
    masks = LabelMap(edited, SCAN.grid)
    result = resegment(SCAN, masks, POINTS, POINTS.levels[1], device="cpu", show=shown.append)
    assert np.array_equal(result.labels.voxels, TRUTH.voxels)
    assert [news.instance for news in shown if isinstance(news, Piece)] == [2]
    small = LabelMap(edited[:-1], SCAN.grid.part((0, 0, 0), edited[:-1].shape))
    with pytest.raises(VertebraError, match="do not share their voxels"):
        resegment(SCAN, small, POINTS, 2, device="cpu")


def test_a_device_without_enough_memory_is_left_for_the_processor(machine, monkeypatch):
    machine.install("coarse")
    looks = []
    segment_blobs = type(MODELS["coarse"]).segment

    def exhausted(self, *arguments):
        looks.append(machine.loaded)
        if len(looks) == 1:
            raise torch.cuda.OutOfMemoryError("too small")
        return segment_blobs(self, *arguments)

    monkeypatch.setattr(type(MODELS["coarse"]), "segment", exhausted)
    monkeypatch.setattr(devices, "device", lambda name: torch.device("meta"))
    result = segment(SCAN, POINTS, device="small")
    assert len(looks) == 2
    assert "ran out of memory" in result.notes[0]
    assert len(result.spine) == 4


def test_a_processor_without_enough_memory_is_a_memory_error(machine, monkeypatch):
    machine.install("coarse")

    def exhausted(*_):
        torch.empty(2**50)

    monkeypatch.setattr(type(MODELS["coarse"]), "segment", exhausted)
    with pytest.raises(MemoryError):
        segment(SCAN, POINTS, device="cpu")


def test_with_too_little_memory_larger_voxels_are_taken_and_told(machine, monkeypatch):
    machine.install("fine", "coarse", "upwards")
    segment_blobs = type(MODELS["coarse"]).segment
    too_large = [MODELS["fine"]]

    def exhausted(self, volume, spine, progress, tell):
        if self in too_large:
            tell(Dropped(None, "of a run that comes to nothing"))
            raise MemoryError
        return segment_blobs(self, volume, spine, progress, tell)

    monkeypatch.setattr(type(MODELS["coarse"]), "segment", exhausted)
    result = segment(SCAN, POINTS, device="cpu")
    assert machine.loaded == ["fine", "coarse"]
    assert result.spine.levels == POINTS.levels
    [note] = result.notes
    assert "too little memory for 'fine'; going on with 'coarse'" in note
    with pytest.raises(MemoryError):
        segment(SCAN, POINTS, device="cpu", model="fine")
    too_large.append(MODELS["coarse"])
    with pytest.raises(MemoryError):
        segment(SCAN, POINTS, device="cpu")
