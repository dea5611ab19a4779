"""A run on separate dask worker processes ends with the same bytes, whatever becomes of them."""

from __future__ import annotations

import os
import signal
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from fluxscape.atlas.run import run_national
from fluxscape.atlas.settings import RunSettings
from fluxscape.atlas.tasks import TaskTable
from fluxscape.atlas.workers import run_tasks
from fluxscape.errors import RunError
from helpers.atlas_tasks import numbers
from helpers.dask_cluster import Cluster, cluster

COUNT = 8
PLAN = {"seed": 3}

SMALL = RunSettings(
    first_year=2000,
    last_year=2001,
    spin_up_years=0,
    step_seconds=10800,
    bounds=(103.0, 30.0, 105.1, 32.1),
    tile=2,
)
"""64 cells, 16 tiles."""


def results(folder: Path, **setup: Any) -> dict[str, bytes]:
    """Run all tasks where the setup says and return the bytes of every result."""
    scheduler = setup.pop("scheduler", None)
    table = TaskTable.open(folder, COUNT, PLAN)
    run_tasks(table, numbers, {"seed": 3, **setup}, scheduler=scheduler)
    return {path.name: path.read_bytes() for path in sorted(folder.glob("*.npz"))}


def store_bytes(path: Path) -> dict[str, bytes]:
    """Return the content of every file of a store."""
    files = [file for file in sorted(path.rglob("*")) if file.is_file()]
    return {str(file.relative_to(path)): file.read_bytes() for file in files}


def test_workers_killed_and_out_of_memory_leave_the_bytes_as_they_are(tmp_path: Path) -> None:
    wanted = results(tmp_path / "here")
    with cluster(tmp_path) as made:
        made.add_worker("one")
        made.add_worker("two", memory="300MB")
        marker = str(tmp_path / "marker")
        found = results(
            tmp_path / "killed",
            scheduler=made.address,
            seconds=0.2,
            die_at=3,
            marker=marker,
        )
        assert Path(marker).exists()
        assert found == wanted
        hungry = str(tmp_path / "hungry")
        found = results(tmp_path / "memory", scheduler=made.address, no_memory_at=5, marker=hungry)
        assert Path(hungry).exists()
        assert found == wanted


def test_tasks_that_kill_every_worker_end_the_run_and_keep_the_rest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fluxscape.atlas.workers.NEW_WORKER_SECONDS", 1.0)
    with cluster(tmp_path) as made:
        made.add_worker("one")
        made.add_worker("two")
        with pytest.raises(RunError, match=r"workers were killed.*run again to go on"):
            results(tmp_path / "run", scheduler=made.address, always_die_at=7)
    assert results(tmp_path / "run") == results(tmp_path / "whole")


def test_a_scheduler_that_does_not_answer_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fluxscape.atlas.workers.CONNECT_SECONDS", 0.5)
    with pytest.raises(RunError, match=r"no dask scheduler answers at 'tcp://127\.0\.0\.1:9'"):
        results(tmp_path / "run", scheduler="tcp://127.0.0.1:9")


@pytest.mark.slow
def test_a_nation_on_two_workers_one_killed_one_restarted_one_out_of_memory(
    tmp_path: Path,
) -> None:
    run_national(SMALL, tmp_path / "here.zarr")
    with cluster(tmp_path) as made:
        made.add_worker("one")
        made.add_worker("small", memory="100MB")
        killer = threading.Thread(target=_kill_one_and_start_another, args=(made, tmp_path))
        killer.start()
        run_national(SMALL, tmp_path / "there.zarr", scheduler=made.address)
        killer.join()
    assert store_bytes(tmp_path / "there.zarr") == store_bytes(tmp_path / "here.zarr")


def _kill_one_and_start_another(made: Cluster, folder: Path) -> None:
    """End the only sound worker for good once a tile is done, and start a new one."""
    tasks = folder / "there.zarr.tasks"
    deadline = time.monotonic() + 200
    while not list(tasks.glob("task_*.npz")) and time.monotonic() < deadline:
        time.sleep(0.05)
    os.killpg(made.workers["one"].pid, signal.SIGKILL)
    made.add_worker("again")
