"""The end of a worker: it goes with its window, and leaves no patient's scan behind."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path

from test_worker import HERE, PRETEND, Heard, is_alive, scan, wait_until_gone

from vertebra.worker import Client

WINDOW = f"""
    import sys, time
    sys.path[:0] = [{str(HERE)!r}, {str(HERE.parents[1])!r}]
    from test_worker import PRETEND, scan
    from vertebra.worker import Client
    client = Client(PRETEND)
    client.found.connect(lambda spine: print(client.pid, flush=True))
    client.start("label", scan("slow"))
    for moment in range(6000):
        client.poll()
        time.sleep(0.01)
"""


def test_closing_ends_the_process_in_the_middle_of_a_job() -> None:
    client = Client(PRETEND)
    heard = Heard(client)
    client.start("label", scan("deaf"))
    heard.until(lambda: client.pid is not None)
    pid = client.pid
    assert pid
    client.close()
    wait_until_gone(pid, 1)
    assert not client.busy


def test_the_worker_dies_with_a_window_that_is_killed_and_leaves_no_scan_behind(
    tmp_path: Path,
) -> None:
    window = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(WINDOW)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "TMPDIR": str(tmp_path)},
    )
    assert window.stdout
    pid = int(window.stdout.readline())
    assert is_alive(pid)
    assert list(tmp_path.glob("*/voxels.npy"))
    window.kill()
    window.wait()
    wait_until_gone(pid, 15)
    assert not list(tmp_path.iterdir())
