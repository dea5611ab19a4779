"""Whatever happens to a job, its session hears of it at once and the next job works (F5)."""

from __future__ import annotations

import time
from collections.abc import Iterator

import numpy as np
import pytest

from fluxscape.errors import FluxscapeError
from fluxscape_dashboard.jobs import JobPool

# Function, arguments, wall-time limit, reason, text of the message.
FAULTS = {
    "killed": ("kill_self", {}, 30.0, "died", "SIGKILL"),
    "crashed": ("crash_reporting", {}, 30.0, "died", "SIGSEGV"),
    "out of memory": ("allocate_reporting", {"megabytes": 4096}, 30.0, "memory", "memory"),
    "out of time": ("burn_silently", {}, 0.5, "timeout", "stopped after 0.5 s"),
    "exception": ("fail_reporting", {}, 30.0, "failed", "KeyError"),
    "huge result": ("return_array", {"megabytes": 80}, 30.0, None, "80 MiB; at most 64 MiB"),
}


@pytest.fixture(scope="module")
def pool() -> Iterator[JobPool]:
    with JobPool(1, memory_mb=512, result_mb=64, allowed=("helpers.",), preload=()) as made:
        made.submit("s", "helpers.job_targets:own_pid").wait(30)
        yield made


@pytest.mark.parametrize("attempt", range(4))
@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_ends_one_job_only(pool: JobPool, fault: str, attempt: int) -> None:
    name, kwargs, limit, reason, text = FAULTS[fault]
    start = time.monotonic()
    job = pool.submit("s", f"helpers.job_targets:{name}", kwargs, timeout_seconds=limit)
    assert job.wait(30)
    now = job.snapshot()
    assert now.state == "failed"
    assert now.seconds < 2.0
    assert isinstance(now.error, FluxscapeError)
    assert text in now.error.message
    assert now.error.details.get("reason") == reason
    following = pool.submit("s", "helpers.job_targets:sleep_reporting", {"value": attempt})
    assert following.wait(30)
    assert following.result() == attempt
    assert time.monotonic() - start < 10.0


def test_a_state_of_nan_is_a_result_like_any_other(pool: JobPool) -> None:
    job = pool.submit("s", "helpers.job_targets:return_nan_state")
    assert job.wait(30)
    assert np.isnan(job.result()).all()


def test_a_parallel_kernel_compiles_and_runs_within_the_memory_of_a_job() -> None:
    with JobPool(1, memory_mb=1024, allowed=("helpers.",), preload=()) as pool:
        job = pool.submit("s", "helpers.job_targets:compile_kernel")
        assert job.wait(60)
        assert job.result() == pytest.approx(1000.0)
