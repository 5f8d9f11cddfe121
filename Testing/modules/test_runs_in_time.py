"""The window stays free while a large scan is worked on, and shows what arrives at once."""

from __future__ import annotations

import queue
import time
from typing import Any

import pytest
from bench import MODULES, NAMES, Bench, BenchFor
from standin.heartbeat import Gap, Heartbeat


@pytest.fixture(params=list(MODULES))
def bench(request: pytest.FixtureRequest, bench_for: BenchFor) -> Bench:
    return bench_for(request.param)


def arrivals(events: queue.Queue[Any], kinds: set[str]) -> list[float]:
    """When each event of these kinds arrives from the worker, from now on."""
    times: list[float] = []
    put = events.put

    def note(event: dict[str, Any]) -> None:
        if event["event"] in kinds:
            times.append(time.monotonic())
        put(event)

    events.put = note  # type: ignore[method-assign]
    return times


def test_the_window_is_never_blocked_for_long_and_shows_results_at_once(bench: Bench) -> None:
    scan = bench.choose_scan("large", (512, 512, 300), 0.8)
    bench.window.show_volume(scan)
    bench.window.settle()
    shown: list[float] = []
    kinds = ("found", "finished") if bench.module == "SpineLabel" else ("drawn", "finished")
    for kind in kinds:
        getattr(bench.engine, kind).connect(lambda _news: shown.append(time.monotonic()))
    with Heartbeat() as heartbeat:
        bench.start()
        arrived = arrivals(bench.engine.client._process.events, {kinds[0], "result"})
        bench.finish()
    assert bench.rows() == NAMES
    assert heartbeat.longest.blocked < 0.1, heartbeat.longest
    assert len(shown) == len(arrived) == 8
    late = [heartbeat.between(*times) for times in zip(arrived, shown)]
    assert max(late) < 0.2, "each waits for the next look, 50 ms"


def test_the_remaining_time_is_told(bench: Bench) -> None:
    bench.choose_scan("slow")
    bench.start()
    bench.window.wait_until(lambda: "left)" in bench.status(), 60)
    bench.finish()


def test_queueing_for_a_processor_does_not_count_as_blocking_but_computing_and_waiting_do() -> None:
    assert Gap(9.0, wall=0.5, computed=0.02, queued=0.46).blocked == pytest.approx(0.04)
    assert Gap(9.0, wall=0.5, computed=0.3, queued=0.4).blocked == 0.3
    assert Gap(9.0, wall=0.5, computed=0.02, queued=0.0).blocked == 0.5
    assert Gap(9.0, wall=0.5, computed=0.02, queued=None).blocked == 0.02


def compute(seconds: float) -> None:
    """Keep the processor busy for so long, however quick it is."""
    end = time.thread_time() + seconds
    while time.thread_time() < end:
        pass


@pytest.mark.parametrize("work", [time.sleep, compute])
def test_a_heartbeat_notices_whatever_holds_the_window(window: Any, work: Any) -> None:
    with Heartbeat() as heartbeat:
        window.settle()
        work(0.15)
        window.settle()
    assert heartbeat.longest.blocked > 0.1
