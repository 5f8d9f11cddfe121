"""From lessons to a model: preparation, patches, training, publishing, and a scan segmented."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from coded_spine import blob_scan
from installed_blobs import body_of_blobs

pytest.importorskip("lightning.fabric")
pytest.importorskip("tensorboard")

from vertebra.errors import BadFile, BadModel, Cancelled, VertebraError
from vertebra.exchange import verse
from vertebra.methods.common.preparation import upright
from vertebra.methods.common.weights import card, publish
from vertebra.methods.iterative import learning
from vertebra.methods.iterative.configuration import COMPACT
from vertebra.methods.iterative.inference import Segmenter
from vertebra.methods.iterative.lessons import MASKED, Lesson, lessons, untouched
from vertebra.methods.iterative.patches import Patches, prepare, prepared
from vertebra.methods.iterative.pointers import body_centre, pointer, training_point
from vertebra.phantom.scan import make_case
from vertebra.runtime import Progress, models
from vertebra.training.curves import read
from vertebra.training.schedule import Schedule
from vertebra.volume import Grid, LabelMap, Volume, resampled, write_label_map, write_volume

TINY = replace(
    COMPACT,
    name="tiny",
    patch=16,
    spacing=6.0,
    widths=(8, 8, 8),
    dropout=0.0,
    balance=1e-3,
    training=Schedule(iterations=150, batch=2, rate=1e-2, decay="cosine"),
)


def blob_lesson(seed=0):
    scan, truth, spine = blob_scan(count=4, seed=seed)
    numbers = {number: each.level.verse for number, each in enumerate(spine, 1)}
    labels = truth.renumbered(numbers)
    return Lesson(f"blobs-{seed}", scan, labels, frozenset(list(numbers.values())[1:]))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("prepared")
    recipes = [(f"blobs-{seed}", lambda seed=seed: blob_lesson(seed)) for seed in range(3)]
    prepare(recipes, TINY, folder)
    return folder


@pytest.fixture(scope="module")
def trained(folder, tmp_path_factory):
    out = tmp_path_factory.mktemp("training")
    torch.manual_seed(0)
    learning.train(folder, TINY, out, device="cpu")
    return out


def test_a_prepared_scan_counts_its_vertebrae_from_the_head():
    tensors = prepared(blob_lesson(), replace(TINY, spacing=3.0))
    labels = tensors["labels"].numpy()
    assert np.array_equal(np.unique(labels), [0, 1, 2, 3, 4])
    heights = [np.argwhere(labels == number)[:, 2].mean() for number in (1, 2, 3, 4)]
    assert heights == sorted(heights, reverse=True)
    assert tensors["volumes"].tolist() == np.bincount(labels.ravel())[1:].tolist()
    assert tensors["complete"].tolist() == [False, True, True, True]
    low, high = tensors["boxes"][2].tolist()
    inside = labels[tuple(slice(a, b + 1) for a, b in zip(low, high))]
    assert (inside == 3).sum() == tensors["volumes"][2]


def test_broken_lessons_are_told_and_left_out_and_a_cancel_stops(tmp_path):
    def broken():
        raise BadFile("It is broken.")

    told = []
    prepare([("bad", broken), ("good", blob_lesson)], TINY, tmp_path, say=told.append)
    assert told == ["bad is left out: It is broken."]
    assert [path.name for path in tmp_path.iterdir()] == ["good.safetensors"]
    progress = Progress()

    def cancelling():
        progress.cancel()
        progress.check()

    with pytest.raises(Cancelled):
        prepare([("other", cancelling)], TINY, tmp_path, progress)


@pytest.mark.parametrize("pointed", [False, True])
def test_batches_depend_on_their_number_alone_and_follow_the_scheme(folder, pointed):
    configuration = replace(TINY, pointed=pointed)
    one, other = Patches(folder, configuration), Patches(folder, configuration)
    complete, empty, remembered = [], [], []
    for number in range(60):
        batch = one[number]
        if number < 3:
            assert all(torch.equal(batch[name], other[number][name]) for name in batch)
        assert len({values.shape[:4] for values in batch.values() if values.ndim == 4}) == 1
        assert not (batch["memory"] & batch["truth"]).any()
        assert batch["weights"].min() >= 1
        complete += batch["complete"].tolist()
        empty += (~batch["truth"].flatten(1).any(dim=1)).tolist()
        remembered += batch["memory"].flatten(1).any(dim=1).tolist()
    assert 0.1 < np.mean(complete) < 0.9
    assert 0.0 < np.mean(empty) < 0.5
    assert 0.2 < np.mean(remembered) < 0.95


@pytest.mark.parametrize("of_scan", [False, True])
def test_completeness_is_of_the_patch_as_published_or_of_the_whole_scan(tmp_path, of_scan):
    grid = Grid.of((40, 40, 40), (6, 6, 6))
    masks = np.zeros(grid.shape, np.uint8)
    masks[10:30, 10:30, 10:30] = 20  # more than a patch of 16 voxels shows
    scan = Volume(np.where(masks, 700, -100).astype(np.int16), grid)
    lesson = Lesson("large", scan, LabelMap(masks, grid), frozenset({20}))
    prepare([("large", lambda: lesson)], TINY, tmp_path)
    patches = Patches(tmp_path, replace(TINY, of_scan=of_scan))
    batches = [patches[number] for number in range(30)]
    complete = np.array([said for batch in batches for said in batch["complete"].tolist()])
    assert complete.any() == of_scan
    assert not complete.all()  # empty patches, and those in which the scan is cut short


def test_patches_need_whole_files(tmp_path):
    with pytest.raises(BadFile, match="holds no prepared scans"):
        Patches(tmp_path, TINY)
    (tmp_path / "x.safetensors").write_bytes(b"nonsense")
    with pytest.raises(BadFile, match="is damaged; delete it"):
        Patches(tmp_path, TINY)[0]


def test_scans_prepared_for_other_voxels_are_refused(folder):
    with pytest.raises(BadFile, match=r"prepared with voxels of 6.0 mm, but .* needs 3.0 mm"):
        Patches(folder, replace(TINY, spacing=3.0))[0]


def test_training_lowers_the_count_of_wrong_voxels(trained):
    wrong = [entry["false positives"] + entry["false negatives"] for entry in read(trained)]
    assert wrong[-1] < 0.7 * wrong[0]


def test_a_model_is_published_installed_and_segments(trained, tmp_path, monkeypatch):
    monkeypatch.setenv("VERTEBRA_MODELS", str(tmp_path / "models"))
    made = card("mine", "iterative", TINY.to_dict(), "blobs")
    published = publish(learning.trained_network(trained, TINY).state_dict(), made, tmp_path)
    models.install(published.weights)
    segmenter = Segmenter.load("mine")
    assert segmenter.configuration == TINY
    scan, truth, points = blob_scan(count=4, seed=9)
    labels, spine = segmenter.segment(scan, points)
    assert labels.grid.same_as(scan.grid)
    found = labels.voxels > 0
    both = (found & (truth.voxels > 0)).sum()
    assert 2 * both / (found.sum() + (truth.voxels > 0).sum()) > 0.5
    assert spine.provenance.weights == segmenter.weights != ""


def test_numbers_too_large_for_half_precision_are_published_as_they_are(tmp_path):
    weights = {"small": torch.tensor([0.5, 2.0]), "large": torch.tensor([1.0, 1e5])}
    weights["count"] = torch.tensor(9)
    published = models.load(publish(weights, card("mine", "iterative", {}, ""), tmp_path))
    assert published["small"].dtype == torch.float16
    assert all(torch.equal(published[name].to(each.dtype), each) for name, each in weights.items())


def test_models_that_do_not_fit_are_refused(trained, tmp_path, monkeypatch):
    monkeypatch.setenv("VERTEBRA_MODELS", str(tmp_path))
    weights = {"x": torch.zeros(1)}
    models.save(models.Card("other", "multiview"), weights, tmp_path)
    models.save(models.Card("empty", "iterative", TINY.to_dict()), weights, tmp_path)
    with pytest.raises(BadModel, match="is not for segmenting vertebrae; choose one of: empty"):
        Segmenter.load("other")
    with pytest.raises(BadModel, match="do not fit its card"):
        Segmenter.load("empty")
    with pytest.raises(BadModel, match="another configuration"):
        learning.trained_network(trained, replace(TINY, widths=(4, 4, 4)))


def test_training_can_start_from_weights(trained, folder, tmp_path):
    start = learning.trained_network(trained, TINY).state_dict()
    still = replace(TINY, training=replace(TINY.training, iterations=1, rate=0.0))
    learning.train(folder, still, tmp_path, start=start, device="cpu")
    again = learning.trained_network(tmp_path, TINY).state_dict()
    kept = [name for name in start if "running" not in name and "batches" not in name]
    assert all(torch.equal(start[name], again[name]) for name in kept)


def test_phantoms_and_verse_folders_give_lessons(tmp_path):
    names = [name for name, _ in lessons("phantoms:7", 2, 3.0)]
    assert names == ["phantom-0000007", "phantom-0000008"]
    with pytest.raises(VertebraError, match="does not name phantoms"):
        list(lessons("phantoms:x", 1, 3.0))
    scan, truth, spine = body_of_blobs(3)
    verse_map = truth.renumbered({n: each.level.verse for n, each in enumerate(spine, 1)})
    raw, derived = tmp_path / "rawdata" / "sub-a", tmp_path / "derivatives" / "sub-a"
    write_volume(scan, raw / "sub-a_ct.nii.gz")
    write_label_map(verse_map, derived / "sub-a_seg-vert_msk.nii.gz")
    verse.write(derived / "sub-a_seg-vert_ctd.json", spine, scan.grid)
    [(name, make)] = lessons(str(tmp_path), 1, 3.0)
    assert name == "sub-a"
    lesson = make()
    assert lesson.complete == {each.level.verse for each in spine}
    (derived / "sub-a_seg-vert_msk.nii.gz").unlink()
    with pytest.raises(VertebraError, match="both a CT and a mask"):
        list(lessons(str(tmp_path), 1, 3.0))


def test_a_synthetic_lesson_knows_its_complete_vertebrae(monkeypatch):
    from vertebra.phantom import scan

    make_case = scan.make_case

    def small(seed, *, spacing, region, shapes):
        return make_case(seed, spacing=5.0, shape=(20, 24, 20), region="L2", codes="RAS")

    monkeypatch.setattr(scan, "make_case", small)
    [(_, make)] = lessons("phantoms:10", 1, 5.0)
    lesson = make()
    present = set(np.unique(lesson.labels.voxels)) & set(MASKED)
    assert untouched(lesson.labels) <= lesson.complete < present
    assert lesson.complete


def test_what_touches_the_border_is_not_known_to_be_complete():
    voxels = np.zeros((6, 6, 6), np.uint8)
    voxels[2:4, 2:4, 2:4], voxels[0, 0, 0] = 8, 9
    assert untouched(LabelMap(voxels, Grid.of((6, 6, 6)))) == {8}


def test_a_scan_without_vertebrae_teaches_that_there_are_none(tmp_path):
    grid = Grid.of((20, 20, 20), (6, 6, 6))
    air = Volume(np.full(grid.shape, -1000, np.int16), grid)
    nothing = LabelMap(np.zeros(grid.shape, np.uint8), grid)
    prepare([("air", lambda: Lesson("air", air, nothing, frozenset()))], TINY, tmp_path)
    batch = Patches(tmp_path, TINY)[0]
    assert not batch["truth"].any()
    assert not batch["complete"].any()


def test_a_training_point_lies_in_or_near_the_body_of_its_vertebra():
    mask = np.zeros((40, 40, 40), bool)
    mask[10:30, 22:38, 15:27] = True  # the body
    mask[18:22, 4:22, 20:24] = True  # a spinous process
    rng = np.random.default_rng(2)
    places = np.array([training_point(mask, 1.5, rng) for _ in range(200)])
    assert np.abs(np.median(places, axis=0) - body_centre(mask, 1.5)).max() < 2
    assert np.linalg.norm(places - body_centre(mask, 1.5), axis=1).max() < 10


@pytest.mark.parametrize("spacing", [1.0, 3.0])
def test_of_c1_to_c3_the_point_in_a_mask_is_where_labels_have_theirs(spacing):
    case = make_case(5300101, spacing=1.5, region="C2", shape=(90, 90, 100))
    scan = upright(case.volume, spacing)
    labels = resampled(case.labels, scan.grid)
    for name, most in (("C1", 6), ("C2", 7), ("C3", 3)):
        [vertebra] = [each for each in case.spine if each.level.name == name]
        point = scan.grid.to_world(body_centre(labels.voxels == vertebra.level.verse, spacing))
        assert np.linalg.norm(point - vertebra.centroid) < most


def test_a_pointer_is_highest_at_its_point_and_falls_with_the_distance_in_millimetres():
    blob = pointer((21, 21, 21), (10, 8, 6), spacing=3.0)
    assert np.unravel_index(blob.argmax(), blob.shape) == (10, 8, 6)
    assert blob.max() == 1
    assert np.isclose(blob[12, 8, 6], np.exp(-0.5))  # two voxels are 6 mm, one standard deviation
