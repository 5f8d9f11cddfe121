"""The models that ship, on scans they never saw: what they reach may rise, but not fall."""

import numpy as np
import pytest

from vertebra.anatomy import Region
from vertebra.evaluation import Annotation, Case, evaluate
from vertebra.methods.iterative.inference import Segmenter
from vertebra.methods.multiview.inference import Localizer, label
from vertebra.phantom.scan import make_case
from vertebra.runtime import models
from vertebra.spine import Spine

UNSEEN = 7_000_000
SEGMENTERS = (
    "iterative-fine",
    "iterative-fine-up",
    "iterative-compact",
    "iterative-compact-up",
    "iterative-coarse",
    "iterative-coarse-up",
)
NAMES = ("multiview-compact", *SEGMENTERS)


def counted(spine):
    return Spine(tuple(each for each in spine if each.level.region is not Region.SACRAL))


@pytest.mark.parametrize("name", NAMES)
def test_a_shipped_model_has_a_card_that_says_what_it_is(name):
    found = models.model(name)
    assert found.bundled
    card = found.card
    assert card.description
    assert "phantom" in card.data
    assert card.licence
    for kind in ("synthetic", "real"):
        figures = card.metrics[kind]
        assert any(isinstance(figure, float) for figure in figures.values())
        assert figures["command"].startswith("python Testing/benchmarks/")
    assert found.size < 12_000_000
    models.load(found)


@pytest.fixture(scope="module")
def localizer():
    return Localizer.load("multiview-compact")


def test_unseen_phantoms_are_labelled(localizer):
    cases = []
    for number, region in enumerate(("trunk", "lumbar", "chest", "cervical")):
        made = make_case(UNSEEN + number, region=region, spacing=2.5)
        spine = label(made.volume, localizer)
        reference, found = Annotation(counted(made.spine)), Annotation(counted(spine))
        cases.append(Case(f"{region}", reference, found))
    total = evaluate(cases).total
    assert total.identification_rate > 0.9
    assert total.error_identified.median < 2.5


@pytest.mark.parametrize("name", SEGMENTERS)
def test_marked_vertebrae_of_an_unseen_phantom_are_segmented(name):
    segmenter = Segmenter.load(name)
    made = make_case(UNSEEN + 50, region="lumbar", spacing=1.5)
    labels, spine = segmenter.segment(made.volume, counted(made.spine))
    scores = []
    for vertebra in spine:
        truth = made.labels.voxels == vertebra.level.verse
        mask = labels.voxels == vertebra.instance
        if truth.sum() > 1000:
            scores.append(2 * (truth & mask).sum() / (truth.sum() + mask.sum()))
    assert len(scores) >= 4
    assert np.mean(scores) > 0.93
