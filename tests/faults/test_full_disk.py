"""Disk full and read-only: the old product stays, the error is named, no temporary is left (F4)."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from fluxscape.errors import WriteError
from helpers.writers import WRITERS, Writer

TESTS = Path(__file__).resolve().parents[1]

# A file-size limit needs no rights: the write that crosses it fails like one on a full disk.
_WRITE_UNDER_LIMIT = """
import resource, sys
from pathlib import Path
from helpers.writers import WRITERS
from fluxscape.errors import WriteError
resource.setrlimit(resource.RLIMIT_FSIZE, (600, resource.RLIM_INFINITY))
for writer in WRITERS:
    try:
        writer.write(2, Path(sys.argv[1], writer.name, "product"))
    except WriteError as error:
        print(error)
"""


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 6 MiB of its own, for those who may mount one."""
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=6m", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("mounting a small file system needs root; see the size-limit test")
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def _only_the_product(folder: Path) -> None:
    assert {entry.name for entry in folder.iterdir()} == {"product"}


def test_a_file_size_limit_leaves_the_old_products(tmp_path: Path) -> None:
    for writer in WRITERS:
        (tmp_path / writer.name).mkdir()
        writer.write(1, tmp_path / writer.name / "product")
    done = subprocess.run(
        [sys.executable, "-c", _WRITE_UNDER_LIMIT, tmp_path],
        env=os.environ | {"PYTHONPATH": str(TESTS)},
        capture_output=True,
        text=True,
        check=True,
    )
    errors = done.stdout.splitlines()
    assert len(errors) == len(WRITERS)
    for writer, error in zip(WRITERS, errors, strict=True):
        target = tmp_path / writer.name / "product"
        assert f"{target} could not be written" in error
        assert writer.read(target) == 1
        _only_the_product(target.parent)


@pytest.mark.parametrize("writer", WRITERS, ids=str)
def test_a_full_disk_leaves_the_old_product(writer: Writer, small_disk: Path) -> None:
    target = small_disk / "product"
    writer.write(1, target)
    ballast = small_disk / "ballast"
    free = os.statvfs(small_disk).f_bavail * os.statvfs(small_disk).f_frsize
    ballast.write_bytes(bytes(free))
    with pytest.raises(WriteError, match=r"product could not be written") as caught:
        writer.write(2, target)
    assert str(target) in caught.value.message
    ballast.unlink()
    assert writer.read(target) == 1
    _only_the_product(small_disk)
    writer.write(3, target)
    assert writer.read(target) == 3


@pytest.mark.parametrize("writer", WRITERS, ids=str)
def test_a_read_only_folder_leaves_the_old_product(writer: Writer, tmp_path: Path) -> None:
    target = tmp_path / "product"
    writer.write(1, target)
    with _read_only(tmp_path), pytest.raises(WriteError, match=r"product could not be written"):
        writer.write(2, target)
    assert writer.read(target) == 1
    _only_the_product(tmp_path)


@contextlib.contextmanager
def _read_only(folder: Path) -> Iterator[None]:
    """Make a folder read-only; root writes past permissions, so there the mount is read-only."""
    if os.geteuid() != 0:
        folder.chmod(0o500)
        try:
            yield
        finally:
            folder.chmod(0o700)
        return
    bind = subprocess.run(["mount", "--bind", folder, folder], capture_output=True, check=False)
    if bind.returncode:
        pytest.skip("root without the right to mount cannot make a folder read-only for itself")
    try:
        subprocess.run(["mount", "-o", "remount,ro,bind", folder], check=True)
        yield
    finally:
        subprocess.run(["umount", folder], check=True)
