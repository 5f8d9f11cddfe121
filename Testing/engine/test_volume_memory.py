"""A scan is read with never more than about twice its size in memory."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tracemalloc
from pathlib import Path

import nibabel
import numpy as np
import pytest
from dicom_files import write_enhanced, write_series

from vertebra.volume import Grid, Volume, read_volume, resampled, write_volume

SHAPE = (256, 256, 240)
SIZE = int(np.prod(SHAPE)) * 2

# Linux keeps the highest use of memory of a process and resets it on request. The threshold
# makes the C library hand back at once what is freed.
MEASURE = """
import gc, json, sys
from vertebra.volume import read_label_map, read_volume

def memory(key):
    lines = dict(line.split(":", 1) for line in open("/proc/self/status"))
    return int(lines[key].split()[0]) * 1024

used = {}
for path in sys.argv[1:]:
    read = read_label_map if "mask" in path else read_volume
    for _ in range(2):
        gc.collect()
        open("/proc/self/clear_refs", "w").write("5")
        before = memory("VmRSS")
        image = read(path)
        used[path] = memory("VmHWM") - before
        del image
print(json.dumps(used))
"""


def scan(shape: tuple[int, int, int]) -> Volume:
    ramp = np.arange(shape[2], dtype=np.int16) - 1000
    return Volume(np.broadcast_to(ramp, shape).copy(order="F"), Grid.of(shape))


@pytest.fixture(scope="module")
def highest_use(tmp_path_factory) -> dict[str, int]:
    """By how many bytes a process grows at most while it reads each kind of file."""
    if not Path("/proc/self/clear_refs").exists():
        pytest.skip("needs Linux, which counts the memory that a process used at most")
    folder = tmp_path_factory.mktemp("large")
    volume = scan(SHAPE)
    paths = [
        write_volume(volume, folder / f"ct{end}") for end in (".nii", ".nii.gz", ".nrrd", ".mha")
    ]
    write_series(folder / "series", volume.voxels.T)
    paths += [folder / "series", write_enhanced(folder / "enhanced.dcm", volume.voxels.T)]
    paths += [folder / "mask.nii"]
    nibabel.save(nibabel.Nifti1Image(np.ones(SHAPE, np.float64), np.eye(4)), paths[-1])
    run = subprocess.run(
        [sys.executable, "-c", MEASURE, *map(str, paths)],
        cwd=Path(__file__).parents[2],
        env={**os.environ, "MALLOC_MMAP_THRESHOLD_": "100000"},
        capture_output=True,
        text=True,
        check=True,
    )
    return {Path(path).name: used for path, used in json.loads(run.stdout).items()}


@pytest.mark.parametrize(
    "name", ["ct.nii", "ct.nii.gz", "ct.nrrd", "ct.mha", "series", "enhanced.dcm"]
)
def test_reading_a_scan_needs_at_most_about_twice_its_size(name, highest_use):
    assert 0.9 * SIZE < highest_use[name] < 2.2 * SIZE


def test_reading_a_mask_stored_as_float_needs_less_than_half_of_its_file(highest_use):
    assert highest_use["mask.nii"] < 4 * SIZE / 2


def test_resampling_needs_little_more_than_its_result():
    volume = scan((256, 256, 300))
    tracemalloc.start()
    result = resampled(volume, 1.5)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < result.voxels.nbytes + volume.voxels.nbytes / 2


def test_the_voxels_of_an_nrrd_are_those_of_the_library_not_a_copy(tmp_path):
    path = write_volume(scan((64, 64, 64)), tmp_path / "ct.nrrd")
    tracemalloc.start()
    volume = read_volume(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < volume.voxels.nbytes / 4
