"""From examples to a model that labels scans it has not seen, on toy patients made of blocks."""

from dataclasses import replace

import numpy as np
import pytest
import torch

pytest.importorskip("lightning.fabric")
pytest.importorskip("tensorboard")

from blocks import TINY, block_example, shorter

from vertebra.errors import BadFile, BadModel, Cancelled, VertebraError
from vertebra.methods.common.weights import card, publish
from vertebra.methods.multiview import learning
from vertebra.methods.multiview.configuration import COMPACT
from vertebra.methods.multiview.exposures import (
    Exposures,
    Pairs,
    expose,
    made_with,
    prepare,
    read_view,
)
from vertebra.methods.multiview.inference import Localizer, choose, label
from vertebra.runtime import Progress, models
from vertebra.volume import Volume
from vertebra.volume.orienting import cropped, oriented


@pytest.fixture(scope="module")
def exposures(tmp_path_factory):
    folder = tmp_path_factory.mktemp("exposures")
    prepare(
        [(f"block-{seed}", lambda seed=seed: block_example(seed)) for seed in range(30)],
        TINY,
        folder,
    )
    return folder


@pytest.fixture(scope="module")
def trained(exposures, tmp_path_factory):
    """A localizer that learned blocks."""
    folder = tmp_path_factory.mktemp("training")
    torch.manual_seed(0)
    learning.train(exposures, TINY, folder, device="cpu")
    return folder


@pytest.fixture(scope="module")
def localizer(trained):
    return Localizer.of(learning.trained_network(trained, TINY), TINY, weights="abc")


@pytest.mark.parametrize("seed", [101, 102, 103])
def test_unseen_patients_are_labelled(localizer, seed):
    example = block_example(seed)
    spine = label(example.volume, localizer)
    assert spine.levels == example.spine.levels
    away = np.linalg.norm(np.subtract(spine.centroids, example.spine.centroids), axis=1)
    assert away.max() < 6
    assert spine.provenance.weights == "abc"
    assert spine.provenance.method == "multiview tiny"
    assert spine.provenance.source == example.volume.source


def test_the_orientation_of_a_scan_does_not_matter(localizer):
    volume = block_example(104).volume
    as_it_is, turned = (label(each, localizer) for each in (volume, oriented(volume, "PIL")))
    assert as_it_is.levels == turned.levels
    assert np.allclose(as_it_is.centroids, turned.centroids, atol=0.1)


def test_a_vertebra_at_the_cut_edge_is_partial(localizer):
    example = block_example(105)
    grid, truth = example.volume.grid, sorted(example.spine.centroids, key=lambda at: at[2])
    bottom = round(grid.to_index(truth[0])[2] - 1 / grid.spacing[2])
    cut = cropped(example.volume, (0, 0, bottom), grid.shape)
    candidates = sorted(localizer.locate(cut), key=lambda each: each.position[2])
    assert np.linalg.norm(candidates[0].position - truth[0]) < 6
    assert [each.partial for each in candidates] == [True, *[False] * (len(truth) - 1)]


def test_a_scan_taller_than_the_frame_is_labelled_as_a_whole(localizer):
    example = block_example(106)
    grid = example.volume.grid
    voxels = np.pad(example.volume.voxels, ((0, 0), (0, 0), (60, 60)), constant_values=-1000)
    tall = Volume(voxels, grid.part((0, 0, -60), voxels.shape))
    spine = label(tall, localizer)
    assert spine.levels == example.spine.levels
    assert np.abs(np.subtract(spine.centroids, example.spine.centroids)).max() < 6


def test_a_patient_far_from_the_middle_of_a_wide_scan_is_labelled(localizer):
    example = block_example(107)
    sides = ((0, 90), (30, 0), (0, 0))
    voxels = np.pad(example.volume.voxels, sides, constant_values=-1000)
    wide = Volume(voxels, example.volume.grid.part((0, -30, 0), voxels.shape))
    assert wide.voxels.shape[0] * 4 > TINY.optics.frame[1] * TINY.optics.pixel
    assert label(wide, localizer).levels == example.spine.levels


