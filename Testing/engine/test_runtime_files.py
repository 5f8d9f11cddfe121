"""Files are written whole or not at all."""

from __future__ import annotations

import fcntl
import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from vertebra.errors import VertebraError
from vertebra.runtime import replacing, replacing_folder, write_bytes, write_text
from vertebra.runtime.files import require_writable
from vertebra.runtime.tensors import write_tensors


def contents(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_file_appears_whole_and_nothing_is_left_beside_it(tmp_path):
    write_text(tmp_path / "new" / "a.txt", "one\ntwo\n")
    assert (tmp_path / "new" / "a.txt").read_bytes() == b"one\ntwo\n"
    assert contents(tmp_path / "new") == ["a.txt"]


def test_a_writer_that_fails_leaves_the_old_file_as_it_was(tmp_path):
    target = write_bytes(tmp_path / "a.bin", b"old")
    with pytest.raises(RuntimeError), replacing(target) as temporary:
        temporary.write_bytes(b"half")
        raise RuntimeError
    assert target.read_bytes() == b"old"
    assert contents(tmp_path) == ["a.bin"]


def test_the_temporary_file_keeps_the_ending_that_writers_go_by(tmp_path):
    with replacing(tmp_path / "mask.nii.gz") as temporary:
        assert temporary.name.endswith(".nii.gz")
        temporary.write_bytes(b"x")


def test_what_is_synced_may_be_written_as_windows_demands(tmp_path, monkeypatch):
    access, sync = [], os.fsync

    def watched(descriptor: int) -> None:
        access.append(fcntl.fcntl(descriptor, fcntl.F_GETFL) & os.O_ACCMODE)
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", watched)
    write_text(tmp_path / "a.txt", "x")
    assert access == [os.O_RDWR]


def test_a_full_disk_is_said_in_a_sentence_and_nothing_is_left(tmp_path):
    program = (
        "import resource, signal, sys\n"
        "from vertebra.runtime import write_bytes\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))\n"
        "try:\n"
        "    write_bytes(sys.argv[1], bytes(100_000))\n"
        "except Exception as error:\n"
        "    print(type(error).__name__, error)\n"
    )
    assert resource.RLIMIT_FSIZE >= 0
    target = tmp_path / "big.bin"
    ran = subprocess.run(
        [sys.executable, "-c", program, str(target)], capture_output=True, text=True, check=True
    )
    assert ran.stdout.startswith("VertebraError")
    assert "big.bin" in ran.stdout
    assert contents(tmp_path) == []


def test_what_keeps_tensors_from_being_written_is_said_in_a_sentence(tmp_path):
    program = (
        "import resource, signal, sys\n"
        "import torch\n"
        "from pathlib import Path\n"
        "from vertebra.errors import VertebraError\n"
        "from vertebra.runtime.tensors import write_tensors\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))\n"
        "try:\n"
        "    write_tensors(Path(sys.argv[1]), {'large': torch.zeros(10_000)})\n"
        "except VertebraError as error:\n"
        "    print(error)\n"
    )
    target = tmp_path / "large.safetensors"
    ran = subprocess.run(
        [sys.executable, "-c", program, str(target)], capture_output=True, text=True, check=True
    )
    assert "large.safetensors' could not be written (" in ran.stdout
    assert "free some space on the disk" in ran.stdout
    assert contents(tmp_path) == []


def test_files_of_tensors_are_readable_by_whom_other_files_are(tmp_path):
    target = tmp_path / "a.safetensors"
    write_tensors(target, {"a": torch.zeros(3)})
    assert target.stat().st_mode == write_bytes(tmp_path / "b", b"").stat().st_mode


def test_no_space_left_is_explained(tmp_path):
    with (
        pytest.raises(VertebraError, match="disk is full"),
        replacing(tmp_path / "a.txt") as temporary,
    ):
        temporary.symlink_to("/dev/full")
        with temporary.open("w") as stream:
            stream.write("x" * 100_000)
    assert contents(tmp_path) == []


def test_a_folder_in_the_way_is_explained(tmp_path):
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(VertebraError, match="could not be written"):
        write_text(tmp_path / "file" / "a.txt", "x")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_without_permission_is_explained(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(VertebraError, match="may not be written"):
        write_text(tmp_path / "a.txt", "x")


def test_a_folder_of_results_appears_whole(tmp_path):
    with replacing_folder(tmp_path / "out") as content:
        (content / "a.txt").write_text("a")
    assert contents(tmp_path / "out") == ["a.txt"]
    assert contents(tmp_path) == ["out"]


def test_a_folder_of_results_does_not_appear_when_the_work_fails(tmp_path):
    with pytest.raises(RuntimeError), replacing_folder(tmp_path / "out") as content:
        (content / "a.txt").write_text("a")
        raise RuntimeError
    assert contents(tmp_path) == []


def test_a_folder_with_something_in_it_is_never_replaced(tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine.txt").write_text("keep")
    with pytest.raises(VertebraError, match="not empty"), replacing_folder(tmp_path / "out"):
        pass
    assert contents(tmp_path / "out") == ["mine.txt"]


def test_whether_a_folder_can_be_written_is_known_without_making_it(tmp_path):
    require_writable(tmp_path / "new" / "folder")
    require_writable(tmp_path)
    assert contents(tmp_path) == []
    (tmp_path / "file").write_text("mine")
    for impossible in ("file", "file/below", "x" * 300):
        with pytest.raises(VertebraError, match="could not be written"):
            require_writable(tmp_path / impossible)
    assert contents(tmp_path) == ["file"]


def test_a_whole_drive_is_never_replaced(tmp_path, monkeypatch):
    monkeypatch.setattr(Path, "is_mount", lambda path: True)
    with pytest.raises(VertebraError, match="whole drive"), replacing_folder(tmp_path):
        pass
    assert tmp_path.is_dir()
