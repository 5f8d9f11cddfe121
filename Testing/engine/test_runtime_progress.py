"""Progress, cancelling, and the choice of a device."""

from __future__ import annotations

import pytest
import torch

from vertebra import __version__
from vertebra.errors import Cancelled, VertebraError
from vertebra.runtime import Progress, provenance
from vertebra.runtime.devices import device, devices, processor_count, with_fallback


def recorded():
    seen: list[tuple[float, str]] = []
    return seen, Progress(lambda fraction, message: seen.append((fraction, message)))


def test_stages_fill_their_share_of_the_whole():
    seen, progress = recorded()
    progress.part(0, 0.5).part(0.5, 1).report(0.5, "Naming")
    progress.part(0.5, 1).report(2.0)
    assert seen == [(0.375, "Naming"), (1.0, "")]


def test_work_learns_of_a_cancel_at_its_next_report_in_every_stage():
    seen, progress = recorded()
    stage = progress.part(0.2, 0.4)
    stage.report(0.5)
    progress.cancel()
    assert stage.cancelled
    with pytest.raises(Cancelled, match="nothing was changed"):
        stage.report(0.6)
    assert len(seen) == 1


def test_without_a_listener_progress_costs_nothing_and_says_nothing():
    Progress().report(0.5, "quiet")


def test_the_processor_is_always_a_device_and_the_last_choice():
    assert devices()[-1] == "cpu"
    assert device("cpu").type == "cpu"
    assert str(device()) == devices()[0]
    assert processor_count() >= 1


def test_a_device_that_is_not_there_is_refused_with_those_that_are():
    with pytest.raises(VertebraError, match=r"no device 'cuda:99'.*cpu"):
        device("cuda:99")


def test_work_that_outgrows_a_device_goes_on_with_the_processor_and_says_so():
    said: list[str] = []

    def work(where: torch.device) -> str:
        if where.type != "cpu":
            raise torch.OutOfMemoryError
        return where.type

    assert with_fallback(work, torch.device("meta"), said.append) == "cpu"
    assert "ran out of memory" in said[0]


@pytest.mark.parametrize(
    "words",
    [
        "MPS backend out of memory (MPS allocated: 8.81 GB, max allowed: 9.07 GB).",
        "[enforce fail] DefaultCPUAllocator: not enough memory: you tried to allocate 72 bytes.",
        "DefaultCPUAllocator: can't allocate memory: you tried to allocate 72 bytes.",
        "CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`",
    ],
)
def test_a_lack_of_memory_is_understood_in_the_words_of_every_device(words):
    def work(where: torch.device) -> str:
        if where.type != "cpu":
            raise RuntimeError(words)
        return where.type

    assert with_fallback(work, torch.device("meta"), lambda text: None) == "cpu"


def test_an_apple_gpu_that_ran_out_of_memory_gives_back_what_torch_keeps_there(monkeypatch):
    given_back: list[str] = []
    monkeypatch.setattr(torch.mps, "empty_cache", lambda: given_back.append("mps"))

    def work(where: torch.device) -> list[str]:
        if where.type != "cpu":
            raise RuntimeError("MPS backend out of memory")
        return given_back

    assert with_fallback(work, torch.device("mps"), lambda text: None) == ["mps"]


def test_out_of_memory_on_the_processor_is_not_hidden():
    def work(where: torch.device) -> None:
        torch.empty(2**50, device=where)

    with pytest.raises(MemoryError):
        with_fallback(work, torch.device("cpu"), lambda text: None)


def test_other_faults_are_not_taken_for_a_lack_of_memory():
    def work(where: torch.device) -> None:
        torch.ones(2) @ torch.ones(3)

    with pytest.raises(RuntimeError, match="size"):
        with_fallback(work, torch.device("cpu"), lambda text: None)


def test_a_result_says_what_made_it():
    made = provenance("multiview", "abc", "scan.nii.gz")
    assert made.software == f"Vertebra {__version__}"
    assert (made.method, made.weights, made.source) == ("multiview", "abc", "scan.nii.gz")
    assert made.created.endswith("+00:00")