def test_nothing_is_found_in_air(localizer):
    air = Volume(
        np.full((30, 30, 30), -1000, np.int16),
        block_example(1).volume.grid.part((0, 0, 0), (30, 30, 30)),
    )
    assert len(label(air, localizer)) == 0


def test_labelling_tells_its_progress_and_can_be_cancelled(localizer):
    seen = []
    localizer.locate(block_example(1).volume, Progress(lambda fraction, _: seen.append(fraction)))
    assert seen == sorted(seen)
    assert seen[-1] == pytest.approx(1)
    progress = Progress()
    progress.cancel()
    with pytest.raises(Cancelled):
        localizer.locate(block_example(1).volume, progress)


def test_a_trained_model_is_published_installed_and_loaded(trained, tmp_path, monkeypatch):
    monkeypatch.setenv("VERTEBRA_MODELS", str(tmp_path / "models"))
    made = card("mine", "multiview", TINY.to_dict(), "blocks")
    published = publish(learning.trained_network(trained, TINY).state_dict(), made, tmp_path)
    models.install(published.weights)
    localizer = Localizer.load("mine")
    assert localizer.configuration == TINY
    assert label(block_example(101).volume, localizer).levels == block_example(101).spine.levels


def test_a_model_of_another_method_or_shape_is_refused(trained, tmp_path, monkeypatch):
    monkeypatch.setenv("VERTEBRA_MODELS", str(tmp_path))
    models.save(models.Card("other", "iterative"), {"x": torch.zeros(1)}, tmp_path)
    with pytest.raises(BadModel, match="iterative, which is not for labelling spines; choose"):
        Localizer.load("other")
    wrong = card("wrong", "multiview", COMPACT.to_dict(), "")
    models.save(wrong, {"x": torch.zeros(1)}, tmp_path)
    with pytest.raises(BadModel, match="do not fit"):
        Localizer.load("wrong")


def test_a_model_whose_card_does_not_fit_is_not_chosen_and_fails_by_its_name(tmp_path, monkeypatch):
    monkeypatch.setenv("VERTEBRA_MODELS", str(tmp_path))
    for name, change in (("a-newer", {"newer": 1}), ("b-null", {"optics": None}), ("tiny", {})):
        made = models.Card(name, "multiview", {**TINY.to_dict(), **change})
        models.save(made, {"x": torch.zeros(1)}, tmp_path)
    assert choose().card.name == "tiny"
    for name in ("a-newer", "b-null"):
        with pytest.raises(BadModel, match=f"Remove the model '{name}', or choose another one"):
            Localizer.load(choose(name).card.name)


def test_fine_tuning_starts_from_given_weights(trained, exposures, tmp_path):
    start = learning.trained_network(trained, TINY).state_dict()
    learning.train(exposures, shorter(TINY, 1), tmp_path / "a", start=start, device="cpu")
    after = learning.trained_network(tmp_path / "a", TINY).state_dict()
    moved = [(after[name] - start[name]).abs().max() for name in ("heat.weight", "levels.weight")]
    assert max(moved) < 0.01
    with pytest.raises(BadModel, match="another configuration"):
        learning.train(exposures, COMPACT, tmp_path / "b", start=start, device="cpu")


def test_pre_training_fills_the_encoder(exposures, tmp_path):
    learning.pretrain(exposures, TINY, tmp_path / "pretrain", device="cpu")
    torch.manual_seed(5)
    network = learning.MultiViewNetwork(TINY)
    before = network.localizer.encoder.stem.convolution.weight.clone()
    learning.fill_encoders(network, tmp_path / "pretrain")
    assert not torch.equal(before, network.localizer.encoder.stem.convolution.weight)
    with pytest.raises(BadModel, match="another configuration"):
        learning.fill_encoders(learning.MultiViewNetwork(COMPACT), tmp_path / "pretrain")
    learning.train(
        exposures, shorter(TINY, 1), tmp_path / "t", encoder=tmp_path / "pretrain", device="cpu"
    )


