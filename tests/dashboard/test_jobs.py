"""Jobs: progress, results, the rules of the queue, cancelling."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from fluxscape.errors import RunError, UnsafeInputError
from fluxscape_dashboard.jobs import Job, JobPool

SLEEP = "helpers.job_targets:sleep_reporting"
BURN = "helpers.job_targets:burn_silently"
PID = "helpers.job_targets:own_pid"


@pytest.fixture(scope="module")
def pool() -> Iterator[JobPool]:
    with JobPool(2, memory_mb=1024, queue_limit=6, allowed=("helpers.",), preload=()) as made:
        yield made


@pytest.fixture
def single() -> Iterator[JobPool]:
    """One worker and room for two waiting jobs, so that queues are easily filled."""
    with JobPool(1, memory_mb=512, queue_limit=2, allowed=("helpers.",), preload=()) as made:
        yield made


def _until(condition: Callable[[], bool], seconds: float = 20.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.005)


def _running(job: Job) -> None:
    _until(lambda: job.state == "running")


def test_a_dataset_comes_back_as_it_was(pool: JobPool) -> None:
    dataset = xr.Dataset({"gpp": ("time", np.arange(3.0), {"units": "g"})}, attrs={"seed": 1})
    job = pool.submit("s", SLEEP, {"value": dataset})
    assert job.wait(30)
    xr.testing.assert_identical(job.result(), dataset)
    assert (job.state, job.progress, job.error) == ("done", 1.0, None)


def test_progress_rises_and_tells_the_message(pool: JobPool) -> None:
    job = pool.submit("s", SLEEP, {"seconds": 0.6})
    seen = []
    while not job.wait(0.02):
        seen.append(job.snapshot())
    fractions = [now.progress for now in seen]
    assert fractions == sorted(fractions)
    assert any(0.0 < fraction < 1.0 for fraction in fractions)
    assert any(now.message.endswith(" s") for now in seen)
    assert 0.5 < job.snapshot().seconds < 5.0
    assert job.snapshot().finished


def test_odd_progress_is_kept_in_bounds_and_its_text_made_plain(pool: JobPool) -> None:
    job = pool.submit("s", "helpers.job_targets:report_oddly")
    assert job.wait(30)
    now = job.snapshot()
    assert now.message.startswith("odd<script> xxx")
    assert len(now.message) == 300
    assert now.state == "done"


def test_frequent_reports_are_throttled(pool: JobPool) -> None:
    start = time.monotonic()
    job = pool.submit("s", "helpers.job_targets:report_often", {"times": 200_000})
    assert job.wait(30)
    assert job.result() == 200_000
    assert time.monotonic() - start < 5.0


def test_a_result_before_its_time_is_an_error(pool: JobPool) -> None:
    job = pool.submit("s", SLEEP, {"seconds": 5.0})
    with pytest.raises(RunError, match="has not finished"):
        job.result()
    job.cancel()
    with pytest.raises(RunError, match="cancelled"):
        job.result()


@pytest.mark.parametrize(
    "target",
    [
        "os:system",
        "subprocess:run",
        "helpers.job_targets:_private",
        "helpers.job_targets:Path",
        "helpers.job_targets:time.sleep",
        "helpers.job_targets",
        "helpers.:x",
        "helpersjob:x",
        "helpers.job_targets:x:y",
        "helpers.job_targets:x\n",
        "../helpers.job_targets:x",
        "",
    ],
)
def test_only_public_functions_of_allowed_modules_are_jobs(pool: JobPool, target: str) -> None:
    with pytest.raises(UnsafeInputError, match="is no job"):
        pool.submit("s", target)


@pytest.mark.parametrize("name", ["os", "np", "missing", "signal"])
def test_what_a_module_only_imported_is_no_job(pool: JobPool, name: str) -> None:
    job = pool.submit("s", f"helpers.job_targets:{name}")
    assert job.wait(30)
    with pytest.raises(RunError, match="is not a function of that module"):
        job.result()


def test_arguments_that_are_not_plain_data_fail_that_job_only(pool: JobPool) -> None:
    job = pool.submit("s", SLEEP, {"value": object()})
    assert job.wait(30)
    with pytest.raises(UnsafeInputError, match="only plain data"):
        job.result()


def test_a_session_runs_one_job_and_lets_another_session_pass(pool: JobPool) -> None:
    first = pool.submit("a", SLEEP, {"seconds": 1.0})
    second = pool.submit("a", PID)
    other = pool.submit("b", PID)
    assert other.wait(30)
    assert (first.state, second.state) == ("running", "queued")
    assert second.wait(30)
    assert first.state == "done"


def test_the_same_target_again_replaces_the_earlier_job(pool: JobPool) -> None:
    jobs = [pool.submit("a", SLEEP, {"seconds": 3.0, "value": i}) for i in range(4)]
    last = pool.submit("a", SLEEP, {"seconds": 0.0, "value": "last"})
    assert last.wait(10)
    assert last.result() == "last"
    assert {job.state for job in jobs} == {"cancelled"}


def test_a_full_queue_says_busy_at_once(single: JobPool) -> None:
    running = single.submit("a", BURN)
    _running(running)
    waiting = [single.submit(name, PID) for name in ("b", "c")]
    start = time.monotonic()
    with pytest.raises(RunError, match="busy") as caught:
        single.submit("d", PID)
    assert time.monotonic() - start < 0.1
    assert caught.value.details["reason"] == "busy"
    waiting[0].cancel()
    again = single.submit("d", PID)
    running.cancel()
    assert again.wait(30)
    assert waiting[1].state == "done"


def test_cancelling_ends_a_job_that_never_reports_and_the_next_one_runs(single: JobPool) -> None:
    first = single.submit("a", PID)
    assert first.wait(30)
    stuck = single.submit("a", BURN)
    _running(stuck)
    start = time.monotonic()
    stuck.cancel()
    assert stuck.state == "cancelled"
    _until(lambda: not _exists(first.result()))
    assert time.monotonic() - start < 1.0
    after = single.submit("a", PID)
    assert after.wait(30)
    assert after.result() != first.result()


def test_cancelling_a_job_that_reports_keeps_its_worker_warm(single: JobPool) -> None:
    first = single.submit("a", PID)
    assert first.wait(30)
    slow = single.submit("a", SLEEP, {"seconds": 30.0})
    _until(lambda: slow.progress > 0.0)
    slow.cancel()
    after = single.submit("a", PID)
    assert after.wait(30)
    assert after.result() == first.result()


def test_a_finished_or_waiting_job_is_cancelled_without_harm(single: JobPool) -> None:
    done = single.submit("a", PID)
    assert done.wait(30)
    done.cancel()
    assert done.state == "done"
    blocker = single.submit("a", BURN)
    waiting = single.submit("a", PID)
    waiting.cancel()
    waiting.cancel()
    assert waiting.state == "cancelled"
    blocker.cancel()


def test_the_end_of_a_session_ends_its_jobs_and_no_other(pool: JobPool) -> None:
    gone = [pool.submit("gone", BURN), pool.submit("gone", PID)]
    stays = pool.submit("stays", SLEEP, {"seconds": 0.5, "value": 1})
    _running(gone[0])
    pool.end_session("gone")
    assert [job.state for job in gone] == ["cancelled", "cancelled"]
    assert stays.wait(30)
    assert stays.result() == 1


def test_closing_the_pool_ends_everything() -> None:
    with JobPool(1, memory_mb=256, allowed=("helpers.",), preload=()) as pool:
        pid = pool.submit("a", PID)
        assert pid.wait(30)
        running = pool.submit("a", BURN)
        _running(running)
    assert running.state == "cancelled"
    assert not _exists(pid.result())
    with pytest.raises(RunError, match="closed"):
        pool.submit("a", PID)


NOTE = "helpers.job_targets:note_own_pid"


def _noted(folder: Path) -> list[int]:
    return sorted(int(path.name) for path in folder.iterdir())


def test_every_worker_warms_itself_once_and_so_does_its_successor(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NOTES", str(tmp_path))
    with JobPool(2, allowed=("helpers.",), preload=(), warm_ups=(NOTE,)) as pool:
        _until(lambda: len(_noted(tmp_path)) == 2)
        stuck = pool.submit("a", BURN)
        _running(stuck)
        stuck.cancel()
        _until(lambda: len(_noted(tmp_path)) == 3)
        assert pool.submit("a", PID).wait(30)
    for path in tmp_path.iterdir():
        assert path.read_text() == "x"


def test_a_job_goes_before_the_next_warm_up() -> None:
    warm_ups = ("helpers.job_targets:sleep_a_second",) * 20
    with JobPool(1, allowed=("helpers.",), preload=(), warm_ups=warm_ups) as pool:
        job = pool.submit("a", PID)
        assert job.wait(8.0)
        assert job.state == "done"


def test_a_warm_up_that_fails_or_kills_its_worker_is_left_out(
    caplog: pytest.LogCaptureFixture,
) -> None:
    warm_ups = ("helpers.job_targets:fail_reporting", "helpers.job_targets:leave_reporting")
    with JobPool(1, allowed=("helpers.",), preload=(), warm_ups=warm_ups) as pool:
        _until(lambda: caplog.text.count("is left out") == 2)
        job = pool.submit("a", PID)
        assert job.wait(30)
        assert job.state == "done"


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


_SERVER = """
import sys, time
from fluxscape_dashboard.jobs import JobPool
pool = JobPool(1, memory_mb=256, allowed=("helpers.",), preload=())
pool.submit("a", "helpers.job_targets:write_pid_and_burn", {"path": sys.argv[1]})
time.sleep(600)
"""


def test_no_job_survives_a_killed_server(tmp_path: Path) -> None:
    file = tmp_path / "pid"
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[1])}
    with subprocess.Popen([sys.executable, "-c", _SERVER, file], env=environment) as server:
        _until(lambda: file.exists() and file.read_text().isdigit())
        pid = int(file.read_text())
        server.kill()
    _until(lambda: not _exists(pid), seconds=3.0)
