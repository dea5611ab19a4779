"""National runs on full and read-only disks: the error is named, the old store stays whole."""

from __future__ import annotations

import dataclasses
import errno
import os
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fluxscape.atlas import tile_run
from fluxscape.atlas.models import BatchResult
from fluxscape.atlas.product import GPP
from fluxscape.atlas.run import run_national
from fluxscape.atlas.settings import RunSettings
from fluxscape.errors import OutOfBoundsError, RunError, WriteError
from fluxscape.io.region_stores import RegionArray, RegionStore, make_region_store
from fluxscape.io.stores import open_store

SMALL = RunSettings(
    first_year=2000,
    last_year=2001,
    spin_up_years=0,
    step_seconds=10800,
    bounds=(103.0, 30.0, 105.1, 32.1),
    tile=2,
)
"""64 cells, 16 tiles."""


@pytest.fixture(autouse=True)
def quick_model(monkeypatch: pytest.MonkeyPatch) -> None:
    """Put a rule of the cell's place in the place of the model."""

    def batch(settings: RunSettings, cover: Any, climates: Any, _: Any) -> BatchResult:
        years = len(settings.years)
        north = np.array([climate.latitude for climate in climates])
        values = north[None, :, None] + np.arange(years)[None, None, :]
        return BatchResult(10.0 * values, 5.0 * values, np.zeros(cover.size, np.int64))

    monkeypatch.setattr(tile_run, "run_dlm_batch", batch)


def files_of(path: Path) -> dict[str, bytes]:
    """Return the content of every file of a folder."""
    files = [file for file in sorted(path.rglob("*")) if file.is_file()]
    return {str(file.relative_to(path)): file.read_bytes() for file in files}


def full_disk(*_: object, **__: object) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


def test_a_disk_that_fills_while_a_tile_is_written_ends_the_run_and_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out.zarr"
    run_national(SMALL, out)
    before = files_of(out)
    other = dataclasses.replace(SMALL, last_year=2002)
    write = RegionStore.write
    seen: list[int] = []

    def write_some(self: RegionStore, *arguments: Any) -> int:
        seen.append(1)
        if len(seen) > 9:
            monkeypatch.setattr("zarr.Array.__setitem__", full_disk)
        return write(self, *arguments)

    monkeypatch.setattr(RegionStore, "write", write_some)
    with pytest.raises(WriteError, match=r"annual\.zarr/annual.* could not be written: No space"):
        run_national(other, out)
    assert files_of(out) == before
    monkeypatch.undo()
    with monkeypatch.context() as patched:
        patched.setattr(tile_run, "run_dlm_batch", quick)
        dataset = run_national(other, out)
    assert dataset.sizes["time"] == 3
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out.zarr"]


def quick(settings: RunSettings, cover: Any, climates: Any, _: Any) -> BatchResult:
    """Return what the fixture's rule does; for the part after ``undo``."""
    north = np.array([climate.latitude for climate in climates])
    values = north[None, :, None] + np.arange(len(settings.years))[None, None, :]
    return BatchResult(10.0 * values, 5.0 * values, np.zeros(cover.size, np.int64))


def test_a_real_small_disk_that_fills_leaves_the_old_store(tmp_path: Path) -> None:
    import subprocess  # noqa: PLC0415

    disk = tmp_path / "disk"
    disk.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(disk)]
    if os.geteuid() != 0 or subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("mounting a small file system needs root")
    try:
        out = disk / "out.zarr"
        run_national(SMALL, out)
        before = files_of(out)
        free = os.statvfs(disk).f_bavail * os.statvfs(disk).f_frsize
        (disk / "ballast").write_bytes(bytes(free - 24_000))
        with pytest.raises(WriteError, match=r"could not be (written|made)"):
            run_national(dataclasses.replace(SMALL, last_year=2009), out)
        assert files_of(out) == before
    finally:
        subprocess.run(["umount", str(disk)], check=True)


def test_a_read_only_place_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = tmp_path / "out.zarr"
    run_national(SMALL, out)
    before = files_of(out)

    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(Path, "mkdir", refuse)
    with pytest.raises(WriteError, match=r"out\.zarr\.tasks could not be made: Read-only"):
        run_national(dataclasses.replace(SMALL, last_year=2002), out)
    assert files_of(out) == before


def test_shards_that_were_spoilt_after_a_tile_are_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_national(SMALL, tmp_path / "whole.zarr")
    calls: list[int] = []
    batch = tile_run.run_dlm_batch

    def stops(*arguments: Any) -> BatchResult:
        calls.append(1)
        if len(calls) == 10:
            raise KeyboardInterrupt
        return batch(*arguments)

    monkeypatch.setattr(tile_run, "run_dlm_batch", stops)
    out = tmp_path / "out.zarr"
    with pytest.raises(KeyboardInterrupt):
        run_national(SMALL, out)
    shards = sorted((tmp_path / "out.zarr.tasks/annual.zarr" / GPP / "c").rglob("*"))
    shards = [path for path in shards if path.is_file()]
    assert len(shards) == 9
    shards[0].write_bytes(shards[0].read_bytes()[:-3])
    shards[4].unlink()
    calls[:] = [0] * 100
    run_national(SMALL, out)
    assert len(calls) == 100 + 7 + 2
    assert files_of(out) == files_of(tmp_path / "whole.zarr")


def test_a_run_with_another_forcing_or_scenario_is_not_mixed(tmp_path: Path) -> None:
    folder = tmp_path / "out.zarr.tasks"
    folder.mkdir()
    (folder / "plan.json").write_text('{"seed": 2}\n')
    with pytest.raises(RunError, match="unfinished run with other settings"):
        run_national(SMALL, tmp_path / "out.zarr")


def test_a_region_that_is_no_whole_shard_is_refused(tmp_path: Path) -> None:
    arrays = [RegionArray("values", ("time", "y", "x"), (2, 10, 10), {"units": "1"})]
    make_region_store(tmp_path / "s.zarr", arrays, side=4, chunk=2, fixed={})
    store = RegionStore(tmp_path / "s.zarr", 4)
    store.write("values", (slice(4, 8), slice(8, 10)), np.ones((2, 4, 2), np.float32))
    for region in ((slice(2, 6), slice(0, 4)), (slice(0, 8), slice(0, 4))):
        with pytest.raises(OutOfBoundsError, match=r"along y is not one whole shard of 4 cells"):
            store.write("values", region, np.ones((2, 4, 4), np.float32))
    found = store.read("values")
    assert np.isfinite(found).sum() == 16


def test_a_store_in_use_is_replaced_whole(tmp_path: Path) -> None:
    out = tmp_path / "out.zarr"
    run_national(SMALL, out)
    first = open_store(out)[GPP].to_numpy()
    shutil.copytree(out, tmp_path / "copy.zarr")
    run_national(dataclasses.replace(SMALL, last_year=2002), out)
    assert open_store(out).sizes["time"] == 3
    np.testing.assert_array_equal(open_store(out)[GPP].to_numpy()[:2], first)
