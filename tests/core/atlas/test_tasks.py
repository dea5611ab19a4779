"""A run ends with the same bytes, however often it is stopped and however many workers share it."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from fluxscape.atlas.tasks import TaskTable
from fluxscape.atlas.workers import run_tasks
from fluxscape.errors import RunError
from helpers.atlas_tasks import numbers

COUNT = 8
PLAN = {"seed": 3, "years": [1979, 2012]}


def run(folder: Path, *, workers: int = 1, **setup: Any) -> dict[str, bytes]:
    """Run all tasks and return the bytes of every result."""
    table = TaskTable.open(folder, COUNT, PLAN)
    run_tasks(table, numbers, {"seed": 3, **setup}, workers=workers)
    return {path.name: path.read_bytes() for path in sorted(folder.glob("*.npz"))}


def test_two_and_four_workers_give_the_bytes_of_one(tmp_path: Path) -> None:
    one = run(tmp_path / "one")
    assert len(one) == COUNT
    assert run(tmp_path / "two", workers=2) == one
    assert run(tmp_path / "four", workers=4) == one


def test_a_killed_worker_is_replaced(tmp_path: Path) -> None:
    marker = str(tmp_path / "died")
    found = run(tmp_path / "two", workers=2, die_at=3, marker=marker)
    assert Path(marker).exists()
    assert found == run(tmp_path / "one")


def test_a_task_out_of_memory_is_given_to_a_fresh_worker(tmp_path: Path) -> None:
    marker = str(tmp_path / "hungry")
    found = run(tmp_path / "two", workers=2, no_memory_at=3, marker=marker)
    assert Path(marker).exists()
    assert found == run(tmp_path / "one")


def test_a_limit_of_memory_ends_tasks_that_need_more(tmp_path: Path) -> None:
    table = TaskTable.open(tmp_path / "run", COUNT, PLAN)
    with pytest.raises(RunError, match=r"killed 4 times.*smaller tiles or more memory"):
        run_tasks(table, numbers, {"seed": 3, "megabytes": 900}, memory_mb=400)


def test_workers_that_are_always_killed_end_the_run_and_keep_the_rest(tmp_path: Path) -> None:
    with pytest.raises(RunError, match=r"killed 4 times.*run again to go on"):
        run(tmp_path / "run", workers=2, always_die_at=7)
    assert TaskTable.open(tmp_path / "run", COUNT, PLAN).missing()[-1] == 7
    assert run(tmp_path / "run") == run(tmp_path / "whole")


def kill_after_the_first_result(folder: Path, *, workers: int) -> None:
    """Run slow tasks in a process of their own and kill it once a result lies there."""
    script = (
        "from pathlib import Path\n"
        "from fluxscape.atlas.tasks import TaskTable\n"
        "from fluxscape.atlas.workers import run_tasks\n"
        "from helpers.atlas_tasks import numbers\n"
        f"table = TaskTable.open(Path({str(folder)!r}), {COUNT}, {PLAN!r})\n"
        f"run_tasks(table, numbers, {{'seed': 3, 'seconds': 0.4}}, workers={workers})\n"
    )
    process = subprocess.Popen([sys.executable, "-c", script], env=_environment())
    deadline = time.monotonic() + 60
    while not list(folder.glob("*.npz")) and time.monotonic() < deadline:
        time.sleep(0.02)
    process.kill()
    process.wait()


def test_the_workers_of_a_killed_run_end_with_it(tmp_path: Path) -> None:
    kill_after_the_first_result(tmp_path / "run", workers=2)
    time.sleep(0.2)
    left = len(list((tmp_path / "run").glob("*.npz")))
    time.sleep(1.5)
    assert len(list((tmp_path / "run").glob("*.npz"))) == left < COUNT


def test_a_killed_run_goes_on_where_it_was(tmp_path: Path) -> None:
    kill_after_the_first_result(tmp_path / "run", workers=1)
    stamps = {p.name: p.stat().st_mtime_ns for p in (tmp_path / "run").glob("*.npz")}
    assert 0 < len(stamps) < COUNT
    assert run(tmp_path / "run") == run(tmp_path / "whole")
    for name, stamp in stamps.items():
        assert (tmp_path / "run" / name).stat().st_mtime_ns == stamp


def test_damaged_results_are_made_again(tmp_path: Path) -> None:
    whole = run(tmp_path / "run")
    for name, cut in (("task_00002.npz", 10), ("task_00004.npz", 300), ("task_00005.npz", 0)):
        path = tmp_path / "run" / name
        path.write_bytes(path.read_bytes()[:cut])
    assert run(tmp_path / "run") == whole


def test_a_run_with_other_settings_is_refused(tmp_path: Path) -> None:
    run(tmp_path / "run")
    with pytest.raises(RunError, match='"seed": 3, there, "seed": 4, now'):
        TaskTable.open(tmp_path / "run", COUNT, {**PLAN, "seed": 4})


def test_a_failing_task_ends_the_run_with_its_own_error(tmp_path: Path) -> None:
    for workers in (1, 2):
        with pytest.raises(ValueError, match="task 5 failed"):
            run(tmp_path / str(workers), workers=workers, fail_at=5)


def test_progress_counts_what_was_done_before(tmp_path: Path) -> None:
    table = TaskTable.open(tmp_path / "run", COUNT, PLAN)
    table.save(0, numbers({"seed": 3}, 0))
    seen: list[tuple[int, int]] = []
    run_tasks(table, numbers, {"seed": 3}, on_progress=lambda done, of: seen.append((done, of)))
    assert seen == [(done, COUNT) for done in range(1, COUNT + 1)]
    table.remove()
    assert not (tmp_path / "run").exists()


def _environment() -> dict[str, str]:
    import os  # noqa: PLC0415

    return {**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[2])}