def test_batches_depend_on_their_number_alone(exposures):
    for kind in (Exposures, Pairs):
        one, again = (kind(exposures, TINY, 4, seed=2)[7] for _ in range(2))
        other = kind(exposures, TINY, 4, seed=2)[8]
        assert all(torch.equal(one[key], again[key]) for key in one)
        assert not all(torch.equal(one[key], other[key]) for key in one)


def test_exposures_show_the_vertebrae_where_they_are_said_to_be(exposures):
    bright, dark = [], []
    for file in sorted(exposures.iterdir())[:6]:
        image, points, _, present = read_view(file, lambda count: 0, made_with(TINY.optics))
        for row, column in points[present].round().int().tolist():
            bright.append(float(image[0, row, column]))
            dark.append(float(image[0, row, 2]))
    assert len(bright) > 20
    assert np.median(bright) > 5
    assert max(dark) < 1


def test_only_centres_inside_a_part_are_to_be_found():
    arrays = expose(block_example(3), TINY)
    views = TINY.optics.views
    counts = arrays["present"].sum(dim=1).view(-1, views)
    assert (counts[0] == 4).all()
    assert counts[1:].min() < 4
    assert (counts == counts[:, :1]).all()


def test_what_fails_is_left_out_and_told(tmp_path):
    def broken():
        raise BadFile("It is cut off.")

    told = []
    good = ("good", lambda: block_example(1))
    prepare([("bad", broken), good], TINY, tmp_path, say=told.append)
    assert [file.name for file in tmp_path.iterdir()] == ["good.safetensors"]
    assert told == ["bad is left out: It is cut off."]
    prepare([("good", broken)], TINY, tmp_path, say=told.append)
    assert len(told) == 1


def test_a_folder_without_exposures_or_with_other_files_is_refused(tmp_path):
    with pytest.raises(VertebraError, match="no exposures"):
        Exposures(tmp_path, TINY, 1)
    (tmp_path / "x.safetensors").write_bytes(b"nothing")
    with pytest.raises(BadFile, match=r"x\.safetensors"):
        Exposures(tmp_path, TINY, 1)[0]


def test_views_of_other_optics_are_no_data_to_learn_from(exposures):
    farther = replace(TINY, optics=replace(TINY.optics, pixel=TINY.optics.pixel + 1))
    assert Exposures(exposures, TINY, 1)[0]
    with pytest.raises(BadFile, match="views of another configuration; choose another folder"):
        Exposures(exposures, farther, 1)[0]


def test_closer_looks_show_the_spine_and_what_lies_around_it_larger(localizer):
    example = block_example(108)
    far, close = localizer.looks(example.volume)
    pixels = [window.views[0].pixel for window, _ in (far, close)]
    assert pixels == [TINY.optics.pixel, *TINY.optics.closer]
    truth = sorted(example.spine.centroids, key=lambda each: -each[2])
    for _, look in (far, close):
        assert np.linalg.norm(look.positions - truth, axis=1).max() < 6


def test_looks_that_lie_apart_make_names_less_sure(localizer):
    far, (window, close) = localizer.looks(block_example(108).volume)
    assert localizer.doubt([far, (window, close)]) == localizer.settings
    moved = replace(close, positions=close.positions + [0, 12.0, 0])
    doubt = localizer.doubt([far, (window, moved)])
    assert doubt.independence < 0.5 * localizer.settings.independence


def test_nothing_is_looked_at_more_closely_where_nothing_is_seen_from_afar(localizer):
    grid = block_example(1).volume.grid
    air = Volume(np.full(grid.shape, -1000, np.int16), grid)
    [(window, look)] = localizer.looks(air)
    assert window.views[0].pixel == TINY.optics.pixel
    assert not len(look.positions)


def test_closer_exposures_are_of_the_surroundings_of_the_spine():
    arrays = expose(block_example(3), TINY)
    views = TINY.optics.views
    far, close = arrays["points"].view(2, -1, views, 4, 2)
    # the same vertebrae lie farther apart in finer pixels
    apart = [float((each[0, :, 0, 0] - each[0, :, 3, 0]).abs().mean()) for each in (far, close)]
    assert apart[1] / apart[0] == pytest.approx(5 / 4, rel=0.02)
