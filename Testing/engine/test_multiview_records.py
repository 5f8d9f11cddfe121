"""The benchmarks' records of labelled scans: kept as files, counted by kind of difficulty."""

import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from blocks import TINY, block_example

from vertebra.methods.multiview.configuration import CLASSES
from vertebra.methods.multiview.geometry import views_around
from vertebra.methods.multiview.inference import Localizer, Look
from vertebra.methods.multiview.networks import MultiViewNetwork
from vertebra.methods.multiview.windows import Window
from vertebra.phantom.scan import make_case
from vertebra.spine import Spine

sys.path.append(str(Path(__file__).resolve().parents[1] / "benchmarks"))
import multiview_records as records
from multiview_kinds import kinds_of, shown_class


@pytest.fixture(scope="module")
def record():
    torch.manual_seed(0)
    blank = Localizer.of(MultiViewNetwork(TINY), TINY, weights="blank")
    (record,) = records.measured(lambda: (block_example(1), ("plain",)), [blank])
    return record


def test_a_record_is_read_as_it_was_written(record, tmp_path):
    record.write(tmp_path / "x.json")
    again = records.Record.read(tmp_path / "x.json")
    assert again.reference.levels == record.reference.levels
    assert replace(again, reference=Spine(), found=Spine()) == replace(
        record, reference=Spine(), found=Spine()
    )


def test_what_a_blank_network_finds_counts_as_nothing(record):
    assert records.found_share([record]) == 0
    assert records.evaluation([record]).total.identification_rate == 0
    assert all(records.way_share([record], way) == 0 for way in records.WAYS)


def test_a_record_of_the_truth_is_all_right(record):
    perfect = replace(record, found=record.reference)
    assert records.found_share([perfect]) == 1
    assert records.evaluation([perfect]).total.identification_rate == 1


def test_sure_and_right_maps_are_named_rightly_each_way():
    spine = block_example(1).spine
    maps = torch.zeros(6, len(spine), CLASSES).numpy()
    for row, level in enumerate(spine.levels):
        maps[:, row, level.rank] = 1
    look = Look(torch.tensor(spine.centroids).numpy(), maps.sum((0, 2)), maps)
    views = views_around((0, 0, 0), 6, distance=1200, pixel=5, shape=(64, 32))
    named = records.named_by_each_way([(Window(-500, 500, tuple(views)), look)], spine)
    assert named == dict.fromkeys(records.WAYS, len(spine))


def test_a_phantom_is_told_by_what_its_scan_shows():
    case = make_case(3, region="L3", spacing=6, shape=(20, 20, 16))
    fracture = replace(case.subject.findings, fractures=(("C3", None),))
    elsewhere = replace(case, subject=replace(case.subject, findings=fracture, scoliosis=None))
    assert kinds_of(elsewhere) == ("few vertebrae shown",)
    assert shown_class(case.spine) == "shows 00 to 03"
